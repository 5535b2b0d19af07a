// What the threads of the tests of signals, cancellation and sleeps do.

import {
  clock_nanosleep, CLOCK_MONOTONIC, CLOCK_REALTIME, nanosleep, pause, PTHREAD_CANCEL_ASYNCHRONOUS, PTHREAD_CANCEL_DEFERRED, PTHREAD_CANCEL_DISABLE,
  PTHREAD_CANCEL_ENABLE, pthread_cancel, pthread_cleanup_pop, pthread_cleanup_push, pthread_cond_clockwait, pthread_cond_timedwait, pthread_cond_wait,
  pthread_exit, pthread_join, pthread_key_create, pthread_kill, pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock, pthread_once,
  pthread_rwlock_rdlock, pthread_rwlock_unlock, pthread_rwlock_wrlock, pthread_self, pthread_setcancelstate, pthread_setcanceltype, pthread_setspecific,
  pthread_sigmask, pthread_testcancel, pthread_timedjoin_np, pthread_tryjoin_np, raise, sched_yield, sem_clockwait, sem_post, sem_timedwait, sem_wait,
  SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, sigaction, sigpending, sigsuspend, sigtimedwait, sigwait, sigwaitinfo, SIGUSR1, sleep, usleep, malloc, type SigInfo,
} from 'pthreads/posix'
import { at } from './clock.ts'
import type { Stage } from './signal-setup.ts'
import { add, m, note, read } from './words.ts'

// Cancellation -----------------------------------------------------------------------------------------------------

const LATER = 3600_000
const HOUR = { tv_sec: 3600, tv_nsec: 0 }

const points: Readonly<Record<string, (s: Stage) => unknown>> = {
  pthread_cond_wait: s => pthread_cond_wait(m, s.cond, s.mutex),
  pthread_cond_timedwait: s => pthread_cond_timedwait(m, s.cond, s.mutex, at(CLOCK_REALTIME, LATER)),
  pthread_cond_clockwait: s => pthread_cond_clockwait(m, s.cond, s.mutex, CLOCK_MONOTONIC, at(CLOCK_MONOTONIC, LATER)),
  pthread_join: s => pthread_join(s.target),
  pthread_timedjoin_np: s => pthread_timedjoin_np(s.target, {}, at(CLOCK_REALTIME, LATER)),
  sem_wait: s => sem_wait(m, s.sem),
  sem_timedwait: s => sem_timedwait(m, s.sem, at(CLOCK_REALTIME, LATER)),
  sem_clockwait: s => sem_clockwait(m, s.sem, CLOCK_MONOTONIC, at(CLOCK_MONOTONIC, LATER)),
  nanosleep: () => nanosleep(HOUR),
  clock_nanosleep: () => clock_nanosleep(CLOCK_MONOTONIC, 0, HOUR),
  sleep: () => sleep(3600),                                               // ended by a signal; so is the next
  usleep: () => usleep(3600e6),
  pause: () => pause(),
  sigsuspend: s => sigsuspend(m, s.set),
  sigwait: s => sigwait(m, s.set, s.flag),
  sigwaitinfo: s => sigwaitinfo(m, s.set),
  sigtimedwait: s => sigtimedwait(m, s.set, {}, HOUR),
  pthread_testcancel: () => pthread_testcancel(),
  sched_yield: () => sched_yield(),
  pthread_mutex_lock: s => pthread_mutex_lock(m, s.mutex),
  pthread_tryjoin_np: s => pthread_tryjoin_np(s.target),
  pthread_rwlock_rdlock: s => pthread_rwlock_rdlock(m, s.rwlock),
  pthread_rwlock_wrlock: s => pthread_rwlock_wrlock(m, s.rwlock),
}

/** Comes to the point `name`; notes 1 when it has returned from there, 2 on the way out, and which errors there were. */
export function comesTo([name, s]: [string, Stage]): unknown {
  if (name.startsWith('pthread_cond')) pthread_mutex_lock(m, s.mutex)
  try {
    const result = points[name](s)
    note(s.list, 1)
    return result
  } finally {
    note(s.list, 2)
  }
}

/** Is canceled while that is disabled, enables it, and comes to the point. */
export function comesPendingTo([name, s]: [string, Stage]): unknown {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE)
  pthread_cancel(pthread_self())
  pthread_testcancel()
  note(s.list, 0)
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE)
  note(s.list, 0)
  return comesTo([name, s])
}

