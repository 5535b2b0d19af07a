// What carriers are made to run.

import { dispatch, fiber, load, Mutex, Semaphore, Thread } from 'pthreads'

/** Itself, as who creates threads names it. */
const work = load<typeof import('./dispatch-work.ts')>(new URL(import.meta.url))

let calls = 0
/** How often this carrier has called it. */
export function tally(): number {
  return ++calls
}

export function add(a: number, b: number): number {
  return a + b
}

export function fail(): never {
  throw Object.assign(new RangeError('no such shard'), { code: 'ESHARD' })
}

export function* sleepFor(ms: number): Generator<unknown, string> {
  yield* fiber.sleep(ms)
  return 'slept'
}

export function write(log: Int32Array, what: number): void {
  log[1 + Atomics.add(log, 0, 1)] = what
}

export function* writeWhenPosted(semaphore: Semaphore, log: Int32Array, what: number): Generator<unknown, void> {
  yield* fiber.acquire(semaphore)
  write(log, what)
}

/** Keeps its carrier until the word changes. */
export function freeze(runs: Semaphore, word: Int32Array): void {
  runs.post()
  while (Atomics.load(word, 0) === 0) Atomics.wait(word, 0, 0)
}

export function freezeAndExit(runs: Semaphore, word: Int32Array): void {
  freeze(runs, word)
  process.exit(3)
}

export function set(word: Int32Array): void {
  Atomics.store(word, 0, 1)
}

/** Sleeps never: its verbs have nothing to wait for. */
export function* lockUntil(runs: Semaphore, mutex: Mutex, word: Int32Array): Generator<unknown, boolean> {
  runs.post()
  while (Atomics.load(word, 0) === 0) {
    yield* fiber.lock(mutex)
    mutex.unlock()
  }
  return true
}

export function* joinOne(thread: Thread<number>): Generator<unknown, number> {
  return yield* fiber.join(thread)
}

/** From whatever thread it is called. */
export function addsOn(carrier: number, a: number, b: number): number {
  return dispatch(carrier, work.add, a, b).join()
}

export function* dispatchesAndJoins(carrier: number, a: number, b: number): Generator<unknown, number> {
  return yield* fiber.join(dispatch(carrier, work.add, a, b))
}
