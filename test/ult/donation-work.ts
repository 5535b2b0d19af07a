// What the threads of the tests of directed yield run, all of them on one carrier.

import { fiber, load, Mutex, Semaphore, Thread } from 'pthreads'

const entries = load<typeof import('./donation-work.ts')>(new URL(import.meta.url))

type Run<T> = Generator<unknown, T>

/** How many verbs a thread calls that only computes, at the most: a failure shall end. */
const VERBS = 20_000

let turns = 0, runs = 0, wanted = false, over = false

/** The calling thread runs; `counts`: it is one of those that only compute. */
function note(counts: boolean): void {
  if (runs === Thread.current.tid) return
  runs = Thread.current.tid
  if (counts) turns++
}

/** Computes, and calls verbs that never block. */
export function* computes(): Run<void> {
  const mine = new Mutex()
  for (let i = 0; i < VERBS && !over; i++) {
    note(true)
    yield* fiber.lock(mine)
    mine.unlock()
  }
  mine[Symbol.dispose]()
}

/** Has the mutex until somebody wants it, and calls verbs meanwhile: it runs until others make it give way. */
export function* holds(mutex: Mutex, has: Semaphore): Run<void> {
  yield* fiber.lock(mutex)
  has.post()
  const mine = new Mutex()
  while (!wanted) {
    note(false)
    yield* fiber.lock(mine)
    mine.unlock()
  }
  mutex.unlock()
  mine[Symbol.dispose]()
}

/** How many turns threads that only compute had between the wish for the mutex and its fulfilment. */
export function* waits(mutex: Mutex, has: Semaphore): Run<number> {
  yield* fiber.acquire(has)
  note(false)
  const before = turns
  wanted = true
  yield* fiber.lock(mutex)
  over = true
  mutex.unlock()
  return turns - before
}

function begin(): void {
  wanted = over = false
  runs = 0
}

/** The holder is made to give way by the waiter, and is queued behind `n` others. */
export function* turnsUntilLocked(mutex: Mutex, n: number): Run<number> {
  begin()
  const has = new Semaphore()
  const waiter = Thread.create({ priority: 30 }, entries.waits, mutex, has)
  const others = [Thread.create(entries.holds, mutex, has), ...Array.from({ length: n }, () => Thread.create(entries.computes))]
  const result = yield* fiber.join(waiter)
  for (const each of others) yield* fiber.join(each)
  return result
}

/** The holder has a lower priority than `n` others. Its caller must have a higher one than all. */
export function* turnsByInheritance(mutex: Mutex, n: number): Run<number> {
  begin()
  const has = new Semaphore(), again = new Semaphore(1)
  const holder = Thread.create({ priority: 10 }, entries.holds, mutex, has)
  yield* fiber.acquire(has)
  const others = [holder, ...Array.from({ length: n }, () => Thread.create({ priority: 20 }, entries.computes))]
  const result = yield* fiber.join(Thread.create({ priority: 30 }, entries.waits, mutex, again))
  for (const each of others) yield* fiber.join(each)
  return result
}

/** Two threads that wait for each other's locks, again and again, and one that only wants its turn: how often it had one when they are done. */
export function* pingPong(rounds: number): Run<number> {
  const locks = [new Mutex(), new Mutex(), new Mutex()]
  const ended = { count: 0 }
  bystanders.push(ended)
  const two = [0, 1].map(i => Thread.create(entries.handsOver, locks[0], locks[1], locks[2], i, rounds))
  const third = Thread.create(entries.stands)
  for (const each of two) yield* fiber.join(each)
  const turns = ended.count
  ended.count = -1
  yield* fiber.join(third)
  return turns
}

const bystanders: { count: number }[] = []

export function* stands(): Run<void> {
  const mine = bystanders.pop()!
  while (mine.count >= 0) {
    mine.count++
    yield* fiber.yield()
  }
}

/** Takes the three locks round and round, each before it lets go of the last one. */
export function* handsOver(a: Mutex, b: Mutex, c: Mutex, first: number, rounds: number): Run<void> {
  const locks = [a, b, c]
  yield* fiber.lock(locks[first])
  if (first === 0) yield* fiber.yield()
  for (let i = 0; i < rounds; i++) {
    yield* fiber.lock(locks[(first + i + 1) % 3])
    locks[(first + i) % 3].unlock()
  }
  locks[(first + rounds) % 3].unlock()
}
