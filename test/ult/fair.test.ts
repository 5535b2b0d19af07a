// fair: virtual runtime.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AHEAD, BONUS, fair, PERIOD, SHORTEST, WIDTH } from '#internal/ult/fair.js'
import { Why, type Scheduler, type Task } from '#internal/ult/scheduler.js'
import { drain, FIFO, put, RR, task } from './tasks.ts'

const LEAST = 0.001

/** Lets the next one run for `ms`, and enqueues it. */
function run(s: Scheduler, ms: number, why: number = Why.EXPIRED): Task {
  const next = s.pick(0)
  assert.ok(next, 'somebody is runnable')
  next.runtime += ms
  put(s, why, next)
  return next
}

test('whoever ran least runs next', () => {
  const s = fair(), [a, b, c] = [task(1), task(2), task(3)]
  put(s, Why.NEW, a, b, c)
  assert.deepEqual([5, 3, 1].map(ms => run(s, ms).tid), [1, 2, 3])
  assert.deepEqual([1, 1, 1, 1].map(ms => run(s, ms).tid), [3, 3, 2, 3], 'c had 1 and gets 2 more, until it has as much as b')
})

test('those who ran alike run in the order in which they came', () => {
  const s = fair()
  put(s, Why.NEW, task(1), task(2), task(3))
  for (let round = 0; round < 5; round++) assert.deepEqual([1, 1, 1].map(ms => run(s, ms).tid), [1, 2, 3])
})

test('who only yields goes behind all who are as far, although the clock stands still', () => {
  const s = fair()
  put(s, Why.NEW, task(1), task(2), task(3))
  for (let round = 0; round < 1000; round++) assert.deepEqual([0, 0, 0].map(ms => run(s, ms, Why.YIELDED).tid), [1, 2, 3])
})

test('an always runnable hundred are no further apart than the longest run and a list of the calendar', () => {
  const s = fair(), all = Array.from({ length: 100 }, (_, tid) => task(tid))
  put(s, Why.NEW, ...all)
  let longest = 0
  for (let turn = 0; turn < 20_000; turn++) {
    const ms = turn * 7919 % 400 / 100
    longest = Math.max(longest, ms)
    run(s, ms)
    if (turn < 200 || turn % 97 > 0) continue
    const times = all.map(({ runtime }) => runtime)
    assert.ok(Math.max(...times) - Math.min(...times) <= longest + WIDTH + 20_000 * LEAST / 100, `apart by ${Math.max(...times) - Math.min(...times)} after ${turn}`)
  }
})

test('a newcomer starts where the others are: it neither has to wait for what they ran before, nor may make up for it', () => {
  const s = fair(), old = task(1)
  put(s, Why.NEW, old)
  for (let i = 0; i < 1000; i++) run(s, 10)
  const late = task(2)
  put(s, Why.NEW, late)
  for (let i = 0; i < 1000; i++) run(s, 1)
  assert.ok(Math.abs(late.runtime - 500) <= 10, `${late.runtime} of 1000`)
})

test('a stream of newcomers that never ends passes nobody for ever', () => {
  const s = fair(), patient = task(1)
  put(s, Why.NEW, patient, task(2))
  assert.equal(run(s, 5), patient)
  let newcomers = 0
  for (; ; newcomers++) {
    put(s, Why.NEW, task(100 + newcomers))
    const next = s.pick(0)
    if (next === patient) break
    assert.ok(newcomers < 1000, 'it waits for ever')
  }
  assert.ok(newcomers > 5, 'those who have run less go first')
})

test('a sleeper gets no more credit than the bonus', () => {
  const s = fair(), hog = task(1), sleeper = task(2)
  put(s, Why.NEW, hog, sleeper)
  run(s, 0)
  assert.equal(s.pick(0), sleeper)
  for (let i = 0; i < 1000; i++) run(s, 1)
  put(s, Why.WOKEN, sleeper)
  let credit = 0
  while (run(s, 0.5) === sleeper) credit += 0.5
  assert.ok(credit <= BONUS + 1.5 + WIDTH, `${credit} ms before the other runs`)
  assert.ok(credit >= BONUS - 0.5, `${credit} ms`)
})

test('a nap earns nothing: who sleeps for a moment keeps what it ran', () => {
  const s = fair(), a = task(1), b = task(2)
  put(s, Why.NEW, a, b)
  for (let i = 0; i < 4000; i++) run(s, 1, i % 2 === 0 ? Why.WOKEN : Why.EXPIRED)
  assert.ok(Math.abs(a.runtime - b.runtime) <= 1 + WIDTH, `${a.runtime} and ${b.runtime}`)
})

test('a woken task preempts one that is ahead of it by more than a grain', () => {
  const s = fair(), hog = task(1), sleeper = task(2)
  put(s, Why.NEW, hog, sleeper)
  s.pick(0)
  hog.runtime += 0.5
  assert.ok(!s.preempts(sleeper, hog))
  hog.runtime += 2
  assert.ok(s.preempts(sleeper, hog))
})

