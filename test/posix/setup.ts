// What every file of this folder begins with: the memory, its threads' functions, and objects made in a line.

import assert from 'node:assert/strict'
import { load } from 'pthreads'
import {
  Barrier, Cond, malloc, memory, Mutex, MutexAttr, pthread_barrier_init, pthread_cond_init, pthread_create, pthread_join, PTHREAD_MUTEX_DEFAULT,
  PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_init, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, pthread_mutexattr_init, pthread_mutexattr_settype,
  PTHREAD_PROCESS_PRIVATE, PTHREAD_RWLOCK_DEFAULT_NP, pthread_rwlock_init, pthread_rwlockattr_init, pthread_rwlockattr_setkind_np, pthread_spin_init,
  Rwlock, RwlockAttr, Sem, sem_init, sem_post, sem_wait, Spinlock, type Address, type Entry,
} from 'pthreads/posix'

export const m = memory()
export const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

/** Succeeds: returns 0. */
export function ok(errno: number): void {
  assert.equal(errno, 0)
}

/** The word at `address`. */
export function word(address: Address): number {
  return Atomics.load(m.i32, address >>> 2)
}

/** Sets the word at `address`. */
export function put(address: Address, value: number): void {
  Atomics.store(m.i32, address >>> 2, value)
}

/** A new word, 0. */
export function newWord(): Address {
  return malloc(4)
}

/** A list that threads append to: its length, then room for some numbers. */
export function newList(): Address {
  return malloc(256)
}

/** What is in the list. */
export function listed(list: Address): number[] {
  return [...m.i32.subarray((list >>> 2) + 1, (list >>> 2) + 1 + word(list))]
}

/** Starts a thread. */
export function create(routine: unknown, arg?: unknown): number {
  const thread = newWord()
  ok(pthread_create(m, thread, 0, routine as Entry, arg))
  return word(thread)
}

/** Waits for the end of a thread; its result. */
export function join(thread: number): unknown {
  const out: { value?: unknown, error?: unknown } = {}
  ok(pthread_join(thread, out))
  if ('error' in out) throw out.error as Error
  return out.value
}

/** What the routine returns in a thread of its own. */
export function inThread(routine: unknown, arg?: unknown): unknown {
  return join(create(routine, arg))
}

/** Calls `f` while a thread holds the object: `holding` locks it, posts `held`, waits for `release`, and unlocks it. */
export function whileHeld(holding: unknown, object: object, f: () => void): void {
  const held = newSem(0), release = newSem(0), t = create(holding, { ...object, held, release })
  ok(sem_wait(m, held))
  try {
    f()
  } finally {
    ok(sem_post(m, release))
    join(t)
  }
}

/** A mutex of the type. */
export function newMutex(type = PTHREAD_MUTEX_DEFAULT): Address {
  const attr = malloc(MutexAttr.size), mutex = malloc(Mutex.size)
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_settype(m, attr, type))
  ok(pthread_mutex_init(m, mutex, attr))
  return mutex
}

/** A condition with default attributes. */
export function newCond(): Address {
  const cond = malloc(Cond.size)
  ok(pthread_cond_init(m, cond))
  return cond
}

/** A semaphore. */
export function newSem(value: number): Address {
  const sem = malloc(Sem.size)
  ok(sem_init(m, sem, 0, value))
  return sem
}

/** A read-write lock of the kind. */
export function newRwlock(kind = PTHREAD_RWLOCK_DEFAULT_NP): Address {
  const attr = malloc(RwlockAttr.size), lock = malloc(Rwlock.size)
  ok(pthread_rwlockattr_init(m, attr))
  ok(pthread_rwlockattr_setkind_np(m, attr, kind))
  ok(pthread_rwlock_init(m, lock, attr))
  return lock
}

/** A barrier for so many threads. */
export function newBarrier(count: number): Address {
  const barrier = malloc(Barrier.size)
  ok(pthread_barrier_init(m, barrier, 0, count))
  return barrier
}

/** A spin lock. */
export function newSpinlock(): Address {
  const lock = malloc(Spinlock.size)
  ok(pthread_spin_init(m, lock, PTHREAD_PROCESS_PRIVATE))
  return lock
}

/** The types of mutexes, by name. */
export const types: readonly (readonly [string, number])[] = [
  ['PTHREAD_MUTEX_NORMAL', PTHREAD_MUTEX_NORMAL], ['PTHREAD_MUTEX_ERRORCHECK', PTHREAD_MUTEX_ERRORCHECK], ['PTHREAD_MUTEX_RECURSIVE', PTHREAD_MUTEX_RECURSIVE],
]
