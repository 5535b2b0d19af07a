// Death: what a carrier that came to an unforeseen end leaves behind, and who cleans it up.
//
// The reaper runs in the spawner, the parent of every carrier, whose event loop nobody blocks.  In order:
//   1  kernel locks that the dead carrier held: what they guard is made consistent, then they are freed
//   2  wakes that it had begun are finished; its asynchronous waits are taken off their queues
//   3  the thread it ran: taken off its queue, its exit on its behalf, with a reason that join reports
//   4  the thread it was given and had not begun: started on another carrier
//   5  its handles on objects in user memory are dropped
//   6  its record is freed
// Locks of programs (a mutex) stay held, as POSIX says; robust ones tell the next owner.

import { add, load, or, peek, poke, pokef, store } from '#atomics'
import { mend } from '../mem/arena.ts'
import { acquire, holder, recover, release } from '../mem/lock.ts'
import type { Address } from '../mem/memory.ts'
import { evict_locked, free_locked as freeCarrier_locked, allocate_locked as allocateCarrier_locked, take_locked } from './carrier.ts'
import { CLOCK_MONOTONIC, now } from './clock.ts'
import { request, start } from './clone.ts'
import { finish_locked } from './exit.ts'
import { bury, finishWakes, mendBucket, wake } from './futex.ts'
import { mendHandles, sweep } from './handle.ts'
import { arena, bucketRecord, carrierRecord, kernel, record, self, slotMask, tids } from './process.ts'
import { BUCKETS, Bucket, Carrier, CarrierState, Flag, PROCESS, Process, State, Status, ThreadRecord } from './records.ts'
import { free_locked, lastSlot } from './thread.ts'

/** Why a thread died. */
export const Reason = { NONE: 0, CALLED_EXIT: 1, OUT_OF_MEMORY: 2, TERMINATED: 3, NEVER_STARTED: 4, UNCAUGHT: 5 } as const

/** What is known of a carrier's end. */
export interface Death { reason: number, code: number, error?: unknown }

/** What the library does for a dead thread before its exit word is cleared: places the error, prints it if nobody can join. */
export type Bequeath = (slot: number, death: Death) => void

/** Cleans up after carrier `n`, whose Worker is gone. Runs in the spawner. */
export function reap(n: number, death: Death, bequeath: Bequeath): void {
  const c = carrierRecord(n)
  if (peek(kernel, c + Carrier.state) === CarrierState.FREE) return
  mendLocks(n)
  const last = lastSlot()
  finishWakes(last)
  for (let slot = 1; slot <= last; slot++) {
    const t = record(slot)
    if (peek(kernel, t + ThreadRecord.carrier) !== n || (peek(kernel, t + ThreadRecord.flags) & Flag.ASYNC) === 0) continue
    if (peek(kernel, t + ThreadRecord.state) === State.FREE) continue
    bury(slot)
    locked(() => { free_locked(slot) })
  }
  locked(() => { evict_locked(n) })
  const ran = peek(kernel, c + Carrier.thread)
  const next = peek(kernel, c + Carrier.next)
  if (ran !== 0) settle(ran, death, bequeath)
  if (next !== 0 && next !== ran) restart(next, n, death, bequeath)
  sweep(n)
  store(kernel, c + Carrier.state, CarrierState.DEAD)
  wake(kernel, c + Carrier.state, Infinity)
  locked(() => { freeCarrier_locked(n) })
}

function locked(f: () => void): void {
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  f()
  release(kernel, PROCESS + Process.tableLock)
}

// Exits on behalf of thread `slot`.
function settle(slot: number, death: Death, bequeath: Bequeath): void {
  const t = record(slot)
  const state = peek(kernel, t + ThreadRecord.state)
  if (state === State.FREE || state === State.EXITED) return             // it died after its exit
  bury(slot)
  poke(kernel, t + ThreadRecord.status, Status.DIED)
  poke(kernel, t + ThreadRecord.reason, death.reason)
  poke(kernel, t + ThreadRecord.code, death.code)
  or(kernel, t + ThreadRecord.flags, Flag.FAILED)
  pokef(kernel, t + ThreadRecord.ended, now(CLOCK_MONOTONIC))
  pokef(kernel, t + ThreadRecord.cpu, NaN)
  bequeath(slot, death)
  locked(() => { finish_locked(slot) })
  wake(kernel, t + ThreadRecord.exit, Infinity)
  if (load(kernel, PROCESS + Process.live) === 0) wake(kernel, PROCESS + Process.live, Infinity)
}

// A thread that its carrier had not begun when it died runs on another one, unless part of its arguments died too.
function restart(slot: number, dead: number, death: Death, bequeath: Bequeath): void {
  const t = record(slot)
  const c = carrierRecord(dead)
  const booting = death.reason === Reason.NEVER_STARTED
  if (booting || peek(kernel, c + Carrier.factory) !== 0 || (peek(kernel, t + ThreadRecord.flags) & Flag.PORT) !== 0) {
    settle(slot, { ...death, reason: Reason.NEVER_STARTED }, bequeath)
    return
  }
  const heap = peek(kernel, c + Carrier.heap), stack = peek(kernel, c + Carrier.stack)
  let n = 0
  let cached = false
  locked(() => {
    n = take_locked(heap, stack, 0)
    cached = n !== 0
    if (!cached) n = allocateCarrier_locked(heap, stack, 0)
    if (n === 0) return
    poke(kernel, t + ThreadRecord.carrier, n)
    poke(kernel, carrierRecord(n) + Carrier.next, slot)
  })
  if (n === 0) {
    settle(slot, { ...death, reason: Reason.NEVER_STARTED }, bequeath)
    return
  }
  if (!cached) request(n)
  start(slot)
}

/** Settles the thread that the reaper wanted to start on carrier `n`, when the host refused a Worker for it. */
export function refuse(n: number, bequeath: Bequeath): void {
  const next = peek(kernel, carrierRecord(n) + Carrier.next)
  if (next !== 0) settle(next, { reason: Reason.NEVER_STARTED, code: 0 }, bequeath)
  locked(() => { freeCarrier_locked(n) })
}

function mendLocks(n: number): void {
  const mendIf = (lock: Address, mendIt: () => void): void => {
    if (holder(kernel, lock) !== n) return
    mendIt()
    recover(kernel, lock)
  }
  for (let b = 0; b < BUCKETS; b++) mendIf(bucketRecord(b) + Bucket.lock, () => { mendBucket(b, lastSlot()) })
  mendIf(PROCESS + Process.tableLock, mendTables)
  mendIf(PROCESS + Process.heapLock, () => { mend(arena) })
  mendIf(PROCESS + Process.handleLock, mendHandles)
  mendIf(PROCESS + Process.internLock, () => undefined)                  // the count is stored last
  if (load(kernel, PROCESS + Process.output) === n) {
    store(kernel, PROCESS + Process.output, 0)
    wake(kernel, PROCESS + Process.output, Infinity)
  }
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
    } else if ((flags & (Flag.ASYNC | Flag.HOST)) === 0) {
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
  for (let n = peek(kernel, PROCESS + Process.bumpCarrier) - 1; n >= 1; n--) {
    const c = carrierRecord(n)
    const state = peek(kernel, c + Carrier.state)
    if (state === CarrierState.FREE) {
      poke(kernel, c + Carrier.link, freeCarriers)
      freeCarriers = n
    } else if (state === CarrierState.PARKED) {
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
