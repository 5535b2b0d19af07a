// exit: the end of a thread, by itself.  What the reaper does for a thread that could not is in death.ts.
//
// The exit word goes from 1 to 0 under tableLock, after the result was placed and the carrier parked, so
// whoever sees 0 may read the result, free the record and find the carrier in the cache.  After that the thread
// touches its record no more, unless it is detached: then it frees the record itself.

import { load, peek, peekf, poke, pokef, resume, store } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import { KERNEL } from '../mem/memory.ts'
import { park_locked } from './carrier.ts'
import { CLOCK_MONOTONIC, now } from './clock.ts'
import { bury, wake } from './futex.ts'
import { host } from './host.ts'
import { carrierRecord, kernel, record, self, slotOf } from './process.ts'
import { Carrier, Flag, PROCESS, Process, State, ThreadRecord, UNCOUNTED } from './records.ts'
import { pending } from './request.ts'
import { closeAsync, isOwn, ownAcquisitions, unclaim } from './thread.ts'
import { wmesg } from './wmesg.ts'

/** Reads the processor time that this carrier has used so far: what went before is not the next thread's. */
export function resetCpu(): void {
  pokef(kernel, carrierRecord(self.carrier) + Carrier.cpu, host.cpuTime())
}

/**
 * Ends the calling thread: accounts, parks the carrier (or ends it, if it is not `reusable` or the cache is
 * full), clears the exit word, wakes who joins. Its result is in place. Returns true if it is detached, and the caller
 * must give up its record. Between two threads a carrier's tid is its number negated: nobody's.
 */
export function exit(status: number, reusable: boolean): boolean {
  const slot = self.slot
  const t = record(slot)
  const ended = now(CLOCK_MONOTONIC)
  const lived = ended - peekf(kernel, t + ThreadRecord.started)
  pokef(kernel, t + ThreadRecord.ended, ended)
  pokef(kernel, t + ThreadRecord.cpu, lived < 1 ? lived : cpuSince())    // a reading costs more than a short thread does
  poke(kernel, t + ThreadRecord.status, status)
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  park_locked(reusable)
  const detached = finish_locked(slot)
  poke(kernel, carrierRecord(self.carrier) + Carrier.thread, 0)
  const live = peek(kernel, PROCESS + Process.live)
  release(kernel, PROCESS + Process.tableLock)
  wake(kernel, t + ThreadRecord.exit, Infinity)
  if (live === 0) wake(kernel, PROCESS + Process.live, Infinity)
  self.slot = 0
  self.tid = -self.carrier
  return detached
}

/**
 * Makes `slot` EXITED and clears its exit word. Returns true if it is detached: then the caller gives up the record;
 * else whoever joins or detaches it. Under tableLock, which decides between an exit and a detach.
 */
export function finish_locked(slot: number): boolean {
  const t = record(slot)
  const flags = peek(kernel, t + ThreadRecord.flags)
  if ((flags & UNCOUNTED) === 0) poke(kernel, PROCESS + Process.live, peek(kernel, PROCESS + Process.live) - 1)
  poke(kernel, t + ThreadRecord.state, State.EXITED)
  store(kernel, t + ThreadRecord.exit, 0)
  return (flags & Flag.DETACHED) !== 0
}

/** A dead or abandoned waiter `slot` may have been joining: that thread may be joined by another. */
export function releaseJoin(slot: number): void {
  const t = record(slot)
  if (peek(kernel, t + ThreadRecord.state) !== State.SLEEPING || peek(kernel, t + ThreadRecord.wmesg) !== wmesg.join) return
  if (peek(kernel, t + ThreadRecord.memory) === KERNEL) unclaim(slotOf(peek(kernel, t + ThreadRecord.address) - ThreadRecord.exit))
}

/** Processor time of the calling thread so far, ms. */
export function cpuOfCaller(): number {
  return host.cpuTime() - peekf(kernel, carrierRecord(self.carrier) + Carrier.cpu)
}

/** Processor time of the thread in `slot`, not the caller, ms: so far, or until its end. NaN if there is none, or the host cannot tell. */
export function cpuOfSlot(slot: number): number {
  if (slot === 0) return NaN
  const t = record(slot)
  const serial = peek(kernel, t + ThreadRecord.serial)
  const state = load(kernel, t + ThreadRecord.state)
  if (state === State.EMBRYO) return 0
  if (state === State.EXITED) return peekf(kernel, t + ThreadRecord.cpu)
  const c = carrierRecord(peek(kernel, t + ThreadRecord.carrier))
  const used = host.usageOf(peek(kernel, c + Carrier.osThread)).cpuTime - peekf(kernel, c + Carrier.cpu)
  if (load(kernel, t + ThreadRecord.serial) !== serial) return NaN
  return load(kernel, t + ThreadRecord.state) === State.EXITED ? peekf(kernel, t + ThreadRecord.cpu) : Math.max(0, used)
}

function cpuSince(): number {
  const seen = carrierRecord(self.carrier) + Carrier.cpu
  const before = peekf(kernel, seen), used = host.cpuTime()
  pokef(kernel, seen, used)
  return used - before
}

/** Promises of the calling thread that still wait for something wait no more; a wake that one of them got is passed on. */
export function abandonPending(): void {
  for (const entry of pending) {
    const { slot, abandon } = entry
    if (!isOwn(slot)) continue
    pending.delete(entry)
    releaseJoin(slot)
    bury(slot)
    resume(kernel, record(slot) + ThreadRecord.park)
    closeAsync(slot)
    abandon()
  }
  for (const slot of ownAcquisitions()) closeAsync(slot)                      // what they hold stays held, by a thread that has ended
}
