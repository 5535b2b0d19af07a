// Threads whose runs last as long as they say: the carrier's clock is theirs, from the first of them on.

import { fiber, load, Thread } from 'pthreads'
import { CLOCK_MONOTONIC, installClock, now } from '#internal/kernel/clock.js'

const entries = load<typeof import('./charge-work.ts')>(new URL(import.meta.url))

let time = 0, end = Infinity, reads = 0
const had: number[] = [], runs: number[] = []

/** Runs of `lengths` ms, over and over, until the time is over. */
export function* runsOf(i: number, lengths: number[]): Generator<unknown, void> {
  had[i] = runs[i] = 0
  yield* fiber.yield()
  for (let k = 0; time < end; k++) {
    const ms = lengths[k % lengths.length]
    time += ms
    had[i] += ms
    runs[i]++
    yield* fiber.yield()
  }
}

/** A thread for each of `all`, for `ms` of this carrier's clock; returns how long each had it, how often, and how often the clock was read. */
export function* share(all: number[][], ms: number): Generator<unknown, { had: number[], runs: number[], reads: number }> {
  time ||= now(CLOCK_MONOTONIC)
  end = time + ms
  reads = had.length = runs.length = 0
  installClock(() => {
    reads++
    return time
  })
  const threads = all.map((lengths, i) => Thread.create(entries.runsOf, i, lengths))
  for (const each of threads) yield* fiber.join(each)
  return { had, runs, reads }
}
