// Threads of the marathon that are canceled, die, or end.

import {
  CLOCK_MONOTONIC, CLOCK_REALTIME, EBUSY, EOWNERDEAD, ETIMEDOUT, nanosleep, PTHREAD_CANCEL_ASYNCHRONOUS, PTHREAD_CANCEL_DISABLE,
  PTHREAD_CANCEL_ENABLE, pthread_cleanup_push, pthread_cond_broadcast, pthread_cond_clockwait, pthread_key_delete, pthread_mutex_clocklock,
  pthread_mutex_consistent, pthread_mutex_destroy, pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock, pthread_rwlock_clockrdlock,
  pthread_rwlock_clockwrlock, pthread_rwlock_unlock, pthread_setcancelstate, pthread_setcanceltype, pthread_setspecific, pthread_spin_trylock,
  pthread_spin_unlock, pthread_testcancel, sem_clockwait, sem_post, sem_wait,
} from 'pthreads/posix'
import { Thread } from 'pthreads'
import { add, load as read, peek, poke } from '#atomics'
import { kernel, record, self, user } from '#internal/kernel/process.js'
import { State, ThreadRecord } from '#internal/kernel/records.js'
import { find } from '#internal/kernel/thread.js'
import { random } from '../random.ts'
import type { Part } from './actors.ts'
import { did, opensRow } from './ledger.ts'
import {
  aClock, APART, CANCEL_COND, CANCEL_MUTEX, CANCEL_SEM, CLEANED, DESTROYED, DUE, INSIDE, MARK, microseconds, ok, PLANNED, PLANNED_MAX, PUSHED, ROBUST,
  ROBUST_COND, ROBUST_MUTEX, soon, STOP, TOLD,
} from './stage.ts'

const goesOn = (stage: number): boolean => read(user, stage + STOP) === 0

// Canceled ------------------------------------------------------------------------------------------------------

function inside(stage: number, n: 1 | -1): void {
  if (add(user, stage + INSIDE, n) !== (n === 1 ? 0 : 1)) throw new Error('two threads are inside the mutex of the canceled')
}

/** Comes to cancellation points, for ever. What it took it gives back, wherever it ends. */
export function dallies([stage, seed]: [number, number]): void {
  const below = random(seed)
  pthread_cleanup_push((word: number) => add(user, word, 1), stage + CLEANED)
  add(user, stage + PUSHED, 1)
  if (below(4) === 0) pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS)
  for (;;) {
    switch (below(7)) {
      case 0: case 1: {
        pthread_mutex_lock(user, stage + CANCEL_MUTEX)
        inside(stage, 1)
        let within = true
        try {
          inside(stage, -1)
          within = false
          pthread_cond_clockwait(user, stage + CANCEL_COND, stage + CANCEL_MUTEX, CLOCK_MONOTONIC, soon(below(20)))
          inside(stage, 1)
          within = true
        } finally {
          if (within) inside(stage, -1)
          ok(pthread_mutex_unlock(user, stage + CANCEL_MUTEX), 'pthread_mutex_unlock')
        }
        pthread_cond_broadcast(user, stage + CANCEL_COND)
        break
      }
      case 2: if (sem_wait(user, stage + CANCEL_SEM) === 0) ok(sem_post(user, stage + CANCEL_SEM), 'sem_post'); break
      case 3: if (sem_clockwait(user, stage + CANCEL_SEM, CLOCK_REALTIME, soon(below(3), CLOCK_REALTIME)) === 0) ok(sem_post(user, stage + CANCEL_SEM), 'sem_post'); break
      case 4: nanosleep(microseconds(below(1000))); break
      case 5: pthread_testcancel(); break
      case 6:
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE)
        nanosleep(microseconds(below(50)))
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE)
        break
    }
  }
}

// Mortal --------------------------------------------------------------------------------------------------------

export type Death = 'terminate' | 'throw' | 'exit' | 'heap' | 'uncaught'

/** On the ground that a batch of mortals shares: how many have begun, and what they may leave locked. */
export const MORTAL = { begun: 0, rwlock: APART, sem: 2 * APART, mutex: 3 * APART, cond: 4 * APART, spin: 5 * APART }

function isAlive(tid: number): boolean {
  const slot = find(tid)
  return slot !== 0 && read(kernel, record(slot) + ThreadRecord.state) !== State.EXITED
}

