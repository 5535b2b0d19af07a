// The thread table: allocation of records and the numbers that name them.
//
// A record belongs to the thread that lives in it; its creator writes it until it runs, the reaper when it
// died.  Numbers are given in order and none is used again soon; the table `tids` finds the slot of a number by
// its remainder, and a number whose place there is taken is passed over.  Whoever keeps a slot sees by the serial
// whether it still is that thread's.

import { and, load, or, peek, poke, store } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import type { Address } from '../mem/memory.ts'
import { EAGAIN, EINVAL, ESRCH } from './errno.ts'
import { annex, kernel, record, self, slotMask, tids } from './process.ts'
import { Annex, Flag, PROCESS, Process, State, ThreadRecord, UNCOUNTED } from './records.ts'

// All below 2^30: a mutex keeps the number of its holder in 30 bits (pthread/robust.ts).
const TID_MAX = 2 ** 29 - 1, ASYNC_TID = 2 ** 29

/** Takes a record from the free list; 0 when the table is full. Under tableLock. */
export function allocate_locked(flags: number): number {
  let slot = peek(kernel, PROCESS + Process.freeThread)
  if (slot !== 0) {
    poke(kernel, PROCESS + Process.freeThread, peek(kernel, record(slot) + ThreadRecord.link))
  } else {
    slot = peek(kernel, PROCESS + Process.bumpThread)
    if (slot >= slotMask) return 0                                       // the last record is the command's (run)
    poke(kernel, PROCESS + Process.bumpThread, slot + 1)
  }
  open_locked(slot, flags)
  return slot
}

/** Makes record `slot` a new thread's: a fresh tid and serial, everything else empty. Under tableLock. */
export function open_locked(slot: number, flags: number): void {
  const t = record(slot)
  const serial = peek(kernel, t + ThreadRecord.serial)
  if (serial !== 0) clear(slot)                                           // nobody has written to a record that was never used
  poke(kernel, t + ThreadRecord.serial, serial + 1 | 0)
  poke(kernel, t + ThreadRecord.tid, (flags & Flag.ASYNC) === 0
    ? number_locked(slot, Process.lastTid, 0)
    : number_locked(slot, Process.lastAsync, ASYNC_TID + (slotMask >>> 1)))
  poke(kernel, t + ThreadRecord.flags, flags)
  poke(kernel, t + ThreadRecord.creator, self.tid)
  mask(t, (flags & UNCOUNTED) !== 0)
  store(kernel, t + ThreadRecord.exit, 1)
  store(kernel, t + ThreadRecord.state, State.EMBRYO)                     // last: a sender of a signal looks at no lock of ours
}

// A new thread has the signal mask of the one that made it; one that the spawner makes for a timer has none; and the
// library's own threads, and daemons, leave all signals to others.
function mask(t: Address, all: boolean): void {
  if (!all && self.slot === 0) return
  const maker = record(self.slot)
  poke(kernel, t + ThreadRecord.mask0, all ? -1 : peek(kernel, maker + ThreadRecord.mask0))
  poke(kernel, t + ThreadRecord.mask1, all ? -1 : peek(kernel, maker + ThreadRecord.mask1))
}

// A store commits memory, also of a 0 where there is one: most threads write nothing to the annex.
function clear(slot: number): void {
  const t = record(slot)
  kernel.i32.fill(0, t >>> 2, (t + ThreadRecord.room) >>> 2)
  for (let i = annex(slot) >>> 2, end = i + (Annex.size >>> 2); i < end; i++) if (kernel.i32[i] !== 0) kernel.i32[i] = 0
}

// Asynchronous acquisitions have numbers of their own, from ASYNC_TID: the threads' stay 1, 2, 3.
function number_locked(slot: number, last: number, base: number): number {
  let n = peek(kernel, PROCESS + last)
  do n = n === TID_MAX - (base === 0 ? 0 : slotMask) ? 1 : n + 1
  while (peek(kernel, tids + (base + n & slotMask) * 4) !== 0)
  poke(kernel, tids + (base + n & slotMask) * 4, slot)
  poke(kernel, PROCESS + last, n)
  return base + n
}

/** Gives a record back. Under tableLock. */
export function free_locked(slot: number): void {
  const t = record(slot)
  poke(kernel, tids + (peek(kernel, t + ThreadRecord.tid) & slotMask) * 4, 0)
  poke(kernel, t + ThreadRecord.state, State.FREE)
  poke(kernel, t + ThreadRecord.link, peek(kernel, PROCESS + Process.freeThread))
  poke(kernel, PROCESS + Process.freeThread, slot)
}

