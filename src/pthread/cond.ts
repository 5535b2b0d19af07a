// Condition variable.  POSIX.1-2024 pthread_cond_init, _destroy, _wait, _timedwait, _clockwait, _signal, _broadcast.
//
// word   counts signals and broadcasts, modulo 2^32.
//
// A waiter reads the word while it holds the mutex, releases the mutex and sleeps while the word is what it
// read.  signal counts the word up first, then takes one sleeper off the queue.
//
// I1  A signal sent after a waiter released the mutex finds it asleep, or makes the futex refuse its sleep:
//     either way it wakes.  A signal is not lost.
// I2  A sleeper that signal takes off is woken if the mutex is free; else it is moved to the mutex's queue
//     and the mutex marked CONTENDED, so that the unlock to come wakes it (futex requeue, "wait morphing":
//     nobody is woken only to sleep again on the mutex).
// I3  Whoever returns has the mutex, and leaves it CONTENDED: others may have been moved with it.
// I4  A timed wait that ends on the mutex's queue was signalled: it returns 0, so the signal is not lost.
// I5  A wait is canceled only while it is on the condition's queue, so it has consumed no signal; and it locks the
//     mutex before the exception goes on.  A handler that runs during the wait makes it return 0, as POSIX allows.
//
// Spurious wakeups happen (I1's refusal, the reaper), as POSIX allows.  A waiter asleep through exactly 2^32
// signals that all missed it would sleep on: not in this universe.
//
// I5  Waiters with a robust mutex, or one with a protocol, are not moved: signal wakes them, and they lock it.
//
// Reuse: a woken waiter does not touch the condition again, so it may be destroyed after a broadcast, while
// the waiters are still waiting for the mutex.
//
// Rejected: glibc's two groups (they keep a new waiter from stealing an older one's signal; our queue is in
// order and the thief's victim wakes by I1); waking all on broadcast (a stampede to one mutex).

import { add, load, peek, poke, store } from '#atomics'
import { CLOCK_MONOTONIC, CLOCK_REALTIME, type Clock } from '../kernel/clock.ts'
import { EBUSY, EDEADLK, EINVAL, EOWNERDEAD, EPERM } from '../kernel/errno.ts'
import { ANY, ANY_EPOCH, CANCEL, requeue, SIGNAL, waiters, wake } from '../kernel/futex.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { block, freezes, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { CONTENDED, HELD, lock_slow, unlockAs } from './mutex.ts'
import { cancellationPoint } from './cancel.ts'
import { areCondAttributes } from './condattr.ts'
import { kindOf } from './mutextype.ts'
import { Cond, CondAttr, Mutex } from './records.ts'
import { NAMED } from './robust.ts'
import { deadline, type Timespec } from './timespec.ts'

/** Makes the condition at `cond`, with the attributes at `attr` (0: default, CLOCK_REALTIME). EINVAL for attributes that are none. */
export function pthread_cond_init(m: Memory, cond: Address, attr: Address = 0): number {
  if (!fits(m, cond, Cond.size) || (attr !== 0 && !areCondAttributes(m, attr))) return EINVAL
  const clock = attr === 0 ? CLOCK_REALTIME : peek(m, attr + CondAttr.clock)
  if (clock !== CLOCK_REALTIME && clock !== CLOCK_MONOTONIC) return EINVAL
  m.i32.fill(0, cond >>> 2, (cond + Cond.size) >>> 2)
  poke(m, cond + Cond.clock, clock)
  return 0
}

/** Ends the condition's life. Threads that were signalled may still be on their way out; while others wait, EBUSY. */
export function pthread_cond_destroy(m: Memory, cond: Address): number {
  if (!fits(m, cond, Cond.size)) return EINVAL
  return waiters(m, cond) === 0 ? 0 : EBUSY
}

/**
 * Releases the mutex, blocks until signalled, and locks the mutex again. May return without a signal. A
 * cancellation point. EPERM if the caller does not hold the mutex; EOWNERDEAD and ENOTRECOVERABLE as pthread_mutex_lock.
 */
export function pthread_cond_wait(m: Memory, cond: Address, mutex: Address): number {
  if (freezes()) return EDEADLK
  cancellationPoint()
  return block(wait_slow(m, cond, mutex, self.slot, self.tid))
}

/** {@link pthread_cond_wait} until `abstime` on the condition's clock: ETIMEDOUT after that, with the mutex locked. */
export function pthread_cond_timedwait(m: Memory, cond: Address, mutex: Address, abstime: Timespec): number {
  return pthread_cond_clockwait(m, cond, mutex, peek(m, cond + Cond.clock) as Clock, abstime)
}

/** {@link pthread_cond_timedwait} on the clock given. */
export function pthread_cond_clockwait(m: Memory, cond: Address, mutex: Address, clock: Clock, abstime: Timespec): number {
  if (freezes()) return EDEADLK
  const until = deadline(abstime, clock)
  cancellationPoint()
  return until < 0 ? EINVAL : block(wait_slow(m, cond, mutex, self.slot, self.tid, until, clock))
}

/** Wakes a thread that waits on the condition, the one that waited first, if there is one. */
export function pthread_cond_signal(m: Memory, cond: Address): number {
  return advance(m, cond, 1)
}

/** Wakes all threads that wait on the condition; they take the mutex one after the other. */
export function pthread_cond_broadcast(m: Memory, cond: Address): number {
  return advance(m, cond, Infinity)
}

function advance(m: Memory, cond: Address, count: number): number {
  add(m, cond, 1)                                                         // I1: before anybody is taken off
  const mutex = load(m, cond + Cond.mutex)
  if (mutex === 0) return 0
  if (kindOf(m, mutex) !== 0) wake(m, cond, count)                        // I5
  else requeue(m, cond, m, mutex, count, HELD, CONTENDED)                 // I2
  return 0
}

/**
 * The wait of every driver, by thread record `slot` with the mutex's owner `tid`. Returns 0, ETIMEDOUT or EOWNERDEAD with the
 * mutex locked; EPERM or ENOTRECOVERABLE without.
 */
export function* wait_slow(m: Memory, cond: Address, mutex: Address, slot: number, tid: number,
  until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  if (peek(m, mutex + Mutex.owner) !== tid) return EPERM
  const seen = load(m, cond)
  const depth = peek(m, mutex + Mutex.depth)
  if (peek(m, cond + Cond.mutex) !== mutex) store(m, cond + Cond.mutex, mutex)
  poke(m, mutex + Mutex.depth, depth & NAMED)                             // a recursive mutex is released whole
  unlockAs(m, mutex, tid)
  let result = 0
  try {
    result = yield wait(m, cond, seen, wmesg.condition, until, clock, ANY, ANY_EPOCH, SIGNAL | CANCEL)
  } catch (error) {                                             // canceled, or a handler threw
    const locked = yield* lock_slow(m, mutex, tid)
    if (locked === 0 || locked === EOWNERDEAD) poke(m, mutex + Mutex.depth, depth)
    throw error
  }
  const moved = result !== 0 && peek(kernel, record(slot) + ThreadRecord.address) !== cond
  const locked = yield* lock_slow(m, mutex, tid)                          // I3
  if (locked !== 0 && locked !== EOWNERDEAD) return locked                // ENOTRECOVERABLE: without the mutex
  poke(m, mutex + Mutex.depth, depth)
  return locked !== 0 || moved ? locked : result                          // I4
}
