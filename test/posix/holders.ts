// Threads that hold mutexes, wait for them, and end or die with them.

import {
  CLOCK_MONOTONIC, joinMemory, malloc, memory, pthread_cond_clockwait, pthread_cond_wait, pthread_create, pthread_exit, pthread_getconcurrency,
  pthread_getschedparam, pthread_join, pthread_mutex_consistent, pthread_mutex_lock, pthread_mutex_setprioceiling, pthread_mutex_timedlock,
  pthread_mutex_trylock, pthread_mutex_unlock, pthread_rwlock_rdlock, pthread_rwlock_tryrdlock, pthread_rwlock_unlock, pthread_rwlock_wrlock, pthread_self,
  pthread_setconcurrency, pthread_setschedparam, SCHED_FIFO, SCHED_RR, sched_yield, sem_post, sem_wait, type Entry, type Timespec,
} from 'pthreads/posix'
import type { Semaphore } from 'pthreads'
import { at } from './clock.ts'

const m = memory()

/** Locks and returns: its end leaves the mutex locked. */
export function locksAndEnds(mutex: number): number {
  return pthread_mutex_lock(m, mutex)
}

/** Locks each of them and ends. */
export function locksAllAndEnds(mutexes: number[]): number[] {
  return mutexes.map(mutex => pthread_mutex_lock(m, mutex))
}

/** A memory that somebody has added. */
interface Elsewhere { id: number, storage: SharedArrayBuffer }

/** Locks mutexes, some of them in another memory, in this order, and ends as told. */
export function locksIn({ id, storage, mutexes, how }: Elsewhere & { mutexes: [there: boolean, mutex: number][], how: string }): number[] {
  const there = joinMemory(id, storage)
  const results = mutexes.map(([isThere, mutex]) => pthread_mutex_lock(isThere ? there : m, mutex))
  if (how === 'dies') process.exit(0)
  if (how === 'unlocks') for (const [isThere, mutex] of mutexes) results.push(pthread_mutex_unlock(isThere ? there : m, mutex))
  return results
}

/** With a priority of SCHED_FIFO: locks a mutex in another memory, until a time if there is one, and unlocks it. */
export function locksThere({ id, storage, mutex, param, abstime }: Elsewhere & { mutex: number, param: number, abstime?: Timespec }): number {
  const there = joinMemory(id, storage)
  pthread_setschedparam(m, pthread_self(), SCHED_FIFO, param)
  const errno = abstime === undefined ? pthread_mutex_lock(there, mutex) : pthread_mutex_timedlock(there, mutex, abstime)
  return errno === 0 ? pthread_mutex_unlock(there, mutex) : errno
}

/** Locks and calls pthread_exit from within a call. */
export function locksAndExits(mutex: number): never {
  pthread_mutex_lock(m, mutex)
  try {
    return pthread_exit(1)
  } finally {
    pthread_mutex_trylock(m, mutex)
  }
}

export function locksAndThrows(mutex: number): never {
  pthread_mutex_lock(m, mutex)
  throw new RangeError('an end')
}

/** Locks and ends its Worker. */
export function locksAndDies(mutex: number): never {
  pthread_mutex_lock(m, mutex)
  process.exit(0)
}

/** Locks, says so, and waits to be terminated. */
export function locksAndStays(mutex: number, held: Semaphore): never {
  pthread_mutex_lock(m, mutex)
  held.post()
  for (;;);
}

/** Locks, says so by a semaphore, and ends when told to. */
export function holdsThenEnds({ mutex, held, release }: { mutex: number, held: number, release: number }): number {
  const errno = pthread_mutex_lock(m, mutex)
  sem_post(m, held)
  sem_wait(m, release)
  return errno
}

/** Locks, says so by a semaphore, and unlocks when told to. */
export function holdsThenUnlocks({ mutex, held, release }: { mutex: number, held: number, release: number }): number[] {
  const errno = pthread_mutex_lock(m, mutex)
  sem_post(m, held)
  sem_wait(m, release)
  return [errno, pthread_mutex_unlock(m, mutex)]
}

export function setsCeiling({ mutex, ceiling }: { mutex: number, ceiling: number }): number {
  return pthread_mutex_setprioceiling(m, mutex, ceiling)
}

/** Takes the mutex by `how`, makes it consistent if that is asked for, and unlocks it; what each returned. */
export function takes({ mutex, how, mend }: { mutex: number, how: 'lock' | 'trylock' | 'timedlock', mend?: boolean }): number[] {
  const locked = how === 'lock' ? pthread_mutex_lock(m, mutex)
    : how === 'trylock' ? pthread_mutex_trylock(m, mutex)
    : pthread_mutex_timedlock(m, mutex, { tv_sec: Date.now() / 1000 + 60, tv_nsec: 0 })
  return [locked, ...mend === true ? [pthread_mutex_consistent(m, mutex)] : [], pthread_mutex_unlock(m, mutex)]
}

export function consistent(mutex: number): number {
  return pthread_mutex_consistent(m, mutex)
}

export function unlocks(mutex: number): number {
  return pthread_mutex_unlock(m, mutex)
}

/** Waits on the condition; what wait, consistent and unlock returned. */
export function waits({ mutex, cond, ms }: { mutex: number, cond: number, ms?: number }): number[] {
  pthread_mutex_lock(m, mutex)
  const errno = ms === undefined ? pthread_cond_wait(m, cond, mutex) : pthread_cond_clockwait(m, cond, mutex, CLOCK_MONOTONIC, at(CLOCK_MONOTONIC, ms))
  return [errno, pthread_mutex_consistent(m, mutex), pthread_mutex_unlock(m, mutex)]
}

