// rr and fifo: POSIX.1-2024 2.8.4, scheduling policies.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RR_INTERVAL } from '#internal/pthread/limits.js'
import { fifo, rr, SLICE } from '#internal/ult/priorities.js'
import { PlainTask, Why, type Scheduler } from '#internal/ult/scheduler.js'
import { drain, FIFO, put, RR, task } from './tasks.ts'

function eachOf(name: string, body: (make: () => Scheduler) => void): void {
  for (const make of [rr, fifo]) test(`${make().name}: ${name}`, () => body(make))
}

eachOf('the highest priority runs first, and within one who came first', (make) => {
  const s = make()
  put(s, Why.NEW, task(1), task(2, FIFO, 5), task(3, RR, 99), task(4, FIFO, 5), task(5), task(6, RR, 1), task(7, FIFO, 32), task(8, FIFO, 31))
  assert.equal(s.runnable, 8)
  assert.deepEqual(drain(s), [3, 7, 8, 2, 4, 6, 1, 5])
  assert.equal(s.runnable, 0)
})

eachOf('every one of the hundred priorities has its place', (make) => {
  const s = make()
  for (let i = 0; i < 100; i++) put(s, Why.NEW, task(i * 37 % 100, FIFO, i * 37 % 100))
  assert.deepEqual(drain(s), Array.from({ length: 100 }, (_, i) => 99 - i))
})

eachOf('who yields, or has used its slice, is the last of its priority', (make) => {
  for (const why of [Why.YIELDED, Why.EXPIRED, Why.WOKEN]) {
    const s = make(), a = task(1, RR, 7), b = task(2, RR, 7)
    put(s, Why.NEW, a, b, task(3, RR, 6))
    assert.equal(s.pick(0), a)
    put(s, why, a)
    assert.deepEqual(drain(s), [2, 1, 3])
  }
})

eachOf('a preempted thread of a real-time policy is the first of its priority', (make) => {
  for (const policy of [FIFO, RR]) {
    const s = make(), a = task(1, policy, 7)
    put(s, Why.NEW, a, task(2, policy, 7))
    assert.equal(s.pick(0), a)
    const urgent = task(3, FIFO, 8)
    put(s, Why.WOKEN, urgent)
    assert.ok(s.preempts(urgent, a))
    put(s, Why.PREEMPTED, a)
    assert.deepEqual(drain(s), [3, 1, 2])
  }
})

eachOf('a preempted thread of SCHED_OTHER lets the others go first', (make) => {
  const s = make(), a = task(1)
  put(s, Why.NEW, a, task(2))
  s.pick(0)
  put(s, Why.PREEMPTED, a)
  assert.deepEqual(drain(s), [2, 1])
})

eachOf('an equal never preempts, nor does who has less', (make) => {
  const s = make()
  assert.ok(!s.preempts(task(1, FIFO, 5), task(2, RR, 5)))
  assert.ok(!s.preempts(task(1), task(2)))
  assert.ok(!s.preempts(task(1), task(2, FIFO, 1)))
  assert.ok(s.preempts(task(1, FIFO, 1), task(2)))
})

eachOf('pthread_setschedparam makes a thread the last of its new priority, also if that is the old one', (make) => {
  for (const priority of [3, 5, 7]) {
    const s = make(), moved = task(1, FIFO, 5)
    put(s, Why.NEW, moved, task(2, FIFO, 5), task(3, FIFO, 3), task(7, FIFO, 7))
    moved.priority = priority
    s.reprioritized?.(moved, true)
    assert.deepEqual(drain(s), { 3: [7, 2, 3, 1], 5: [7, 2, 1, 3], 7: [7, 1, 2, 3] }[priority])
  }
})

eachOf('pthread_setschedprio and inheritance: raised to the tail, lowered to the head, the same stays', (make) => {
  for (const priority of [3, 5, 7]) {
    const s = make(), moved = task(1, FIFO, 5)
    put(s, Why.NEW, moved, task(2, FIFO, 5), task(3, FIFO, 3), task(7, FIFO, 7))
    moved.priority = priority
    s.reprioritized?.(moved)
    assert.deepEqual(drain(s), { 3: [7, 2, 1, 3], 5: [7, 1, 2, 3], 7: [7, 1, 2, 3] }[priority])
  }
})

