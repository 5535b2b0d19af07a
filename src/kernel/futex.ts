// The futex: wait, wake, requeue on (memory, address), after Linux's futex(2).
//
// A thread that waits stands in the queue of its key's bucket, linked through its own record, and sleeps on
// its own park word.  So the kernel allocates nothing, a waiter can be moved, picked, timed out or buried by
// others, and everybody can see who waits for what.
//
// park word             meaning                              who leaves it, and to where
//   AWAKE    0          running, or spinning before sleep    the thread: ASLEEP.  A waker that took it off: WOKEN
//   ASLEEP   1          suspended on this word               a waker that took it off the queue: WOKEN, then resumes it
//   WOKEN    2          taken off the queue                  the thread, at its next wait: AWAKE
//   SWITCHED 3          a fiber: its carrier runs others     a waker that took it off the queue: WOKEN, then hints at it (crew.ts)
//
// I1  Whoever queues holds the bucket's lock, has counted itself in `count` before, and has re-read the
//     value after: it queues only while the word is `expected`.
// I2  A waker changes the word first, reads `count` then.  Either it sees the waiter counted and takes the
//     lock, or the waiter sees the changed word (both orders of two sequentially consistent accesses are
//     excluded).  No wakeup is lost.
// I3  A record is taken off a queue once, under the lock, by a waker, a requeue, its own timeout or the
//     reaper; who took it off decides how the wait ends.  A wait returns ETIMEDOUT only if it took itself
//     off; a waker marks WOKEN before it gives up the lock.
// I4  Among the waiters of one key, wake and requeue take the one with the highest effective priority, and among
//     equals the one that queued first; but those whose bits have FRONT before the others, and of them the last one first.  While no
//     thread ever had a priority, nobody looks for it.
// I5  `bucket` is cleared last: who reads 0 there without the lock may rely on WOKEN, or on having taken itself
//     off.  A requeue goes from one bucket to the other without passing 0.  A thread that sees WOKEN and is
//     still in a bucket waits for that bucket's lock before it goes on.
// I6  `bucket` is the truth about a queue; links can be made again from bucket and seq.  The reaper does
//     so for a bucket whose lock a dead carrier held.
// I7  Who interrupts sets the thread's `attention` first and looks at `bucket` then; a thread that queues with an
//     interruptible wait stores `bucket` first and looks at `attention` then.  So one of the two takes it off the
//     queue (interrupt), marked EINTR.  A wake that came before wins, for the thread is off the queue then; and a
//     requeued thread has had its signal, so that its wait is no cancellation point any more.
//
// A carrier that dies may owe a wake: between changing the word and waking, between unlinking and resuming, after
// it was woken itself.  Therefore, after a death, the reaper wakes every sleeper (rouse), but those on conditions,
// whose signal then just was not sent: they all look again.  A
// dead waiter's `count`, if it died between counting and queueing, stays one too high, which costs later wakers a
// look into the bucket.
//
// Reuse: a woken address may be freed and used again at once; a late resume finds a park word that is not
// ASLEEP or a thread that looks again, for every sleeper loops.
//
// Rejected: Atomics.wait on the user's word (no requeue, no bitset, no order, nobody can see who waits);
// a queue lock for the whole table (unrelated keys would meet); waiter nodes in a pool (a second lifetime).

import { add, cas, load, peek, poke, resume, store, suspend } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { remaining, type Clock } from './clock.ts'
import { EAGAIN, EINTR, ETIMEDOUT } from './errno.ts'
import { hint } from './crew.ts'
import { annex, bucketRecord, kernel, record, self } from './process.ts'
import { effective, prioritized } from './priority.ts'
import {
  ANY, append_locked, ASLEEP, AWAKE, bucketOf, FRONT, highest_locked, inOrder_locked, inQueueOf, join_locked, mark_locked, matches, SWITCHED, unlink_locked,
  unpark, waiting_locked, WOKEN,
} from './queue.ts'
import { Annex, Bucket, Flag, PROCESS, Process, State, ThreadRecord } from './records.ts'
import { site, tracing } from './sites.ts'
import { Spin } from './spin.ts'
import { wmesg, wmesgs } from './wmesg.ts'

export { ANY, FRONT }
export const ANY_EPOCH = -1

/** What may interrupt a wait: a signal that is caught, a cancellation. Bits of a thread's `attention`. */
export const SIGNAL = 1, CANCEL = 2

const { park, memory, address, bucket, bitset, next, interruptible, interrupted } = ThreadRecord

/**
 * Queues thread `slot` on (m, a) if the word there is `expected`, and {@link losses} `epoch` if that is given; returns
 * 0, or EAGAIN. `bits`: which wakes concern it, and FRONT. The thread must be the caller or a record that the caller owns; it must then sleep, until
 * `deadline` at most, or take itself off with {@link withdraw}. With `by`, what may interrupt it, it looks at its `attention` before it sleeps (I7).
 */
