// Rendezvous with threads that cannot say themselves where they are: they sleep.

import { Thread, type ThreadStats } from 'pthreads'

const pause = new Int32Array(new SharedArrayBuffer(4))
const PATIENCE = 30_000

/** Returns as soon as `condition` holds, looking every millisecond; does not turn the event loop. Throws if it never does. */
export function until(what: string, condition: () => boolean): void {
  const late = performance.now() + PATIENCE
  while (!condition()) {
    if (performance.now() > late) throw new Error(`it never came to this: ${what}`)
    Atomics.wait(pause, 0, 0, 1)
  }
}

/** {@link until} for what only the event loop of the caller brings about. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const late = performance.now() + PATIENCE
  while (!condition()) {
    if (performance.now() > late) throw new Error(`it never came to this: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

/** Returns when `thread` sleeps on that. */
export function asleep(thread: Thread, on: ThreadStats['waitsFor']): void {
  until(`${String(thread)} sleeps on ${on}`, () => thread.stats.waitsFor === on)
}

/** Returns when `thread` has ended. */
export function ended(thread: Thread): void {
  until(`${String(thread)} has ended`, () => thread.state === 'exited')
}

/** Words of shared memory, all 0. */
export function words(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * count))
}