/** Locks the mutexes one after the other, waiting for `go` before each but the first, and unlocks them. */
export function chain({ mutexes, ready, go }: { mutexes: number[], ready: number, go: number }): number[] {
  const results = mutexes.map((mutex, i) => {
    if (i > 0) {
      sem_post(m, ready)
      sem_wait(m, go)
    }
    return pthread_mutex_lock(m, mutex)
  })
  mutexes.forEach((mutex, i) => { if (results[i] === 0) pthread_mutex_unlock(m, mutex) })
  return results
}

/** With a priority of SCHED_FIFO: locks, appends it to the list, unlocks. */
export function locksWithPriority({ mutex, priority, param, list }: { mutex: number, priority: number, param: number, list?: number }): number[] {
  const set = priority === 0 ? 0 : pthread_setschedparam(m, pthread_self(), SCHED_FIFO, param)
  const locked = pthread_mutex_lock(m, mutex)
  if (list !== undefined) note(list, priority)
  return [set, locked, locked === 0 ? pthread_mutex_unlock(m, mutex) : 0]
}

/** With a priority: locks until a time. */
export function locksInTime({ mutex, param, abstime }: { mutex: number, param: number, abstime: Timespec }): number {
  pthread_setschedparam(m, pthread_self(), SCHED_FIFO, param)
  return pthread_mutex_timedlock(m, mutex, abstime)
}

/** With a priority of SCHED_FIFO: waits for the semaphore and appends it to the list. */
export function semWaitsWithPriority({ sem, priority, param, list }: { sem: number, priority: number, param: number, list: number }): void {
  if (priority !== 0) pthread_setschedparam(m, pthread_self(), SCHED_FIFO, param)
  sem_wait(m, sem)
  note(list, priority)
}

/** With a priority of SCHED_FIFO: waits for the condition and appends it to the list while it has the mutex again. */
export function condWaitsWithPriority({ cond, mutex, priority, param, list }: Record<'cond' | 'mutex' | 'priority' | 'param' | 'list', number>): void {
  if (priority !== 0) pthread_setschedparam(m, pthread_self(), SCHED_FIFO, param)
  pthread_mutex_lock(m, mutex)
  pthread_cond_wait(m, cond, mutex)
  note(list, priority)
  pthread_mutex_unlock(m, mutex)
}

/** With a priority of SCHED_FIFO: locks to read or to write, appends its id to the list, unlocks. */
export function locksRwWithPriority({ lock, how, param, list, id }: { lock: number, how: 'reads' | 'writes', param: number, list: number, id: number }): number[] {
  const set = pthread_setschedparam(m, pthread_self(), SCHED_FIFO, param)
  const locked = how === 'reads' ? pthread_rwlock_rdlock(m, lock) : pthread_rwlock_wrlock(m, lock)
  note(list, id)
  return [set, locked, pthread_rwlock_unlock(m, lock)]
}

/** With a priority of SCHED_FIFO: tries to read. */
export function triesToReadWithPriority({ lock, param }: { lock: number, param: number }): number {
  pthread_setschedparam(m, pthread_self(), SCHED_FIFO, param)
  const errno = pthread_rwlock_tryrdlock(m, lock)
  return errno === 0 ? pthread_rwlock_unlock(m, lock) : errno
}

function note(list: number, n: number): void {
  Atomics.store(m.i32, (list >>> 2) + 1 + Atomics.add(m.i32, list >>> 2, 1), n)
}

/** Locks the mutex, then the read-write lock for reading, and unlocks both. */
export function locksThenReads({ mutex, lock }: { mutex: number, lock: number }): number[] {
  const locked = pthread_mutex_lock(m, mutex), read = pthread_rwlock_rdlock(m, lock)
  return [locked, read, pthread_rwlock_unlock(m, lock), pthread_mutex_unlock(m, mutex)]
}

/** Locks the first mutex, then the second one until a time; what that returned. */
export function locksOtherInTime({ mutexes: [mine, theirs], ready, go, abstime }: { mutexes: number[], ready: number, go: number, abstime: Timespec }): number {
  pthread_mutex_lock(m, mine)
  sem_post(m, ready)
  sem_wait(m, go)
  const errno = pthread_mutex_timedlock(m, theirs, abstime)
  pthread_mutex_unlock(m, mine)
  return errno
}

/** Policy and priority of the calling thread. */
export function scheduling(): number[] {
  const policy = malloc(4), param = malloc(8)
  pthread_getschedparam(m, pthread_self(), policy, param)
  return [m.i32[policy >>> 2], m.i32[param >>> 2]]
}

/** Starts a thread that tells its scheduling, and joins it. */
export function schedulingOfChild({ routine, param }: { routine: Entry, param: number }): unknown {
  pthread_setschedparam(m, pthread_self(), SCHED_RR, param)
  const thread = malloc(4), out: { value?: unknown } = {}
  pthread_create(m, thread, 0, routine, undefined)
  pthread_join(m.i32[thread >>> 2], out)
  return out.value
}

/** Yields until the word is not 0; how often. */
/** Sets the level of concurrency; the error, and what it is then. */
export function setsConcurrency(level: number): number[] {
  return [pthread_setconcurrency(level), pthread_getconcurrency()]
}

export function yieldsUntil(word: number): number {
  let yields = 0
  for (; Atomics.load(m.i32, word >>> 2) === 0; yields++) sched_yield()
  return yields
}
