// Producers and consumers, with a buffer of eight places between them: the monitor of the textbooks, one mutex and
// two conditions. Whoever finds the buffer full, or empty, waits until the other side has made that untrue. The threads are
// generators, so any model runs them: add --model m:1 or --model m:n.
//
//   pthreads run build/examples/bounded-buffer/main.js -- [items] [producers] [consumers]

import { Condition, Mutex, Thread, fiber, thread } from 'pthreads'

type Steps<T> = Generator<unknown, T>

/** The shared ints, all guarded by the mutex: how many items were put in and taken out so far, then the places. */
const PUT = 0, TAKEN = 1, PLACES = 2, SIZE = 8

/** Puts the numbers first, first + step, … up to last. */
const produce = thread(import.meta, function* produce(
  first: number, last: number, step: number, buffer: Int32Array, mutex: Mutex, notFull: Condition, notEmpty: Condition
): Steps<void> {
  for (let item = first; item <= last; item += step) {
    yield* fiber.lock(mutex)
    while (buffer[PUT] - buffer[TAKEN] === SIZE) yield* fiber.wait(notFull, mutex)
    buffer[PLACES + buffer[PUT]++ % SIZE] = item
    notEmpty.signal()
    mutex.unlock()
  }
})

/** Takes items until `total` are taken by all consumers together; returns the sum of its own. */
const consume = thread(import.meta, function* consume(
  total: number, buffer: Int32Array, mutex: Mutex, notFull: Condition, notEmpty: Condition
): Steps<number> {
  let sum = 0
  for (let last = false; !last;) {
    yield* fiber.lock(mutex)
    while (buffer[PUT] === buffer[TAKEN] && buffer[TAKEN] < total) yield* fiber.wait(notEmpty, mutex)
    if (buffer[TAKEN] < total) {
      sum += buffer[PLACES + buffer[TAKEN]++ % SIZE]
      notFull.signal()
    }
    last = buffer[TAKEN] === total
    if (last) notEmpty.broadcast()
    mutex.unlock()
  }
  return sum
})

/** Runs the program; returns its exit code. */
export function* main([items = '10000', producers = '2', consumers = '2']: string[]): Steps<number> {
  const total = Number(items), producing = Number(producers), consuming = Number(consumers)
  if (![total, producing, consuming].every(value => Number.isInteger(value) && value > 0)) {
    console.error('bounded-buffer: three numbers: how many items, producers and consumers')
    return 2
  }
  const buffer = new Int32Array(new SharedArrayBuffer((PLACES + SIZE) * 4))
  const mutex = new Mutex({ name: 'buffer' }), notFull = new Condition(), notEmpty = new Condition()

  const sources = Array.from({ length: producing }, (_, i) =>
    Thread.create({ name: `producer ${i}` }, produce, i + 1, total, producing, buffer, mutex, notFull, notEmpty))
  const sinks = Array.from({ length: consuming }, (_, i) =>
    Thread.create({ name: `consumer ${i}` }, consume, total, buffer, mutex, notFull, notEmpty))

  let sum = 0
  for (const source of sources) yield* fiber.join(source)
  for (const sink of sinks) sum += yield* fiber.join(sink)
  console.log(`sum of ${total} items: ${sum}`)
  return sum === total * (total + 1) / 2 ? 0 : 1
}
