// Attributes of read-write locks.  POSIX.1-2024 pthread_rwlockattr_init, _destroy, _getpshared, _setpshared; _np: kind.

import { peek, poke } from '#atomics'
import { EINVAL } from '../kernel/errno.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { DESTROYED, isPshared } from './pshared.ts'
import { RwlockAttr } from './records.ts'

/** Default attributes of a read-write lock. */
export function pthread_rwlockattr_init(m: Memory, attr: Address): number {
  if (!fits(m, attr, RwlockAttr.size)) return EINVAL
  m.i32.fill(0, attr >>> 2, (attr + RwlockAttr.size) >>> 2)
  return 0
}

/** Ends the attributes' life: using them is EINVAL. Initializing them begins another. */
export function pthread_rwlockattr_destroy(m: Memory, attr: Address): number {
  if (!areRwlockAttributes(m, attr)) return EINVAL
  poke(m, attr + RwlockAttr.pshared, DESTROYED)
  return 0
}

/** Whether there are attributes at `attr`. */
export function areRwlockAttributes(m: Memory, attr: Address): boolean {
  return fits(m, attr, RwlockAttr.size) && isPshared(peek(m, attr + RwlockAttr.pshared))
}

/** PTHREAD_PROCESS_PRIVATE (default) or _SHARED, else EINVAL. Either way, whoever has the memory can use the lock. */
export function pthread_rwlockattr_setpshared(m: Memory, attr: Address, pshared: number): number {
  if (!isPshared(pshared) || !areRwlockAttributes(m, attr)) return EINVAL
  poke(m, attr + RwlockAttr.pshared, pshared)
  return 0
}

/** Stores the attribute at `value`. */
export function pthread_rwlockattr_getpshared(m: Memory, attr: Address, value: Address): number {
  if (!areRwlockAttributes(m, attr) || !fits(m, value, 4)) return EINVAL
  poke(m, value, peek(m, attr + RwlockAttr.pshared))
  return 0
}

/** Whom the lock prefers, PTHREAD_RWLOCK_PREFER_WRITER_NP (default), _PREFER_READER_NP or _PREFER_WRITER_NONRECURSIVE_NP (see rwlock.ts), else EINVAL. */
export function pthread_rwlockattr_setkind_np(m: Memory, attr: Address, kind: number): number {
  if ((kind !== 0 && kind !== 1 && kind !== 2) || !areRwlockAttributes(m, attr)) return EINVAL
  poke(m, attr + RwlockAttr.kind, kind)
  return 0
}

/** Stores the kind at `value`. */
export function pthread_rwlockattr_getkind_np(m: Memory, attr: Address, value: Address): number {
  if (!areRwlockAttributes(m, attr) || !fits(m, value, 4)) return EINVAL
  poke(m, value, peek(m, attr + RwlockAttr.kind))
  return 0
}
