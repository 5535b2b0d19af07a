// What the threads of test/posix do.  A thread has one argument, as POSIX has it.

import { thread } from 'pthreads'
import {
  CLOCK_MONOTONIC, malloc, PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait, pthread_cond_clockwait, pthread_cond_wait, pthread_create,
  pthread_detach, pthread_equal, pthread_exit, pthread_getspecific, pthread_join, pthread_key_create, pthread_key_delete, pthread_mutex_clocklock,
  pthread_mutex_lock, pthread_mutex_timedlock, pthread_mutex_trylock, pthread_mutex_unlock, pthread_once, pthread_rwlock_clockrdlock,
  pthread_rwlock_clockwrlock, pthread_rwlock_rdlock, pthread_rwlock_timedrdlock, pthread_rwlock_timedwrlock, pthread_rwlock_tryrdlock,
  pthread_rwlock_trywrlock, pthread_rwlock_unlock, pthread_rwlock_wrlock, pthread_self, pthread_setspecific, pthread_spin_lock, pthread_spin_trylock,
  pthread_spin_unlock, sem_clockwait, sem_close, sem_open, sem_post, sem_timedwait, sem_trywait, sem_unlink, sem_wait, type Clock, type Entry,
  type Timespec,
} from 'pthreads/posix'
import { at } from './clock.ts'
import { add, m, note, read, write } from './words.ts'

// Threads ----------------------------------------------------------------------------------------------------------

export function echo(arg: unknown): unknown {
  return arg
}

export function argumentsOf(...args: unknown[]): unknown[] {
  return args
}

export function self(): number {
  return pthread_self()
}

export function equalToSelf(t: number): boolean[] {
  return [Boolean(pthread_equal(t, pthread_self())), Boolean(pthread_equal(pthread_self(), pthread_self()))]
}

export function storeSelf(address: number): void {
  write(address, pthread_self())
}

export function fails(message: string): never {
  throw new RangeError(message)
}

/** Waits for the semaphore, then returns its address. */
export function waitFor(sem: number): number {
  sem_wait(m, sem)
  return sem
}

export function joinIt(t: number): [number, unknown] {
  const out: { value?: unknown } = {}
  return [pthread_join(t, out), out.value]
}

export function joinSelf(): number {
  return pthread_join(pthread_self())
}

export function detachIt(t: number): number {
  return pthread_detach(t)
}

export function detachSelf(sem: number): number {
  const errno = pthread_detach(pthread_self())
  sem_post(m, sem)
  return errno
}

export function createsAndReturns([routine, arg]: [Entry, unknown]): number {
  const t = malloc(4)
  pthread_create(m, t, 0, routine, arg)
  return read(t)
}

export function exitsWith(value: unknown): never {
  return pthread_exit(value)
}

export function exitsDeep({ value, counter }: { value: unknown, counter: number }): never {
  const descend = (depth: number): never => {
    try {
      return depth === 0 ? pthread_exit(value) : descend(depth - 1)
    } finally {
      add(counter, 1)
    }
  }
  return descend(3)
}

export function exitsInsideDestructor(word: number): string {
  const key = newKey(() => pthread_exit('from the destructor'))
  pthread_setspecific(key, 1)
  write(word, 1)
  return 'from the thread'
}

export function exitsHolding(mutex: number): never {
  pthread_mutex_lock(m, mutex)
  return pthread_exit()
}

export { depthOfStack as stackDepth } from '../stack-depth.ts'

// Once -------------------------------------------------------------------------------------------------------------

export function once({ control, counter }: { control: number, counter: number }): [number, number] {
  const errno = pthread_once(m, control, (...args: unknown[]) => { add(counter, 1 + args.length * 100) })
  return [errno, read(counter)]
}

export function onceSlowly({ control, counter, inside, go }: { control: number, counter: number, inside: number, go: number }): number {
  return pthread_once(m, control, () => {
    sem_post(m, inside)
    sem_wait(m, go)
    add(counter, 1)
  })
}

export function onceThrows({ control, inside, go }: { control: number, inside: number, go: number }): void {
  pthread_once(m, control, () => {
    sem_post(m, inside)
    sem_wait(m, go)
    throw new Error('cut off')
  })
}

export function onceExits({ control }: { control: number }): void {
  pthread_once(m, control, () => pthread_exit())
}

// Keys -------------------------------------------------------------------------------------------------------------

function newKey(destructor?: (value: never) => unknown): number {
  const key = malloc(4)
  pthread_key_create(m, key, destructor)
  return read(key)
}