export function enqueue(slot: number, m: Memory, a: Address, expected: number, bits: number, reason: number, epoch = ANY_EPOCH, by = 0,
  deadline = Infinity): number {
  const n = bucketOf(m.id, a)
  const b = bucketRecord(n)
  const t = record(slot)
  poke(kernel, t + park, AWAKE)
  poke(kernel, t + memory, m.id)
  poke(kernel, t + address, a)
  poke(kernel, t + bitset, bits)
  poke(kernel, t + ThreadRecord.wmesg, reason)
  poke(kernel, t + ThreadRecord.timed, deadline === Infinity ? 0 : 1)
  poke(kernel, t + interruptible, by)
  poke(kernel, t + interrupted, 0)
  add(kernel, b + Bucket.count, 1)                                       // I1: counted,
  acquire(kernel, b + Bucket.lock, self.carrier)
  if (load(m, a) !== expected || (epoch !== ANY_EPOCH && load(kernel, PROCESS + Process.losses) !== epoch)) {   // then looked again
    release(kernel, b + Bucket.lock)
    add(kernel, b + Bucket.count, -1)
    return EAGAIN
  }
  account(t, slot)
  join_locked(b, n, slot, bits)                                           // stores `bucket`: who reads that reads until when, and which sleep it is
  poke(kernel, t + ThreadRecord.state, State.SLEEPING)
  release(kernel, b + Bucket.lock)
  if (prioritized()) inherit(slot)
  return 0
}

let inherit: (slot: number) => void = () => undefined

/** Installs what is called for a thread that was queued, once there are priorities: the library lets holders inherit them. */
export function installInheritance(f: (slot: number) => void): void {
  inherit = f
}

/** Calls `f` with the address that `slot` is queued on, under the lock of its queue; does nothing if it is not queued. */
export function whileQueued(slot: number, f: (memoryId: number, a: Address) => void): void {
  inQueueOf(slot, undefined, () => { f(peek(kernel, record(slot) + memory), peek(kernel, record(slot) + address)) })
}

/** The highest effective priority among the waiters of (m, a); 0 if there is none. */
export function highestWaiting(m: Memory, a: Address, bits = ANY): number {
  const b = bucketRecord(bucketOf(m.id, a))
  if (load(kernel, b + Bucket.count) === 0) return 0
  acquire(kernel, b + Bucket.lock, self.carrier)
  const slot = highest_locked(peek(kernel, b + Bucket.head), m.id, a, bits)
  const priority = slot === 0 ? 0 : effective(slot)
  release(kernel, b + Bucket.lock)
  return priority
}

// A sleep counts from the queue, whether or not the thread is woken before it is suspended.
function account(t: Address, slot: number): void {
  const reason = annex(slot) + Annex.sleepsBy + 4 * peek(kernel, t + ThreadRecord.wmesg)
  poke(kernel, t + ThreadRecord.sleeps, peek(kernel, t + ThreadRecord.sleeps) + 1)
  poke(kernel, reason, peek(kernel, reason) + 1)
}

/**
 * Wakes up to `count` threads that wait on (m, a) with a bit of `bits`, first come first. The caller has
 * changed the word before. Returns how many.
 */
export function wake(m: Memory, a: Address, count: number, bits = ANY): number {
  return wakeKey(m.id, a, count, bits)
}

/** Where {@link ring} looks whether anybody waits on (m, a). */
export function bellOf(m: Memory, a: Address): Address {
  return bucketRecord(bucketOf(m.id, a)) + Bucket.count
}

/** {@link wake} for one, of who wakes often on (m, a): `bell` is what {@link bellOf} says. */
export function ring(bell: Address, m: Memory, a: Address): void {
  if (load(kernel, bell) !== 0) wake(m, a, 1)                             // I2
}

/** {@link wake} for who knows the memory's id only. */
export function wakeKey(memoryId: number, a: Address, count: number, bits = ANY): number {
  const b = bucketRecord(bucketOf(memoryId, a))
  if (load(kernel, b + Bucket.count) === 0) return 0                      // I2
  return count === 1 ? wakeOne(b, memoryId, a, bits) : wakeMany(b, memoryId, a, count, bits)
}

function wakeOne(b: Address, memoryId: number, a: Address, bits: number): number {
  acquire(kernel, b + Bucket.lock, self.carrier)
  let slot = peek(kernel, b + Bucket.head)
  while (slot !== 0 && !matches(record(slot), memoryId, a, bits)) slot = peek(kernel, record(slot) + next)
  if (slot !== 0 && prioritized()) slot = highest_locked(slot, memoryId, a, bits)
  const asleep = slot === 0 ? 0 : mark_locked(b, slot)
  release(kernel, b + Bucket.lock)
  unpark(asleep)
  return slot === 0 ? 0 : 1
}

