// The small parts of the kernel, each by itself.

import test from 'node:test'
import assert from 'node:assert/strict'
import { malloc, memory } from 'pthreads/posix'
import { load, peek, store } from '#atomics'
import { CLOCK_MONOTONIC, CLOCK_REALTIME, now, remaining } from '#internal/kernel/clock.js'
import { EAGAIN, ETIMEDOUT } from '#internal/kernel/errno.js'
import { ANY, enqueue, requeue, sleep, wake, withdraw, woken } from '#internal/kernel/futex.js'
import { intern, textOf } from '#internal/kernel/intern.js'
import { arena, bucketRecord, INTERNED, kernel, record, self, user } from '#internal/kernel/process.js'
import { BUCKETS, Bucket, State, ThreadRecord } from '#internal/kernel/records.js'
import { closeAsync, find, openAsync } from '#internal/kernel/thread.js'
import { wmesg } from '#internal/kernel/wmesg.js'
import { used } from '#internal/mem/arena.js'
import { acquire, holder, recover, release } from '#internal/mem/lock.js'
import { Memory } from '#internal/mem/memory.js'
import { bytes, f64, i32, struct } from '#internal/mem/struct.js'
import { getText, putText } from '#internal/mem/text.js'
import { plays } from '../program.ts'
import { random, takeSeed } from '../stress/random.ts'

const seed = takeSeed()

// Records of this test's own that stand in queues as threads would; nobody suspends on them.
function waiters<T>(count: number, f: (slots: number[]) => T): T {
  memory()
  const slots = Array.from({ length: count }, openAsync)
  try {
    return f(slots)
  } finally {
    for (const slot of slots) withdraw(slot)
    for (const slot of slots) closeAsync(slot)
    for (let n = 0; n < BUCKETS; n++)
      for (const word of [Bucket.count, Bucket.head, Bucket.tail, Bucket.lock]) assert.equal(load(kernel, bucketRecord(n) + word), 0)
  }
}

const queue = (slot: number, a: number, bits = ANY, expected = 0): number => enqueue(slot, user, a, expected, bits, wmesg.futex)
const wokenOf = (slots: number[]): number[] => slots.flatMap((slot, i) => woken(slot) ? [i] : [])

test('a waiter queues only while the word is what it expects', () => waiters(1, ([slot]) => {
  const a = malloc(16)
  store(user, a, 5)
  assert.equal(queue(slot, a, ANY, 4), EAGAIN)
  assert.equal(withdraw(slot), false)
  assert.equal(queue(slot, a, ANY, 5), 0)
  assert.equal(load(kernel, record(slot) + ThreadRecord.state), State.SLEEPING)
  assert.equal(withdraw(slot), true)
  assert.equal(withdraw(slot), false)
}))

test('wake takes the waiters in the order in which they came', () => waiters(6, slots => {
  const a = malloc(16)
  for (const i of [3, 0, 5, 1, 4, 2]) queue(slots[i], a)
  assert.equal(wake(user, a, 1), 1)
  assert.deepEqual(wokenOf(slots), [3])
  assert.equal(wake(user, a, 2), 2)
  assert.deepEqual(wokenOf(slots), [0, 3, 5])
  assert.equal(wake(user, a, Infinity), 3)
  assert.equal(wake(user, a, 1), 0)
}))

test('wake takes only the waiters of its key, whatever else hangs in the bucket', () => waiters(3, slots => {
  const block = malloc(32768), bucket = record(slots[0]) + ThreadRecord.bucket
  const bucketOf = (a: number): number => {
    queue(slots[0], a)
    const n = peek(kernel, bucket)
    withdraw(slots[0])
    return n
  }
  const keys = [block]
  for (let a = block + 4; keys.length < 3; a += 4) if (bucketOf(a) === bucketOf(block)) keys.push(a)
  slots.forEach((slot, i) => { queue(slot, keys[i]) })
  assert.equal(wake(user, keys[1], Infinity), 1)
  assert.deepEqual(wokenOf(slots), [1])
  assert.equal(wake(new Memory(user.id + 5, user.buffer), keys[0], Infinity), 0)
  assert.equal(wake(user, keys[2], 1), 1)
  assert.equal(wake(user, keys[0], 1), 1)
}))

test('wake by a bitset takes the waiters that have one of the bits', () => waiters(4, slots => {
  const a = malloc(16)
  ;[1, 2, 4, ANY].forEach((bits, i) => { queue(slots[i], a, bits) })
  assert.equal(wake(user, a, Infinity, 8), 1)
  assert.deepEqual(wokenOf(slots), [3])
  assert.equal(wake(user, a, 1, 6), 1)
  assert.deepEqual(wokenOf(slots), [1, 3])
  assert.equal(wake(user, a, Infinity, 0), 0)
  assert.equal(wake(user, a, Infinity), 2)
}))

