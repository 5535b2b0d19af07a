// A wake whose waker changes the word with the knowledge of who waits there, under the lock of their queue: for locks that
// hand themselves on. The rules of the queue are those of futex.ts.

import { peek } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { effective } from './priority.ts'
import { bucketRecord, kernel, record, self } from './process.ts'
import { bucketOf, highest_locked, inOrder_locked, leading_locked, mark_locked, matches, unpark, waiting_locked, waits_locked } from './queue.ts'
import { Bucket, ThreadRecord } from './records.ts'

/** What {@link decideAndWake} knows of the waiters with a bit of `bits`. */
export interface Queue {
  /** How many; `most`, if there are as many or more. */
  count(bits: number, most?: number): number
  /** How many stand before the first waiter that has no bit of `bits`: all, if they are in front. Walks no further. */
  leading(bits: number): number
  /** Whether there is one. Looks from the end of the queue. */
  any(bits: number): boolean
  /** The highest priority, 0 if there is none. */
  highest(bits: number): number
  /** Those with a priority above `priority`, once there are priorities. */
  above(bits: number, priority: number): readonly number[]
}

/** Whom {@link decideAndWake} shall wake. */
export type Decision = readonly [count: number, bits: number] | readonly [chosen: readonly number[]]

/**
 * Lets `decide` change the word at (m, a) with the knowledge of who waits there. Nobody queues or leaves meanwhile. Wakes as many as
 * it returns, of those with a bit of what it returns; or those that it has chosen.
 */
export function decideAndWake(m: Memory, a: Address, decide: (queue: Queue) => Decision): void {
  const b = bucketRecord(bucketOf(m.id, a))
  const sleepers: number[] = []
  acquire(kernel, b + Bucket.lock, self.carrier)
  try {
    const decision = decide({
      count: (bits, most) => waiting_locked(b, m.id, a, bits, most),
      leading: bits => leading_locked(b, m.id, a, bits),
      any: bits => waits_locked(b, m.id, a, bits),
      highest(bits) {
        const slot = highest_locked(peek(kernel, b + Bucket.head), m.id, a, bits)
        return slot === 0 ? 0 : effective(slot)
      },
      above: (bits, priority) => (inOrder_locked(b, m.id, a, bits) ?? []).filter(slot => effective(slot) > priority),
    })
    for (const slot of decision.length === 1 ? decision[0] : take_locked(b, m.id, a, ...decision)) {
      const asleep = mark_locked(b, slot)
      if (asleep !== 0) sleepers.push(asleep)
    }
  } finally {
    release(kernel, b + Bucket.lock)
  }
  sleepers.forEach(unpark)
}

// Up to `count` waiters of the key with a bit of `bits`, in the order of I4.
function take_locked(b: Address, memoryId: number, a: Address, count: number, bits: number): number[] {
  if (count === 0) return []
  const slots = inOrder_locked(b, memoryId, a, bits)?.slice(0, count) ?? []
  if (slots.length !== 0) return slots
  for (let slot = peek(kernel, b + Bucket.head); slot !== 0 && slots.length < count; slot = peek(kernel, record(slot) + ThreadRecord.next))
    if (matches(record(slot), memoryId, a, bits)) slots.push(slot)
  return slots
}
