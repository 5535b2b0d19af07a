// Merge sort of numbers in shared memory. Each thread sorts a slice in place; then threads merge neighbours, two and
// two, until one slice is left. Every thread has its own range of both arrays, and join is the only order needed.
//
//   pthreads run build/examples/parallel-sort/main.js -- [numbers] [threads]

import { availableParallelism } from 'node:os'
import { Thread, thread } from 'pthreads'

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
export function main([numbers = '1000000', threads = String(availableParallelism())]: string[]): number {
  const length = Number(numbers), slices = Number(threads)
  if (!Number.isInteger(length) || length < 0 || !Number.isInteger(slices) || slices < 1) {
    console.error('parallel-sort: two numbers: how many numbers, how many threads')
    return 2
  }
  const unsorted = floats(length).map(() => Math.random())
  const start = performance.now()
  const sorted = sort(unsorted, slices)
  console.log(`${slices} threads took ${(performance.now() - start).toFixed(0)} ms`)

  const right = sorted.every((value, i) => i === 0 || sorted[i - 1] <= value)
  console.log(`sorted ${length} numbers: ${right ? 'yes' : 'no'}`)
  return right ? 0 : 1
}

function sort(numbers: Float64Array, slices: number): Float64Array {
  let from = floats(numbers.length), to = floats(numbers.length)
  from.set(numbers)
  let bounds = Array.from({ length: slices + 1 }, (_, i) => Math.floor(i * numbers.length / slices))

  joinAll(bounds.slice(1).map((end, i) => Thread.create(sortSlice, from, bounds[i], end)))
  while (bounds.length > 2) {
    const merged = bounds.filter((_, i) => i % 2 === 0 || i === bounds.length - 1)
    joinAll(merged.slice(1).map((end, i) => Thread.create(mergeSlices, from, to, merged[i], bounds[2 * i + 1], end)));
    [from, to] = [to, from]
    bounds = merged
  }
  return from
}

function joinAll(threads: Thread<void>[]): void {
  for (const thread of threads) thread.join()
}

function floats(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * 8))
}
