import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Barrier, load, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, words } from './until.ts'

const work = load<typeof import('./object-work.ts')>(new URL('./object-work.js', import.meta.url))

afterEach(() => nothingLeft())

test('nobody goes on before all have come, and one of them is told that it was the last', () => {
  const barrier = new Barrier(3), threads = [1, 2].map(() => Thread.create(work.meet, barrier))
  for (const t of threads) asleep(t, 'barrier')
  assert.deepEqual([barrier.count, barrier.waiting], [3, 2])
  assert.equal(barrier.wait(), true)
  assert.deepEqual(threads.map(t => t.join()), [false, false])
  assert.equal(barrier.waiting, 0)
})

test('it can be used again at once, round after round', () => {
  const barrier = new Barrier(3), counter = words(1), rounds = 200
  const threads = [1, 2, 3].map(() => Thread.create(work.meetOften, barrier, counter, rounds))
  for (const t of threads) assert.deepEqual(t.join(), Array.from({ length: rounds }, (_, i) => 3 * (i + 1)))
})

test('one that is for one thread lets it through', () => {
  const barrier = new Barrier(1)
  for (let i = 0; i < 3; i++) assert.equal(barrier.wait(), true)
})

test('a wait that times out has not come: the others wait for one more', () => {
  const barrier = new Barrier(3, { name: 'start' }), t = Thread.create(work.meet, barrier)
  asleep(t, 'barrier')
  for (const ms of [0, 5]) assert.throws(() => barrier.wait(ms), failing('ETIMEDOUT', /^ETIMEDOUT: Barrier "start": not all 3 threads came in time, 1 other waits$/))
  assert.equal(Thread.create(work.meetCode, barrier, 1).join(), 'ETIMEDOUT')
  assert.equal(barrier.waiting, 1)
  const second = Thread.create(work.meet, barrier)
  asleep(second, 'barrier')
  assert.equal(barrier.wait(10_000), true)
  assert.deepEqual([t.join(), second.join()], [false, false])
})

test('promises and threads meet', async () => {
  const barrier = new Barrier(4), threads = [Thread.create(work.meet, barrier), Thread.create(work.meetAsync, barrier)]
  const here = await Promise.all([barrier.waitAsync(), barrier.waitAsync(10_000)])
  const there = await Promise.all(threads.map(t => t.joinAsync()))
  assert.equal([...here, ...there].filter(Boolean).length, 1)
})

test('waitAsync rejects with ETIMEDOUT, and has not come then', async () => {
  const barrier = new Barrier(2)
  for (const ms of [0, 5]) await assert.rejects(barrier.waitAsync(ms), failing('ETIMEDOUT', /not all 2 threads came in time, 0 others wait/))
  assert.equal(barrier.waiting, 0)
  const late = barrier.waitAsync()
  assert.equal(await barrier.waitAsync(), true)
  assert.equal(await late, false)
})

test('the count is a whole number from 1 to 2^24 - 1', () => {
  for (const count of [0, -1, 1.5, NaN, 2 ** 24, '2', null, undefined]) assert.throws(() => new Barrier(count as number), { name: 'RangeError', message: /^Barrier: .* is not a whole number from 1 to 16777215$/ })
  assert.equal(new Barrier(2 ** 24 - 1).count, 2 ** 24 - 1)
  const barrier = new Barrier(2)
  assert.throws(() => barrier.wait(-1), { name: 'RangeError', message: /^timeout: / })
  assert.equal(barrier.waiting, 0)
})

test('it says its name, and when it was disposed of', async () => {
  const barrier = new Barrier(2, { name: 'start' })
  assert.equal(String(barrier), 'Barrier "start"')
  barrier[Symbol.dispose]()
  const gone = failing('EINVAL', /^EINVAL: this Barrier was disposed of$/)
  for (const use of [() => barrier.wait(), () => barrier.count, () => barrier.waiting]) assert.throws(use, gone)
  await assert.rejects(barrier.waitAsync(), gone)
})
