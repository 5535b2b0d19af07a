// ThreadPool.map: order, backpressure, progress, and how it ends early.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, ThreadPool, type Progress } from 'pthreads'
import { eventually } from '../api/until.ts'
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

test('a slow consumer holds the items back, however long it takes', async () => {
  await using pool = new ThreadPool({ max: 2 })
  let given = 0
  async function* source(): AsyncGenerator<number> {
    while (given < 40) yield given++
  }
  let taken = 0
  for await (const each of pool.map(work.square, source(), { concurrency: 4 })) {
    await eventually('all that is under way is done', () => pool.stats.completed === given)
    assert.ok(given - taken <= 4, `${given} given, ${taken} taken`)
    assert.equal(each, taken++ ** 2)
  }
})

test('a result does not wait for the next item', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const seen: number[] = []
  let more: (() => void) | undefined
  async function* source(): AsyncGenerator<number> {
    for (let i = 0; i < 20; i++) {
      yield i
      if (!seen.includes(i)) await new Promise<void>(resolve => { more = resolve })
    }
  }
  for (const ordered of [true, false]) {
    seen.length = 0
    for await (const each of pool.map(work.later, source(), { ordered })) {
      seen.push(each)
      more?.()
    }
    assert.deepEqual(seen, numbers(20))
  }
})

test('an abort ends a map whose items do not come, and closes them', async () => {
  await using pool = new ThreadPool({ max: 1 })
  const controller = new AbortController()
  let asked = 0, closed = 0
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked++
        return new Promise<never>(() => undefined)
      },
      return: () => {
        closed++
        return new Promise<never>(() => undefined)
      },
    }),
  }
  const results = pool.map(work.square, silent, { signal: controller.signal }), verdict = assert.rejects(collect(results), { message: 'enough' })
  await eventually('it waits for an item', () => asked === 1)
  controller.abort(new Error('enough'))
  await verdict
  assert.deepEqual([asked, closed], [1, 1])
})

test('a full queue holds the items back: a map is never refused, and a task beside it is', async () => {
  await using pool = new ThreadPool({ max: 1, maxQueue: 1 })
  const begun = new Semaphore(0), go = new Semaphore(0)
  const held = pool.run(work.hold, begun, go), waiting = pool.run(work.add, 1, 1)
  const results = pool.map(work.square, numbers(50), { concurrency: 10 }), first = results.next()
  await assert.rejects(pool.run(work.add, 1, 1), { code: 'EAGAIN' })
  assert.equal(pool.stats.queued, 2)                                      // one of the map's, which would else have nothing under way
  go.post()
  assert.equal((await first).value, 0)
  assert.deepEqual(await collect(results), numbers(50).slice(1).map(n => n * n))
  await Promise.all([held, waiting])
})

test('items that fail end the map, after the results of those before them', async () => {
  await using pool = new ThreadPool({ max: 2 })
  let closed = 0
  const failing = (given: number): Iterable<number> => ({
    [Symbol.iterator]: () => ({
      next: () => {
        if (given-- === 0) throw new Error('no more of them')
        return { done: false, value: given }
      },
      return: () => {
        closed++
        return { done: true, value: undefined }
      },
    }),
  })
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const each of pool.map(work.later, failing(3))) seen.push(each)
  }, { message: 'no more of them' })
  assert.deepEqual([seen, closed], [[2, 1, 0], 0])                        // what has failed is not closed, as by for await
})

test('items that are promises are awaited; one that is rejected ends the map', async () => {
  await using pool = new ThreadPool({ max: 2 })
  assert.deepEqual(await collect(pool.map(work.square, [Promise.resolve(2), 3])), [4, 9])
  await assert.rejects(collect(pool.map(work.square, [1, Promise.reject(new Error('never comes'))])), { message: 'never comes' })
})

test('after an error no more items are taken, and results that come before it are still yielded', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const begun = new Semaphore(0), go = new Semaphore(0), taken: number[] = []
  function* source(): Generator<number> {
    for (let i = 0; i < 100; i++) {
      taken.push(i)
      yield i
    }
  }
  const results = pool.map(work.failAfterFirst, [[begun, go, 0], [begun, go, 1]] as [Semaphore, Semaphore, number][], { concurrency: 2 })
  const first = results.next()
  await begun.waitAsync()
  await eventually('the second one has failed', () => pool.stats.failed === 1)
  go.post()
  assert.equal((await first).value, 0)
  await assert.rejects(results.next(), { message: 'not the first' })
  await assert.rejects(collect(pool.map(work.failAtFive, source(), { concurrency: 1 })), { message: 'not 5' })
  assert.deepEqual(taken, numbers(6))
})

test('leaving the loop aborts what runs, and the threads serve again', async () => {
  await using pool = new ThreadPool({ max: 2, grace: 60_000 })
  const begun = new Semaphore(0), go = new Semaphore(0)
  for await (const each of pool.map(work.holdAfterFirst, [0, 1, 2].map(i => [begun, go, i] as [Semaphore, Semaphore, number]))) {
    assert.equal(each, 0)
    await begun.waitAsync()
    break
  }
  assert.equal(await pool.run(work.add, 1, 1), 2)
  assert.equal(pool.stats.aborted, 2)
})

test('what onProgress or transfer throws ends the map', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const angry = (): never => { throw new Error('angry') }
  await assert.rejects(collect(pool.map(work.square, numbers(9), { onProgress: angry })), { message: 'angry' })
  await assert.rejects(collect(pool.map(work.square, numbers(9), { transfer: angry })), { message: 'angry' })
  await assert.rejects(collect(pool.map(work.square, numbers(9), { transfer: () => 5 as never })), /transfer is not an array/)
})

test('what moves with an item is gone here', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const arrays = [1, 2, 3].map(n => new Float64Array(n * 100).fill(1))
  assert.deepEqual(await collect(pool.map(work.sum, arrays, { transfer: (array: Float64Array) => [array.buffer] })), [100, 200, 300])
  assert.deepEqual(arrays.map(array => array.length), [0, 0, 0])
})

test('a timeout is each task\'s', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 1 })
  await assert.rejects(collect(pool.map(work.spin, [new Semaphore(0)], { timeout: 5 })), { code: 'ETIMEDOUT' })
})

test('options that are none are refused', async () => {
  await using pool = new ThreadPool()
  assert.throws(() => pool.map(work.square, [1], { signal: {} as AbortSignal }), /signal is not an AbortSignal/)
  assert.throws(() => pool.map(work.square, [1], { timeout: -1 }), RangeError)
  assert.throws(() => pool.map(work.square, [1], { priority: NaN }), RangeError)
  assert.throws(() => pool.map(work.square, [1], { concurrency: '3' as never }), RangeError)
  assert.throws(() => pool.map(work.square, [1], { ordered: 'no' as never }), /ordered: string, not a boolean/)
  assert.throws(() => pool.map(work.square, [1], { onProgress: 1 as never }), /onProgress: number, not a function/)
  assert.throws(() => pool.map(work.square, [1], null as never), /options: null, not an object/)
  assert.throws(() => pool.map(work.square, [1], { order: true } as never), /unknown option "order"/)
  assert.throws(() => pool.map(work.square, [1], { concurrency: 0 }), RangeError)
  assert.throws(() => pool.map(work.square, 5 as never), /not iterable/)
})
