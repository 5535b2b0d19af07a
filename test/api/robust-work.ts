// What threads do with robust mutexes.

import { Mutex, type Condition, type Semaphore } from 'pthreads'

/** 'locked', or the code of the error. */
export function triesLock(mutex: Mutex): string {
  try {
    mutex.lock()
  } catch (error) {
    return (error as { code: string }).code
  }
  mutex.unlock()
  return 'locked'
}

export function holdsForEver(mutex: Mutex, held: Semaphore): never {
  mutex.lock()
  held.post()
  for (;;);
}

export async function holdsAsyncForEver(mutex: Mutex, held: Semaphore): Promise<void> {
  await mutex.lockAsync()
  held.post()
  for (;;);
}

export function holdsAndExits(mutex: Mutex): never {
  mutex.lock()
  process.exit(0)
}

/** Waits once for the condition; whether the mutex's holder had died then. */
export function waitsOnce(mutex: Mutex, condition: Condition): boolean {
  using _ = mutex.lock()
  condition.wait(mutex)
  const { ownerDied } = mutex
  mutex.consistent()
  return ownerDied
}

export function signalsAndLeaves(mutex: Mutex, condition: Condition, held: Semaphore, go: Semaphore): void {
  mutex.lock()
  condition.signal()
  held.post()
  go.wait()
}

/** Locks mutexes that nobody else has and forgets them, while garbage is made. */
export async function locksAndDrops(count: number): Promise<number> {
  for (let i = 0; i < count; i++) new Mutex({ robust: true }).lock()
  for (let i = 0; i < 20; i++) {
    Array.from({ length: 50_000 }, (_, n) => ({ n }))
    await new Promise(resolve => setTimeout(resolve, 1))                 // a turn of the event loop: finalizers run
  }
  return count
}

export function locksBoth(first: Mutex, second: Mutex, held: Semaphore, go: Semaphore): void {
  using _ = first.lock()
  held.post()
  go.wait()
  using __ = second.lock()
}

export function waits(go: Semaphore): void {
  go.wait()
}
