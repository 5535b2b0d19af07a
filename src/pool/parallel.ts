// Loops over typed arrays in shared memory, on the threads of a pool.

import type { Entry } from '../pthread/entry.ts'
import { local, type Local } from '../pthread/local.ts'
import { load } from '../api/entry.ts'
import { isFixedShared } from '../mem/codec.ts'
import type * as Work from './parallel-work.ts'
import { checkSignal, known, sourceIn } from './options.ts'
import { ThreadPool } from './pool.ts'
import type { Wide } from './radix.ts'

/** Typed arrays of numbers. */
export type Numbers = Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/** Typed arrays that can be sorted. */
export type Sortable = Numbers | BigInt64Array | BigUint64Array

/** What a typed array's elements are. */
export type ElementOf<T extends Sortable> = T extends Numbers ? number : bigint

/** How a loop is run. */
export interface ParallelOptions {
  /** Default: one that all these functions share in a thread, with a thread for each processor; its threads end when they are idle. */
  pool?: ThreadPool
  /** How many elements a task has at least. Default 1024; a task for each thread four times over. */
  grain?: number
  /** Its abort ends it: the promise is rejected at once, while parts that run may still write, until their threads are stopped as the pool does it. */
  signal?: AbortSignal
}

const OPTIONS = new Set(['pool', 'grain', 'signal'])

// Of each thread that has used one.
const commons = new WeakMap<Local, ThreadPool>()
let work: ReturnType<typeof load<typeof Work>> | undefined

const entries = (): ReturnType<typeof load<typeof Work>> => work ??= load<typeof Work>(new URL('./parallel-work.js', import.meta.url))

function commonPool(): ThreadPool {
  const thread = local
  let pool = commons.get(thread)
  if (pool !== undefined) return pool
  commons.set(thread, pool = new ThreadPool({ name: 'parallel' }));
  (thread.endings ??= new Set()).add(() => { commons.delete(thread) })    // it ends with its thread, and in this heap another one may follow
  return pool
}

interface Plan { pool: ThreadPool, grain: number, run: { signal?: AbortSignal } }

function planOf(operation: string, options: ParallelOptions, grain = 1024): Plan {
  known(operation, 'options', options, OPTIONS)
  const { grain: least = grain, signal, pool = commonPool() } = options
  if (!(typeof least === 'number' && least >= 1)) throw new RangeError(`${operation}: grain: ${String(least)} is not a number from 1`)
  if (signal !== undefined) checkSignal(operation, signal)
  signal?.throwIfAborted()
  if (!(pool instanceof ThreadPool)) throw new TypeError(`${operation}: pool is not a ThreadPool`)
  return { pool, grain: least, run: signal === undefined ? {} : { signal } }
}

function checkShared(operation: string, what: string, array: Sortable): void {
  if (!ArrayBuffer.isView(array) || array instanceof DataView) throw new TypeError(`${operation}: ${what} is not a typed array`)
  const { buffer } = array
  if (!(buffer instanceof SharedArrayBuffer)) throw new TypeError(`${operation}: the memory of ${what} is not shared; make it with new SharedArrayBuffer(bytes)`)
  if (!isFixedShared(buffer)) throw new TypeError(`${operation}: the memory of ${what} can grow; make it with new SharedArrayBuffer(bytes), without maxByteLength`)
}

// The bounds of so many parts, of at least `grain` elements; of none, if there are no elements.
function boundsOf(length: number, { pool, grain }: Plan, perThread = 4): number[] {
  if (length === 0) return [0]
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
  await all(bounds.slice(1).map((to, i) => ThreadPool.submit(pool, run, entry as Entry<(...args: unknown[]) => unknown>, bounds[i], to, ...args)))
}

/**
 * A new array of `entry(x, index)` for each element, of the same type and in shared memory. The entry returns the number itself, not a promise. Rejects
 * with the first error when all have ended.
 */
export async function parallelMap<T extends Sortable>(array: T, entry: Entry<(x: ElementOf<T>, index: number) => ElementOf<T>>,
  options: ParallelOptions = {}): Promise<T> {
  const plan = planOf('parallelMap', options), { pool, run } = plan
  checkShared('parallelMap', 'the array', array)
  sourceIn('parallelMap', entry)
  const result = likeOf(array), bounds = boundsOf(array.length, plan)
  await all(bounds.slice(1).map((to, i) => ThreadPool.submit(pool, run, entries().mapPart, entry, array, result, bounds[i], to)))
  return result
}

/**
 * Folds the elements with `entry(a, b)`, which must be associative, and of which `identity` is the neutral element, and the result if there are
 * no others: parts are folded in tasks, then what came of them, in order. Rejects with the first error when all have ended.
 */
export async function parallelReduce<T extends Sortable>(array: T, entry: Entry<(a: ElementOf<T>, b: ElementOf<T>) => ElementOf<T>>,
  identity: ElementOf<T>, options: ParallelOptions = {}): Promise<ElementOf<T>> {
  const plan = planOf('parallelReduce', options), { pool, run } = plan
  checkShared('parallelReduce', 'the array', array)
  const kind = isBig(array) ? 'bigint' : 'number'
  if (typeof identity !== kind) throw new TypeError(`parallelReduce: identity: ${typeof identity}, not a ${kind}`)
  sourceIn('parallelReduce', entry)
  const bounds = boundsOf(array.length, plan)
  const parts = await all(bounds.slice(1).map((to, i) => ThreadPool.submit(pool, run, entries().reducePart, entry, array, identity, bounds[i], to)))
  return (parts.length > 1 ? await ThreadPool.submit(pool, run, entries().reduceValues, entry, parts) : parts[0] ?? identity) as ElementOf<T>
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
  else await ThreadPool.submit(pool, run, entries().sortNarrow, array)
  return array
}

function isBig(array: Sortable): boolean {
  return array instanceof BigInt64Array || array instanceof BigUint64Array
}

function isWide(array: Sortable): array is Wide {
  return array.BYTES_PER_ELEMENT > 2
}

async function sortWide(array: Wide, plan: Plan): Promise<void> {
  const { pool, run } = plan
  let bounds = boundsOf(array.length, plan, 1)
  const spare = likeOf(array), moves = Math.ceil(Math.log2(bounds.length - 1)) % 2 === 1       // the last round writes into the array
  await all(bounds.slice(1).map((end, i) => ThreadPool.submit(pool, run, entries().sortPart, array, spare, bounds[i], end, moves)))
  for (let [from, to] = moves ? [spare, array] : [array, spare]; bounds.length > 2; [from, to] = [to, from]) {
    const tasks: Promise<unknown>[] = [], next = [0], pairs = Math.floor(bounds.length / 2)
    const split = Math.max(1, Math.floor(pool.size / pairs))
    for (let i = 0; i + 1 < bounds.length; i += 2) {
      const [low, middle, high] = [bounds[i], bounds[i + 1], bounds[i + 2] ?? bounds[i + 1]]
      next.push(high)
      const at = (part: number): number => low + Math.floor((high - low) * part / split)
      for (let part = 0; part < split; part++)
        tasks.push(ThreadPool.submit(pool, run, entries().mergePart, from, to, low, middle, high, at(part), at(part + 1)))
    }
    await all(tasks)
    bounds = next
  }
}

function likeOf<T extends Sortable>(array: T): T {
  return new (array.constructor as new (buffer: ArrayBufferLike) => T)(new SharedArrayBuffer(array.byteLength))
}
