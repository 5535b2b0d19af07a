// A rendezvous: the I/O thread is busy, so that calls of others queue.

import { load, Semaphore, Thread } from 'pthreads'

const work = load<typeof import('./run-sync-work.ts')>(new URL('./run-sync-work.js', import.meta.url))

/** The I/O thread is in a call of `blocker` from now on, until `gate` is posted. */
export function blockIo(): { blocker: Thread<string>, gate: Semaphore } {
  const entered = new Semaphore(0), gate = new Semaphore(0), blocker = Thread.create(work.tellsDeathOfBlock, entered, gate)
  entered.wait()
  return { blocker, gate }
}
