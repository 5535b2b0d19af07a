// Death: what a carrier that came to an unforeseen end leaves behind, and who cleans it up.
//
// The reaper runs in the spawner, the parent of every carrier, whose event loop nobody blocks.  At once, without
// taking a lock:
//   1  kernel locks that the dead carrier held: what they guard is made consistent, then they are freed
// Then, in steps that are tried again when a lock is held (by another one that died, maybe; see mem/lock.ts):
//   2  every sleeper is woken (on conditions: not), and looks again: the dead carrier may have owed somebody a wake
//   3  its asynchronous waits are taken off their queues; a join that one of its threads was in is given back
//   4  the threads it ran: their exit on their behalf, with a reason that join reports; fibers that it had not begun are
//      offered again, and its place among the carriers of fibers gets another one
//   5  the thread it was given and had not begun: started on another carrier
//   6  threads that it had made and not started are forgotten; one that it was starting is started
//   7  its handles on objects in user memory are dropped, its record is freed
// A step either takes its locks before it changes anything, or can be repeated.
//
// Locks of programs (a mutex) stay held, as POSIX says; robust ones tell the next owner.

import { add, load, or, peek, poke, pokef, resume, store } from '#atomics'
import { mend } from '../mem/arena.ts'
import { acquire, Held, holder, holding, recover, release } from '../mem/lock.ts'
import type { Address } from '../mem/memory.ts'
import { evict_locked, free_locked as freeCarrier_locked, allocate_locked as allocateCarrier_locked, assign, reassign, take_locked } from './carrier.ts'
import { CLOCK_MONOTONIC, now } from './clock.ts'
import { request, undo } from './clone.ts'
import { holderOf, isOffered, mendRings, placeOf } from './crew.ts'
import { finish_locked, releaseJoin } from './exit.ts'
import { replace_locked, startFiber } from './fiber.ts'
import { bury, countLoss, resumeWoken, rouse, wake } from './futex.ts'
import { mendHandles, sweep } from './handle.ts'
import { host } from './host.ts'
import { annex, arena, bucketRecord, carrierRecord, kernel, record, self, slotMask, tids, user } from './process.ts'
import { mendBucket } from './queue.ts'
import { Annex, Bucket, BUCKETS, Carrier, CarrierState, FIRST, Flag, PROCESS, Process, SPAWNER, State, Status, ThreadRecord, UNCOUNTED } from './records.ts'
import { drop_locked, prodHeirs } from './signal.ts'
import { mendSignals } from './signal-queue.ts'
import { free_locked, lastSlot, uncount_locked } from './thread.ts'
import { wmesg } from './wmesg.ts'

/** Why a thread died. LOST: it ended by an error that found no room in user memory. */
export const Reason = { NONE: 0, CALLED_EXIT: 1, OUT_OF_MEMORY: 2, TERMINATED: 3, NEVER_STARTED: 4, UNCAUGHT: 5, LOST: 6 } as const

/** What is known of a carrier's end. */
export interface Death { reason: number, code: number, error?: unknown }

/** What the library does for the dead. */
export interface Heirs {
  /** Before the record of a dead thread, or of one of its asynchronous acquisitions, is given up: what it held. Wakes nobody. */
  disown(slot: number): void
  /** Before a dead thread's exit word is cleared: places the error, or prints it if nobody can join. */
  bequeath(slot: number, death: Death): void
  /** A thread that never started, or exited detached: gives up its message and its name. */
  clear(slot: number): void
  /** Carrier `n` is gone: what its threads had in the library's own tables. Wakes nobody. */
  sweep(n: number, death: Death): void
  /** The spawner's doorbell rang: the library may want a thread of its own. */
  rung(): void
  /** A thread that the spawner starts: gives it `value` as its argument; false: ENOMEM. */
  argument(slot: number, value: number): boolean
}

type Step = () => void

/** Does `steps` in order; one that finds a lock held is done again in a later turn of the event loop. */
export function eventually(...steps: Step[]): void {
  for (let i = 0; i < steps.length; i++) {
    try {
      steps[i]()
    } catch (error) {
      if (!(error instanceof Held)) throw error
      host.nextTurn(() => { eventually(...steps.slice(i)) })
      return
    }
  }
}

const LOCKS = [PROCESS + Process.tableLock, PROCESS + Process.signalLock, PROCESS + Process.handleLock, PROCESS + Process.heapLock]

// A step that changes tables, messages and objects: all or nothing.
export function locked(f: Step): Step {
  return () => { holding(kernel, LOCKS, self.carrier, f) }
}