function wakeMany(b: Address, memoryId: number, a: Address, count: number, bits: number): number {
  const sleepers: number[] = []
  let woken = 0
  acquire(kernel, b + Bucket.lock, self.carrier)
  const sorted = count === Infinity ? undefined : inOrder_locked(b, memoryId, a, bits)
  for (let slot = sorted === undefined ? peek(kernel, b + Bucket.head) : sorted.shift() ?? 0; slot !== 0 && woken < count;) {
    const t = record(slot)
    const after = sorted === undefined ? peek(kernel, t + next) : sorted.shift() ?? 0
    if (matches(t, memoryId, a, bits)) {
      const asleep = mark_locked(b, slot)
      if (asleep !== 0) sleepers.push(asleep)
      woken++
    }
    slot = after
  }
  release(kernel, b + Bucket.lock)
  sleepers.forEach(unpark)
  return woken
}

/** How many wait on (m, a) right now. */
export function waiters(m: Memory, a: Address): number {
  const b = bucketRecord(bucketOf(m.id, a))
  if (load(kernel, b + Bucket.count) === 0) return 0
  acquire(kernel, b + Bucket.lock, self.carrier)
  const count = waiting_locked(b, m.id, a, ANY)
  release(kernel, b + Bucket.lock)
  return count
}

/**
 * Counts what may have lost a thread that others rely on, from 0 to 2^31 - 1 and round. A waiter that gives its epoch is
 * asleep when the count goes on, and then looks again, or is refused.
 */
export function losses(): number {
  return load(kernel, PROCESS + Process.losses)
}

/** Counts a loss; the caller then wakes whoever may be concerned. */
export function countLoss(): void {
  for (let n = losses(); ;) {
    const seen = cas(kernel, PROCESS + Process.losses, n, n + 1 & 0x7fff_ffff)
    if (seen === n) return
    n = seen
  }
}

/**
 * Moves waiters of (m, a) to the lock at (to, b), for condition variables: up to `count` of them leave the
 * queue of `a`. If the lock's word is `held` it becomes `contended`; while it is `contended`, waiters are
 * queued there and its owner's unlock wakes them one by one. If it is free, one is woken to take it and the
 * rest are moved: a woken waiter leaves the word `contended`. They sleep on `reason` from then on. Returns how many
 * left the queue of `a`.
 */
export function requeue(m: Memory, a: Address, to: Memory, target: Address, count: number, held: number, contended: number, reason = wmesg.mutex): number {
  const from = bucketOf(m.id, a), onto = bucketOf(to.id, target)
  const b = bucketRecord(from), c = bucketRecord(onto)
  if (load(kernel, b + Bucket.count) === 0) return 0
  add(kernel, c + Bucket.count, 1)                                        // I2 for the target, before its word is read
  acquire(kernel, (from <= onto ? b : c) + Bucket.lock, self.carrier)     // lock order: by number
  if (from !== onto) acquire(kernel, (from <= onto ? c : b) + Bucket.lock, self.carrier)
  let moved = 0
  let free = false
  let first = 0, asleep = 0
  const sorted = inOrder_locked(b, m.id, a, ANY)
  const last = peek(kernel, b + Bucket.tail)
  for (let slot = sorted === undefined ? peek(kernel, b + Bucket.head) : sorted.shift() ?? 0; slot !== 0 && moved < count;) {
    const t = record(slot)
    const after = sorted !== undefined ? sorted.shift() ?? 0 : slot === last ? 0 : peek(kernel, t + next)
    if (matches(t, m.id, a, ANY)) {
      if (moved === 0) {
        const word = cas(to, target, held, contended)
        free = word !== held && word !== contended
      }
      moved++
      if (free && first === 0) {
        poke(kernel, t + memory, to.id)                                   // the wake it gets is the lock's (bury)
        poke(kernel, t + address, target)
        first = slot
        asleep = mark_locked(b, slot)
      } else {
        add(kernel, c + Bucket.count, 1)
        unlink_locked(b, slot)
        poke(kernel, t + memory, to.id)
        poke(kernel, t + address, target)
        poke(kernel, t + ThreadRecord.wmesg, reason)
        poke(kernel, t + interruptible, peek(kernel, t + interruptible) & SIGNAL)   // I7
        append_locked(c, onto, slot)
      }
    }
    slot = after
  }
  if (from !== onto) release(kernel, (from <= onto ? c : b) + Bucket.lock)
  release(kernel, (from <= onto ? b : c) + Bucket.lock)
  add(kernel, c + Bucket.count, -1)
  unpark(asleep)
  return moved
}

