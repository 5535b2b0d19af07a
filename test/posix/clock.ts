// Absolute times, as struct timespec.

import { CLOCK_MONOTONIC, CLOCK_REALTIME, type Clock, type Timespec } from 'pthreads/posix'

/** The time on `clock` in `ms` milliseconds. */
export function at(clock: Clock, ms: number): Timespec {
  const [seconds, nanoseconds] = clock === CLOCK_MONOTONIC ? process.hrtime() : [Math.floor(Date.now() / 1000), Date.now() % 1000 * 1e6]
  const total = nanoseconds + ms * 1e6
  return { tv_sec: seconds + Math.floor(total / 1e9), tv_nsec: (total % 1e9 + 1e9) % 1e9 }
}

/** Clocks that timed waits may be measured on. */
export const clocks: readonly (readonly [string, Clock])[] = [['CLOCK_REALTIME', CLOCK_REALTIME], ['CLOCK_MONOTONIC', CLOCK_MONOTONIC]]

/** A clock id that stands for no clock. */
export const NO_CLOCK = 77 as Clock

/** A time that comes only when a test hangs. */
export const late = (clock: Clock): Timespec => at(clock, 60_000)

/** Nanoseconds that are none. */
export const wrong: readonly number[] = [-1, 1e9, 2 ** 31 - 1]
