// parallelFor, parallelMap, parallelReduce, parallelSort: the same as one thread would compute.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, parallelFor, parallelMap, parallelReduce, parallelSort, Thread, ThreadPool, type Numbers, type Sortable } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
let state = seed
const random = (): number => (state = Math.imul(state, 1103515245) + 12345 & 0x7fff_ffff) / 2 ** 31

afterEach(() => nothingLeft())

function shared<T extends Numbers>(type: { new (buffer: ArrayBufferLike): T, BYTES_PER_ELEMENT: number }, length: number, f: (i: number) => number): T {
  const array = new type(new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT))
  for (let i = 0; i < length; i++) array[i] = f(i)
  return array
}

test('parallelFor visits each index once', async () => {
  await using pool = new ThreadPool({ max: 3 })
  for (const length of [0, 1, 1000, 100_003]) {
    const array = shared(Int32Array, length, () => 1)
    await parallelFor({ pool }, length, work.fill, array)
    assert.ok(array.every((x, i) => x === i + 1))
  }
  await assert.rejects(parallelFor({ pool, grain: 10 }, 1000, work.failBetween, 500), { message: 'there is no 500' })
})

test('parallelFor makes a task for each part: none of no elements, none smaller than the grain', async () => {
  await using pool = new ThreadPool({ max: 6 })
  for (const [length, grain, tasks] of [[0, 1, 0], [1, 1, 1], [3, 1, 3], [10_000, 1, 24], [10_000, 5000, 2], [10_000, Infinity, 1]]) {
    const parts = new Int32Array(new SharedArrayBuffer(4))
    await parallelFor({ pool, grain }, length, work.countPart, parts)
    assert.equal(parts[0], tasks, `${length} by ${grain}`)
  }
})

test('a full queue does not refuse parts', async () => {
  await using pool = new ThreadPool({ max: 1, maxQueue: 1 })
  const parts = new Int32Array(new SharedArrayBuffer(4))
  await parallelFor({ pool, grain: 1 }, 100, work.countPart, parts)
  assert.equal(parts[0], 4)
})

test('bigints are mapped and folded as well', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const array = new BigInt64Array(new SharedArrayBuffer(80_000)).fill(-3n)
  const doubled = await parallelMap(array, work.double, { pool })
  assert.ok(doubled instanceof BigInt64Array && doubled.every(x => x === -6n))
  assert.equal(await parallelReduce(array, work.plusBig, 0n, { pool }), -30_000n)
  assert.equal(await parallelReduce(array.subarray(0, 0), work.plusBig, 7n, { pool }), 7n)
  await assert.rejects(parallelReduce(array, work.plusBig, 0 as never, { pool }), /identity: number, not a bigint/)
})

test('an entry that returns no number is named', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const array = shared(Float64Array, 10, i => i)
  await assert.rejects(parallelMap(array, work.halfLater as never, { pool }), /parallelMap: "halfLater" has returned a promise, and it is not awaited: not a number/)
  await assert.rejects(parallelMap(array, work.nothing as never, { pool }), /parallelMap: "nothing" has returned undefined: not a number/)
  await assert.rejects(parallelReduce(array, work.nothing as never, 0, { pool }), /parallelReduce: "nothing" has returned undefined: not a number/)
})

test('parallelMap makes a new array', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const array = shared(Float64Array, 50_000, i => i), result = await parallelMap(array, work.half, { pool })
  assert.ok(result instanceof Float64Array && result.every((x, i) => x === i / 2))
  assert.equal((await parallelMap(shared(Int8Array, 0, () => 0), work.half, { pool })).length, 0)
})

test('parallelReduce folds', async () => {
  await using pool = new ThreadPool({ max: 2 })
  assert.equal(await parallelReduce(shared(Int32Array, 100_000, i => i), work.plus, 0, { pool }), 99_999 * 50_000)
  assert.equal(await parallelReduce(shared(Int32Array, 0, i => i), work.plus, 0, { pool }), 0)
})

