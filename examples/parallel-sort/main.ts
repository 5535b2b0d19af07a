// Merge sort of numbers in shared memory. Each thread sorts a slice in place; then threads merge neighbours, two and
// two, until one slice is left. Every thread has its own range of both arrays, and join is the only order needed. What
// only computes need not be a generator: any model runs plain functions, too. Only main must, that waits for them.
//
//   pthreads run build/examples/parallel-sort/main.js -- [numbers] [threads]

import { availableParallelism } from 'node:os'
import { Thread, fiber, thread } from 'pthreads'

type Steps<T> = Generator<unknown, T>

const sortSlice = thread(import.meta, function sortSlice(numbers: Float64Array, start: number, end: number): void {
  numbers.subarray(start, end).sort()
})

/** Merges from[start, middle) and from[middle, end), both sorted, into `to`. */
const mergeSlices = thread(import.meta, function mergeSlices(
  from: Float64Array, to: Float64Array, start: number, middle: number, end: number
): void {
  for (let left = start, right = middle, at = start; at < end; at++)
    to[at] = right === end || left < middle && from[left] <= from[right] ? from[left++] : from[right++]
})

/** Runs the program; returns its exit code. */
export function* main([numbers = '1000000', threads = String(availableParallelism())]: string[]): Steps<number> {
  const length = Number(numbers), slices = Number(threads)
  if (!Number.isInteger(length) || length < 0 || !Number.isInteger(slices) || slices < 1) {
    console.error('parallel-sort: two numbers: how many numbers, how many threads')
    return 2
  }
  const unsorted = shuffled(length)
  const start = performance.now()
  const sorted = yield* sort(unsorted, slices)
  console.log(`${slices} threads took ${(performance.now() - start).toFixed(0)} ms`)

  const right = sorted.every((value, i) => i === 0 || sorted[i - 1] <= value)
  console.log(`the middle one is ${sorted[length >>> 1] ?? 'none'}`)
  console.log(`sorted ${length} numbers: ${right ? 'yes' : 'no'}`)
  return right ? 0 : 1
}

function* sort(numbers: Float64Array, slices: number): Steps<Float64Array> {
  let from = floats(numbers.length), to = floats(numbers.length)
  from.set(numbers)
  let bounds = Array.from({ length: slices + 1 }, (_, i) => Math.floor(i * numbers.length / slices))

  yield* joinAll(bounds.slice(1).map((end, i) => Thread.create(sortSlice, from, bounds[i], end)))
  while (bounds.length > 2) {
    const merged = bounds.filter((_, i) => i % 2 === 0 || i === bounds.length - 1)
    yield* joinAll(merged.slice(1).map((end, i) => Thread.create(mergeSlices, from, to, merged[i], bounds[2 * i + 1], end)));
    [from, to] = [to, from]
    bounds = merged
  }
  return from
}

function* joinAll(threads: Thread<void>[]): Steps<void> {
  for (const thread of threads) yield* fiber.join(thread)
}

/** The same numbers each time, in no order. */
function shuffled(length: number): Float64Array {
  let seed = 1
  return floats(length).map(() => (seed = Math.imul(seed, 1103515245) + 12345 | 0) >>> 0)
}

function floats(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * 8))
}
