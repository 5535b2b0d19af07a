// Thread attributes.  POSIX.1-2024 pthread_attr_init, _destroy, and a getter and a setter for each attribute; heap
// limits are ours, pthread_getattr_np the GNU library's.
//
// Every function refuses attributes that are not initialized (EINVAL), and a setter values that are none.

import { peek, poke } from '#atomics'
import { EINVAL, ESRCH } from '../kernel/errno.ts'
import { carrierRecord, kernel, record } from '../kernel/process.ts'
import { Carrier, Flag, ThreadRecord } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { HEAP_MIN, PAGE, PTHREAD_STACK_MAX, PTHREAD_STACK_MIN, STACK_DEFAULT } from './limits.ts'
import { Attr, SchedParam } from './records.ts'
import { isPolicy, isPriority, PTHREAD_EXPLICIT_SCHED, PTHREAD_INHERIT_SCHED } from './sched.ts'

export const PTHREAD_CREATE_JOINABLE = 0, PTHREAD_CREATE_DETACHED = 1
export const PTHREAD_SCOPE_SYSTEM = 0, PTHREAD_SCOPE_PROCESS = 1

function set(m: Memory, attr: Address, field: number, value: number, valid = true): number {
  if (!valid || !isInitialized(m, attr)) return EINVAL
  poke(m, attr + field, value)
  return 0
}

function get(m: Memory, attr: Address, field: number, value: Address): number {
  if (!isInitialized(m, attr) || !fits(m, value, 4)) return EINVAL
  poke(m, value, peek(m, attr + field))
  return 0
}

function isInitialized(m: Memory, attr: Address): boolean {
  return fits(m, attr, Attr.size) && peek(m, attr + Attr.initialized) === 1
}

/** Makes the attributes at `attr` the default ones. EINVAL if none can be there. */
export function pthread_attr_init(m: Memory, attr: Address): number {
  if (!fits(m, attr, Attr.size)) return EINVAL
  m.i32.fill(0, attr >>> 2, (attr + Attr.size) >>> 2)
  poke(m, attr + Attr.guard, PAGE)
  poke(m, attr + Attr.initialized, 1)
  return 0
}

/** Ends the attributes' life; using them is EINVAL. */
export function pthread_attr_destroy(m: Memory, attr: Address): number {
  return set(m, attr, Attr.initialized, 0)
}

/** PTHREAD_CREATE_JOINABLE (default) or PTHREAD_CREATE_DETACHED; else EINVAL. */
export function pthread_attr_setdetachstate(m: Memory, attr: Address, state: number): number {
  return set(m, attr, Attr.detached, state, state === PTHREAD_CREATE_JOINABLE || state === PTHREAD_CREATE_DETACHED)
}

/** Stores the detach state at `value`. */
export function pthread_attr_getdetachstate(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, Attr.detached, value)
}

/** Bytes beyond the stack's end that must not be touched. Recorded only: a Worker guards its stack itself, by a check in every call. */
export function pthread_attr_setguardsize(m: Memory, attr: Address, bytes: number): number {
  return set(m, attr, Attr.guard, bytes, Number.isInteger(bytes) && bytes >= 0 && bytes <= PTHREAD_STACK_MAX)
}

/** Stores the guard size at `value`: a page (4096), or what was set. */
export function pthread_attr_getguardsize(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, Attr.guard, value)
}

/** PTHREAD_INHERIT_SCHED (default): policy and priority are the creator's; PTHREAD_EXPLICIT_SCHED: the attributes'. Else EINVAL. */
export function pthread_attr_setinheritsched(m: Memory, attr: Address, inherit: number): number {
  return set(m, attr, Attr.inherit, inherit, inherit === PTHREAD_INHERIT_SCHED || inherit === PTHREAD_EXPLICIT_SCHED)
}

/** Stores which of the two at `value`. */
export function pthread_attr_getinheritsched(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, Attr.inherit, value)
}

/** SCHED_OTHER (default), SCHED_FIFO or SCHED_RR; else EINVAL. */
export function pthread_attr_setschedpolicy(m: Memory, attr: Address, policy: number): number {
  return set(m, attr, Attr.policy, policy, isPolicy(policy))
}

/** Stores the policy at `value`. */
export function pthread_attr_getschedpolicy(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, Attr.policy, value)
}

/** Priority, from the sched_param at `param`. EINVAL for one of no policy; whether it is one of the policy's, pthread_create sees. */
export function pthread_attr_setschedparam(m: Memory, attr: Address, param: Address): number {
  if (!fits(m, param, SchedParam.size)) return EINVAL
  const priority = peek(m, param + SchedParam.priority)
  return set(m, attr, Attr.priority, priority, isPriority(priority))
}