export function specific([key, value]: [number, unknown]): unknown[] {
  const before = pthread_getspecific(key)
  const errno = pthread_setspecific(key, value)
  return [before, errno, pthread_getspecific(key)]
}

export function holdSpecific({ key, value, ready, go }: { key: number, value: unknown, ready: number, go: number }): unknown {
  pthread_setspecific(key, value)
  sem_post(m, ready)
  sem_wait(m, go)
  return pthread_getspecific(key)
}

export function specificAfter({ key, ready, go }: { key: number, ready: number, go: number }): unknown {
  sem_post(m, ready)
  sem_wait(m, go)
  return [pthread_getspecific(read(key))]
}

/** How the thread of {@link destroyed} ends. */
type How = 'returns' | 'exits' | 'throws'

export function destroyed({ list, how }: { list: number, how: How }): void {
  pthread_setspecific(newKey((value: number) => { note(list, value) }), 7)
  if (how === 'exits') pthread_exit()
  if (how === 'throws') throw new Error('an end')
}

export function noDestructor(list: number): void {
  pthread_setspecific(newKey(), 1)
  pthread_setspecific(newKey(() => { note(list, 1) }), null)
  pthread_setspecific(newKey(() => { note(list, 2) }), undefined)
  newKey(() => { note(list, 3) })
}

/** A destructor sees its own value gone. */
export function seesOwnGone(list: number): void {
  const key = newKey((value: number) => { note(list, pthread_getspecific(key) === undefined ? value : -1) })
  pthread_setspecific(key, 5)
}

/** Two keys whose destructors look at each other's value. */
export function seeEachOther(list: number): void {
  const a: number = newKey(() => { note(list, pthread_getspecific(b) === undefined ? 0 : 1) })
  const b: number = newKey(() => { note(list, pthread_getspecific(a) === undefined ? 0 : 1) })
  pthread_setspecific(a, 1)
  pthread_setspecific(b, 2)
}

/** A destructor looks at the value of a key that has no destructor. */
export function seesWithout(list: number): void {
  const plain = newKey()
  pthread_setspecific(plain, 9)
  pthread_setspecific(newKey(() => { note(list, pthread_getspecific(plain) === undefined ? 0 : pthread_getspecific(plain) as number) }), 1)
}

/** A destructor that sets its own value again, for ever. */
export function setsAgain(list: number): void {
  const key = newKey((value: number) => {
    note(list, value)
    pthread_setspecific(key, value + 1)
  })
  pthread_setspecific(key, 1)
}

/** A destructor that sets the value of another key. */
export function setsAnother(list: number): void {
  const other = newKey((value: number) => { note(list, value) })
  pthread_setspecific(newKey((value: number) => pthread_setspecific(other, value + 1)), 1)
}

/** A destructor that deletes a key whose destructor is due. */
export function deletesAnother(list: number): void {
  const keys: number[] = []
  for (let i = 0; i < 2; i++) {
    keys.push(newKey(() => {
      note(list, i)
      pthread_key_delete(keys[1 - i])
    }))
  }
  for (const key of keys) pthread_setspecific(key, 1)
}

export function deletes(list: number): number {
  const key = newKey(() => { note(list, 1) })
  pthread_setspecific(key, 1)
  return pthread_key_delete(key)
}

export function deleteKey(key: number): number {
  return pthread_key_delete(key)
}

/** Calls functions on keys from within a destructor. */
export function destructorUsesKeys(list: number): void {
  pthread_setspecific(newKey(() => {
    const key = newKey()
    note(list, pthread_setspecific(key, 3))
    note(list, pthread_getspecific(key) as number)
    note(list, pthread_key_delete(key))
  }), 1)
}

export const noteSpecific = thread(import.meta, function noteSpecific({ list, value }: { list: number, value: number }) {
  note(list, value)
})

// Mutexes ----------------------------------------------------------------------------------------------------------

export function count({ mutex, counter, times }: { mutex: number, counter: number, times: number }): void {
  const at = counter >>> 2
  for (let i = 0; i < times; i++) {
    pthread_mutex_lock(m, mutex)
    m.i32[at]++
    pthread_mutex_unlock(m, mutex)
  }
}

export function lock(mutex: number): number {
  return pthread_mutex_lock(m, mutex)
}

export function lockUnlock(mutex: number): [number, number] {
  return [pthread_mutex_lock(m, mutex), pthread_mutex_unlock(m, mutex)]
}

export function lockTwice(mutex: number): number[] {
  return [pthread_mutex_lock(m, mutex), pthread_mutex_lock(m, mutex), pthread_mutex_unlock(m, mutex)]
}

