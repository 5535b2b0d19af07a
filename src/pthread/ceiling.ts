// Priority ceilings of mutexes.  POSIX.1-2024 pthread_mutex_getprioceiling, pthread_mutex_setprioceiling.

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EINVAL } from '../kernel/errno.ts'
import { block, type Sleeper } from '../kernel/request.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { lockYielding, pthread_mutex_unlock } from './mutex.ts'
import { isCeiling } from './mutexattr.ts'
import { kindOf, PROTECT } from './mutextype.ts'
import { Mutex } from './records.ts'

/** Stores the mutex's ceiling at `ceiling`. EINVAL if its protocol is not PTHREAD_PRIO_PROTECT. */
export function pthread_mutex_getprioceiling(m: Memory, mutex: Address, ceiling: Address): number {
  if (!fits(m, mutex, Mutex.size) || !fits(m, ceiling, 4) || (kindOf(m, mutex) & PROTECT) === 0) return EINVAL
  poke(m, ceiling, peek(m, mutex + Mutex.ceiling))
  return 0
}

/**
 * Locks the mutex, changes its ceiling, unlocks it; the ceiling before is stored at `old`, unless that is 0. EINVAL if the
 * protocol is not PTHREAD_PRIO_PROTECT or the ceiling no priority of SCHED_FIFO; and the errors of pthread_mutex_lock, of
 * which EOWNERDEAD leaves the mutex locked and the ceiling as it was.
 */
export function pthread_mutex_setprioceiling(m: Memory, mutex: Address, ceiling: number, old: Address = 0): number {
  if (!fits(m, mutex, Mutex.size) || (kindOf(m, mutex) & PROTECT) === 0 || !isCeiling(ceiling)) return EINVAL
  return block(set_slow(m, mutex, ceiling, old))
}

function* set_slow(m: Memory, mutex: Address, ceiling: number, old: Address): Sleeper<number> {
  const errno = yield* lockYielding(m, mutex, Infinity, CLOCK_MONOTONIC)
  if (errno !== 0) return errno
  if (old !== 0) poke(m, old, peek(m, mutex + Mutex.ceiling))
  poke(m, mutex + Mutex.ceiling, ceiling)
  return pthread_mutex_unlock(m, mutex)
}