/** Takes `slot` off its queue, if a waker has not. Returns true if it was still queued. */
export function withdraw(slot: number): boolean {
  return inQueueOf(slot, false, (b) => {
    unlink_locked(b, slot)
    store(kernel, record(slot) + bucket, 0)
    return true
  })
}

/** Ends the wait of thread `slot` with EINTR, if it waits so that `why` may interrupt it. Its `attention` says so already (I7). */
export function interrupt(slot: number, why: number): boolean {
  const t = record(slot)
  let asleep = 0
  const taken = inQueueOf(slot, false, (b) => {
    if ((peek(kernel, t + interruptible) & why) === 0) return false
    poke(kernel, t + interrupted, EINTR)
    asleep = mark_locked(b, slot)
    return true
  })
  unpark(asleep)
  return taken
}

/** True when a waker has taken `slot` off its queue. */
export function woken(slot: number): boolean {
  return load(kernel, record(slot) + park) === WOKEN
}

/** The queued fiber `slot` leaves its carrier to others, until it is hinted at; false: it was woken already. */
export function switchOut(slot: number): boolean {
  return cas(kernel, record(slot) + park, AWAKE, SWITCHED) === AWAKE
}

/** Fiber `slot` has been woken, or has taken itself off its queue: returns 0, or the errno with which it was interrupted. */
export function switchIn(slot: number, result: number): number {
  const t = record(slot)
  if (peek(kernel, t + bucket) !== 0) withdraw(slot)                      // I5
  return conclude(t, result)
}

const spins = wmesgs.map(() => new Spin())

/**
 * Sleeps until the queued thread `slot`, which is the caller, is woken (0) or interrupted (EINTR) or `deadline`, as it has told {@link enqueue}, has
 * passed (ETIMEDOUT). Suspends the carrier.
 */
export function sleep(slot: number, deadline: number, clock: Clock): number {
  const t = record(slot)
  const spin = spins[peek(kernel, t + ThreadRecord.wmesg)]
  let left = spin.begin()
  while (left !== 0 && load(kernel, t + park) !== WOKEN) if (--left === 0) left = spin.more()
  spin.end(left !== 0)
  let result = 0
  if (left === 0 && cas(kernel, t + park, AWAKE, ASLEEP) === AWAKE) result = suspend_slow(slot, deadline, clock)
  if (peek(kernel, t + bucket) !== 0) withdraw(slot)                      // I5
  return conclude(t, result)
}

function conclude(t: Address, result: number): number {
  poke(kernel, t + ThreadRecord.state, State.RUNNING)
  if (result === 0) result = peek(kernel, t + interrupted)
  if (result === 0) poke(kernel, t + ThreadRecord.wakeups, peek(kernel, t + ThreadRecord.wakeups) + 1)
  return result
}

function suspend_slow(slot: number, deadline: number, clock: Clock): number {
  const t = record(slot)
  if (tracing()) poke(kernel, annex(slot) + Annex.sleepsAt, site())
  for (;;) {
    const ms = remaining(deadline, clock)
    if (ms <= 0) return withdraw(slot) ? ETIMEDOUT : 0
    suspend(kernel, t + park, ASLEEP, ms)
    if (load(kernel, t + park) === WOKEN) return 0
  }
}

// For the reaper ------------------------------------------------------------------------------------------

/** Wakes thread `slot` for nothing, if it sleeps: it looks again. */
export function rouse(slot: number): void {
  inQueueOf(slot, 0, b => mark_locked(b, slot))
  resumeWoken(slot)
}

/** Resumes thread `slot` if it was woken: whoever did may have died before that. */
export function resumeWoken(slot: number): void {
  if (load(kernel, record(slot) + park) !== WOKEN) return
  resume(kernel, record(slot) + park)
  if ((peek(kernel, record(slot) + ThreadRecord.flags) & Flag.FIBER) !== 0) hint(slot)
}

/**
 * Buries the wait of a dead thread: takes it off its queue, or passes on the wake that it may have got. Others on an
 * rwlock may rely on it in either case: all of them look again.
 */
export function bury(slot: number): void {
  const t = record(slot)
  const taken = !withdraw(slot) && peek(kernel, t + park) === WOKEN
  const relied = peek(kernel, t + ThreadRecord.state) === State.SLEEPING && peek(kernel, t + ThreadRecord.wmesg) === wmesg.rwlock
  if (relied) countLoss()
  if (taken || relied) wakeKey(peek(kernel, t + memory), peek(kernel, t + address), relied ? Infinity : 1)
  poke(kernel, t + park, AWAKE)
}
