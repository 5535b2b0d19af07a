// Philosophers who hang, on purpose: each takes the fork on the left, waits until all have one, and then wants the fork on
// the right, which a neighbour holds. `pthreads run` notices after a second and says who waits for whom. Ctrl-C ends it.
//
//   pthreads run build/examples/deadlock/main.js -- [philosophers]
//   pthreads run --trace-sites build/examples/deadlock/main.js

import { Mutex, Semaphore, Thread, thread } from 'pthreads'

const dine = thread(import.meta, function dine(left: Mutex, right: Mutex, seated: Semaphore, start: Semaphore): void {
  using _left = left.lock()
  seated.post()
  start.wait()
  using _right = right.lock()
})

/** Runs the program; returns its exit code, if its arguments make no sense. */
export function main([philosophers = '5']: string[]): number {
  const seats = Number(philosophers)
  if (!Number.isInteger(seats) || seats < 1) {
    console.error('deadlock: one number: how many philosophers (1 or more)')
    return 2
  }
  const seated = new Semaphore(0, { name: 'seated' }), start = new Semaphore(0, { name: 'start' })
  const forks = Array.from({ length: seats }, (_, i) => new Mutex({ name: `fork ${i}`, type: 'normal' }))
  const diners = forks.map((fork, seat) => Thread.create({ name: `philosopher ${seat}` }, dine, fork, forks[(seat + 1) % seats], seated, start))

  for (const _ of diners) seated.wait()
  console.log('everybody holds one fork')
  start.post(seats)
  for (const diner of diners) diner.join()
  return 0
}