export function cleansUp(s: Stage): void {
  const key = malloc(4)
  pthread_key_create(m, key, (n: number) => { note(s.list, n) })
  pthread_setspecific(read(key), 30)
  pthread_cleanup_push((n: number) => { note(s.list, n) }, 10)
  pthread_cleanup_push((n: number) => { note(s.list, n) }, 20)
  try {
    sem_wait(m, s.sem)
  } finally {
    note(s.list, 1)
  }
}

export function pops(list: number): void {
  for (const n of [1, 2, 3, 4]) pthread_cleanup_push((n: number) => { note(list, n) }, n)
  pthread_cleanup_pop(0)
  pthread_cleanup_pop(1)
  note(list, 99)
  pthread_cleanup_pop(1)
  pthread_cleanup_pop(0)
}

export function pushesAndExits(list: number): never {
  pthread_cleanup_push((n: number) => { note(list, n) }, 1)
  pthread_cleanup_push((n: number) => { note(list, n) }, 2)
  return pthread_exit('exited')
}

/** Its cleanup handler notes whether the mutex is the thread's: 0 after an unlock that succeeded. */
export function waitsWithCleanup(s: Stage): void {
  pthread_mutex_lock(m, s.mutex)
  pthread_cleanup_push(() => {
    note(s.list, pthread_mutex_trylock(m, s.mutex))
    note(s.list, pthread_mutex_unlock(m, s.mutex))
  })
  pthread_cond_wait(m, s.cond, s.mutex)
}

/** Waits on the condition and unlocks; a cancellation leaves the mutex free. */
export function waitsAndUnlocks(s: Stage): number {
  pthread_mutex_lock(m, s.mutex)
  try {
    return pthread_cond_wait(m, s.cond, s.mutex)
  } finally {
    pthread_mutex_unlock(m, s.mutex)
  }
}

/** Returns old values of states and types. */
export function states(): unknown[] {
  const old = { value: -1 }
  const seen: unknown[] = []
  const [disable, enable] = [PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE], [asynchronous, deferred] = [PTHREAD_CANCEL_ASYNCHRONOUS, PTHREAD_CANCEL_DEFERRED]
  for (const state of [disable, disable, enable, enable]) seen.push(pthread_setcancelstate(state, old), old.value)
  for (const type of [asynchronous, asynchronous, deferred, deferred]) seen.push(pthread_setcanceltype(type, old), old.value)
  return seen
}

/** Is canceled while that is disabled: goes on, through cancellation points. */
export function disabled(s: Stage): number {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE)
  sem_post(m, s.ready)
  sem_wait(m, s.go)
  pthread_testcancel()
  nanosleep({ tv_sec: 0, tv_nsec: 1000 })
  note(s.list, 1)
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE)
  note(s.list, 2)
  pthread_testcancel()
  note(s.list, 3)
  return 7
}

/** Works until the flag is set, without a cancellation point; then comes to one. */
export function works(s: Stage): number {
  sem_post(m, s.ready)
  while (read(s.flag) === 0);
  note(s.list, 1)
  pthread_testcancel()
  note(s.list, 2)
  return 7
}

export function asynchronousIn([name, s]: [string, Stage]): unknown {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS)
  return comesTo([name, s])
}

export function asynchronousLate(list: number): void {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE)
  pthread_cancel(pthread_self())
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS)
  note(list, 1)
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE)
  note(list, 2)
}

export function cancelsItself(list: number): void {
  pthread_cancel(pthread_self())
  note(list, 1)
  pthread_testcancel()
  note(list, 2)
}

/** Its cleanup handler comes to cancellation points. */
export function cleanupSleeps(s: Stage): void {
  pthread_cleanup_push(() => {
    pthread_testcancel()
    sem_wait(m, s.go)
    note(s.list, 1)
  })
  sem_wait(m, s.sem)
}

export async function awaits(s: Stage): Promise<void> {
  pthread_cleanup_push(() => { note(s.list, 1) })
  const alive = setInterval(() => undefined, 1000)
  sem_post(m, s.ready)
  try {
    await new Promise(() => undefined)
  } finally {
    clearInterval(alive)
  }
}

export function onceIsCanceled(s: Stage): void {
  pthread_once(m, s.flag, () => {
    sem_post(m, s.ready)
    sem_wait(m, s.sem)
  })
}

export function cancels(thread: number): number {
  return pthread_cancel(thread)
}

