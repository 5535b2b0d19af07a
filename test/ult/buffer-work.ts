// What fibers run that are given shared buffers.

import { fiber, load, Thread, type Semaphore } from 'pthreads'
import { meetRunning } from './work.ts'

const entries = load<typeof import('./buffer-work.ts')>(new URL(import.meta.url))

type Run<T> = Generator<unknown, T>

/** As {@link meetRunning}, and adds up in `cell` and in `tally`. */
export function* meetWith(n: number, together: Semaphore, cell: Int32Array, tally: SharedArrayBuffer): Run<number> {
  Atomics.add(cell, 0, 1)
  Atomics.add(new Int32Array(tally), 1, 1)
  return yield* meetRunning(n, together)
}

export function* createMeetingsWith(n: number, together: Semaphore, cell: Int32Array): Run<number> {
  const all = Array.from({ length: n }, () => Thread.create(entries.meetWith, n, together, cell, cell.buffer as SharedArrayBuffer))
  const carriers = new Set<number>()
  for (const each of all) carriers.add(yield* fiber.join(each))
  return carriers.size
}

export function* passOn(cell: Int32Array, times: number): Run<number> {
  Atomics.add(cell, 0, 1)
  if (times > 0) yield* fiber.join(Thread.create(entries.passOn, cell, times - 1))
  return Atomics.load(cell, 0)
}

let kept: SharedArrayBuffer | undefined

/** Whether it is the buffer that the last one on this carrier was given. */
export const sameAgain = (buffer: SharedArrayBuffer, view: Uint8Array): boolean => {
  const same = (kept ?? buffer) === buffer && view.buffer === buffer
  kept = buffer
  return same
}

/** Lends its buffer to fibers on this carrier that have not begun when it dies, or run elsewhere. */
export function* createAndExit(cell: Int32Array): Run<void> {
  yield* fiber.yield()
  const own = new Int32Array(new SharedArrayBuffer(8))
  for (let i = 0; i < 5; i++) Thread.create({ detached: true }, entries.addsTo, own, cell)
  process.exit(5)
}

export function addsTo(own: Int32Array, cell: Int32Array): void {
  Atomics.add(own, 0, 1)
  Atomics.add(cell, 1, 1)
  Atomics.notify(cell, 1)
}

declare const gc: () => void

/** Its buffer is garbage on this carrier when the next one comes. */
export function* fillAndDrop(bytes: Uint8Array): Run<number> {
  bytes.fill(1)
  const { length } = bytes
  yield* fiber.yield()
  return length
}

/** Collects, and lets finalizers run, on every carrier. */
export async function collect(n: number, together: Semaphore): Promise<void> {
  together.post()
  while (together.value < n);
  for (let i = 0; i < 3; i++) {
    gc()
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}
