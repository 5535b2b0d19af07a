// exit: the end of a thread, by itself.  What the reaper does for a thread that could not is in death.ts.
//
// The exit word goes from 1 to 0 under tableLock, after the result was placed and the carrier parked, so
// whoever sees 0 may read the result, free the record and find the carrier in the cache.  After that store the
// thread touches its record no more: a detached one is free already.

import { peek, peekf, poke, pokef, store } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import { park_locked } from './carrier.ts'
import { CLOCK_MONOTONIC, now } from './clock.ts'
import { bury, wake } from './futex.ts'
import { host } from './host.ts'
import { carrierRecord, kernel, record, self } from './process.ts'
import { Carrier, Flag, PROCESS, Process, State, ThreadRecord } from './records.ts'
import { pending } from './request.ts'
import { closeAsync, free_locked } from './thread.ts'

let cpuSeen = 0

/** Reads the processor time that this carrier has used so far: what went before is not the next thread's. */
export function resetCpu(): void {
  cpuSeen = host.cpuTime()
}

/**
 * Ends the calling thread: accounts, parks the carrier (or ends it, if it is not `reusable` or the cache is
 * full), clears the exit word, wakes who joins. Its result is in place.
 */
export function exit(status: number, reusable: boolean): void {
  const slot = self.slot
  const t = record(slot)
  const ended = now(CLOCK_MONOTONIC)
  const lived = ended - peekf(kernel, t + ThreadRecord.started)
  pokef(kernel, t + ThreadRecord.ended, ended)
  pokef(kernel, t + ThreadRecord.cpu, lived < 1 ? lived : cpuSince())    // a reading costs more than a short thread does
  poke(kernel, t + ThreadRecord.status, status)
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  park_locked(reusable)
  poke(kernel, carrierRecord(self.carrier) + Carrier.thread, 0)
  finish_locked(slot)
  const live = peek(kernel, PROCESS + Process.live)
  release(kernel, PROCESS + Process.tableLock)
  wake(kernel, t + ThreadRecord.exit, Infinity)
  if (live === 0) wake(kernel, PROCESS + Process.live, Infinity)
  self.slot = 0
  self.tid = 0
}

/** Clears the exit word of `slot` and settles who frees the record. Under tableLock. */
export function finish_locked(slot: number): void {
  const t = record(slot)
  poke(kernel, PROCESS + Process.live, peek(kernel, PROCESS + Process.live) - 1)
  store(kernel, t + ThreadRecord.exit, 0)
  if ((peek(kernel, t + ThreadRecord.flags) & Flag.DETACHED) === 0) {
    poke(kernel, t + ThreadRecord.state, State.EXITED)
  } else {
    poke(kernel, PROCESS + Process.count, peek(kernel, PROCESS + Process.count) - 1)
    free_locked(slot)
  }
}

/** Processor time of the calling thread so far, ms. */
export function cpuOfCaller(): number {
  return host.cpuTime() - cpuSeen
}

function cpuSince(): number {
  const before = cpuSeen
  cpuSeen = host.cpuTime()
  return cpuSeen - before
}

/** Promises of the calling thread that still wait for something wait no more; a wake that one of them got is passed on. */
export function abandonPending(): void {
  for (const { slot, abandon } of pending) {
    bury(slot)
    closeAsync(slot)
    abandon()
  }
  pending.clear()
}
