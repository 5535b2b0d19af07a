// What fibers that share a pool do: it is the module's, or that of one of them.

import { fiber, load, Semaphore, ThreadPool } from 'pthreads'

const here = load<typeof import('./fiber-work.ts')>(new URL(import.meta.url))
const early = new ThreadPool({ max: 1, name: 'of a module', idleTimeout: 0 })
let shared: ThreadPool

export function add(a: number, b: number): number {
  return a + b
}

export function hold(begun: Semaphore, go: Semaphore): number {
  begun.post()
  go.wait()
  return 7
}

export function* usesEarly(): Generator<unknown, number> {
  return yield* fiber.await(early.run(here.add, 1, 2))
}

/** Makes a pool, lends it until `go`, and closes it. */
export function* lends(made: Semaphore, go: Semaphore): Generator<unknown, number> {
  shared = new ThreadPool({ max: 2 })
  made.post()
  yield* fiber.acquire(go)
  yield* fiber.await(shared.close())
  return shared.stats.completed
}

export function* borrows(): Generator<unknown, number> {
  return yield* fiber.await(shared.run(here.add, 1, 2))
}

/** Ends while its task runs. */
export function* leavesTask(begun: Semaphore, go: Semaphore): Generator<unknown, void> {
  void shared.run(here.hold, begun, go)
  yield* fiber.acquire(begun)
}

async function afterTurn(): Promise<number> {
  await new Promise(resolve => setImmediate(resolve))
  await using pool = new ThreadPool({ max: 1 })
  return await pool.run(here.add, 3, 4)
}

export function* makesBetween(): Generator<unknown, number> {
  return yield* fiber.await(afterTurn())
}
