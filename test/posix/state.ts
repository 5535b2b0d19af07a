// What a thread does, by its pthread_t: the rendezvous of these tests.

import { load } from '#atomics'
import { kernel, record } from '#internal/kernel/process.js'
import { State, ThreadRecord } from '#internal/kernel/records.js'
import { find } from '#internal/kernel/thread.js'
import { wmesg, type Wmesg } from '#internal/kernel/wmesg.js'
import { until } from '../api/until.ts'

const ASLEEP = 1

/** Whether a record of that thread exists: it runs, or it ended and was neither joined nor detached. */
export function exists(thread: number): boolean {
  return find(thread) !== 0
}

/** Whether the thread sleeps on that: it is queued, and has done what comes between that and its suspension. */
export function sleepsOn(thread: number, on: Wmesg): boolean {
  const t = record(find(thread))
  return exists(thread) && load(kernel, t + ThreadRecord.state) === State.SLEEPING && load(kernel, t + ThreadRecord.wmesg) === wmesg[on]
    && load(kernel, t + ThreadRecord.park) === ASLEEP
}

/** Returns when the thread sleeps on that. */
export function asleep(thread: number, on: Wmesg): void {
  until(`thread ${thread} sleeps on ${on}`, () => sleepsOn(thread, on))
}

/** Whether the thread has ended and waits to be joined. */
export function hasEnded(thread: number): boolean {
  return exists(thread) && load(kernel, record(find(thread)) + ThreadRecord.state) === State.EXITED
}

/** Returns when the thread has ended and waits to be joined. */
export function ended(thread: number): void {
  until(`thread ${thread} has ended`, () => hasEnded(thread))
}

/** Returns when nothing is left of the thread. */
export function gone(thread: number): void {
  until(`thread ${thread} is gone`, () => !exists(thread))
}
