// The stage of the marathon: the objects that its actors use, at fixed places of one block of user memory.

import {
  CLOCK_MONOTONIC, CLOCK_REALTIME, free, malloc, MutexAttr, pthread_cond_destroy, pthread_mutex_destroy, pthread_mutex_init, pthread_mutexattr_init,
  pthread_mutexattr_setprioceiling, pthread_mutexattr_setprotocol, pthread_mutexattr_setrobust, pthread_mutexattr_settype, pthread_rwlock_destroy,
  pthread_rwlock_init, pthread_rwlockattr_init, pthread_rwlockattr_setkind_np, pthread_spin_destroy, RwlockAttr, sem_destroy, sem_getvalue, sem_init,
  SIGRTMIN, type Clock, type MutableTimespec, type Timespec,
} from 'pthreads/posix'
import { load, peek } from '#atomics'
import { now } from '#internal/kernel/clock.js'
import { user } from '#internal/kernel/process.js'

/** How far objects lie apart; the word that an object guards lies at WORD of it, and its mark, for robust mutexes, at MARK. */
export const APART = 64, WORD = 40, MARK = 44

/** Numbers of the guarded words in the ledger. */
export const MUTEXES = 18, RWLOCKS = 3, SPINS = 2
export const FIRST_RWLOCK = MUTEXES, FIRST_SPIN = FIRST_RWLOCK + RWLOCKS, BUFFER_PUT = FIRST_SPIN + SPINS, BUFFER_TAKEN = BUFFER_PUT + 1,
  FACE = BUFFER_TAKEN + 1
/** Robust mutexes that mortals hold when they die. */
export const ROBUST = 6
export const SEMAPHORES = 3, CAPACITY = 4
/** How many deaths with a robust mutex held can be told apart in a round. */
export const PLANNED_MAX = 4096
/** How many words of pthread_once a round has. */
export const ONCES = 65536

let end = 0
const take = (bytes: number): number => (end += bytes) - bytes

/** Words: the senders stop; all stop. */
export const HUSH = take(4), STOP = take(4)
/** Words: sums of the values sent to handlers and to waiters, and of those that arrived. */
export const SENT = take(4), HANDLED = take(4), POSTED = take(4), WAITED = take(4)
/** Words: cleanup handlers pushed and run, destructors due and run, timer threads. */
export const PUSHED = take(4), CLEANED = take(4), DUE = take(4), DESTROYED = take(4)
/** Words: deaths with a robust mutex held that were announced; who is inside the mutex of the canceled; the next once. */
export const PLANNED = take(4), INSIDE = take(4), NEXT_ONCE = take(4), ONCE_CALLS = take(4)
/** Words: how many actors may be sent signals, then their tids. */
export const TARGETS = take(4 + 60 * 4)
end = 512
export const MUTEX = take(MUTEXES * APART), ROBUST_MUTEX = take(ROBUST * APART), RWLOCK = take(RWLOCKS * APART), SPIN = take(SPINS * APART)
export const SEMAPHORE = take(SEMAPHORES * APART)
/** A bounded buffer: its mutex, its two conditions, and how much is in it. */
export const BUFFER = take(APART), NOT_FULL = take(APART), NOT_EMPTY = take(APART), FILLED = take(APART)
/** What those use that are canceled. */
export const CANCEL_MUTEX = take(APART), CANCEL_COND = take(APART), CANCEL_SEM = take(APART)
export const ROBUST_COND = take(APART)
/** Told[n]: the tid of who was told of death n. */
export const TOLD = take(PLANNED_MAX * 4)
/** pthread_once_t, and how often its routine ran. */
export const ONCE = take(ONCES * 8), RAN = take(ONCES * 4)

/** Signals: with values, for handlers; for those who wait; of timers; and one without values that interrupts. */
export const TO_HANDLER = SIGRTMIN, TO_WAITER = SIGRTMIN + 1, OF_TIMER = SIGRTMIN + 2

/** The time in `ms` milliseconds. */
export function soon(ms: number, clock: Clock = CLOCK_MONOTONIC): Timespec {
  const at = now(clock) + ms
  return { tv_sec: Math.floor(at / 1000), tv_nsec: at % 1000 * 1e6 }
}

/** One of the two clocks, at random. */
export function aClock(below: (n: number) => number): Clock {
  return below(2) === 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME
}

/** A span of `us` microseconds. */
export function microseconds(us: number): MutableTimespec {
  return { tv_sec: 0, tv_nsec: us * 1000 }
}

/** Throws unless `errno` is 0. */
export function ok(errno: number, what: string): void {
  if (errno !== 0) throw new Error(`${what}: errno ${errno}`)
}

function makeMutex(mutex: number, type: number, robust: number, protocol: number): void {
  const attr = malloc(MutexAttr.size)
  ok(pthread_mutexattr_init(user, attr), 'pthread_mutexattr_init')
  ok(pthread_mutexattr_settype(user, attr, type), 'pthread_mutexattr_settype')
  ok(pthread_mutexattr_setrobust(user, attr, robust), 'pthread_mutexattr_setrobust')
  ok(pthread_mutexattr_setprotocol(user, attr, protocol), 'pthread_mutexattr_setprotocol')
  ok(pthread_mutexattr_setprioceiling(user, attr, 99), 'pthread_mutexattr_setprioceiling')
  ok(pthread_mutex_init(user, mutex, attr), 'pthread_mutex_init')
  free(attr)
}

