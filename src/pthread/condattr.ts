// Attributes of conditions.  POSIX.1-2024 pthread_condattr_init, _destroy, _getclock, _getpshared and the setters.

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from '../kernel/clock.ts'
import { EINVAL } from '../kernel/errno.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { DESTROYED, isPshared } from './pshared.ts'
import { CondAttr } from './records.ts'

/** Default attributes of a condition. */
export function pthread_condattr_init(m: Memory, attr: Address): number {
  if (!fits(m, attr, CondAttr.size)) return EINVAL
  m.i32.fill(0, attr >>> 2, (attr + CondAttr.size) >>> 2)
  return 0
}

/** Ends the attributes' life: using them is EINVAL. Initializing them begins another. */
export function pthread_condattr_destroy(m: Memory, attr: Address): number {
  if (!areCondAttributes(m, attr)) return EINVAL
  poke(m, attr + CondAttr.pshared, DESTROYED)
  return 0
}

/** Whether there are attributes at `attr`. */
export function areCondAttributes(m: Memory, attr: Address): boolean {
  return fits(m, attr, CondAttr.size) && isPshared(peek(m, attr + CondAttr.pshared))
}

/** Clock of pthread_cond_timedwait: CLOCK_REALTIME (0, default) or CLOCK_MONOTONIC (1); else EINVAL. */
export function pthread_condattr_setclock(m: Memory, attr: Address, clock: number): number {
  if ((clock !== CLOCK_REALTIME && clock !== CLOCK_MONOTONIC) || !areCondAttributes(m, attr)) return EINVAL
  poke(m, attr + CondAttr.clock, clock)
  return 0
}

/** Stores the clock at `value`. */
export function pthread_condattr_getclock(m: Memory, attr: Address, value: Address): number {
  if (!areCondAttributes(m, attr) || !fits(m, value, 4)) return EINVAL
  poke(m, value, peek(m, attr + CondAttr.clock))
  return 0
}

/** PTHREAD_PROCESS_PRIVATE (default) or PTHREAD_PROCESS_SHARED; else EINVAL. Whoever shares the memory shares the condition, either way. */
export function pthread_condattr_setpshared(m: Memory, attr: Address, pshared: number): number {
  if (!isPshared(pshared) || !areCondAttributes(m, attr)) return EINVAL
  poke(m, attr + CondAttr.pshared, pshared)
  return 0
}

/** Stores which of the two at `value`. */
export function pthread_condattr_getpshared(m: Memory, attr: Address, value: Address): number {
  if (!areCondAttributes(m, attr) || !fits(m, value, 4)) return EINVAL
  poke(m, value, peek(m, attr + CondAttr.pshared))
  return 0
}
