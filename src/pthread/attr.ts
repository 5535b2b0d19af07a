// Thread attributes.  POSIX.1-2024 pthread_attr_init, _destroy, _setdetachstate, _setstacksize and their kin;
// heap limits are ours.

import { peek, poke } from '#atomics'
import { EINVAL } from '../kernel/errno.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { Attr, CondAttr, MutexAttr } from './records.ts'

export const PTHREAD_CREATE_JOINABLE = 0, PTHREAD_CREATE_DETACHED = 1
/** Smallest stack in bytes: less does not start a Worker. */
export const PTHREAD_STACK_MIN = 512 * 1024
/** What a thread gets that asks for nothing: Node's default for Workers. */
export const STACK_DEFAULT = 4 * 1024 * 1024
/** Largest stack in bytes. */
export const PTHREAD_STACK_MAX = 1024 * 1024 * 1024
/** Smallest heap limit in bytes: less does not start a Worker. */
export const HEAP_MIN = 8 * 1024 * 1024

/** Makes the attributes at `attr` the default ones. */
export function pthread_attr_init(m: Memory, attr: Address): number {
  m.i32.fill(0, attr >>> 2, (attr + Attr.size) >>> 2)
  poke(m, attr + Attr.initialized, 1)
  return 0
}

/** Ends the attributes' life; using them is EINVAL. */
export function pthread_attr_destroy(m: Memory, attr: Address): number {
  return change(m, attr, Attr.initialized, 0)
}

/** PTHREAD_CREATE_JOINABLE (default) or PTHREAD_CREATE_DETACHED; else EINVAL. */
export function pthread_attr_setdetachstate(m: Memory, attr: Address, state: number): number {
  return state === PTHREAD_CREATE_JOINABLE || state === PTHREAD_CREATE_DETACHED ? change(m, attr, Attr.detached, state) : EINVAL
}

/** Stores the detach state at `value`. */
export function pthread_attr_getdetachstate(m: Memory, attr: Address, value: Address): number {
  return read(m, attr, Attr.detached, value)
}

/** Stack size in bytes, PTHREAD_STACK_MIN to PTHREAD_STACK_MAX; else EINVAL. */
export function pthread_attr_setstacksize(m: Memory, attr: Address, bytes: number): number {
  return bytes >= PTHREAD_STACK_MIN && bytes <= PTHREAD_STACK_MAX ? change(m, attr, Attr.stack, bytes === STACK_DEFAULT ? 0 : bytes) : EINVAL
}

/** Stores the stack size in bytes at `value`. */
export function pthread_attr_getstacksize(m: Memory, attr: Address, value: Address): number {
  const errno = read(m, attr, Attr.stack, value)
  if (errno === 0 && peek(m, value) === 0) poke(m, value, STACK_DEFAULT)
  return errno
}

/** Limit of the thread's heap in bytes, rounded up to MiB; EINVAL below 8 MiB. */
export function pthread_attr_setheaplimit_np(m: Memory, attr: Address, bytes: number): number {
  return bytes >= HEAP_MIN && bytes <= 2 ** 44 ? change(m, attr, Attr.heap, Math.ceil(bytes / 2 ** 20)) : EINVAL
}

/** Stores the limit in MiB at `value`; 0 stands for the host's default. */
export function pthread_attr_getheaplimit_np(m: Memory, attr: Address, value: Address): number {
  return read(m, attr, Attr.heap, value)
}

function change(m: Memory, attr: Address, field: number, value: number): number {
  if (peek(m, attr + Attr.initialized) !== 1) return EINVAL
  poke(m, attr + field, value)
  return 0
}

function read(m: Memory, attr: Address, field: number, value: Address): number {
  if (peek(m, attr + Attr.initialized) !== 1) return EINVAL
  poke(m, value, peek(m, attr + field))
  return 0
}

/** Default attributes of a mutex. */
export function pthread_mutexattr_init(m: Memory, attr: Address): number {
  m.i32.fill(0, attr >>> 2, (attr + MutexAttr.size) >>> 2)
  return 0
}

/** Ends the attributes' life. */
export function pthread_mutexattr_destroy(_m: Memory, _attr: Address): number {
  return 0
}

/** PTHREAD_MUTEX_NORMAL, _RECURSIVE, _ERRORCHECK or _DEFAULT (normal); else EINVAL. */
export function pthread_mutexattr_settype(m: Memory, attr: Address, type: number): number {
  if (type !== 0 && type !== 1 && type !== 2) return EINVAL
  poke(m, attr + MutexAttr.type, type)
  return 0
}

/** Stores the type at `value`. */
export function pthread_mutexattr_gettype(m: Memory, attr: Address, value: Address): number {
  poke(m, value, peek(m, attr + MutexAttr.type))
  return 0
}

/** Default attributes of a condition. */
export function pthread_condattr_init(m: Memory, attr: Address): number {
  m.i32.fill(0, attr >>> 2, (attr + CondAttr.size) >>> 2)
  return 0
}

/** Ends the attributes' life. */
export function pthread_condattr_destroy(_m: Memory, _attr: Address): number {
  return 0
}

/** Clock of pthread_cond_timedwait: CLOCK_REALTIME (0, default) or CLOCK_MONOTONIC (1); else EINVAL. */
export function pthread_condattr_setclock(m: Memory, attr: Address, clock: number): number {
  if (clock !== 0 && clock !== 1) return EINVAL
  poke(m, attr + CondAttr.clock, clock)
  return 0
}

/** Stores the clock at `value`. */
export function pthread_condattr_getclock(m: Memory, attr: Address, value: Address): number {
  poke(m, value, peek(m, attr + CondAttr.clock))
  return 0
}
