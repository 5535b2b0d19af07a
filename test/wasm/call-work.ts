// Threads that call C.

import { fiber, type Entry } from 'pthreads'
import { memory, SIG_DFL, sigaction, SIGUSR1 } from 'pthreads/posix'
import { call, calling, type Exported } from 'pthreads/wasm'

type C = Entry<Exported>

export const callsTwice = (count: C, n: number): number => Number(call(count, n)) * 0 + Number(call(count, n))

export function keeps(set: C, get: C, value: number): number {
  if (call(get) !== 0) throw new Error('it has a value')
  call(set, value)
  return Number(call(get))
}

export function* takes(take: C): Generator<unknown, number> {
  return Number(yield* calling(take))
}

export function* countsBySteps(count: C, steps: number): Generator<unknown, number> {
  let sum = 0
  for (let i = 0; i < steps; i++) {
    const counted = Number(yield* calling(count, 1))
    sum += counted
    yield* fiber.yield()
  }
  return sum
}

export function callsBoth(first: C, second: C): number {
  let last = 0
  for (let i = 0; i < 3; i++) last = Number(call(first, 1)) + Number(call(second, i === 0 ? 40 : 0))
  return last
}

export function* sleeps(): Generator<unknown, void> {
  yield* fiber.sleep(100_000)
}

/** Waits in a program; a handler calls that, and tries to call another one. Returns why it could not. */
export function* handles(take: C, own: C, other: C, handled: Int32Array): Generator<unknown, string> {
  let told = ''
  const handler = (): void => {
    const seven = Number(call(own))
    try {
      call(other)
    } catch (error) {
      told = (error as NodeJS.ErrnoException).code ?? String(error)
    }
    Atomics.store(handled, 0, seven)
  }
  sigaction(memory(), SIGUSR1, { sa_handler: handler })
  yield* calling(take)
  sigaction(memory(), SIGUSR1, { sa_handler: SIG_DFL })
  return told
}
