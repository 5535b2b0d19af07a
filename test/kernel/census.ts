// Rendezvous with threads by the kernel's tables, for fixtures; what may not be left behind is in ../leftovers.ts.

import { load } from '#atomics'
import { held } from '#internal/kernel/handle.js'
import { arena, kernel, record, self } from '#internal/kernel/process.js'
import { PROCESS, Process, ThreadRecord } from '#internal/kernel/records.js'
import { snapshots } from '#internal/kernel/snapshot.js'
import { lastSlot } from '#internal/kernel/thread.js'
import { used } from '#internal/mem/arena.js'
import type { Thread, ThreadStats } from 'pthreads'

export { nothingLeft } from '../leftovers.ts'

const pause = new Int32Array(new SharedArrayBuffer(4))
const PATIENCE = 8000

/** Returns as soon as `condition` holds, blocking; throws if it never does. For states that nobody can announce: being asleep, being gone. */
export function until(what: string | (() => string), condition: () => boolean): void {
  const late = performance.now() + PATIENCE
  while (!condition()) {
    if (performance.now() > late) throw new Error(`never came true: ${typeof what === 'string' ? what : what()}`)
    Atomics.wait(pause, 0, 0, 1)
  }
}

/** Returns when the thread sleeps on that. */
export function untilSleeps(thread: Thread, on: ThreadStats['waitsFor']): void {
  until(() => `${String(thread)} sleeps on ${on}; it sleeps on "${thread.stats.waitsFor}"`, () => thread.stats.waitsFor === on)
}

/** Returns when `count` threads stand in queues of the futex. */
export function untilQueued(count: number): void {
  until(() => `${count} threads sleep; ${sleepers().length} do`, () => sleepers().length === count)
}

/** Slots of the threads in queues, but for the caller's. */
export function sleepers(): number[] {
  return snapshots().map(({ slot }) => slot).filter(slot => slot !== self.slot && load(kernel, record(slot) + ThreadRecord.bucket) !== 0)
}

/** What is in use: compare two of them. */
export function inUse(): { handles: number, bytes: number, records: number, carriers: number } {
  return { handles: held(), bytes: used(arena), records: lastSlot(), carriers: load(kernel, PROCESS + Process.bumpCarrier) }
}
