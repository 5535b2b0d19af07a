// The threads of port-serve.test.ts.

import { fiber, Port, type Semaphore, Thread, thread } from 'pthreads'

/** Ends in some way, when it may. */
export function ends(go: Semaphore, how: string): void {
  go.wait()
  if (how === 'throw') throw new Error('it ends so')
  if (how === 'exit') process.exit(7)
}

/** The same in a fiber. */
export function* endsFiber(go: Semaphore, how: string): Generator<unknown, void> {
  yield* fiber.acquire(go)
  if (how === 'throw') throw new Error('it ends so')
}

/** Asks; returns the error's code. */
export function asks(port: Port<number, number>): string {
  try {
    return String(port.do(1))
  } catch (error) {
    return (error as { code: string }).code
  }
}

export function doubled(port: Port<number, number>, n: number): number {
  return port.do(n)
}

/** Answers two, when it may, and ends. */
export function servesTwo(port: Port<number, number>, go: Semaphore): void {
  go.wait()
  for (let i = 0; i < 2; i++) port.wait().answer(n => 2 * n)
}

const askOther = thread(import.meta, function askOther(port: Port<number, number>) {
  try {
    return String(port.do(1))
  } catch (error) {
    return (error as { code: string }).code
  }
})

/** Serves two ports of which it takes nothing: lets go of the one that somebody asks, and ends with the other one. */
export function servesItself(other: Port<number, number>): string {
  other.serve()
  const mine = new Port<number, number>()
  mine.serve()
  const asked = Thread.create(askOther, mine)
  mine[Symbol.dispose]()
  return asked.join()
}
