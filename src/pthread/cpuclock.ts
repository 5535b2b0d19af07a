// pthread_getcpuclockid.  POSIX.1-2024.

import { poke } from '#atomics'
import { cpuClockOf } from '../kernel/clock.ts'
import { ESRCH } from '../kernel/errno.ts'
import { find } from '../kernel/thread.ts'
import type { Address, Memory } from '../mem/memory.ts'

/** Stores at `clock` the id of the clock that measures the processor time of `thread`, for clock_gettime. ESRCH. */
export function pthread_getcpuclockid(m: Memory, thread: number, clock: Address): number {
  if (find(thread) === 0) return ESRCH
  poke(m, clock, cpuClockOf(thread))
  return 0
}
