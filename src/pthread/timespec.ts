// Absolute times as POSIX gives them.

import { CLOCK_MONOTONIC, CLOCK_REALTIME } from '../kernel/clock.ts'

/** struct timespec. */
export interface Timespec { readonly tv_sec: number, readonly tv_nsec: number }

/** The time in ms; -1 if it is no time (EINVAL): nanoseconds below 0 or from 1e9, or `clock` is no clock. A time before the epoch has passed. */
export function deadline(t: Timespec, clock: number = CLOCK_REALTIME): number {
  if (clock !== CLOCK_REALTIME && clock !== CLOCK_MONOTONIC) return -1
  if (!(t.tv_nsec >= 0 && t.tv_nsec < 1e9) || Number.isNaN(t.tv_sec)) return -1
  return Math.max(0, t.tv_sec * 1000 + t.tv_nsec / 1e6)
}

/** The length of a time in ms; -1 if it is none (EINVAL): below 0, or nanoseconds not below 1e9. */
export function span({ tv_sec, tv_nsec }: Timespec): number {
  return tv_sec >= 0 && tv_nsec >= 0 && tv_nsec < 1e9 ? tv_sec * 1000 + tv_nsec / 1e6 : -1
}

/** A time that a function stores. */
export interface MutableTimespec { tv_sec: number, tv_nsec: number }

/** Stores `ms` in `t`. */
export function setTimespec(t: MutableTimespec, ms: number): void {
  t.tv_sec = Math.floor(ms / 1000)
  t.tv_nsec = Math.min(999_999_999, Math.round((ms - t.tv_sec * 1000) * 1e6))
}