/** Slot of thread `tid`, or 0 if no such thread has a record (ESRCH). */
export function find(tid: number): number {
  const slot = tid > 0 ? load(kernel, tids + (tid & slotMask) * 4) : 0
  if (slot === 0) return 0
  const t = record(slot)
  return load(kernel, t + ThreadRecord.tid) === tid && load(kernel, t + ThreadRecord.state) !== State.FREE ? slot : 0
}

/** A record for an asynchronous acquisition of the calling thread; its slot, or -EAGAIN. */
export function openAsync(): number {
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const slot = allocate_locked(Flag.ASYNC)
  if (slot !== 0) {
    poke(kernel, record(slot) + ThreadRecord.carrier, self.carrier)
    poke(kernel, record(slot) + ThreadRecord.state, State.RUNNING)
    if (namesake !== undefined) poke(kernel, record(slot) + ThreadRecord.creator, namesake)
  }
  release(kernel, PROCESS + Process.tableLock)
  if (slot === 0) return -EAGAIN
  asynchronous.add(slot)
  return slot
}

let namesake: number | undefined

/** Calls `f`: asynchronous acquisitions that it begins are those of thread `tid` of this heap, or, if 0, of none: the caller's end does not give them up. */
export function inNameOf<T>(tid: number, f: () => T): T {
  const before = namesake
  namesake = tid
  try {
    return f()
  } finally {
    namesake = before
  }
}

// This heap's asynchronous records.
const asynchronous = new Set<number>()

/** The records are gone, and were not given back: for the lab, which makes the memory what it was. */
export function forgetAsync(): void {
  asynchronous.clear()
}

/** Those of the calling thread: all of this heap's, unless it shares the heap with others. */
export function ownAcquisitions(): Iterable<number> {
  return self.fiber ? [...asynchronous].filter(isOwn) : asynchronous
}

/** Whether asynchronous record `slot` of this heap is the calling thread's. */
export function isOwn(slot: number): boolean {
  return !self.fiber || peek(kernel, record(slot) + ThreadRecord.creator) === self.tid
}

/** Gives back what {@link openAsync} returned. */
export function closeAsync(slot: number): void {
  if (!asynchronous.delete(slot)) return
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  free_locked(slot)
  release(kernel, PROCESS + Process.tableLock)
}

/** The last slot that was ever used, but for the command's. */
export function lastSlot(): number {
  return load(kernel, PROCESS + Process.bumpThread) - 1
}

/** Gives up thread `slot`, which has exited and was joined or detached: its record may be used again. */
export function dispose(slot: number): void {
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  uncount_locked(slot)
  free_locked(slot)
  release(kernel, PROCESS + Process.tableLock)
}

/** A thread with these flags is about to live, or is taken back: it counts among those that there are, or not. Under tableLock. */
export function count_locked(flags: number, by: 1 | -1): void {
  if ((flags & UNCOUNTED) !== 0) return
  poke(kernel, PROCESS + Process.count, peek(kernel, PROCESS + Process.count) + by)
  poke(kernel, PROCESS + Process.live, peek(kernel, PROCESS + Process.live) + by)
}

/** Thread `slot` is about to give up its record: it counts no more, if it did. Under tableLock. */
export function uncount_locked(slot: number): void {
  if ((peek(kernel, record(slot) + ThreadRecord.flags) & UNCOUNTED) === 0) poke(kernel, PROCESS + Process.count, peek(kernel, PROCESS + Process.count) - 1)
}

/** What {@link claim} returns for a thread that has exited. */
export const GONE = -1

/**
 * Claims thread `slot` for the only join it may get (`claimed` JOINED), or detaches it (DETACHED). Returns 0, GONE
 * if it has exited, ESRCH if the record is another thread's by now, or EINVAL if it is detached or being joined already.
 */
export function claim(slot: number, serial: number, claimed: number): number {
  const t = record(slot)
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  let result = 0
  if (peek(kernel, t + ThreadRecord.serial) !== serial || peek(kernel, t + ThreadRecord.state) === State.FREE) result = ESRCH
  else if ((load(kernel, t + ThreadRecord.flags) & (Flag.DETACHED | Flag.JOINED)) !== 0) result = EINVAL
  else {
    or(kernel, t + ThreadRecord.flags, claimed)
    if (peek(kernel, t + ThreadRecord.state) === State.EXITED) result = GONE
  }
  release(kernel, PROCESS + Process.tableLock)
  return result
}

/** Takes back a claim for a join that timed out. */
export function unclaim(slot: number): void {
  and(kernel, record(slot) + ThreadRecord.flags, ~Flag.JOINED)
}