/**
 * Cleans up after carrier `n`, whose Worker is gone. Runs in the spawner; `drain` serves all requests that were made so
 * far, so that a carrier still REQUESTED after it is one that its creator died too early to ask for.
 */
export function reap(n: number, death: Death, heirs: Heirs, drain: () => void): void {
  const c = carrierRecord(n)
  if (peek(kernel, c + Carrier.state) === CarrierState.FREE) return
  mendLocks(n)
  eventually(
    rouseAll,
    mendRings,
    drain,
    locked(() => {
      evict_locked(n)
      poke(kernel, c + Carrier.state, CarrierState.DEAD)                 // mendTables must not take it for a parked one
    }),
    () => { forSlotsOf(n, buryWait) },
    locked(() => {
      forSlotsOf(n, (slot, flags) => {
        if ((flags & Flag.ASYNC) === 0) return
        heirs.disown(slot)
        free_locked(slot)
      })
    }),
    locked(() => {
      const i = placeOf(n)
      if (i >= 0) replace(n, i, death, heirs)
      forSlotsOf(n, (slot, flags) => { if ((flags & Flag.ASYNC) === 0) settleThread(slot, n, death, heirs) })
    }),
    locked(() => { heirs.sweep(n, death) }),                              // while what the dead heap holds is still there
    prodHeirs,
    rouseAll,
    locked(() => { sweep(n) }),
    locked(() => {
      evict_locked(n)                                                    // a creator may have given it back meanwhile
      freeCarrier_locked(n)
    }),
    wakeWaitersForAll,
  )
}

function rouseAll(): void {
  countLoss()
  // Whoever has read the old value under a bucket's lock and is not yet queued is queued when we have had that lock.
  for (let n = 0; n < BUCKETS; n++) {
    const b = bucketRecord(n)
    if (load(kernel, b + Bucket.count) === 0) continue
    acquire(kernel, b + Bucket.lock, self.carrier)
    release(kernel, b + Bucket.lock)
  }
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    if (peek(kernel, t + ThreadRecord.state) !== State.SLEEPING) continue
    if (peek(kernel, t + ThreadRecord.wmesg) !== wmesg.condition) rouse(slot)
    else resumeWoken(slot)
  }
  rouse(slotMask)                                                        // the command's own record
}

// Place `i` gets another carrier; but if carriers do not even start, and there is none left, nor do those fibers that wait for one.
function replace(n: number, i: number, death: Death, heirs: Heirs): void {
  if (replace_locked(n, i, death.reason !== Reason.NEVER_STARTED)) return
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    const waits = peek(kernel, t + ThreadRecord.state) === State.EMBRYO || isLent(slot)
    if (!waits || (~peek(kernel, t + ThreadRecord.flags) & (Flag.FIBER | Flag.STARTED)) !== 0) continue
    poke(kernel, t + ThreadRecord.claim, 0)
    settle(slot, { ...death, reason: Reason.NEVER_STARTED }, heirs)
  }
}

function wakeWaitersForAll(): void {
  if (load(kernel, PROCESS + Process.live) === 0) wake(kernel, PROCESS + Process.live, Infinity)
}

function forSlotsOf(n: number, f: (slot: number, flags: number) => void): void {
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    if (runnerOf(t, slot) === n && peek(kernel, t + ThreadRecord.state) !== State.FREE) f(slot, peek(kernel, t + ThreadRecord.flags))
  }
}

function hasBegun(t: Address): boolean {
  const state = peek(kernel, t + ThreadRecord.state)
  return (peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) !== 0 && (state === State.RUNNING || state === State.SLEEPING)
}

// The carrier that a thread dies with. A fiber that has begun and is offered dies with none.
function runnerOf(t: Address, slot: number): number {
  return hasBegun(t) ? holderOf(slot) : peek(kernel, t + ThreadRecord.carrier)
}

const isLent = (slot: number): boolean => hasBegun(record(slot)) && isOffered(slot)

function buryWait(slot: number): void {
  const state = peek(kernel, record(slot) + ThreadRecord.state)
  if (state !== State.RUNNING && state !== State.SLEEPING) return
  releaseJoin(slot)
  bury(slot)
}

