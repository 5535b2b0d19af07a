// Asynchronous forms: a wait with a thread record of its own, so that promises stand in the same queues as threads.

import { peek } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { kernel, record } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { settle, type Sleeper } from '../kernel/request.ts'
import { closeAsync, openAsync } from '../kernel/thread.ts'
import { ErrnoError } from './errors.ts'

/** Runs `sleeper` as a record of its own; the record is free again when the promise has settled. */
export async function later<T>(operation: string, sleeper: (slot: number, tid: number) => Sleeper<T>): Promise<T> {
  const slot = begin(operation)
  try {
    return await settle(slot, sleeper(slot, tidOf(slot)))
  } finally {
    closeAsync(slot)
  }
}

/** A record of its own. Throws ErrnoError EAGAIN when there are too many. */
export function begin(operation: string): number {
  const slot = openAsync()
  if (slot < 0) throw new ErrnoError(-slot, operation, `${operation}: too many threads and asynchronous waits`)
  return slot
}

/** The tid of record `slot`. */
export function tidOf(slot: number): number {
  return peek(kernel, record(slot) + ThreadRecord.tid)
}

/** The absolute time in `ms` milliseconds; never, if undefined. Throws TypeError or RangeError for what is no duration. */
export function after(ms: number | undefined): number {
  if (ms === undefined) return Infinity
  if (typeof ms !== 'number') throw new TypeError(`timeout: ${typeof ms}, not a number of milliseconds`)
  if (Number.isNaN(ms) || ms < 0) throw new RangeError(`timeout: ${ms} is not a number of milliseconds from 0`)
  return ms === Infinity ? Infinity : now(CLOCK_MONOTONIC) + ms
}
