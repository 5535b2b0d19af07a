// The dining philosophers: each needs the two forks beside the plate, and each fork is a mutex. Nobody starves in
// a circle of hungry people holding one fork each, because all take the fork with the lower number first. A thread is a
// generator, so it may be a Worker or share one with others: add --model m:1 or --model m:n.
//
//   pthreads run build/examples/philosophers/main.js -- [philosophers] [meals of each]

import { Mutex, Thread, fiber, thread } from 'pthreads'

type Steps<T> = Generator<unknown, T>

const dine = thread(import.meta, function* dine(meals: number, first: Mutex, second: Mutex, eaten: Int32Array): Steps<number> {
  for (let meal = 0; meal < meals; meal++) {
    yield* fiber.lock(first)
    yield* fiber.yield()                                    // reaching out takes a while: others run, and want forks too
    yield* fiber.lock(second)
    Atomics.add(eaten, 0, 1)
    second.unlock()
    first.unlock()
  }
  return meals
})

/** Runs the program; returns its exit code. */
export function* main([philosophers = '5', meals = '1000']: string[]): Steps<number> {
  const seats = Number(philosophers), each = Number(meals)
  if (!Number.isInteger(seats) || seats < 2 || !Number.isInteger(each) || each < 0) {
    console.error('philosophers: two numbers: how many philosophers (2 or more), how many meals each has')
    return 2
  }
  const eaten = new Int32Array(new SharedArrayBuffer(4))
  const forks = Array.from({ length: seats }, (_, i) => new Mutex({ name: `fork ${i}` }))

  const diners = forks.map((fork, seat) => {
    const next = (seat + 1) % seats
    const [first, second] = seat < next ? [fork, forks[next]] : [forks[next], fork]
    return Thread.create({ name: `philosopher ${seat}` }, dine, each, first, second, eaten)
  })

  for (const diner of diners) console.log(`${diner.name} has had ${yield* fiber.join(diner)} meals`)
  console.log(`meals eaten: ${eaten[0]}`)
  return eaten[0] === seats * each ? 0 : 1
}
