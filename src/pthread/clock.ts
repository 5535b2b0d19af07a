// Clocks.  POSIX.1-2024 clock_gettime, clock_getres, clock_settime.

import { CLOCK_MONOTONIC, CLOCK_REALTIME, now } from '../kernel/clock.ts'
import { EINVAL, EPERM } from '../kernel/errno.ts'
import { cpuOfCaller } from '../kernel/exit.ts'
import { host } from '../kernel/host.ts'
import { setTimespec, type MutableTimespec, type Timespec } from './timespec.ts'

/** Processor time of the process. */
export const CLOCK_PROCESS_CPUTIME_ID = 2
/** Processor time of the calling thread. */
export const CLOCK_THREAD_CPUTIME_ID = 3

// ms, or NaN for what is no clock
function read(clock: number): number {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC: return now(clock)
    case CLOCK_PROCESS_CPUTIME_ID: return host.processCpuTime()
    case CLOCK_THREAD_CPUTIME_ID: return cpuOfCaller()
    default: return NaN
  }
}

/** Stores the time on `clock` in `tp`. EINVAL: no clock, or one that this host has not got. */
export function clock_gettime(clock: number, tp: MutableTimespec): number {
  const ms = read(clock)
  if (Number.isNaN(ms)) return EINVAL
  setTimespec(tp, ms)
  return 0
}

// REALTIME is Date.now, CPU times are what the operating system accounts.
const resolutions: Readonly<Record<number, number>> = {
  [CLOCK_REALTIME]: 1, [CLOCK_MONOTONIC]: 1e-6, [CLOCK_PROCESS_CPUTIME_ID]: 1e-3, [CLOCK_THREAD_CPUTIME_ID]: 1e-6,
}

/** Stores the resolution of `clock` in `res`. EINVAL: no clock. */
export function clock_getres(clock: number, res?: MutableTimespec): number {
  if (!(clock in resolutions)) return EINVAL
  if (res !== undefined) setTimespec(res, resolutions[clock])
  return 0
}

/** Clocks cannot be set: EPERM; EINVAL for what is no clock that could be, or no time. */
export function clock_settime(clock: number, tp: Timespec): number {
  return clock === CLOCK_REALTIME && tp.tv_nsec >= 0 && tp.tv_nsec < 1e9 ? EPERM : EINVAL
}
