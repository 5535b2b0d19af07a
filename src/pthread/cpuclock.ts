// Clocks of processor time.  POSIX.1-2024 pthread_getcpuclockid, clock_getcpuclockid.

import { poke } from '#atomics'
import { CLOCK_PROCESS_CPUTIME_ID, cpuClockOf } from '../kernel/clock.ts'
import { EINVAL, ESRCH } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import { find } from '../kernel/thread.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'

/** Stores at `clock` the id of the clock that measures the processor time of `thread`, for clock_gettime. ESRCH. */
export function pthread_getcpuclockid(m: Memory, thread: number, clock: Address): number {
  if (find(thread) === 0) return ESRCH
  if (!fits(m, clock, 4)) return EINVAL
  poke(m, clock, cpuClockOf(thread))
  return 0
}

/** Stores at `clock` the id of the clock that measures the processor time of the process `pid`, 0: this one. ESRCH for another one. */
export function clock_getcpuclockid(m: Memory, pid: number, clock: Address): number {
  if (pid !== 0 && pid !== host.pid()) return ESRCH
  if (!fits(m, clock, 4)) return EINVAL
  poke(m, clock, CLOCK_PROCESS_CPUTIME_ID)
  return 0
}
