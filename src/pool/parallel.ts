// Loops over typed arrays in shared memory, on the threads of a pool.

import type { Entry } from '../pthread/entry.ts'
import { load } from '../api/entry.ts'
import { isFixedShared } from '../mem/codec.ts'
import type * as Work from './parallel-work.ts'
import { sourceIn } from './options.ts'
import { ThreadPool } from './pool.ts'
import type { Wide } from './radix.ts'

/** Typed arrays of numbers. */
export type Numbers = Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/** Typed arrays that can be sorted. */
export type Sortable = Numbers | BigInt64Array | BigUint64Array

/** How a loop is run. */
export interface ParallelOptions {
  /** Default: one that all these functions share, with a thread for each processor; its threads end when they are idle. */
  pool?: ThreadPool
  /** How many elements a task has at least. Default 1024; a task for each thread four times over. */
  grain?: number
  signal?: AbortSignal
}

const OPTIONS = new Set(['pool', 'grain', 'signal'])

let common: ThreadPool | undefined
let work: ReturnType<typeof load<typeof Work>> | undefined

const entries = (): ReturnType<typeof load<typeof Work>> => work ??= load<typeof Work>(new URL('./parallel-work.js', import.meta.url))

interface Plan { pool: ThreadPool, grain: number, run: { signal?: AbortSignal } }

function planOf(operation: string, options: ParallelOptions, grain = 1024): Plan {
  if (typeof options !== 'object' || options === null) throw new TypeError(`${operation}: options: ${options === null ? 'null' : typeof options}, not an object`)
  for (const key of Object.keys(options)) if (!OPTIONS.has(key)) throw new TypeError(`${operation}: unknown option "${key}"`)
  if (options.grain !== undefined && !(options.grain >= 1)) throw new RangeError(`${operation}: grain: ${String(options.grain)} is not a number from 1`)
  if (options.pool !== undefined && !(options.pool instanceof ThreadPool)) throw new TypeError(`${operation}: pool is not a ThreadPool`)
  const pool = options.pool ?? (common ??= new ThreadPool({ name: 'parallel' }))
  return { pool, grain: options.grain ?? grain, run: options.signal === undefined ? {} : { signal: options.signal } }
}

function checkShared(operation: string, what: string, array: Sortable): void {
  if (!ArrayBuffer.isView(array) || array instanceof DataView) throw new TypeError(`${operation}: ${what} is not a typed array`)
  if (!isFixedShared(array.buffer)) throw new TypeError(`${operation}: the memory of ${what} is not shared; make it with new SharedArrayBuffer(bytes)`)
}

// The bounds of so many parts, of at least `grain` elements.
function boundsOf(length: number, { pool, grain }: Plan, perThread = 4): number[] {
  const parts = Math.max(1, Math.min(pool.size * perThread, Math.floor(length / grain)))
  return Array.from({ length: parts + 1 }, (_, i) => Math.floor(length * i / parts))
}

