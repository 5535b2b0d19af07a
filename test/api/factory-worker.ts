// The module of a Worker that a factory makes: it registers its functions.

import { Mutex, Semaphore, serve, Thread } from 'pthreads'

export function double(n: number): number {
  return n * 2
}

export async function later(n: number): Promise<number> {
  await new Promise(resolve => setTimeout(resolve, 1))
  return n + 1
}

export function count(mutex: Mutex, counter: Int32Array, times: number): string {
  for (let i = 0; i < times; i++) mutex.with(() => counter[0]++)
  return Thread.current.name
}

export function nests(go: Semaphore): number {
  go.wait()
  return Thread.inline((n: number) => n + 1, 1).join()
}

export function fails(): never {
  throw new RangeError('in the factory\'s Worker')
}

export function notServed(): void { /* only its name is used */ }

serve({ double, later, count, nests, fails })