// Whether thread `tid` ends: its mutexes are told of its death a moment before its record says so.
function ends(tid: number): boolean {
  const late = performance.now() + 10_000
  while (isAlive(tid)) if (performance.now() > late) return false
  return true
}

// Looks at what the last one inside left. A death that was announced must be told, and to one who lives.
function enterRobust(stage: number, mutex: number, errno: number): void {
  const mark = peek(user, mutex + MARK)
  if (errno === 0 && mark !== 0) throw new Error(`${mark > 0 ? `thread ${mark}` : `death ${-mark - 1}`} was inside, and nobody is told`)
  if (errno === EOWNERDEAD && mark > 0 && !ends(mark)) throw new Error(`thread ${mark} is said to be dead, and lives`)
  if (errno === EOWNERDEAD && mark < 0) {
    const told = stage + TOLD + 4 * (-mark - 1), before = peek(user, told)
    if (before !== 0 && isAlive(before)) throw new Error(`death ${-mark - 1} was told to thread ${before}, and again`)
    poke(user, told, self.tid)
  }
  poke(user, mutex + MARK, self.tid)
  if (errno === EOWNERDEAD) ok(pthread_mutex_consistent(user, mutex), 'pthread_mutex_consistent')
}

function leaveRobust(mutex: number): void {
  if (peek(user, mutex + MARK) !== self.tid) throw new Error(`thread ${peek(user, mutex + MARK)} is inside as well`)
  poke(user, mutex + MARK, 0)
  ok(pthread_mutex_unlock(user, mutex), 'pthread_mutex_unlock')
}

function lockRobust(stage: number, mutex: number, how: number, below: (n: number) => number): boolean {
  const errno = how === 0 ? pthread_mutex_lock(user, mutex) : how === 1 ? pthread_mutex_trylock(user, mutex)
    : pthread_mutex_clocklock(user, mutex, CLOCK_MONOTONIC, soon(below(2)))
  if (errno === EBUSY || errno === ETIMEDOUT) return false
  if (errno !== 0 && errno !== EOWNERDEAD) throw new Error(`lock of a robust mutex: errno ${errno}`)
  enterRobust(stage, mutex, errno)
  return true
}

/** One look at a robust mutex, or two; `end` is called inside, with the mutexes held, to end the caller there or not. */
export function visitRobust(stage: number, below: (n: number) => number, end: (...held: number[]) => void): void {
  const i = below(ROBUST), mutex = stage + ROBUST_MUTEX + i * APART, second = i + 1 < ROBUST && below(3) === 0 ? mutex + APART : 0
  if (!lockRobust(stage, mutex, below(3), below)) return
  const both = second !== 0 && lockRobust(stage, second, below(3), below)
  for (let n = below(40); n > 0; n--) peek(user, mutex + MARK)
  end(...both ? [mutex, second] : [mutex])
  if (both) leaveRobust(second)
  if (below(8) === 0) {
    poke(user, mutex + MARK, 0)
    const errno = pthread_cond_clockwait(user, stage + ROBUST_COND, mutex, CLOCK_MONOTONIC, soon(below(2)))
    if (errno !== 0 && errno !== ETIMEDOUT && errno !== EOWNERDEAD) throw new Error(`pthread_cond_clockwait: errno ${errno}`)
    enterRobust(stage, mutex, errno === EOWNERDEAD ? errno : 0)
  }
  leaveRobust(mutex)
  if (below(8) === 0) pthread_cond_broadcast(user, stage + ROBUST_COND)
}

// Something on the ground that this one may die with: nobody relies on it but mortals, who do not wait for long. A wait on the condition takes the
// mutex again however long that takes, for ever where the holder was terminated: only who will be terminated itself waits there.
function wander(ground: number, below: (n: number) => number, death: Death): void {
  const clock = aClock(below), until = soon(below(2), clock), { rwlock, sem, mutex, cond, spin } = MORTAL
  const pauses = (): void => { for (let n = below(100); n > 0; n--) peek(user, ground) }
  switch (below(6)) {
    case 0: if (pthread_rwlock_clockrdlock(user, ground + rwlock, clock, until) === 0) { pauses(); pthread_rwlock_unlock(user, ground + rwlock) } break
    case 1: if (pthread_rwlock_clockwrlock(user, ground + rwlock, clock, until) === 0) { pauses(); pthread_rwlock_unlock(user, ground + rwlock) } break
    case 2: if (sem_clockwait(user, ground + sem, clock, until) === 0) { pauses(); sem_post(user, ground + sem) } break
    case 3:
      if (pthread_mutex_clocklock(user, ground + mutex, clock, until) !== 0) break
      if (death === 'terminate' && below(2) === 0) pthread_cond_clockwait(user, ground + cond, ground + mutex, CLOCK_MONOTONIC, soon(below(2)))
      pthread_mutex_unlock(user, ground + mutex)
      pthread_cond_broadcast(user, ground + cond)
      break
    case 4: if (pthread_spin_trylock(user, ground + spin) === 0) { pauses(); pthread_spin_unlock(user, ground + spin) } break
    case 5: nanosleep(microseconds(below(200)))
  }
}