// Signals ----------------------------------------------------------------------------------------------------------

/** Where the handlers of this module note what they see: the address of the list, in every heap. */
let seen = 0

export function handler(signo: number): void {
  note(seen, signo)
}

export function handlerOfInfo(signo: number, info: SigInfo): void {
  note(seen, signo)
  note(seen, info.si_code)
  note(seen, info.si_value)
  note(seen, info.si_tid)
}

export function throwingHandler(signo: number): never {
  throw new RangeError(`signal ${signo}`)
}

export function exitingHandler(): never {
  return pthread_exit('from the handler')
}

/** Only counts, in the first word of the list: for storms. */
export function countingHandler(): void {
  if (seen !== 0) add(seen, 1)                                           // 0: it came before the thread has begun
}

/**
 * Reads, and writes each third time, at least `times` times and until a handler has counted on the list. Counts its writes in `flag`.
 * Returns how often two words were not alike.
 */
export function readsAndWrites([s, times]: [Stage, number]): number {
  seen = s.list
  let torn = 0
  const words = s.set >>> 2
  for (let i = 0; i < times || read(s.list) === 0; i++) {
    if (i % 3 === 0) {
      pthread_rwlock_wrlock(m, s.rwlock)
      if (i % 150 === 0) sched_yield()                                    // others sleep meanwhile
      add(s.flag, 1)
      m.i32[words]++
      m.i32[words + 1]++
    } else {
      pthread_rwlock_rdlock(m, s.rwlock)
      if (m.i32[words] !== m.i32[words + 1]) torn++
    }
    pthread_rwlock_unlock(m, s.rwlock)
  }
  return torn
}

/** Comes to the point `name`, and notes what handlers see on its list. Returns what the point returned. */
export function caughtAt([name, s]: [string, Stage]): unknown {
  seen = s.list
  if (name.startsWith('pthread_cond')) pthread_mutex_lock(m, s.mutex)
  const result = points[name](s)
  if (name.startsWith('pthread_cond') || name === 'pthread_mutex_lock') pthread_mutex_unlock(m, s.mutex)
  if (name.startsWith('pthread_rwlock')) pthread_rwlock_unlock(m, s.rwlock)
  return result
}

/** Blocks the set, says so, waits until it may go on, unblocks. */
export function blocksAWhile(s: Stage): number[] {
  seen = s.list
  pthread_sigmask(m, SIG_BLOCK, s.set)
  sem_post(m, s.ready)
  sem_wait(m, s.go)
  const before = read(s.list)
  pthread_sigmask(m, SIG_UNBLOCK, s.set)
  return [before, read(s.list)]
}

/** Runs without sleeping until the flag is set, then comes to a delivery point. */
export function runsThenTests(s: Stage): number[] {
  seen = s.list
  sem_post(m, s.ready)
  while (read(s.flag) === 0);
  const before = read(s.list)
  pthread_testcancel()
  return [before, read(s.list)]
}

/** Runs without sleeping until the flag is set, and returns: a signal that came meanwhile is delivered at its end. */
export function runsThenEnds([s, how]: [Stage, string]): string {
  seen = s.list
  sem_post(m, s.ready)
  while (read(s.flag) === 0);
  if (how === 'exits') pthread_exit('exited')
  if (how === 'throws') throw new RangeError('an end')
  if (how === 'in a destructor') {
    const key = malloc(4)
    pthread_key_create(m, key, () => { raise(SIGUSR1) })
    pthread_setspecific(read(key), 1)
  }
  return 'returned'
}

/** Blocks the set, and ends when it may go on. */
export function blocksAndEnds(s: Stage): void {
  pthread_sigmask(m, SIG_BLOCK, s.set)
  sem_post(m, s.ready)
  sem_wait(m, s.go)
}

export function unblocksAndWaits(s: Stage): number {
  seen = s.list
  pthread_sigmask(m, SIG_UNBLOCK, s.set)
  sem_post(m, s.ready)
  return sem_wait(m, s.sem)
}

/** Unblocks the set and comes to no delivery point while the flag is 0; then it ends, or blocks the set. */
export function unblocksAndRuns([s, how]: [Stage, string]): void {
  seen = s.list
  pthread_sigmask(m, SIG_UNBLOCK, s.set)
  sem_post(m, s.ready)
  while (read(s.flag) === 0);
  if (how === 'blocks') pthread_sigmask(m, SIG_BLOCK, s.set)
}