/** Stores the priority into the sched_param at `param`. */
export function pthread_attr_getschedparam(m: Memory, attr: Address, param: Address): number {
  return get(m, attr, Attr.priority, param + SchedParam.priority)
}

/**
 * PTHREAD_SCOPE_SYSTEM: the thread is one of the operating system's, a Worker. PTHREAD_SCOPE_PROCESS: it shares a Worker with others
 * (the verbs of `fiber`); a stack size is not heeded then. EINVAL for anything else.
 */
export function pthread_attr_setscope(m: Memory, attr: Address, scope: number): number {
  return set(m, attr, Attr.scope, scope, scope === PTHREAD_SCOPE_SYSTEM || scope === PTHREAD_SCOPE_PROCESS)
}

/** Stores the scope at `value`. */
export function pthread_attr_getscope(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, Attr.scope, value)
}

/** Stack size in bytes, PTHREAD_STACK_MIN to PTHREAD_STACK_MAX; else EINVAL. */
export function pthread_attr_setstacksize(m: Memory, attr: Address, bytes: number): number {
  return set(m, attr, Attr.stack, bytes === STACK_DEFAULT ? 0 : bytes, bytes >= PTHREAD_STACK_MIN && bytes <= PTHREAD_STACK_MAX)
}

/** Stores the stack size in bytes at `value`. */
export function pthread_attr_getstacksize(m: Memory, attr: Address, value: Address): number {
  const errno = get(m, attr, Attr.stack, value)
  if (errno === 0 && peek(m, value) === 0) poke(m, value, STACK_DEFAULT)
  return errno
}

/**
 * Stack at `address` of `m`, of `bytes` bytes. The thread's stack gets the size; a Worker's lies in no memory that a
 * program can name, so the address is recorded only. EINVAL for a size that {@link pthread_attr_setstacksize} refuses,
 * or if the stack is not aligned to 16 or does not lie in the memory.
 */
export function pthread_attr_setstack(m: Memory, attr: Address, address: Address, bytes: number): number {
  if (!(address > 0 && address % 16 === 0 && bytes % 16 === 0 && address + bytes <= m.size)) return EINVAL
  const errno = pthread_attr_setstacksize(m, attr, bytes)
  return errno === 0 ? set(m, attr, Attr.stackAddress, address) : errno
}

/** Stores the stack's address (0: none was given) at `address`, its size at `bytes`. */
export function pthread_attr_getstack(m: Memory, attr: Address, address: Address, bytes: Address): number {
  if (!fits(m, bytes, 4)) return EINVAL
  const errno = get(m, attr, Attr.stackAddress, address)
  return errno === 0 ? pthread_attr_getstacksize(m, attr, bytes) : errno
}

/** Limit of the thread's heap in bytes, rounded up to MiB; EINVAL below 8 MiB. */
export function pthread_attr_setheaplimit_np(m: Memory, attr: Address, bytes: number): number {
  return set(m, attr, Attr.heap, Math.ceil(bytes / 2 ** 20), bytes >= HEAP_MIN && bytes <= 2 ** 44)
}

/** Stores the limit in MiB at `value`; 0 stands for the host's default. */
export function pthread_attr_getheaplimit_np(m: Memory, attr: Address, value: Address): number {
  return get(m, attr, Attr.heap, value)
}

/** Makes the attributes at `attr` those of `thread`: detach state, stack size, heap limit, policy and priority; the rest default. ESRCH. */
export function pthread_getattr_np(m: Memory, thread: number, attr: Address): number {
  const slot = find(thread)
  if (slot === 0) return ESRCH
  if (!fits(m, attr, Attr.size)) return EINVAL
  const t = record(slot)
  const c = carrierRecord(peek(kernel, t + ThreadRecord.carrier))
  pthread_attr_init(m, attr)
  poke(m, attr + Attr.detached, (peek(kernel, t + ThreadRecord.flags) & Flag.DETACHED) === 0 ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED)
  poke(m, attr + Attr.stack, peek(kernel, c + Carrier.stack) * 1024)
  poke(m, attr + Attr.heap, peek(kernel, c + Carrier.heap))
  poke(m, attr + Attr.inherit, PTHREAD_EXPLICIT_SCHED)
  poke(m, attr + Attr.policy, peek(kernel, t + ThreadRecord.policy))
  poke(m, attr + Attr.priority, peek(kernel, t + ThreadRecord.priority))
  return 0
}
