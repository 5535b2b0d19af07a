import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait } from 'pthreads/posix'
import { until } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { create, join, m, newBarrier, newWord, work } from './setup.ts'
import { asleep, hasEnded, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

test('the calling thread shall block until the required number of threads have called pthread_barrier_wait() specifying the barrier', () => {
  const barrier = newBarrier(3), threads: number[] = []
  for (let i = 0; i < 2; i++) {
    threads.push(create(work.barrierWait, barrier))
    for (const t of threads) asleep(t, 'barrier')
  }
  assert.ok(threads.every(t => sleepsOn(t, 'barrier') && !hasEnded(t)))
  pthread_barrier_wait(m, barrier)
  for (const t of threads) assert.equal(join(t), 0)
})

test('PTHREAD_BARRIER_SERIAL_THREAD shall be returned to one unspecified thread and zero shall be returned to each of the remaining threads', () => {
  assert.notEqual(PTHREAD_BARRIER_SERIAL_THREAD, 0)
  for (let i = 0; i < 20; i++) {
    const barrier = newBarrier(4), threads = [1, 2, 3, 4].map(() => create(work.barrierWait, barrier))
    assert.deepEqual(threads.map(join).sort(), [PTHREAD_BARRIER_SERIAL_THREAD, 0, 0, 0])
  }
})

test('at this point, the barrier shall be reset to the state it had as a result of the most recent pthread_barrier_init(): round after round', () => {
  const barrier = newBarrier(3), counter = newWord(), rounds = 300
  const threads = [1, 2, 3].map(() => create(work.barrierRounds, { barrier, counter, rounds }))
  const results = threads.map(join) as { seen: number[], serial: number }[]
  for (const { seen } of results) assert.deepEqual(seen, Array.from({ length: rounds }, (_, i) => 3 * (i + 1)))
  assert.equal(results.reduce((sum, { serial }) => sum + serial, 0), rounds)
})

test('more threads than count pass in groups of count', () => {
  const barrier = newBarrier(2), threads = [1, 2, 3].map(() => create(work.barrierWait, barrier))
  until('two of them have met', () => threads.filter(hasEnded).length === 2)
  const alone = threads.find(t => !hasEnded(t))!
  asleep(alone, 'barrier')
  assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
  assert.deepEqual(threads.map(join).sort(), [PTHREAD_BARRIER_SERIAL_THREAD, 0, 0])
})