/** trylock; unlocks again what it got. */
export function trylock(mutex: number): number {
  const errno = pthread_mutex_trylock(m, mutex)
  if (errno === 0) pthread_mutex_unlock(m, mutex)
  return errno
}

export function unlock(mutex: number): number {
  return pthread_mutex_unlock(m, mutex)
}

/** Holds the mutex until `release` is posted. */
export function hold({ mutex, held, release }: { mutex: number, held: number, release: number }): void {
  pthread_mutex_lock(m, mutex)
  sem_post(m, held)
  sem_wait(m, release)
  pthread_mutex_unlock(m, mutex)
}

export function timedlock({ mutex, abstime, clock }: { mutex: number, abstime: Timespec, clock?: Clock }): number {
  const errno = clock === undefined ? pthread_mutex_timedlock(m, mutex, abstime) : pthread_mutex_clocklock(m, mutex, clock, abstime)
  if (errno === 0) pthread_mutex_unlock(m, mutex)
  return errno
}

// Conditions -------------------------------------------------------------------------------------------------------

export interface Meeting { mutex: number, cond: number, list: number, id: number }

/** Waits once; notes `id` while it has the mutex again. Returns what wait and unlock returned. */
export function wait({ mutex, cond, list, id }: Meeting): number[] {
  pthread_mutex_lock(m, mutex)
  const errno = pthread_cond_wait(m, cond, mutex)
  note(list, id)
  return [errno, pthread_mutex_unlock(m, mutex)]
}

/** list[1]: round + 1 when this thread is about to wait; list[2]: round + 1 when it need not wait any more. */
export function waitUntil({ mutex, cond, list, round }: { mutex: number, cond: number, list: number, round: number }): number {
  pthread_mutex_lock(m, mutex)
  write(list + 4, round + 1)
  let errno = 0
  while (read(list + 8) !== round + 1) errno = pthread_cond_wait(m, cond, mutex)
  pthread_mutex_unlock(m, mutex)
  return errno
}

export function timedwait({ mutex, cond, list, id, clock, abstime }: Meeting & { clock: Clock, abstime: Timespec }): number[] {
  pthread_mutex_lock(m, mutex)
  const errno = pthread_cond_clockwait(m, cond, mutex, clock, abstime)
  note(list, id)
  return [errno, pthread_mutex_unlock(m, mutex)]
}

/** Waits for so many ms, which it says it is about to do while it has the mutex. */
export function waitBriefly({ mutex, cond, inside, ms }: { mutex: number, cond: number, inside: number, ms: number }): number {
  pthread_mutex_lock(m, mutex)
  sem_post(m, inside)
  const errno = pthread_cond_clockwait(m, cond, mutex, CLOCK_MONOTONIC, at(CLOCK_MONOTONIC, ms))
  pthread_mutex_unlock(m, mutex)
  return errno
}

// Semaphores -------------------------------------------------------------------------------------------------------

export function semWait(sem: number): number {
  return sem_wait(m, sem)
}

export function semTrywait(sem: number): number {
  return sem_trywait(m, sem)
}

export function semTimedwait({ sem, abstime, clock }: { sem: number, abstime: Timespec, clock?: Clock }): number {
  return clock === undefined ? sem_timedwait(m, sem, abstime) : sem_clockwait(m, sem, clock, abstime)
}

export function semPost(sem: number): number {
  return sem_post(m, sem)
}

export function takeMany({ sem, counter, times }: { sem: number, counter: number, times: number }): void {
  for (let i = 0; i < times; i++) {
    sem_wait(m, sem)
    add(counter, 1)
  }
}

// Read-write locks -------------------------------------------------------------------------------------------------

/** Locks, notes `id` while inside, unlocks: what lock and unlock returned. */
export function readOnce({ lock, list = 0, id = 0 }: { lock: number, list?: number, id?: number }): [number, number] {
  const errno = pthread_rwlock_rdlock(m, lock)
  if (list !== 0) note(list, id)
  return [errno, errno === 0 ? pthread_rwlock_unlock(m, lock) : -1]
}

/** As {@link readOnce}, for writing. */
export function writeOnce({ lock, list = 0, id = 0 }: { lock: number, list?: number, id?: number }): [number, number] {
  const errno = pthread_rwlock_wrlock(m, lock)
  if (list !== 0) note(list, id)
  return [errno, errno === 0 ? pthread_rwlock_unlock(m, lock) : -1]
}

/** What tryrdlock and trywrlock say; unlocks again what it got. */
export function tryBoth(lock: number): [number, number] {
  const read = pthread_rwlock_tryrdlock(m, lock)
  if (read === 0) pthread_rwlock_unlock(m, lock)
  const write = pthread_rwlock_trywrlock(m, lock)
  if (write === 0) pthread_rwlock_unlock(m, lock)
  return [read, write]
}