test('real-time threads run before the others, by their priorities', () => {
  const s = fair(), first = task(2, FIFO, 5)
  put(s, Why.NEW, task(1), first, task(3, RR, 9), task(4, FIFO, 5))
  assert.ok(s.preempts(first, task(1)))
  assert.ok(!s.preempts(task(1), first))
  assert.equal(s.slice(first), Infinity)
  assert.equal(s.runnable, 4)
  assert.deepEqual(drain(s), [3, 2, 4, 1])
})

test('who inherits a priority runs at once, and pays for the time afterwards', () => {
  const s = fair(), holder = task(1), other = task(2)
  put(s, Why.NEW, other, holder)
  holder.priority = 50
  s.reprioritized?.(holder)
  assert.equal(run(s, 10), holder)
  holder.priority = 0
  s.reprioritized?.(holder)
  assert.equal(s.runnable, 2)
  let turns = 0
  while (run(s, 1) === other) turns++
  assert.ok(turns >= 9 && turns <= 11, `the other has ${turns} ms first`)
})

test('who is given a turn runs next, after those with a priority, and pays for it', () => {
  const s = fair(), holder = task(1), others = [task(2), task(3)]
  put(s, Why.NEW, holder, ...others)
  assert.equal(run(s, 5), holder)
  const urgent = task(4, FIFO, 1)
  put(s, Why.WOKEN, urgent)
  s.donated?.(holder, 0)
  assert.equal(s.runnable, 4)
  assert.equal(s.pick(0), urgent)
  assert.equal(run(s, 5), holder)
  let turns = 0
  while (run(s, 1) !== holder) turns++
  assert.ok(turns >= 18 && turns <= 22, `the others have ${turns} ms first`)
})

test('who is given turns for ever gets no further ahead than AHEAD and a run', () => {
  const s = fair(), holder = task(1), others = Array.from({ length: 10 }, (_, i) => task(2 + i))
  put(s, Why.NEW, holder, ...others)
  for (let i = 0; i < 10_000; i++) {
    s.donated?.(holder, 0)
    run(s, 1)
    assert.ok(holder.runtime <= Math.min(...others.map(({ runtime }) => runtime)) + AHEAD + 2, `after ${i}`)
  }
  assert.ok(holder.runtime <= 10_000 / 11 + AHEAD + 2)
})

test('who is given a turn is taken out as any other, and a priority that comes meanwhile counts', () => {
  const s = fair(), [a, b, c] = [task(1), task(2), task(3)]
  put(s, Why.NEW, a, b, c)
  for (const each of [b, c]) s.donated?.(each, 0)
  s.remove(b)
  c.priority = 5
  s.reprioritized?.(c)
  assert.deepEqual(drain(s), [3, 1])
})

test('who loses the priority while it waits stands among the others again', () => {
  const s = fair(), lent = task(1)
  put(s, Why.NEW, task(2), lent)
  lent.priority = 50
  s.reprioritized?.(lent)
  lent.priority = 0
  s.reprioritized?.(lent)
  assert.deepEqual(drain(s), [2, 1])
})

test('a task that is ahead by hours runs when all the others have caught up, or are gone', () => {
  const s = fair(), hog = task(1), other = task(2)
  put(s, Why.NEW, hog, other)
  assert.equal(run(s, 3_600_000), hog)
  for (let i = 0; i < 100; i++) assert.equal(run(s, 100), other)
  s.remove(other)
  assert.equal(run(s, 1), hog)
  put(s, Why.NEW, task(3))
  assert.deepEqual(drain(s).sort(), [1, 3])
})

test('two that are ahead by unequal hours run in that order', () => {
  const s = fair(), late = task(1), early = task(2)
  put(s, Why.NEW, late, early)
  assert.equal(run(s, 7_200_000), late)
  assert.equal(run(s, 3_600_000), early)
  assert.equal(run(s, 1), early)
  s.remove(early)
  assert.equal(s.pick(0), late)
})

test('a slice is a share of the period, and not too short', () => {
  const s = fair(), a = task(1)
  assert.equal(s.slice(a), PERIOD)
  put(s, Why.NEW, task(2), task(3), task(4))
  assert.equal(s.slice(a), PERIOD / 4)
  for (let tid = 10; tid < 100; tid++) put(s, Why.NEW, task(tid))
  assert.equal(s.slice(a), SHORTEST)
})

test('threads are taken out from wherever they are', () => {
  const s = fair(), urgent = task(1, FIFO, 5), ordinary = task(2), far = task(3)
  put(s, Why.NEW, far, ordinary, urgent)
  s.remove(urgent)
  assert.equal(run(s, 1e6), far)
  s.remove(far)
  s.remove(far)
  assert.equal(s.runnable, 1)
  s.remove(ordinary)
  assert.equal(s.pick(0), null)
  assert.equal(s.runnable, 0)
})
