// ThreadPool.map: order, backpressure, progress, and how it ends early.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, ThreadPool, type Progress } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

afterEach(() => nothingLeft())

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of results) all.push(each)
  return all
}

test('results come in the order of the items', async () => {
  await using pool = new ThreadPool({ max: 2 })
  assert.deepEqual(await collect(pool.map(work.square, numbers(1000))), numbers(1000).map(n => n * n))
  assert.deepEqual(await collect(pool.map(work.later, new Set([3, 1, 2]))), [3, 1, 2])
  assert.deepEqual(await collect(pool.map(work.square, [])), [])
})

test('unordered, all come', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const all = await collect(pool.map(work.square, numbers(500), { ordered: false }))
  assert.deepEqual(all.sort((a, b) => a - b), numbers(500).map(n => n * n))
})

test('items are taken as results are: never more than concurrency under way', async () => {
  await using pool = new ThreadPool({ max: 2 })
  let given = 0, taken = 0
  async function* source(): AsyncGenerator<number> {
    for (; given < 100; given++) {
      assert.ok(given - taken < 3)
      yield given
    }
  }
  for await (const each of pool.map(work.square, source(), { concurrency: 3 })) assert.equal(each, taken++ ** 2)
  assert.equal(taken, 100)
})

test('progress is told after each task, with the total where it is known', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const seen: Progress[] = []
  await collect(pool.map(work.square, numbers(50), { onProgress: progress => { seen.push(progress) } }))
  assert.deepEqual(seen.map(({ done, total }) => [done, total]), numbers(50).map(n => [n + 1, 50]))
  seen.length = 0
  await collect(pool.map(work.square, numbers(5).values(), { concurrency: 1, onProgress: progress => { seen.push(progress) } }))
  assert.deepEqual(seen[0], { done: 1, started: 1, total: undefined })
})

test('the first error ends the map, and nothing of it is under way any more', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const each of pool.map(work.failAtFive, numbers(1000), { concurrency: 4 })) seen.push(each)
  }, { name: 'RangeError', message: 'not 5' })
  assert.deepEqual(seen, [0, 1, 2, 3, 4])
})

test('leaving the loop closes the items', async () => {
  await using pool = new ThreadPool({ max: 2 })
  let closed = false
  function* source(): Generator<number> {
    try {
      for (let i = 0; ; i++) yield i
    } finally {
      closed = true
    }
  }
  for await (const each of pool.map(work.square, source())) if (each === 16) break
  assert.equal(closed, true)
})

test('an abort ends the map', async () => {
  await using pool = new ThreadPool({ max: 1 })
  const controller = new AbortController()
  const results = pool.map(work.square, numbers(1000), { signal: controller.signal })
  assert.equal((await results.next()).value, 0)
  controller.abort(new Error('enough'))
  await assert.rejects(collect(results), { message: 'enough' })
})

test('options that are none are refused', async () => {
  await using pool = new ThreadPool()
  assert.throws(() => pool.map(work.square, [1], { order: true } as never), /unknown option "order"/)
  assert.throws(() => pool.map(work.square, [1], { concurrency: 0 }), RangeError)
  assert.throws(() => pool.map(work.square, 5 as never), /not iterable/)
})
