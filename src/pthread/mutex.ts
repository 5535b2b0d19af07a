// Mutex.  POSIX.1-2024 pthread_mutex_init, _destroy, _lock, _trylock, _timedlock, _clocklock, _unlock;
// types NORMAL (which DEFAULT is), RECURSIVE, ERRORCHECK.
//
// This file is about plain mutexes; robust ones and those with a protocol leave its fast paths by the values of
// their words and go on in robust.ts.
//
// word            meaning                                who leaves it, and to where
//   0  FREE       nobody holds it                        any thread, by lock: HELD, or CONTENDED if it has slept
//   1  HELD       held; see I2 for who may be asleep     the owner: FREE.  A thread about to wait: CONTENDED
//   2  CONTENDED  held, somebody may sleep               the owner: FREE, then it wakes one
//
// I1  Only the owner moves the word to FREE.
// I2  While a thread sleeps here the word is CONTENDED, or a wake is due: an owner has exchanged FREE in and
//     has not yet woken, or a woken thread has yet to exchange.
// I3  Whoever acquires on the slow path leaves CONTENDED, never HELD: others may still sleep.
// I4  A wait ends with ETIMEDOUT only if it took itself off the queue.  A thread that wake took off
//     exchanges; for a thread that died in between, the reaper passes the wake on.
//
// No wakeup is lost, by I2: a thread falls asleep only after the futex has re-read CONTENDED under its bucket
// lock; the word leaves CONTENDED only by unlock's exchange, whose owner then owes a wake; a wake turns one
// sleeper into a thread that exchanges CONTENDED in (I3), and whose own unlock wakes the next.  A thread that
// condition variables move here (kernel/futex.ts, requeue) counts as such a sleeper.
//
// A timed lock that gives up leaves CONTENDED behind: one wake for nothing.
//
// Reuse: after its exchange unlock uses the address as a key only, so the next owner may destroy and free the
// mutex at once.  A stranger at the same address may be woken for nothing; all sleepers loop.
//
// `owner` is a report for plain mutexes and the truth for the thread itself: nobody else ever writes my tid
// there, so "owner is me" is exact without an atomic access.  An asynchronous acquisition owns by a tid of
// its own (kernel/thread.ts, openAsync).  The atomics port has the two accesses of lock, and those of unlock, in
// one call each (casOwned, exchangeOwned): that is a third of the price.
//
// Rejected: two states and a wake at every unlock (3x the price when nobody waits); a ticket lock (fair, but
// it hands the lock to threads that are not running); the owner's tid as the state word (a third access for
// plain mutexes: robust and priority types pay it).

