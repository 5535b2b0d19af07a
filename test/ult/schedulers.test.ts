// What holds for every scheduler: nobody lost, nobody twice; and what a user's module must export.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlainTask, Why, type Scheduler } from '#internal/ult/scheduler.js'
import { checkScheduler, isSchedulerFile, schedulerNamed, schedulerOf, SCHEDULERS } from '#internal/ult/schedulers.js'
import { random, seed } from './random.ts'

console.log(`seed ${seed}`)

for (const name of SCHEDULERS) {
  test(`${name}: through a hundred thousand random calls nobody is lost, and nobody is there twice`, () => {
    const below = random(seed), s = schedulerNamed(name)()
    const tasks = Array.from({ length: 50 }, (_, tid) => new PlainTask(tid))
    const held = new Set<PlainTask>(), seen = new Set<PlainTask>()
    let now = 0
    for (let call = 0; call < 100_000; call++) {
      const task = tasks[below(tasks.length)]
      now += below(3)
      switch (below(9)) {
        case 0: case 1: case 2:
          if (held.has(task)) break
          task.runtime += below(100) === 0 ? below(1e6) : below(40) / 10
          s.enqueue(task, seen.has(task) ? 1 + below(4) : Why.NEW, now)
          seen.add(task)
          held.add(task)
          break
        case 3: case 4: case 5: {
          const next = s.pick(now) as PlainTask | null
          assert.equal(next === null, held.size === 0, 'null if and only if it holds none')
          if (next === null) break
          assert.ok(held.delete(next), `tid ${next.tid} was given out and was not there`)
          assert.ok([...held].every(other => next.priority >= other.priority), 'the highest priority runs first')
          assert.ok(s.slice(next) >= 0)
          break
        }
        case 6:
          s.remove(task)
          held.delete(task)
          break
        case 7:
          if (held.has(task)) s.donated?.(task, now)
          break
        default: {
          const policy = below(3)
          const queued = held.has(task)
          task.policy = policy
          task.priority = policy === 0 ? below(3) === 0 ? below(100) : 0 : 1 + below(99)
          if (queued || below(2) === 0) s.reprioritized?.(task, below(2) === 0)
        }
      }
      assert.equal(s.runnable, held.size)
    }
    while (held.size > 0) assert.ok(held.delete(s.pick(now) as PlainTask))
    assert.equal(s.pick(now), null)
  })

  test(`${name}: a million tasks`, () => {
    const s = schedulerNamed(name)()
    for (let tid = 0; tid < 1_000_000; tid++) s.enqueue(new PlainTask(tid), Why.NEW, 0)
    assert.equal(s.runnable, 1_000_000)
    for (let tid = 0; tid < 1_000_000; tid++) assert.equal(s.pick(0)?.tid, tid)
    assert.equal(s.pick(0), null)
  })
}

test('two schedulers of a name share nothing', () => {
  const [a, b] = [schedulerNamed('rr')(), schedulerNamed('rr')()]
  a.enqueue(new PlainTask(1), Why.NEW, 0)
  assert.equal(b.runnable, 0)
})

test('a name that no scheduler has is refused, with those that there are', () => {
  assert.throws(() => schedulerNamed('lottery'), { name: 'RangeError', message: 'no scheduler "lottery": rr, fifo, fair, or a file such as ./mine.ts' })
  assert.throws(() => schedulerNamed('toString'), RangeError)
})

test('a file is what has a slash, or ends as a module', () => {
  assert.deepEqual(['./mine.ts', 'mine.mjs', '/x/y', 'C:\\mine', 'rr', 'fair'].map(isSchedulerFile), [true, true, true, true, false, false])
})

test('a module exports its factory as default or as scheduler', () => {
  const rr = schedulerNamed('rr')
  for (const module of [{ default: rr }, { scheduler: rr }]) assert.equal(schedulerOf(module, 'x.ts')().name, 'rr')
})

test('a module that exports none is told so', () => {
  assert.throws(() => schedulerOf({ main: 1, other: 2 }, 'x.ts'), { name: 'TypeError', message: /^x\.ts: no scheduler: export .*; the exports are main, other$/ })
  assert.throws(() => schedulerOf({}, 'x.ts'), /the exports are none/)
  assert.throws(() => schedulerOf({ default: schedulerNamed('rr')() }, 'x.ts'), /x\.ts: the scheduler is an object, not a function that makes one/)
  assert.throws(() => schedulerOf({ default: () => undefined }, 'x.ts'), /x\.ts: the factory returns missing, not a scheduler/)
})

test('a scheduler that lacks something is told what', () => {
  const whole: Scheduler = schedulerNamed('fair')()
  assert.equal(checkScheduler(whole, 'x'), whole)
  const partial = { name: 'mine', runnable: 0, enqueue() {}, pick: () => null }
  assert.throws(() => checkScheduler(partial, 'mine.ts'), /^TypeError: mine\.ts: no scheduler: remove is missing, not a function; slice is missing, not a function; preempts is missing/)
  const complete = { ...partial, remove() {}, slice: () => 1, preempts: () => false }
  checkScheduler(complete, 'mine.ts')
  for (const [change, reason] of [
    [{ name: 7 }, /name is a number, not a string/], [{ runnable: 3 }, /runnable is 3, not 0/], [{ blocked: true }, /blocked is a boolean, neither a function nor absent/], [{ donated: 1 }, /donated is a number, neither a function nor absent/],
    [{ timed: 1 }, /timed is a number/], [{ pick: null }, /pick is null, not a function/],
  ] as const) assert.throws(() => checkScheduler({ ...complete, ...change }, 'mine.ts'), reason)
})