eachOf('a thread of SCHED_OTHER that inherits a priority runs at that', (make) => {
  const s = make(), holder = task(1)
  put(s, Why.NEW, task(2), holder, task(3, FIFO, 10))
  holder.priority = 20
  s.reprioritized?.(holder)
  assert.equal(s.pick(0), holder)
  holder.priority = 0
  put(s, Why.YIELDED, holder)
  assert.deepEqual(drain(s), [3, 2, 1])
})

eachOf('who is given a turn is the first of SCHED_OTHER, after all that have a priority', (make) => {
  const s = make(), holder = task(3)
  put(s, Why.NEW, task(1), task(2), holder, task(4, FIFO, 5))
  s.donated?.(holder, 0)
  assert.equal(s.runnable, 4)
  assert.deepEqual(drain(s), [4, 3, 1, 2])
})

eachOf('a turn that is given to a thread of SCHED_FIFO or SCHED_RR, or to one that inherits, changes nothing', (make) => {
  for (const holder of [task(3, FIFO, 5), task(3, RR, 5), task(3, 0, 5)]) {
    const s = make()
    put(s, Why.NEW, task(1, FIFO, 5), task(2, RR, 5), holder, task(4))
    s.donated?.(holder, 0)
    assert.deepEqual(drain(s), [1, 2, 3, 4])
  }
})

eachOf('SCHED_FIFO has no slice, SCHED_RR the one that sched_rr_get_interval tells', (make) => {
  const s = make()
  assert.equal(s.slice(task(1, FIFO, 5)), Infinity)
  assert.equal(s.slice(task(2, RR, 5)), RR_INTERVAL)
})

test('under rr the threads of SCHED_OTHER share in slices, under fifo they do not', () => {
  assert.equal(rr().slice(task(1)), SLICE)
  assert.equal(fifo().slice(task(1)), Infinity)
})

eachOf('a preempted thread of SCHED_RR completes the unexpired portion of its interval', (make) => {
  const s = make(), a = task(1, RR, 5)
  put(s, Why.NEW, a)
  for (const ran of [30, 60]) {
    s.pick(0)
    a.runtime = ran
    put(s, Why.PREEMPTED, a)
  }
  s.pick(0)
  assert.equal(s.slice(a), RR_INTERVAL - 60)
  a.runtime = 80
  assert.equal(s.slice(a), RR_INTERVAL - 60, 'asked again while it runs, the answer is the same')
  a.runtime = RR_INTERVAL
  put(s, Why.EXPIRED, a)
  s.pick(0)
  assert.equal(s.slice(a), RR_INTERVAL)
})

eachOf('threads are taken out first, last, alone, from the middle; one that it does not hold is no matter', (make) => {
  for (const gone of [0, 1, 2]) {
    const s = make(), all = [task(1, FIFO, 4), task(2, FIFO, 4), task(3, FIFO, 4)]
    put(s, Why.NEW, ...all)
    s.remove(all[gone])
    s.remove(all[gone])
    assert.equal(s.runnable, 2)
    assert.deepEqual(drain(s), [1, 2, 3].filter(tid => tid !== gone + 1))
  }
  const s = make(), alone = task(1, FIFO, 4)
  s.remove(alone)
  put(s, Why.NEW, alone)
  s.remove(alone)
  assert.equal(s.pick(0), null)
  assert.equal(s.runnable, 0)
  put(s, Why.NEW, alone)
  assert.equal(s.pick(0), alone)
  s.remove(alone)
  assert.equal(s.pick(0), null)
})

eachOf('leaves nothing of itself in a task that it gave out', (make) => {
  const s = make(), a = new PlainTask(1)
  put(s, Why.NEW, a, new PlainTask(2))
  s.pick(0)
  assert.deepEqual([a.next, a.prev, a.index], [null, null, -1])
  assert.deepEqual(drain(s), [2])
})
