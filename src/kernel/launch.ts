// How the spawner starts a thread itself, for a timer.  It must not block: it does not wait for a Worker.

import { or, peek, poke } from '#atomics'
import { allocate_locked as allocateCarrier_locked, assign, take_locked } from './carrier.ts'
import { request } from './clone.ts'
import { carrierRecord, kernel, record } from './process.ts'
import { Carrier, Flag, PROCESS, Process, ThreadRecord } from './records.ts'
import { allocate_locked, free_locked } from './thread.ts'

/**
 * Starts a detached thread; `place` gives it its arguments. With SYSTEM it is one of the library's own. False: there are too
 * many threads. Under all locks of the tables.
 */
export function launch_locked(entry: number, place: (slot: number) => boolean, system = 0): boolean {
  const count = peek(kernel, PROCESS + Process.count)
  const slot = system !== 0 || count < peek(kernel, PROCESS + Process.threads) ? allocate_locked(Flag.DETACHED | system) : 0
  if (slot === 0) return false
  const t = record(slot)
  poke(kernel, t + ThreadRecord.entry, entry)
  const cached = take_locked(0, 0, 0)
  const n = cached !== 0 ? cached : allocateCarrier_locked(0, 0, 0)
  if (n === 0 || !place(slot)) {
    free_locked(slot)
    return false
  }
  if (system === 0) {
    poke(kernel, PROCESS + Process.count, count + 1)
    poke(kernel, PROCESS + Process.live, peek(kernel, PROCESS + Process.live) + 1)
  }
  poke(kernel, t + ThreadRecord.carrier, n)
  poke(kernel, carrierRecord(n) + Carrier.next, slot)
  or(kernel, t + ThreadRecord.flags, Flag.STARTED)
  if (cached === 0) request(n)
  assign(n, slot)
  return true
}