/** Mutex `n` of 18: each type, plain and robust, with each protocol. */
export const describeMutex = (n: number): string =>
  `the ${['normal', 'recursive', 'errorcheck'][n % 3]}${n % 6 < 3 ? '' : ' robust'} mutex${['', ' that inherits priority', ' with a ceiling'][Math.floor(n / 6)]}`

/** Makes the objects; returns their address. */
export function setStage(): number {
  const stage = malloc(end)
  if (stage === 0) throw new Error('ENOMEM')
  for (let n = 0; n < MUTEXES; n++) makeMutex(stage + MUTEX + n * APART, n % 3, n % 6 < 3 ? 0 : 1, Math.floor(n / 6))
  for (let n = 0; n < ROBUST; n++) makeMutex(stage + ROBUST_MUTEX + n * APART, n % 3, 1, n >> 1)
  const attr = malloc(RwlockAttr.size)
  pthread_rwlockattr_init(user, attr)
  for (let n = 0; n < RWLOCKS; n++) {
    ok(pthread_rwlockattr_setkind_np(user, attr, n), 'pthread_rwlockattr_setkind_np')
    ok(pthread_rwlock_init(user, stage + RWLOCK + n * APART, attr), 'pthread_rwlock_init')
  }
  free(attr)
  for (let n = 0; n < SEMAPHORES; n++) ok(sem_init(user, stage + SEMAPHORE + n * APART, 0, n), 'sem_init')
  ok(sem_init(user, stage + CANCEL_SEM, 0, 1), 'sem_init')
  return stage
}

/** What is wrong with the objects when nobody uses them any more; ends their lives. `changes(n)`: how often word n was changed. */
export function strike(stage: number, changes: (n: number) => number): string[] {
  const wrong: string[] = []
  const equal = (found: number, wanted: number, what: string): void => {
    if (found !== wanted) wrong.push(`${what}: ${found}, not ${wanted}`)
  }
  const at = (n: number): number => load(user, stage + n)
  for (let n = 0; n < MUTEXES; n++) {
    const mutex = stage + MUTEX + n * APART
    equal(peek(user, mutex + WORD), changes(n) | 0, `what ${describeMutex(n)} guards`)
    equal(pthread_mutex_destroy(user, mutex), 0, `pthread_mutex_destroy of ${describeMutex(n)}`)
  }
  for (let n = 0; n < RWLOCKS; n++) {
    const lock = stage + RWLOCK + n * APART
    equal(peek(user, lock + WORD), changes(FIRST_RWLOCK + n) | 0, `what the read-write lock of kind ${n} guards`)
    equal(pthread_rwlock_destroy(user, lock), 0, `pthread_rwlock_destroy of kind ${n}`)
  }
  for (let n = 0; n < SPINS; n++) {
    equal(peek(user, stage + SPIN + n * APART + WORD), changes(FIRST_SPIN + n) | 0, `what spin lock ${n} guards`)
    equal(pthread_spin_destroy(user, stage + SPIN + n * APART), 0, `pthread_spin_destroy ${n}`)
  }
  const value = malloc(4)
  for (const [sem, units] of [...Array.from({ length: SEMAPHORES }, (_, n) => [SEMAPHORE + n * APART, n]), [CANCEL_SEM, 1]]) {
    sem_getvalue(user, stage + sem, value)
    equal(peek(user, value), units, `units of the semaphore that had ${units}`)
    equal(sem_destroy(user, stage + sem), 0, 'sem_destroy')
  }
  free(value)
  equal(at(FILLED), changes(BUFFER_PUT) - changes(BUFFER_TAKEN), 'what is in the buffer')
  for (const [mutex, what] of [[BUFFER, 'the buffer'], [CANCEL_MUTEX, 'the canceled']] as const) equal(pthread_mutex_destroy(user, stage + mutex), 0, `pthread_mutex_destroy, ${what}`)
  for (const cond of [NOT_FULL, NOT_EMPTY, CANCEL_COND, ROBUST_COND]) equal(pthread_cond_destroy(user, stage + cond), 0, 'pthread_cond_destroy')
  equal(at(HANDLED), at(SENT), 'sum of the values that handlers got')
  equal(at(WAITED), at(POSTED), 'sum of the values that waiters got')
  equal(at(CLEANED), at(PUSHED), 'cleanup handlers that ran')
  equal(at(DESTROYED), at(DUE), 'destructors that ran')
  equal(at(INSIDE), 0, 'who is inside the mutex of the canceled')
  for (let n = 0; n < Math.min(at(NEXT_ONCE), ONCES); n++) equal(peek(user, stage + RAN + 4 * n), 1, `how often the routine of once ${n} ran`)
  for (let n = 0; n < at(PLANNED); n++) if (peek(user, stage + TOLD + 4 * n) === 0) wrong.push(`death ${n} with a robust mutex held was told to nobody`)
  free(stage)
  return wrong
}
