// Clocks.  POSIX.1-2024 clock_gettime, clock_getres, clock_settime.

import { CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, now, threadOfCpuClock } from '../kernel/clock.ts'
import { EINVAL, EPERM } from '../kernel/errno.ts'
import { cpuOfCaller, cpuOfSlot } from '../kernel/exit.ts'
import { host } from '../kernel/host.ts'
import { self } from '../kernel/process.ts'
import { find } from '../kernel/thread.ts'
import { setTimespec, type MutableTimespec, type Timespec } from './timespec.ts'

// ms, or NaN for what is no clock
function read(clock: number): number {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC: return now(clock)
    case CLOCK_PROCESS_CPUTIME_ID: return host.processTime()
    case CLOCK_THREAD_CPUTIME_ID: return cpuOfCaller()
    default: return cpuOf(threadOfCpuClock(clock))
  }
}

function cpuOf(thread: number): number {
  return thread === self.tid ? cpuOfCaller() : cpuOfSlot(find(thread))
}

/** Stores the time on `clock` in `tp`. EINVAL: no clock, or one that cannot be read here: another thread's, where the host cannot tell. */
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
  const exact = clock in resolutions ? resolutions[clock] : find(threadOfCpuClock(clock)) === 0 ? 0 : 1e-6
  if (exact === 0) return EINVAL
  if (res !== undefined) setTimespec(res, exact)
  return 0
}

/** Clocks cannot be set: EPERM; EINVAL for what is no clock that could be, or no time. */
export function clock_settime(clock: number, tp: Timespec): number {
  return clock === CLOCK_REALTIME && tp.tv_nsec >= 0 && tp.tv_nsec < 1e9 ? EPERM : EINVAL
}