test('parallelSort sorts as sort does: signed zeros, infinities, NaN, many that are equal; on two, three and five threads', async () => {
  const special = [NaN, -0, 0, Infinity, -Infinity, 1, -1]
  for (const max of [2, 3, 5]) {
    await using pool = new ThreadPool({ max })
    for (const length of [0, 1, 2, 40_000, 65_536, 200_003]) {
      const array = shared(Float64Array, length, () => random() < 0.3 ? special[Math.floor(random() * special.length)] : Math.floor(random() * 1000) - 500)
      const expected = new Float64Array(array).sort()
      assert.equal(await parallelSort(array, { pool }), array)
      assert.ok(array.every((x, i) => Object.is(x, expected[i])), `${length} elements, ${max} threads, seed ${seed}`)
    }
  }
})

test('parallelSort sorts numbers of every type as sort does', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const types: readonly { new (buffer: ArrayBufferLike): Sortable, readonly name: string, readonly BYTES_PER_ELEMENT: number }[] = [
    Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array,
  ]
  const length = 100_003
  for (const type of types) {
    for (const [what, digits] of [['all bits', 0xffff_ffff], ['few numbers', 0x8000_0101], ['low bits', 0xfff]] as const) {
      const array = new type(new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT)), words = new Int32Array(array.buffer, 0, array.byteLength >>> 2)
      for (let i = 0; i < words.length; i++) words[i] = Math.floor(random() * 2 ** 32) & digits
      const expected = (array.slice() as Float64Array).sort()
      assert.equal(await parallelSort<Sortable>(array, { pool }), array)
      assert.ok((array as Float64Array).every((x, i) => Object.is(x, expected[i])), `${type.name}, ${what}, seed ${seed}`)
    }
  }
})

test('a part of a larger array is sorted, and nothing beside it', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const all = shared(Float32Array, 100_010, i => 100_010 - i), part = all.subarray(5, 100_005)
  await parallelSort(part, { pool })
  assert.ok(part.every((x, i) => x === i + 6))
  assert.deepEqual([...all.subarray(0, 5), ...all.subarray(100_005)], [100_010, 100_009, 100_008, 100_007, 100_006, 5, 4, 3, 2, 1])
})

test('a sort whose signal is aborted is rejected with its reason', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const array = shared(Float64Array, 200_000, random)
  await assert.rejects(parallelSort(array, { pool, signal: AbortSignal.abort(new Error('no more')) }), { message: 'no more' })
})

test('memory that is not shared, and options that are none, are refused', async () => {
  await assert.rejects(parallelSort(new Float64Array(10)), /not shared; make it with new SharedArrayBuffer/)
  await assert.rejects(parallelMap([1] as unknown as Float64Array, work.half), /not a typed array/)
  await assert.rejects(parallelSort(shared(Int8Array, 1, () => 1), { threads: 2 } as never), /unknown option "threads"/)
  await assert.rejects(parallelFor({}, -1, work.fill, new Int32Array(1)), RangeError)
})

test('memory that may grow is refused, for threads see it at its length of then', async () => {
  const array = new Float64Array(new SharedArrayBuffer(32, { maxByteLength: 64 } as never))
  await assert.rejects(parallelMap(array, work.half), /the memory of the array can grow/)
})

test('threads that run one after another in the same Worker have a pool each', async () => {
  const array = shared(Int32Array, 10_000, () => 2)
  for (let i = 0; i < 3; i++) assert.equal(await Thread.create(work.sumInParallel, array).joinAsync(), 20_000)
  await using pool = new ThreadPool({ max: 1 })
  for (let i = 0; i < 2; i++) assert.equal(await pool.run(work.sumInParallel, array), 20_000)
})

test('without a pool they share one, whose threads end by themselves', async () => {
  assert.equal(await parallelReduce(shared(Int32Array, 10_000, () => 2), work.plus, 0), 20_000)
})