import { casOwned, exchange, exchangeOwned, load, peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, type Clock } from '../kernel/clock.ts'
import { EAGAIN, EBUSY, EINVAL, ENOSYS, EPERM } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { isLinkable } from '../kernel/memories.ts'
import { self } from '../kernel/process.ts'
import { block, deadlock, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { checkAttributes, kindOfAttributes } from './mutexattr.ts'
import { DEPTH_MAX, kindOf, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, typeOf } from './mutextype.ts'
import { Mutex, MutexAttr } from './records.ts'
import { isVacant, lockNamed, lockNamed_slow, lockNamedYielding, trylockNamed, unlockNamed, VACANT } from './robust.ts'
import { deadline, type Timespec } from './timespec.ts'
import { askTurn } from './turn.ts'
import { closesCycle } from './waits.ts'

export const FREE = 0, HELD = 1, CONTENDED = 2
const SPINS = 40

const { owner, type, depth } = Mutex

/**
 * Makes the mutex at `mutex`, free, with the attributes at `attr` (0: default). EINVAL for attributes that are none;
 * ENOSYS for a robust one, or one with a protocol, in a memory that links cannot name (kernel/memories.ts).
 */
export function pthread_mutex_init(m: Memory, mutex: Address, attr: Address = 0): number {
  if (!fits(m, mutex, Mutex.size) || (attr !== 0 && !checkAttributes(m, attr))) return EINVAL
  return initKind(m, mutex, attr === 0 ? 0 : kindOfAttributes(m, attr), attr === 0 ? 0 : peek(m, attr + MutexAttr.ceiling) || 1)
}

/** {@link pthread_mutex_init} with the bits of the type word. */
export function initKind(m: Memory, mutex: Address, bits: number, ceiling: number): number {
  const plain = bits <= PTHREAD_MUTEX_ERRORCHECK
  if (!plain && !isLinkable(m)) return ENOSYS                             // who buries a holder could not reach it
  m.i32.fill(0, mutex >>> 2, (mutex + Mutex.size) >>> 2)
  poke(m, mutex + type, bits)
  if (plain) return 0
  poke(m, mutex + Mutex.ceiling, ceiling)
  poke(m, mutex, VACANT)
  return 0
}

/** Ends the mutex's life; its memory may be used for something else. EBUSY if it is held. */
export function pthread_mutex_destroy(m: Memory, mutex: Address): number {
  if (!fits(m, mutex, Mutex.size)) return EINVAL
  const word = load(m, mutex)
  return word === FREE || (isVacant(word) && kindOf(m, mutex) !== 0) ? 0 : EBUSY
}

/**
 * Locks the mutex at `mutex`; blocks until it is free. Not a cancellation point. The caller holds it already:
 * EDEADLK (errorcheck), one more unlock is due (recursive; EAGAIN if that are too many), or it blocks for
 * ever (normal). EDEADLK also if the holder waits, through others maybe, for a mutex that the caller holds (errorcheck).
 * A robust mutex whose holder died: EOWNERDEAD, with the mutex locked, see {@link pthread_mutex_consistent};
 * ENOTRECOVERABLE if one unlocked it without that. EINVAL if the caller's priority is above the mutex's ceiling.
 */
export function pthread_mutex_lock(m: Memory, mutex: Address): number {
  return casOwned(m, mutex, FREE, HELD, self.tid) === FREE ? 0 : relockOrWait(m, mutex, Infinity, CLOCK_MONOTONIC)
}

/** Locks the mutex if nobody holds it (or the caller does: recursive). Else EBUSY, or as {@link pthread_mutex_lock}. Does not block. */
export function pthread_mutex_trylock(m: Memory, mutex: Address): number {
  return trylockAs(m, mutex, self.tid)
}

/** {@link pthread_mutex_lock} until `abstime` on CLOCK_REALTIME: ETIMEDOUT after that; EINVAL if nanoseconds are not below 1e9. */
export function pthread_mutex_timedlock(m: Memory, mutex: Address, abstime: Timespec): number {
  return pthread_mutex_clocklock(m, mutex, 0, abstime)
}

/** {@link pthread_mutex_timedlock} on the clock given. */
export function pthread_mutex_clocklock(m: Memory, mutex: Address, clock: Clock, abstime: Timespec): number {
  const result = pthread_mutex_trylock(m, mutex)
  if (result !== EBUSY) return result
  if (typeOf(m, mutex) === PTHREAD_MUTEX_ERRORCHECK && peek(m, mutex + owner) === self.tid) return deadlock()
  const until = deadline(abstime, clock)
  return until < 0 ? EINVAL : relockOrWait(m, mutex, until, clock)
}

/** Unlocks the mutex. EPERM if the caller does not hold it (recursive, errorcheck, robust or with a protocol; undefined for normal). */
export function pthread_mutex_unlock(m: Memory, mutex: Address): number {
  return unlockAs(m, mutex, self.tid)
}

/** Trylock by the owner `tid`: the calling thread, or an asynchronous acquisition of it. */
export function trylockAs(m: Memory, mutex: Address, tid: number): number {
  if (casOwned(m, mutex, FREE, HELD, tid) === FREE) return 0
  if (mutex === 0) return EINVAL
  if (kindOf(m, mutex) !== 0) return trylockNamed(m, mutex, tid)
  return peek(m, mutex + type) === PTHREAD_MUTEX_RECURSIVE && peek(m, mutex + owner) === tid ? deepen(m, mutex) : EBUSY
}

/** Unlock by the owner `tid`. */
export function unlockAs(m: Memory, mutex: Address, tid: number): number {
  const seen = exchangeOwned(m, mutex, FREE, tid)                         // HELD, CONTENDED -> FREE; the owner before
  return seen === HELD ? 0 : unlock_slow(m, mutex, tid, seen)
}

function unlock_slow(m: Memory, mutex: Address, tid: number, seen: number): number {
  if (seen === CONTENDED) {
    wake(m, mutex, 1)
    return 0
  }
  if (mutex === 0) return EINVAL
  if (kindOf(m, mutex) !== 0) return unlockNamed(m, mutex, tid)
  const more = peek(m, mutex + depth)
  if (more !== 0 && peek(m, mutex + owner) === tid) {
    poke(m, mutex + depth, more - 1)
    return 0
  }
  if (peek(m, mutex + type) !== PTHREAD_MUTEX_NORMAL) return EPERM
  poke(m, mutex + owner, 0)                                               // another's: undefined by POSIX, and it works
  if (exchange(m, mutex, FREE) === CONTENDED) wake(m, mutex, 1)
  return 0
}

/** Lock until `until`, an absolute time in ms on `clock`. */
export function lockUntil(m: Memory, mutex: Address, until: number, clock: Clock): number {
  return casOwned(m, mutex, FREE, HELD, self.tid) === FREE ? 0 : relockOrWait(m, mutex, until, clock)
}

function relockOrWait(m: Memory, mutex: Address, until: number, clock: Clock): number {
  if (mutex === 0) return EINVAL
  if (peek(m, mutex + type) > PTHREAD_MUTEX_ERRORCHECK) return lockNamed(m, mutex, until, clock)
  const result = relock(m, mutex)
  if (result >= 0) return result
  if (!self.fiber && spin(m, mutex)) return 0
  return closesCircle(m, mutex, until) ? deadlock() : block(lock_slow(m, mutex, self.tid, until, clock))
}

/** {@link lockUntil} of a fiber: does not spin, for whom it waits for may be a fiber of the same carrier. */
export function* lockYielding(m: Memory, mutex: Address, until: number, clock: Clock): Sleeper<number> {
  if (peek(m, mutex + type) > PTHREAD_MUTEX_ERRORCHECK) return yield* lockNamedYielding(m, mutex, until, clock)
  const result = relock(m, mutex)
  return result >= 0 ? result : closesCircle(m, mutex, until) ? deadlock() : yield* lock_slow(m, mutex, self.tid, until, clock)
}

function closesCircle(m: Memory, mutex: Address, until: number): boolean {
  return peek(m, mutex + type) === PTHREAD_MUTEX_ERRORCHECK && until === Infinity && closesCycle(m, mutex)
}

// What a lock returns if the caller holds the mutex; -1: another does.
function relock(m: Memory, mutex: Address): number {
  const kind = peek(m, mutex + type)
  if (peek(m, mutex + owner) === self.tid) {
    if (kind === PTHREAD_MUTEX_ERRORCHECK) return deadlock()
    if (kind === PTHREAD_MUTEX_RECURSIVE) return deepen(m, mutex)
  }
  return -1
}

function deepen(m: Memory, mutex: Address): number {
  const more = peek(m, mutex + depth)
  if (more === DEPTH_MAX) return EAGAIN
  poke(m, mutex + depth, more + 1)
  return 0
}

// The owner may be about to release on another core.
function spin(m: Memory, mutex: Address): boolean {
  for (let i = 0; i < SPINS; i++)
    if (load(m, mutex) === FREE && casOwned(m, mutex, FREE, HELD, self.tid) === FREE) return true
  return false
}

/** The slow path of every lock: returns 0 or ETIMEDOUT, and what {@link lockNamed_slow} does. The owner will be `tid`. */
export function* lock_slow(m: Memory, mutex: Address, tid: number, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  if (kindOf(m, mutex) !== 0) return yield* lockNamed_slow(m, mutex, tid, until, clock)
  while (exchange(m, mutex, CONTENDED) !== FREE) {                        // HELD -> CONTENDED, or FREE -> CONTENDED (I3)
    askTurn(peek(m, mutex + owner))
    const result = yield wait(m, mutex, CONTENDED, wmesg.mutex, until, clock)
    if (result !== 0) return result                                       // I4
  }
  poke(m, mutex + owner, tid)
  return 0
}
