// What the threads of threads.test.ts and watch.test.ts do.

import { load, type Condition, type Mutex, type Once, type Semaphore, Thread } from 'pthreads'

const own = load<typeof import('./threads-work.ts')>(new URL(import.meta.url))

export function locks(mutex: Mutex): void {
  mutex.lock()
  mutex.unlock()
}

export function locksTwice(mutex: Mutex): void {
  mutex.lock()
  mutex.lock()
}

/** Locks `first`, and `second` when the other one says that it has locked its own. */
export function embraces(first: Mutex, second: Mutex, held: Semaphore, othersHeld: Semaphore, ms?: number): void {
  first.lock()
  held.post()
  othersHeld.wait()
  second.lock(ms)
}

/** Holds the mutex that the thread it joins wants. */
export function locksAndJoins(mutex: Mutex): void {
  mutex.lock()
  Thread.create(own.locks, mutex).join()
}

export function unlocks(mutex: Mutex): void {
  mutex.unlock()
}

export function waits(semaphore: Semaphore, ms?: number): void {
  semaphore.wait(ms)
}

export function waitsOn(condition: Condition, mutex: Mutex): void {
  mutex.lock()
  condition.wait(mutex)
  mutex.unlock()
}

export function joins(thread: Thread): void {
  thread.join()
}

export function returns(): number {
  return 1
}

export function throws(): never {
  throw new RangeError('on purpose')
}

export function spins(stop: Int32Array): void {
  while (Atomics.load(stop, 0) === 0);
}

export function runsOnce(once: Once, inside: Semaphore, go: Semaphore): void {
  once.run(() => {
    inside.post()
    go.wait()
  })
}

/** Locks, and ends. */
export function takes(mutex: Mutex): void {
  mutex.lock()
}
