// The queues of the futex: buckets of threads that wait, linked through their records.  What queueing and waking
// mean is in futex.ts; here is what is done to a queue under its bucket's lock (_locked).

import { add, exchange, load, peek, poke, resume, store } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import type { Address } from '../mem/memory.ts'
import { hint } from './crew.ts'
import { bucketRecord, kernel, record, self } from './process.ts'
import { effective, prioritized } from './priority.ts'
import { BUCKETS, Bucket, ThreadRecord } from './records.ts'

/** Values of a park word; who writes which is in futex.ts. */
export const AWAKE = 0, ASLEEP = 1, WOKEN = 2, SWITCHED = 3
/** All bits of a bitset. */
export const ANY = -1
/** The bit of waiters that stand before all that lack it; ANY has none. */
export const FRONT = 1 << 30

const { park, memory, address, bucket, seq, bitset, next, prev } = ThreadRecord

/** Number of the bucket where the key hangs. */
export function bucketOf(memoryId: number, a: Address): number {
  return Math.imul((a >>> 2) ^ (memoryId << 20), 0x9E3779B1) >>> 22
}
if (BUCKETS !== 1 << 10) throw new Error('futex: bucketOf yields ten bits')

/**
 * Calls `f` under the lock of the queue that thread `slot` is in, with its bucket, and returns what it returns; or `otherwise`,
 * if it is in none. Others may wake or move the thread until the lock is held: then it looks again.
 */
export function inQueueOf<T>(slot: number, otherwise: T, f: (b: Address) => T): T {
  const t = record(slot)
  for (let n = load(kernel, t + bucket); n !== 0; n = load(kernel, t + bucket)) {
    const b = bucketRecord(n - 1)
    acquire(kernel, b + Bucket.lock, self.carrier)
    if (peek(kernel, t + bucket) === n) {
      const result = f(b)
      release(kernel, b + Bucket.lock)
      return result
    }
    release(kernel, b + Bucket.lock)
  }
  return otherwise
}

export function matches(t: Address, memoryId: number, a: Address, bits: number): boolean {
  return peek(kernel, t + address) === a && peek(kernel, t + memory) === memoryId && (peek(kernel, t + bitset) & bits) !== 0
}

// Of the waiters of the key from `slot` on, the first one with the highest priority (I4); 0: none waits.
export function highest_locked(slot: number, memoryId: number, a: Address, bits: number): number {
  let best = 0
  for (; slot !== 0; slot = peek(kernel, record(slot) + next))
    if (matches(record(slot), memoryId, a, bits) && (best === 0 || effective(slot) > effective(best))) best = slot
  return best
}

// Once there are priorities: the waiters of the key in the order in which wakes take them (I4).
export function inOrder_locked(b: Address, memoryId: number, a: Address, bits: number): number[] | undefined {
  if (!prioritized()) return undefined
  const slots: number[] = []
  for (let slot = peek(kernel, b + Bucket.head); slot !== 0; slot = peek(kernel, record(slot) + next))
    if (matches(record(slot), memoryId, a, bits)) slots.push(slot)
  return slots.sort((x, y) => effective(y) - effective(x))
}

// How many waiters of the key with a bit of `bits` stand before the first one that has none: all, if they are in front of the others.
export function leading_locked(b: Address, memoryId: number, a: Address, bits: number): number {
  let count = 0
  for (let slot = peek(kernel, b + Bucket.head); slot !== 0; slot = peek(kernel, record(slot) + next)) {
    if (matches(record(slot), memoryId, a, bits)) count++
    else if (matches(record(slot), memoryId, a, ANY)) break
  }
  return count
}

// Whether a thread waits on the key with a bit of `bits`; looks from the end of the queue.
export function waits_locked(b: Address, memoryId: number, a: Address, bits: number): boolean {
  let slot = peek(kernel, b + Bucket.tail)
  while (slot !== 0 && !matches(record(slot), memoryId, a, bits)) slot = peek(kernel, record(slot) + prev)
  return slot !== 0
}

