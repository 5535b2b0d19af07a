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