/** Lives until it is terminated, or dies by itself, most often with robust mutexes held. */
export async function mortal(stage: number, ground: number, seed: number, death: Death): Promise<void> {
  const below = random(seed)
  add(user, ground + MORTAL.begun, 1)
  let left = death === 'terminate' ? Infinity : 1 + below(200)
  const announce = (held: readonly number[]): void => {
    for (const mutex of held) {
      const n = add(user, stage + PLANNED, 1)
      if (n >= PLANNED_MAX) throw new Error('there is no room for more deaths')
      poke(user, mutex + MARK, -n - 1)
    }
  }
  const outside = below(4) === 0                                          // it dies with nothing of this held
  const inside = (...held: number[]): void => {
    if (--left > 0 || outside) return
    announce(held)
    if (death !== 'uncaught') die(death)
    throw new LeftLocked()
  }
  try {
    while (left > 0) {
      if (below(2) === 0) wander(ground, below, death)
      else visitRobust(stage, below, inside)
    }
  } catch (error) {
    if (!(error instanceof LeftLocked)) throw error
  }
  if (death !== 'uncaught') die(death)
  setTimeout(() => { throw new Error('nobody catches this') }, below(2))
  await new Promise(() => undefined)
}

/** Out of the critical section, with all that is held. */
class LeftLocked extends Error {}

function die(death: Death): never {
  if (death === 'exit') process.exit(3)
  if (death === 'heap') for (let eaten: unknown = null, i = 0; ; i++) eaten = { eaten, more: [i, i, i, i, i, i, i, i] }
  throw new Error('the end of its life')
}

// Ending --------------------------------------------------------------------------------------------------------

/** Where destructors count; a heap runs one thread at a time. */
let destroyed = 0

/** The destructor: counts. */
export function destroys(value: number): void {
  add(user, destroyed, value)
}

/** Leaves data behind in the key, whose destructor must run, unless the key is deleted before. */
export function leavesData([stage, value, key]: [number, number, number]): number {
  destroyed = stage + DESTROYED
  const data = 1 + value % 7
  ok(pthread_setspecific(key, data), 'pthread_setspecific')
  Thread.current.setPriority(value % 3)
  if (value % 5 === 0) ok(pthread_key_delete(key), 'pthread_key_delete')
  else add(user, stage + DUE, data)
  return value + 1
}

/** Ends detached, and says so. */
export function endsUnobserved([, , , ends]: [number, number, number, number]): void {
  add(user, ends, 1)
}

// Immortal ------------------------------------------------------------------------------------------------------

/** Uses the robust mutexes that mortals hold when they die. */
export function survives({ stage, row, seed }: Part): void {
  opensRow(row)
  const below = random(seed)
  Thread.current.setPriority(below(5))
  while (goesOn(stage)) visitRobust(stage, below, (...held) => { did('mutex locks', held.length) })
}

/** When all have ended: the deaths that nobody was told of yet are told to the caller, and the mutexes end. Returns what is wrong. */
export function closeRobust(stage: number): string[] {
  const wrong: string[] = []
  for (let n = 0; n < ROBUST; n++) {
    const mutex = stage + ROBUST_MUTEX + n * APART
    try {
      if (lockRobust(stage, mutex, 1, () => 0)) leaveRobust(mutex)
      else wrong.push(`robust mutex ${n} is held by nobody who lives`)
    } catch (error) {
      wrong.push(`robust mutex ${n}: ${(error as Error).message}`)
    }
    if (pthread_mutex_destroy(user, mutex) !== 0) wrong.push(`robust mutex ${n} cannot be destroyed`)
  }
  return wrong
}
