// parallelFor, parallelMap, parallelReduce, parallelSort: the same as one thread would compute.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, parallelFor, parallelMap, parallelReduce, parallelSort, ThreadPool, type Numbers, type Sortable } from 'pthreads'
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
  await assert.rejects(parallelMap([1] as never, work.half), /not a typed array/)
  await assert.rejects(parallelSort(shared(Int8Array, 1, () => 1), { threads: 2 } as never), /unknown option "threads"/)
  await assert.rejects(parallelFor({}, -1, work.fill, new Int32Array(1)), RangeError)
})

test('without a pool they share one, whose threads end by themselves', async () => {
  assert.equal(await parallelReduce(shared(Int32Array, 10_000, () => 2), work.plus, 0), 20_000)
})