/** Holds the lock until `release` is posted. */
export function holdRead({ lock, held, release }: { lock: number, held: number, release: number }): number {
  const errno = pthread_rwlock_rdlock(m, lock)
  sem_post(m, held)
  sem_wait(m, release)
  return errno || pthread_rwlock_unlock(m, lock)
}

/** As {@link holdRead}, for writing. */
export function holdWrite({ lock, held, release }: { lock: number, held: number, release: number }): number {
  const errno = pthread_rwlock_wrlock(m, lock)
  sem_post(m, held)
  sem_wait(m, release)
  return errno || pthread_rwlock_unlock(m, lock)
}

export function timedRw({ lock, how, abstime, clock }: { lock: number, how: 'read' | 'write', abstime: Timespec, clock?: Clock }): number {
  const errno = how === 'read'
    ? clock === undefined ? pthread_rwlock_timedrdlock(m, lock, abstime) : pthread_rwlock_clockrdlock(m, lock, clock, abstime)
    : clock === undefined ? pthread_rwlock_timedwrlock(m, lock, abstime) : pthread_rwlock_clockwrlock(m, lock, clock, abstime)
  return errno || pthread_rwlock_unlock(m, lock)
}

/** Waits for so many ms to write. */
export function writeBriefly({ lock, ms }: { lock: number, ms: number }): number {
  return pthread_rwlock_clockwrlock(m, lock, CLOCK_MONOTONIC, at(CLOCK_MONOTONIC, ms))
}

/** Writes are seen whole: both words alike, whoever reads. Returns how often they were not. */
export function readAndWrite({ lock, words, times, every }: { lock: number, words: number, times: number, every: number }): number {
  let torn = 0
  const at = words >>> 2
  for (let i = 0; i < times; i++) {
    if (i % every === 0) {
      pthread_rwlock_wrlock(m, lock)
      m.i32[at]++
      m.i32[at + 1]++
    } else {
      pthread_rwlock_rdlock(m, lock)
      if (m.i32[at] !== m.i32[at + 1]) torn++
    }
    pthread_rwlock_unlock(m, lock)
  }
  return torn
}

export function unlockRw(lock: number): number {
  return pthread_rwlock_unlock(m, lock)
}

// Barriers ---------------------------------------------------------------------------------------------------------

export function barrierWait(barrier: number): number {
  return pthread_barrier_wait(m, barrier)
}

/** Waits as often as told; counts itself in `counter` before each wait, and returns the counts that it saw after, and how often it was the serial thread. */
export function barrierRounds({ barrier, counter, rounds }: { barrier: number, counter: number, rounds: number }): { seen: number[], serial: number } {
  const seen: number[] = []
  let serial = 0
  for (let i = 0; i < rounds; i++) {
    add(counter, 1)
    if (pthread_barrier_wait(m, barrier) === PTHREAD_BARRIER_SERIAL_THREAD) serial++
    seen.push(read(counter))
    pthread_barrier_wait(m, barrier)
  }
  return { seen, serial }
}

// Spin locks -------------------------------------------------------------------------------------------------------

export function spinNote({ lock, list, id }: { lock: number, list: number, id: number }): void {
  pthread_spin_lock(m, lock)
  note(list, id)
  pthread_spin_unlock(m, lock)
}

export function spinTry(lock: number): number {
  const errno = pthread_spin_trylock(m, lock)
  if (errno === 0) pthread_spin_unlock(m, lock)
  return errno
}

export function spinUnlock(lock: number): number {
  return pthread_spin_unlock(m, lock)
}

export function spinLockUnlock(lock: number): [number, number] {
  return [pthread_spin_lock(m, lock), pthread_spin_unlock(m, lock)]
}

export function spinCount({ lock, counter, times }: { lock: number, counter: number, times: number }): void {
  const at = counter >>> 2
  for (let i = 0; i < times; i++) {
    pthread_spin_lock(m, lock)
    m.i32[at]++
    pthread_spin_unlock(m, lock)
  }
}

// Named semaphores -------------------------------------------------------------------------------------------------

/** Opens the semaphore; its address, or the errno negated. */
export function semOpen({ name, oflag = 0, value = 0 }: { name: string, oflag?: number, value?: number }): number {
  const at = malloc(4)
  const errno = sem_open(m, at, name, oflag, 0o600, value)
  return errno === 0 ? read(at) : -errno
}

export function semClose(sem: number): number {
  return sem_close(m, sem)
}

export function semUnlink(name: string): number {
  return sem_unlink(name)
}