test('a waiter in the middle can give up', () => waiters(5, slots => {
  const a = malloc(16)
  for (const slot of slots) queue(slot, a)
  for (const i of [2, 0, 4]) assert.equal(withdraw(slots[i]), true)
  assert.equal(wake(user, a, 1), 1)
  assert.deepEqual(wokenOf(slots), [1])
  assert.equal(wake(user, a, Infinity), 1)
}))

test('requeue wakes one for a lock that is free, and moves the others to it', () => waiters(4, slots => {
  const a = malloc(16), lock = malloc(16)
  store(user, lock, 0)
  for (const slot of slots) queue(slot, a)
  assert.equal(requeue(user, a, user, lock, Infinity, 1, 2), 4)
  assert.deepEqual(wokenOf(slots), [0])
  assert.equal(wake(user, a, Infinity), 0)
  assert.equal(wake(user, lock, 2), 2)
  assert.deepEqual(wokenOf(slots), [0, 1, 2])
}))

test('requeue marks a lock that is held, and wakes nobody', () => waiters(4, slots => {
  const a = malloc(16), lock = malloc(16)
  store(user, lock, 1)
  for (const slot of slots) queue(slot, a)
  assert.equal(requeue(user, a, user, lock, 2, 1, 2), 2)
  assert.deepEqual(wokenOf(slots), [])
  assert.equal(load(user, lock), 2)
  assert.equal(wake(user, lock, Infinity), 2)
  assert.deepEqual(wokenOf(slots), [0, 1])
  assert.equal(wake(user, a, Infinity), 2)
}))

test('requeue within one bucket, and to the same word, ends', () => waiters(3, slots => {
  const a = malloc(16)
  store(user, a, 1)
  for (const slot of slots) queue(slot, a, ANY, 1)
  assert.equal(requeue(user, a, user, a, Infinity, 1, 2), 3)
  assert.equal(wake(user, a, Infinity), 3)
}))

test(`random waits, wakes and moves agree with a model of queues (seed ${seed})`, () => waiters(12, slots => {
  const below = random(seed)
  const keys = Array.from({ length: 4 }, () => malloc(16))
  for (const key of keys) store(user, key, 1)                             // held, as a lock
  const queues = keys.map((): number[] => [])
  const bitsOf = new Map<number, number>()
  const free = new Set(slots)
  for (let step = 0; step < 20_000; step++) {
    const k = below(4)
    switch (below(4)) {
      case 0: {
        if (free.size === 0) break
        const slot = [...free][below(free.size)], bits = below(3) === 0 ? 1 << below(3) : ANY
        free.delete(slot)
        bitsOf.set(slot, bits)
        assert.equal(queue(slot, keys[k], bits, peek(user, keys[k])), 0)
        queues[k].push(slot)
        break
      }
      case 1: {
        const count = 1 + below(3), bits = below(2) === 0 ? ANY : 1 << below(3)
        const due = queues[k].filter(slot => (bitsOf.get(slot)! & bits) !== 0).slice(0, count)
        assert.equal(wake(user, keys[k], count, bits), due.length)
        for (const slot of due) {
          assert.ok(woken(slot))
          free.add(slot)
        }
        queues[k] = queues[k].filter(slot => !due.includes(slot))
        break
      }
      case 2: {
        const to = below(4), count = 1 + below(4)
        if (to === k) break
        const due = queues[k].slice(0, count)
        assert.equal(requeue(user, keys[k], user, keys[to], count, 1, 2), due.length)
        queues[k].splice(0, due.length)
        queues[to].push(...due)
        break
      }
      case 3: {
        const all = queues.flat()
        if (all.length === 0) break
        const slot = all[below(all.length)]
        assert.equal(withdraw(slot), true)
        free.add(slot)
        for (const q of queues) if (q.includes(slot)) q.splice(q.indexOf(slot), 1)
        break
      }
    }
  }
}))

test('a sleep whose deadline has passed is off the queue', () => {
  memory()
  const a = malloc(16)
  for (const clock of [CLOCK_MONOTONIC, CLOCK_REALTIME] as const) {
    for (const deadline of [0, now(clock), now(clock) + 2]) {
      assert.equal(enqueue(self.slot, user, a, 0, ANY, wmesg.futex), 0)
      assert.equal(sleep(self.slot, deadline, clock), ETIMEDOUT)
      assert.ok(now(clock) >= deadline)
      assert.equal(wake(user, a, 1), 0)
    }
  }
})

