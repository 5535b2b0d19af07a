// The user-level threads that our contestants create.

import { threadId } from 'node:worker_threads'
import { fiber, load, Mutex, Thread } from '../../dist/api/index.js'
import { threadNumber } from '../placement.mjs'
import { milliseconds } from '../timing.mjs'

const entries = load(new URL(import.meta.url))

let ended = 0                                              // of the fibers of this carrier

/** Yields for so long; returns how often. */
function* yields(until) {
  let switches = 0
  while (performance.now() < until) {
    for (let i = 0; i < 4096; i++) yield* fiber.yield()
    switches += 4096
  }
  return switches
}

/** Two fibers yield to each other; returns nanoseconds a switch, and how often each did. */
export function* switching() {
  let counts = [0, 0], elapsed = 0
  for (let round = 0; round < 2; round++) {                // the first one is the warm-up
    const start = performance.now()
    const pair = [0, 1].map(() => Thread.create(entries.yieldsUntil, start + milliseconds))
    counts = [yield* fiber.join(pair[0]), yield* fiber.join(pair[1])]
    elapsed = performance.now() - start
  }
  return [elapsed * 1e6 / (counts[0] + counts[1]), ...counts]
}

export { yields as yieldsUntil }

function* once(n) {
  yield* fiber.yield()
  ended += n
}

export { once }

/** Creates so many fibers, that all live at once, and joins them; returns seconds, and whether all have run. */
export function* creating(many) {
  ended = 0
  const threads = new Array(many)
  const start = performance.now()
  for (let i = 0; i < many; i++) threads[i] = Thread.create(entries.once, i)
  for (let i = 0; i < many; i++) yield* fiber.join(threads[i])
  return [(performance.now() - start) / 1e3, ended === many * (many - 1) / 2]
}

/** Locks and unlocks a mutex that nobody else wants; returns nanoseconds a pair, and whether it counted right. */
export function* locking() {
  const mutex = new Mutex(), shared = new Int32Array(new SharedArrayBuffer(4))
  let pairs = 0, ns = 0
  for (let round = 0; round < 2; round++) {                // the first one is the warm-up
    let elapsed = 0, done = 0
    const start = performance.now()
    do {
      for (let i = 0; i < 4096; i++) {
        yield* fiber.lock(mutex)
        shared[0]++
        mutex.unlock()
      }
      done += 4096
      elapsed = performance.now() - start
    } while (elapsed < milliseconds)
    ns = elapsed * 1e6 / done
    pairs += done
  }
  return [ns, shared[0] === (pairs | 0)]
}

/** The same work each time, some 50 us on the machine that this was written on; returns a number that depends on all of it. */
export function compute(seed) {
  let x = seed | 1
  for (let i = 0; i < 40_000; i++) x = Math.imul(x, 1664525) + 1013904223 | 0
  return x
}

/** A thread of `compute`, that posts when it has done. */
export function computes(seed, done) {
  compute(seed)
  done.post()
}

/** Creates so many threads of `compute`, and joins them; returns seconds, and the sum of their results. */
export function* parallel(many) {
  const start = performance.now()
  const threads = Array.from({ length: many }, (_, i) => Thread.create(entries.compute, i))
  let sum = 0
  for (const thread of threads) sum += yield* fiber.join(thread)
  return [(performance.now() - start) / 1e3, sum]
}

/** Runs until `n` of these run at once, each on a carrier of its own; returns the operating system's number of its carrier. */
export function meets(n, together) {
  together.post()
  while (together.value < n);
  return threadNumber()
}

/** Sleeps until `gate` opens. */
export function* sleeps(arrived, gate) {
  arrived.post()
  yield* fiber.acquire(gate)
}

/** Creates so many threads of `compute`, then blocks its carrier for a second; times[0] is when that began. */
export function* blocks(many, done, times) {
  for (let i = 0; i < many; i++) Thread.create({ detached: true }, entries.computes, i, done)
  const never = new Int32Array(new SharedArrayBuffer(4))
  times[0] = performance.timeOrigin + performance.now()
  yield* fiber.blocking(() => Atomics.wait(never, 0, 0, 1000))
  times[1] = performance.timeOrigin + performance.now()
}

const WARM = 1000
let begun = 0                                              // for all fibers of this carrier

/**
 * Computes and yields, once all have come: first for WARM ms, in which beginnings are paid for and the engine's compilers are on the
 * same core, then for `ms`. Returns how long it had the carrier in that time, in ms, and how often.
 */
export function* equals(together, ms) {
  yield* fiber.barrier(together)
  begun ||= performance.now()                              // by whom comes first
  const from = begun + WARM
  const had = [0.5, 0.5], rounds = [0, 0]                  // before that, and then: no branch that is new to the compilers
  for (let start = performance.now(); start < from + ms; start = performance.now()) {
    const then = Number(start >= from)
    compute(rounds[then]++)
    had[then] += performance.now() - start
    yield* fiber.yield()
  }
  return [had[1] - 0.5, rounds[1]]
}

/**
 * Creates load: so many threads of `tallied`, all on the carrier of this fiber. Returns how many each Worker ran, by its
 * number, 0 for those that began early. `begin`: when the last of `creators` has created all of its.
 */
export function* loads(many, creators, begin) {
  const threads = Array.from({ length: many }, (_, i) => Thread.create(entries.tallied, i, begin))
  if (Atomics.add(new Int32Array(begin.buffer, 8), 0, 1) === creators - 1) begin[0] = performance.timeOrigin + performance.now()
  const tally = {}
  for (const thread of threads.reverse()) {                // the last first: the joiner shall not have work beside the threads'
    const worker = yield* fiber.join(thread)
    tally[worker] = (tally[worker] ?? 0) + 1
  }
  return tally
}

/** `compute`; returns the number of the Worker that ran it, or 0 if it began less than 100 ms after `begin[0]`. */
export function tallied(seed, begin) {
  const late = performance.timeOrigin + performance.now() - begin[0] > 100
  return compute(seed) !== 0 && late ? threadId : 0
}
