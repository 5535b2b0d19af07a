// The sieve of Eratosthenes as a pipeline. Each stage is a thread that knows one prime: it takes numbers from the stage
// before it, drops those that its prime divides, and hands the others on; the first that comes through is the prime of
// the next stage, which it starts. What comes out at the end is prime. Between two stages lies a pipe: eight places, one
// mutex, two conditions. Nearly all that happens here is waiting: with --model m:1 a switch costs no system call.
//
//   pthreads run build/examples/pipeline/main.js -- [limit]

import { Condition, Mutex, Thread, fiber, thread } from 'pthreads'

type Steps<T> = Generator<unknown, T>

/** `ints`, guarded by the mutex: how many numbers were put in and taken out so far, then the places. */
interface Pipe { mutex: Mutex, notFull: Condition, notEmpty: Condition, ints: Int32Array }
const PUT = 0, TAKEN = 1, PLACES = 2, SIZE = 8

/** Follows the last number. */
const END = 0

interface Primes { count: number, sum: number, stages: number, sleeps: number }

function makePipe(): Pipe {
  const ints = new Int32Array(new SharedArrayBuffer((PLACES + SIZE) * 4))
  return { mutex: new Mutex({ name: 'pipe' }), notFull: new Condition(), notEmpty: new Condition(), ints }
}

function* put({ mutex, notFull, notEmpty, ints }: Pipe, value: number): Steps<void> {
  yield* fiber.lock(mutex)
  while (ints[PUT] - ints[TAKEN] === SIZE) yield* fiber.wait(notFull, mutex)
  ints[PLACES + ints[PUT]++ % SIZE] = value
  notEmpty.signal()
  mutex.unlock()
}

function* take({ mutex, notFull, notEmpty, ints }: Pipe): Steps<number> {
  yield* fiber.lock(mutex)
  while (ints[PUT] === ints[TAKEN]) yield* fiber.wait(notEmpty, mutex)
  const value = ints[PLACES + ints[TAKEN]++ % SIZE]
  notFull.signal()
  mutex.unlock()
  return value
}

function* sieve(limit: number, input: Pipe): Steps<Primes> {
  const prime = yield* take(input)
  if (prime * prime >= limit) return yield* collect(prime, input)

  const output = makePipe()
  const next = Thread.create({ name: `after ${prime}` }, sieveThread, limit, output)
  for (let value = yield* take(input); value !== END; value = yield* take(input))
    if (value % prime !== 0) yield* put(output, value)
  yield* put(output, END)
  const { count, sum, stages, sleeps } = yield* fiber.join(next)
  return { count: count + 1, sum: sum + prime, stages: stages + 1, sleeps: sleeps + Thread.current.stats.sleeps }
}

const sieveThread = thread(import.meta, sieve)

/** The last stage: whatever a smaller prime could divide is gone. */
function* collect(first: number, input: Pipe): Steps<Primes> {
  const primes = { count: 0, sum: 0, stages: 1, sleeps: 0 }
  for (let prime = first; prime !== END; prime = yield* take(input)) {
    primes.count++
    primes.sum += prime
  }
  return { ...primes, sleeps: Thread.current.stats.sleeps }
}

/** Runs the program; returns its exit code. */
export function* main([limit = '1000']: string[]): Steps<number> {
  const end = Number(limit)
  if (!Number.isInteger(end) || end < 3 || end > 1e7) {
    console.error('pipeline: one number: below which the primes are wanted (3 or more)')
    return 2
  }
  const start = performance.now()
  const pipe = makePipe()
  const first = Thread.create({ name: 'first stage' }, sieveThread, end, pipe)
  for (let value = 2; value < end; value++) yield* put(pipe, value)
  yield* put(pipe, END)
  const { count, sum, stages, sleeps } = yield* fiber.join(first)
  console.log(`${stages} stages took ${(performance.now() - start).toFixed(0)} ms and slept ${sleeps} times`)
  console.log(`primes below ${end}: ${count}, their sum is ${sum}`)
  return 0
}