test('a sleep that was woken before its deadline passed is woken, not timed out', () => {
  memory()
  const a = malloc(16)
  enqueue(self.slot, user, a, 0, ANY, wmesg.futex)
  assert.equal(wake(user, a, 1), 1)
  assert.equal(sleep(self.slot, 0, CLOCK_MONOTONIC), 0)
})

test('waiters and wakers of different threads meet', () => plays(new URL('./fixtures/meeting.js', import.meta.url), 'futex'))

test('how long is left: by either clock, and never more than a second by the one that may be set', () => {
  memory()
  assert.equal(remaining(Infinity, CLOCK_MONOTONIC), Infinity)
  assert.equal(remaining(Infinity, CLOCK_REALTIME), Infinity)
  const left = remaining(now(CLOCK_MONOTONIC) + 5000, CLOCK_MONOTONIC)
  assert.ok(left > 1000 && left <= 5000)
  assert.equal(remaining(Date.now() + 5000, CLOCK_REALTIME), 1000)
  assert.ok(remaining(0, CLOCK_REALTIME) <= 0)
})

test('a sleep by the time of day ends when somebody sets the clock forward', () => {
  memory()
  const a = malloc(16)
  const trueNow = Date.now
  let reads = 0
  Date.now = () => trueNow() + (reads++ === 0 ? 0 : 3_600_000)             // set forward once the sleep has begun
  try {
    enqueue(self.slot, user, a, 0, ANY, wmesg.futex)
    assert.equal(sleep(self.slot, trueNow() + 3_000_000, CLOCK_REALTIME), ETIMEDOUT)
  } finally {
    Date.now = trueNow
  }
  assert.equal(reads, 2)
})

test('thread numbers are found while their record is in use, and only then', () => {
  memory()
  const slots = Array.from({ length: 50 }, openAsync)
  const tids = slots.map(slot => peek(kernel, record(slot) + ThreadRecord.tid))
  assert.equal(new Set(tids).size, 50)
  tids.forEach((tid, i) => { assert.equal(find(tid), slots[i]) })
  for (const slot of slots) closeAsync(slot)
  for (const tid of tids) assert.equal(find(tid), 0)
  for (const tid of [0, -1, 2 ** 30, 2 ** 31 - 1]) assert.equal(find(tid), 0)
  assert.equal(find(self.tid), self.slot)
})

test('a lock knows its holder, and a dead one\'s can be freed', () => {
  const m = new Memory(9, new SharedArrayBuffer(64))
  assert.equal(holder(m, 8), 0)
  acquire(m, 8, 3)
  assert.equal(holder(m, 8), 3)
  release(m, 8)
  assert.equal(holder(m, 8), 0)
  acquire(m, 8, 65535)
  assert.equal(holder(m, 8), 65535)
  recover(m, 8)
  assert.equal(holder(m, 8), 0)
})

test('a lock keeps threads apart, however they crowd', () => plays(new URL('./fixtures/meeting.js', import.meta.url), 'lock'))

test('a record lays its fields out in order, each at a multiple of its size', () => {
  const R = struct('test record', { a: i32('one'), b: f64('two'), c: i32('three'), d: bytes(10, 'four'), e: i32('five') })
  assert.deepEqual({ ...R }, { a: 0, b: 8, c: 16, d: 24, e: 36, size: 40 })
  assert.equal(struct('test record with room', { a: i32('one') }, 64).size, 64)
  assert.throws(() => struct('test record without room', { a: f64('one'), b: i32('two') }, 8), /do not fit/)
  assert.ok(Object.isFrozen(R))
})

test('text comes back as it went in', () => {
  memory()
  for (const text of ['', 'a', 'Größe', '日本語', '😀 \ud800 lone', '\0\uffff', 'x'.repeat(100_000)]) {
    const address = putText(arena, text, self.carrier)
    assert.equal(getText(user, address), text)
  }
})

test('a string has one number, from 1, and comes back from it', () => {
  memory()
  const numbers = ['one', 'two', '', 'drei ü', 'one'].map(intern)
  assert.equal(numbers[0], numbers[4])
  assert.equal(new Set(numbers).size, 4)
  assert.ok(numbers.every(n => n > 0))
  assert.deepEqual(numbers.map(textOf), ['one', 'two', '', 'drei ü', 'one'])
})

test('heaps agree on the numbers of strings', () => plays(new URL('./fixtures/meeting.js', import.meta.url), 'intern'))

test('when no more strings fit, the next one has no number', () => {
  memory()
  let last = 0
  for (let i = 0; i < INTERNED + 10; i++) last = intern(`string ${i}`)
  assert.equal(last, 0)
  assert.ok(intern('string 5') > 0)
  assert.ok(used(arena) > 0)
})