/** Says that it is there, and unblocks the set when it may. */
export function unblocksLate(s: Stage): void {
  seen = s.list
  sem_post(m, s.ready)
  sem_wait(m, s.go)
  pthread_sigmask(m, SIG_UNBLOCK, s.set)
}

export function maskOf(set: number): [number, number] {
  pthread_sigmask(m, SIG_BLOCK, 0, set)
  return [read(set), read(set + 4)]
}

export function pendingOf(set: number): [number, number] {
  sigpending(m, set)
  return [read(set), read(set + 4)]
}

/** Waits for signals of the set in a loop; returns what it got, `times` of them. */
export function takes([s, times]: [Stage, number]): unknown[] {
  pthread_sigmask(m, SIG_BLOCK, s.set)
  sem_post(m, s.ready)
  const got: unknown[] = []
  for (let i = 0; i < times; i++) {
    const info: Partial<SigInfo> = {}
    const errno = sigwaitinfo(m, s.set, info)
    got.push(errno === 0 ? [info.si_signo, info.si_value, info.si_code] : errno)
  }
  return got
}

/** {@link takes}, when it may go. */
export function takesWhenTold([s, times]: [Stage, number]): unknown[] {
  sem_post(m, s.ready)
  sem_wait(m, s.go)
  return takes([s, times])
}

/** Blocks a set, waits for the other one; returns also what is pending of the lower signals' numbers, the lowest. */
export function sigwaitsBlocking([s, blocked]: [Stage, number]): number[] {
  pthread_sigmask(m, SIG_BLOCK, blocked)
  const errno = sigwait(m, s.set, s.flag), pending = malloc(8)
  sigpending(m, pending)
  return [errno, read(s.flag), 32 - Math.clz32(read(pending))]
}

export function blocks(set: number): void {
  pthread_sigmask(m, SIG_BLOCK, set)
}

export function posts(sem: number): number {
  return sem_post(m, sem)
}

export function sigwaits(s: Stage): [number, number] {
  pthread_sigmask(m, SIG_BLOCK, s.set)
  sem_post(m, s.ready)
  const errno = sigwait(m, s.set, s.flag)
  return [errno, read(s.flag)]
}

export function kills([thread, signo]: [number, number]): number {
  return pthread_kill(thread, signo)
}

export function raises([list, signo]: [number, number]): [number, number] {
  seen = list
  const errno = raise(signo)
  return [errno, read(list)]
}

/** A handler that raises its own signal once more, and notes the depth. */
let depth = 0
export function nested(signo: number): void {
  depth++
  note(seen, depth)
  if (read(seen) === 1) raise(signo)
  note(seen, -depth)
  depth--
}

/** In this handler, is `other` blocked? */
export function notesMask(): void {
  const set = malloc(8)
  pthread_sigmask(m, SIG_BLOCK, 0, set)
  note(seen, read(set))
}

export function suspends(s: Stage): unknown[] {
  seen = s.list
  pthread_sigmask(m, SIG_BLOCK, s.set)
  sem_post(m, s.ready)
  sem_wait(m, s.go)
  const empty = malloc(8), mask = malloc(8)
  const errno = sigsuspend(m, empty)
  pthread_sigmask(m, SIG_SETMASK, 0, mask)
  return [errno, read(mask), read(s.list)]
}

export async function awaitsSignal(s: Stage): Promise<number> {
  seen = s.list
  sem_post(m, s.ready)
  while (read(s.list) === 0) await new Promise(resolve => setTimeout(resolve, 1))
  return read(s.list)
}

/** A plain function is this heap's: it catches SIGUSR1 here. */
export function catchesItself(s: Stage): number {
  sigaction(m, SIGUSR1, { sa_handler: () => { note(s.list, 1) } })
  sem_post(m, s.ready)
  const errno = sem_wait(m, s.go)
  return errno
}

export function sleepsFor([seconds, nanoseconds, s]: [number, number, Stage]): unknown[] {
  seen = s.list
  const left = { tv_sec: -1, tv_nsec: -1 }
  sem_post(m, s.ready)
  const errno = nanosleep({ tv_sec: seconds, tv_nsec: nanoseconds }, left)
  return [errno, left.tv_sec, left.tv_nsec]
}

export function sleepsSeconds([seconds, s]: [number, Stage]): number {
  seen = s.list
  return sleep(seconds)
}

export function timerThread(list: number): void {
  note(list, 1)
}