// How many threads wait on the key; who needs not know beyond `most` does not walk through the rest of the queue.
export function waiting_locked(b: Address, memoryId: number, a: Address, bits: number, most = Infinity): number {
  let count = 0
  for (let slot = peek(kernel, b + Bucket.head); slot !== 0 && count < most; slot = peek(kernel, record(slot) + next))
    if (matches(record(slot), memoryId, a, bits)) count++
  return count
}

/** Puts `slot` into the queue of bucket `n`, where its `bits` say: at the end, or with FRONT before all others. */
export function join_locked(b: Address, n: number, slot: number, bits: number): void {
  const head = peek(kernel, b + Bucket.head)
  if (bits === ANY || (bits & FRONT) === 0 || head === 0) return append_locked(b, n, slot)
  const t = record(slot)
  poke(kernel, t + seq, peek(kernel, record(head) + seq) - 1 | 0)
  store(kernel, t + bucket, n + 1)                                       // as in append_locked
  poke(kernel, t + prev, 0)
  poke(kernel, t + next, head)
  poke(kernel, record(head) + prev, slot)
  poke(kernel, b + Bucket.head, slot)
}

export function append_locked(b: Address, n: number, slot: number): void {
  const t = record(slot)
  const order = peek(kernel, b + Bucket.seq) + 1
  poke(kernel, b + Bucket.seq, order)
  poke(kernel, t + seq, order)
  store(kernel, t + bucket, n + 1)                                       // I6, I7: from here on it is queued
  link_locked(b, slot)
}

function link_locked(b: Address, slot: number): void {
  const t = record(slot)
  const last = peek(kernel, b + Bucket.tail)
  poke(kernel, t + prev, last)
  poke(kernel, t + next, 0)
  if (last === 0) poke(kernel, b + Bucket.head, slot)
  else poke(kernel, record(last) + next, slot)
  poke(kernel, b + Bucket.tail, slot)
}

export function unlink_locked(b: Address, slot: number): void {
  const t = record(slot)
  const before = peek(kernel, t + prev), after = peek(kernel, t + next)
  if (before === 0) poke(kernel, b + Bucket.head, after)
  else poke(kernel, record(before) + next, after)
  if (after === 0) poke(kernel, b + Bucket.tail, before)
  else poke(kernel, record(after) + prev, before)
  add(kernel, b + Bucket.count, -1)
}

/**
 * The waker's half under the lock: unlinks, marks, and gives the record free by clearing `bucket`, last (I5).
 * Returns what {@link unpark} is to be called with when the lock has been given up.
 */
export function mark_locked(b: Address, slot: number): number {
  unlink_locked(b, slot)
  const was = exchange(kernel, record(slot) + park, WOKEN)                // AWAKE, ASLEEP, SWITCHED -> WOKEN
  store(kernel, record(slot) + bucket, 0)
  return was === ASLEEP ? slot : was === SWITCHED ? -slot : 0
}

/** Resumes the thread that {@link mark_locked} told of: a slot, a fiber's slot negated, or 0: nobody needs to be resumed. */
export function unpark(asleep: number): void {
  if (asleep > 0) resume(kernel, record(asleep) + park, 1)
  else if (asleep < 0) hint(-asleep)
}

/** Makes bucket `n`'s queue again from the records (I6), for a lock whose holder died. `last` is the last slot in use. */
export function mendBucket(n: number, last: number): void {
  const b = bucketRecord(n)
  const queued: number[] = []
  for (let slot = 1; slot <= last; slot++) {
    const t = record(slot)
    if (peek(kernel, t + bucket) === n + 1) queued.push(slot)
  }
  queued.sort((x, y) => (peek(kernel, record(x) + seq) - peek(kernel, record(y) + seq)) | 0)
  poke(kernel, b + Bucket.head, 0)
  poke(kernel, b + Bucket.tail, 0)
  for (const slot of queued) link_locked(b, slot)
  if (load(kernel, b + Bucket.count) < queued.length) add(kernel, b + Bucket.count, queued.length)
}