// What becomes of thread `slot`, whose carrier `n` is dead.  Under LOCKS.
function settleThread(slot: number, n: number, death: Death, heirs: Heirs): void {
  const t = record(slot)
  const state = peek(kernel, t + ThreadRecord.state)
  if (state === State.EMBRYO) {
    if ((peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) !== 0) {
      if ((peek(kernel, t + ThreadRecord.flags) & (Flag.PORT | Flag.PINNED)) !== 0) {
        settle(slot, { ...death, reason: Reason.NEVER_STARTED }, heirs)  // part of its arguments died too, or it is for nobody else
      } else {
        poke(kernel, t + ThreadRecord.carrier, 0)
        if ((peek(kernel, t + ThreadRecord.flags) & Flag.STARTED) !== 0) startFiber(slot)
      }
    } else if ((peek(kernel, t + ThreadRecord.flags) & Flag.STARTED) === 0) poke(kernel, t + ThreadRecord.carrier, 0)   // its creator will see (clone, start)
    else restart(slot, n, death, heirs)
  } else if (state === State.EXITED) {
    store(kernel, t + ThreadRecord.exit, 0)                              // it died in finish_locked; mendTables has counted it out
    if ((peek(kernel, t + ThreadRecord.flags) & Flag.DETACHED) !== 0) dismiss(slot, heirs)
  } else {
    settleEmbryosOf(peek(kernel, t + ThreadRecord.tid), heirs)
    settle(slot, death, heirs)
  }
}

// Exits on behalf of thread `slot`.
function settle(slot: number, death: Death, heirs: Heirs): void {
  const t = record(slot)
  poke(kernel, t + ThreadRecord.status, Status.DIED)
  poke(kernel, t + ThreadRecord.reason, death.reason)
  if (death.code !== 0) poke(kernel, annex(slot) + Annex.code, death.code)
  or(kernel, t + ThreadRecord.flags, Flag.FAILED)
  pokef(kernel, t + ThreadRecord.ended, now(CLOCK_MONOTONIC))
  pokef(kernel, t + ThreadRecord.cpu, NaN)
  drop_locked(slot)
  heirs.disown(slot)
  heirs.bequeath(slot, death)
  toll(peek(kernel, annex(slot) + Annex.bell))
  if (peek(kernel, annex(slot) + Annex.visits) !== 0) store(kernel, annex(slot) + Annex.visits, 0)
  finish(slot, heirs)
}

// Before the exit word is cleared: whose the word at `bell` is then frees it.
function toll(bell: Address): void {
  if (bell === 0) return
  or(user, bell, 1)
  resume(user, bell)
}

// Its joiners, and who waits for the end of its visit, are woken by the rouseAll that follows.
function finish(slot: number, heirs: Heirs): void {
  if (finish_locked(slot)) dismiss(slot, heirs)
}

function dismiss(slot: number, heirs: Heirs): void {
  heirs.clear(slot)
  uncount_locked(slot)
  free_locked(slot)
}

// A thread that its carrier had not begun when it died runs on another one, unless part of its arguments died too.
function restart(slot: number, dead: number, death: Death, heirs: Heirs): void {
  const t = record(slot)
  const c = carrierRecord(dead)
  const heap = peek(kernel, c + Carrier.heap), stack = peek(kernel, c + Carrier.stack)
  if (peek(kernel, c + Carrier.doomed) !== 0) {
    settle(slot, death, heirs)
    return
  }
  const lost = death.reason === Reason.NEVER_STARTED || peek(kernel, c + Carrier.factory) !== 0 || (peek(kernel, t + ThreadRecord.flags) & Flag.PORT) !== 0
  const cached = lost ? 0 : take_locked(heap, stack, 0)
  const n = lost || cached !== 0 ? cached : allocateCarrier_locked(heap, stack, 0)
  if (n === 0) {
    settle(slot, { ...death, reason: Reason.NEVER_STARTED }, heirs)
    return
  }
  poke(kernel, t + ThreadRecord.carrier, n)
  poke(kernel, carrierRecord(n) + Carrier.next, slot)
  if (cached === 0) request(n)
  assign(n, slot)
}

// Threads that the dead thread `tid` had cloned: those not started are forgotten, those being started get started.
function settleEmbryosOf(tid: number, heirs: Heirs): void {
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    if (peek(kernel, t + ThreadRecord.state) !== State.EMBRYO || peek(kernel, t + ThreadRecord.creator) !== tid) continue
    if ((peek(kernel, t + ThreadRecord.flags) & Flag.STARTED) !== 0) {
      if ((peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) !== 0) startFiber(slot)
      else reassign(peek(kernel, t + ThreadRecord.carrier), slot)
      continue
    }
    heirs.clear(slot)
    undo(slot)
  }
}

/**
 * The host has refused a Worker for carrier `n`: settles the thread that was in its mailbox. The place of a carrier of fibers stays empty;
 * only then may those who wait for that carrier find that it is no longer REQUESTED.
 */