// Waits for all, also if one fails: nobody writes any more when it returns.
async function all<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(tasks)
  return outcomes.map(outcome => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

/**
 * Calls `entry(from, to, ...args)` for parts of 0 … length, each in a task; resolves when all are done. Whatever it writes it writes into shared memory
 * among the arguments. Rejects with the first error when all have ended.
 */
export async function parallelFor<A extends unknown[]>(options: ParallelOptions, length: number,
  entry: Entry<(from: number, to: number, ...args: A) => unknown>, ...args: A): Promise<void> {
  const plan = planOf('parallelFor', options)
  if (!(Number.isSafeInteger(length) && length >= 0)) throw new RangeError(`parallelFor: length: ${String(length)} is not a whole number from 0`)
  sourceIn('parallelFor', entry)
  const bounds = boundsOf(length, plan), { pool, run } = plan
  await all(bounds.slice(1).map((to, i) => pool.run(run, entry as Entry<(...args: unknown[]) => unknown>, bounds[i], to, ...args)))
}

/**
 * A new array of `entry(x, index)` for each element, of the same type and in shared memory. Rejects with the first error when all have ended.
 */
export async function parallelMap<T extends Numbers>(array: T, entry: Entry<(x: number, index: number) => number>, options: ParallelOptions = {}): Promise<T> {
  const plan = planOf('parallelMap', options), { pool, run } = plan
  checkShared('parallelMap', 'the array', array)
  sourceIn('parallelMap', entry)
  const result = likeOf(array), bounds = boundsOf(array.length, plan)
  await all(bounds.slice(1).map((to, i) => pool.run(run, entries().mapPart, entry, array, result, bounds[i], to)))
  return result
}

/**
 * Folds the elements with `entry(a, b)`, which must be associative, and of which `identity` is the neutral element: parts are folded in tasks, then what
 * came of them, in order.
 */
export async function parallelReduce(array: Numbers, entry: Entry<(a: number, b: number) => number>, identity: number,
  options: ParallelOptions = {}): Promise<number> {
  const plan = planOf('parallelReduce', options), { pool, run } = plan
  checkShared('parallelReduce', 'the array', array)
  sourceIn('parallelReduce', entry)
  const bounds = boundsOf(array.length, plan)
  const parts = await all(bounds.slice(1).map((to, i) => pool.run(run, entries().reducePart, entry, array, identity, bounds[i], to)))
  return pool.run(run, entries().reduceValues, entry, parts, identity)
}

/**
 * Sorts the array, which is in shared memory, in place: as its own `sort` without a function does, by digits. Needs as much memory again, but for numbers of
 * 8 and 16 bits, which are counted. If it is rejected (an abort, the death of a thread), the array holds its elements no more.
 */
export async function parallelSort<T extends Sortable>(array: T, options: ParallelOptions = {}): Promise<T> {
  const plan = planOf('parallelSort', options, 32_768), { pool, run } = plan
  checkShared('parallelSort', 'the array', array)
  if (array[Symbol.toStringTag] as string === 'Float16Array') throw new TypeError('parallelSort: a Float16Array, which it does not sort')
  if (array.length < 2 * plan.grain) return array.sort() as T
  if (isWide(array)) await sortWide(array, plan)
  else await pool.run(run, entries().sortNarrow, array)
  return array
}

function isWide(array: Sortable): array is Wide {
  return array.BYTES_PER_ELEMENT > 2
}

async function sortWide(array: Wide, plan: Plan): Promise<void> {
  const { pool, run } = plan
  let bounds = boundsOf(array.length, plan, 1)
  const spare = likeOf(array), moves = Math.ceil(Math.log2(bounds.length - 1)) % 2 === 1       // the last round writes into the array
  await all(bounds.slice(1).map((end, i) => pool.run(run, entries().sortPart, array, spare, bounds[i], end, moves)))
  for (let [from, to] = moves ? [spare, array] : [array, spare]; bounds.length > 2; [from, to] = [to, from]) {
    const tasks: Promise<unknown>[] = [], next = [0], pairs = Math.floor(bounds.length / 2)
    const split = Math.max(1, Math.floor(pool.size / pairs))
    for (let i = 0; i + 1 < bounds.length; i += 2) {
      const [low, middle, high] = [bounds[i], bounds[i + 1], bounds[i + 2] ?? bounds[i + 1]]
      next.push(high)
      const at = (part: number): number => low + Math.floor((high - low) * part / split)
      for (let part = 0; part < split; part++) tasks.push(pool.run(run, entries().mergePart, from, to, low, middle, high, at(part), at(part + 1)))
    }
    await all(tasks)
    bounds = next
  }
}

function likeOf<T extends Sortable>(array: T): T {
  return new (array.constructor as new (buffer: ArrayBufferLike) => T)(new SharedArrayBuffer(array.byteLength))
}
