// What kinds of mutexes there are: their types, and the bits of the `type` word that make one robust or give it a
// protocol.

import { peek } from '#atomics'
import type { Address, Memory } from '../mem/memory.ts'
import { Mutex } from './records.ts'

export const PTHREAD_MUTEX_NORMAL = 0, PTHREAD_MUTEX_RECURSIVE = 1, PTHREAD_MUTEX_ERRORCHECK = 2, PTHREAD_MUTEX_DEFAULT = 0
export const PTHREAD_MUTEX_STALLED = 0, PTHREAD_MUTEX_ROBUST = 1
export const PTHREAD_PRIO_NONE = 0, PTHREAD_PRIO_INHERIT = 1, PTHREAD_PRIO_PROTECT = 2

/** Bits of `type`. A mutex with none of them is plain. */
export const ROBUST = 16, INHERIT = 32, PROTECT = 64
const TYPE = 15

/** Most relocks of a recursive mutex. */
export const DEPTH_MAX = 0x7fff_ffff

/** PTHREAD_MUTEX_NORMAL, _RECURSIVE or _ERRORCHECK. */
export function typeOf(m: Memory, mutex: Address): number {
  return peek(m, mutex + Mutex.type) & TYPE
}

/** ROBUST, INHERIT, PROTECT: the bits that are set. 0: plain. */
export function kindOf(m: Memory, mutex: Address): number {
  return peek(m, mutex + Mutex.type) & ~TYPE
}
