// Attributes of mutexes.  POSIX.1-2024 pthread_mutexattr_init, _destroy, _gettype, _getrobust, _getprotocol,
// _getprioceiling, _getpshared and the setters.  All bytes 0 are the default attributes.

import { peek, poke } from '#atomics'
import { EINVAL } from '../kernel/errno.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { PRIORITY_MAX, PRIORITY_MIN } from './limits.ts'
import {
  INHERIT, PROTECT, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_PROTECT, ROBUST,
} from './mutextype.ts'
import { isPshared } from './pshared.ts'
import { MutexAttr } from './records.ts'

const within = (value: number, least: number, most: number): boolean => Number.isInteger(value) && value >= least && value <= most

const DESTROYED = -1

// Whether there are attributes at `attr`, and, if `value` is given, a word there.
function are(m: Memory, attr: Address, value = attr): boolean {
  return fits(m, attr, MutexAttr.size) && fits(m, value, 4) && peek(m, attr + MutexAttr.type) !== DESTROYED
}

function set(m: Memory, attr: Address, field: number, valid: boolean, value: number): number {
  if (!valid || !are(m, attr)) return EINVAL
  poke(m, attr + field, value)
  return 0
}

function get(m: Memory, attr: Address, field: number, value: Address): number {
  if (!are(m, attr, value)) return EINVAL
  poke(m, value, peek(m, attr + field))
  return 0
}

/** Default attributes of a mutex. EINVAL if none can be there. */
export function pthread_mutexattr_init(m: Memory, attr: Address): number {
  if (!fits(m, attr, MutexAttr.size)) return EINVAL
  m.i32.fill(0, attr >>> 2, (attr + MutexAttr.size) >>> 2)
  return 0
}

/** Ends the attributes' life: using them is EINVAL. Initializing them begins another. */
export function pthread_mutexattr_destroy(m: Memory, attr: Address): number {
  return set(m, attr, MutexAttr.type, true, DESTROYED)
}

/** PTHREAD_MUTEX_NORMAL, _RECURSIVE, _ERRORCHECK or _DEFAULT (normal); else EINVAL. */
export function pthread_mutexattr_settype(m: Memory, attr: Address, type: number): number {
  return set(m, attr, MutexAttr.type, within(type, 0, PTHREAD_MUTEX_ERRORCHECK), type)
}

/** Stores the type at `value`. */
export function pthread_mutexattr_gettype(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, MutexAttr.type, value)
}

/** PTHREAD_MUTEX_STALLED (default) or PTHREAD_MUTEX_ROBUST: the next one learns that the holder died; else EINVAL. */
export function pthread_mutexattr_setrobust(m: Memory, attr: Address, robust: number): number {
  return set(m, attr, MutexAttr.robust, within(robust, 0, PTHREAD_MUTEX_ROBUST), robust)
}

/** Stores the robustness at `value`. */
export function pthread_mutexattr_getrobust(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, MutexAttr.robust, value)
}

/** PTHREAD_PRIO_NONE (default), PTHREAD_PRIO_INHERIT or PTHREAD_PRIO_PROTECT; else EINVAL. */
export function pthread_mutexattr_setprotocol(m: Memory, attr: Address, protocol: number): number {
  return set(m, attr, MutexAttr.protocol, within(protocol, 0, PTHREAD_PRIO_PROTECT), protocol)
}

/** Stores the protocol at `value`. */
export function pthread_mutexattr_getprotocol(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, MutexAttr.protocol, value)
}

/** Ceiling of a mutex with PTHREAD_PRIO_PROTECT: a priority of SCHED_FIFO, 1 (default) to 99; else EINVAL. */
export function pthread_mutexattr_setprioceiling(m: Memory, attr: Address, ceiling: number): number {
  return set(m, attr, MutexAttr.ceiling, isCeiling(ceiling), ceiling)
}

/** Stores the ceiling at `value`. */
export function pthread_mutexattr_getprioceiling(m: Memory, attr: Address, value: Address): number {
  if (!are(m, attr, value)) return EINVAL
  poke(m, value, peek(m, attr + MutexAttr.ceiling) || PRIORITY_MIN)
  return 0
}

/** PTHREAD_PROCESS_PRIVATE (default) or PTHREAD_PROCESS_SHARED; else EINVAL. Whoever shares the memory shares the mutex, either way. */
export function pthread_mutexattr_setpshared(m: Memory, attr: Address, pshared: number): number {
  return set(m, attr, MutexAttr.pshared, isPshared(pshared), pshared)
}

/** Stores which of the two at `value`. */
export function pthread_mutexattr_getpshared(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, MutexAttr.pshared, value)
}

/** Whether `ceiling` may be one. */
export function isCeiling(ceiling: number): boolean {
  return within(ceiling, PRIORITY_MIN, PRIORITY_MAX)
}

/** Whether a mutex can be made with the attributes. */
export function checkAttributes(m: Memory, attr: Address): boolean {
  return are(m, attr)
    && within(peek(m, attr + MutexAttr.type), 0, PTHREAD_MUTEX_ERRORCHECK) && within(peek(m, attr + MutexAttr.robust), 0, PTHREAD_MUTEX_ROBUST)
    && within(peek(m, attr + MutexAttr.protocol), 0, PTHREAD_PRIO_PROTECT) && within(peek(m, attr + MutexAttr.ceiling), 0, PRIORITY_MAX)
}

/** The mutex's `type` word for the attributes. */
export function kindOfAttributes(m: Memory, attr: Address): number {
  return kindFrom(peek(m, attr + MutexAttr.type), peek(m, attr + MutexAttr.robust), peek(m, attr + MutexAttr.protocol))
}

/** The mutex's `type` word. */
export function kindFrom(type: number, robust: number, protocol: number): number {
  return type | (robust === PTHREAD_MUTEX_ROBUST ? ROBUST : 0) | (protocol === PTHREAD_PRIO_INHERIT ? INHERIT : protocol === PTHREAD_PRIO_PROTECT ? PROTECT : 0)
}