export function refuse(n: number, heirs: Heirs): void {
  const c = carrierRecord(n), death: Death = { reason: Reason.NEVER_STARTED, code: 0 }
  eventually(
    locked(() => {
      const next = peek(kernel, c + Carrier.next), i = placeOf(n)
      if (i >= 0) {
        replace(n, i, death, heirs)
        forSlotsOf(n, slot => { settleThread(slot, n, death, heirs) })
      } else if (next === 0 || peek(kernel, c + Carrier.state) !== CarrierState.REFUSED) {
        return                                                            // its creator took it back
      } else {
        settle(next, death, heirs)
      }
      freeCarrier_locked(n)
    }),
    () => { wake(kernel, c + Carrier.state, Infinity) },
    rouseAll,
    wakeWaitersForAll,
  )
}

/** Frees the kernel locks that the dead carrier `n` held. Takes none. */
function mendLocks(n: number): void {
  const mendIf = (lock: Address, mendIt: () => void): void => {
    if (holder(kernel, lock) !== n) return
    mendIt()
    recover(kernel, lock)
  }
  for (let b = 0; b < BUCKETS; b++) mendIf(bucketRecord(b) + Bucket.lock, () => { mendBucket(b, lastSlot()) })
  mendIf(PROCESS + Process.tableLock, mendTables)
  mendIf(PROCESS + Process.signalLock, mendSignals)
  mendIf(PROCESS + Process.heapLock, () => { mend(arena) })
  mendIf(PROCESS + Process.handleLock, mendHandles)
  mendIf(PROCESS + Process.internLock, () => undefined)                  // the count is stored last
  mendIf(PROCESS + Process.nameLock, () => undefined)                    // a list changes by one store
  if (load(kernel, PROCESS + Process.output) === n) store(kernel, PROCESS + Process.output, 0)
}

// Free lists, counts and the cache, made again from the states of the records.
function mendTables(): void {
  let free = 0, count = 0, live = 0
  for (let slot = lastSlot(); slot >= 1; slot--) {
    const t = record(slot)
    const state = peek(kernel, t + ThreadRecord.state)
    const flags = peek(kernel, t + ThreadRecord.flags)
    if (state === State.FREE) {
      poke(kernel, t + ThreadRecord.link, free)
      free = slot
      poke(kernel, tids + (peek(kernel, t + ThreadRecord.tid) & slotMask) * 4, 0)
    } else if ((flags & (Flag.ASYNC | Flag.HOST | UNCOUNTED)) === 0 && !(slot === 1 && peek(kernel, t + ThreadRecord.carrier) === FIRST)) {
      count++
      if (state !== State.EXITED) live++
    }
  }
  for (let slot = lastSlot(); slot >= 1; slot--) {
    const t = record(slot)
    if (peek(kernel, t + ThreadRecord.state) !== State.FREE) poke(kernel, tids + (peek(kernel, t + ThreadRecord.tid) & slotMask) * 4, slot)
  }
  poke(kernel, PROCESS + Process.freeThread, free)
  poke(kernel, PROCESS + Process.count, count)
  poke(kernel, PROCESS + Process.live, live)
  let freeCarriers = 0, cache = 0, cached = 0
  for (let n = peek(kernel, PROCESS + Process.bumpCarrier) - 1; n > SPAWNER; n--) {
    const c = carrierRecord(n)
    const state = peek(kernel, c + Carrier.state)
    const unclaimed = peek(kernel, c + Carrier.thread) === 0 && peek(kernel, c + Carrier.next) === 0 && peek(kernel, c + Carrier.place) === 0
    if (state === CarrierState.FREE || (state === CarrierState.REQUESTED && unclaimed)) {              // a clone died before it asked for a Worker
      poke(kernel, c + Carrier.state, CarrierState.FREE)
      poke(kernel, c + Carrier.link, freeCarriers)
      freeCarriers = n
    } else if (state === CarrierState.PARKED || (state === CarrierState.RUNNING && unclaimed)) {       // a clone died after it took it
      poke(kernel, c + Carrier.state, CarrierState.PARKED)
      poke(kernel, c + Carrier.link, cache)
      cache = n
      cached++
    }
  }
  poke(kernel, PROCESS + Process.freeCarrier, freeCarriers)
  poke(kernel, PROCESS + Process.cache, cache)
  poke(kernel, PROCESS + Process.cached, cached)
}

/** Counts a failure that was printed: the process will exit with 1. */
export function countFailure(): void {
  add(kernel, PROCESS + Process.failures, 1)
}
