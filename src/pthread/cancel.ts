// Cancellation.  POSIX.1-2024 pthread_cancel, _setcancelstate, _setcanceltype, _testcancel.
//
// cancel word     bits: REQUESTED, set by anybody; DISABLED, ASYNCHRONOUS, ENDING, written by the thread
// attention       CANCEL while the thread is to act: REQUESTED and not DISABLED, told by whoever makes it so
//
// I1  A request is acted upon once: acting sets ENDING and DISABLED, and clears CANCEL.
// I2  REQUESTED is set before DISABLED is looked at; the thread clears DISABLED before it looks at REQUESTED.  So one
//     of the two sets CANCEL.  A CANCEL that came too late, after DISABLED was set again, is cleared by who finds it.
// I3  A thread that sleeps at a cancellation point is taken off its queue (futex I7), or it was woken before: then it
//     returns what it got, and the request waits for its next point.  So a canceled wait has consumed nothing.
//
// Acting is a JavaScript exception: `finally` blocks run on the way, the generators of waits included (a condition's
// wait locks its mutex again).  The start routine goes on: cleanup handlers, destructors, exit.
//
// Asynchronous means here: at any call of the library that sleeps, also for a mutex.  JavaScript cannot be stopped
// between two instructions; Thread.terminate can end a loop, by force.
//
// A thread that awaits a promise acts there: its event loop listens (start.ts).  A generator gets the exception out of fiber.await; the
// rest of an async function never runs.
//
// Rejected: rejecting the promises that a canceled thread awaits (those of others would not know).

import { and, load, or, peek } from '#atomics'
import { EINVAL, EPERM, ESRCH } from '../kernel/errno.ts'
import { CANCEL, SIGNAL } from '../kernel/futex.ts'
import { acquire, release } from '../mem/lock.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { FIRST, PROCESS, Process, State, ThreadRecord } from '../kernel/records.ts'
import { attend, noticed } from '../kernel/request.ts'
import { prod } from '../kernel/signal.ts'
import { find } from '../kernel/thread.ts'
import { ASYNCHRONOUS, DISABLED, ENDING, REQUESTED } from './cancel-word.ts'
import { endsNow, ThreadCancel } from './exit.ts'

export const PTHREAD_CANCEL_ENABLE = 0, PTHREAD_CANCEL_DISABLE = 1
export const PTHREAD_CANCEL_DEFERRED = 0, PTHREAD_CANCEL_ASYNCHRONOUS = 1
/** What pthread_join gives as the value of a thread that was canceled. */
export const PTHREAD_CANCELED: unique symbol = Symbol('PTHREAD_CANCELED')

const { cancel, attention } = ThreadRecord

/** Where what was there before is stored. */
export interface Before { value?: number }

/**
 * Requests that `thread` be canceled; does not wait for it. 0 also if it has ended already. ESRCH: no such thread; EPERM:
 * the first heap's thread, which cannot end before its process.
 */
export function pthread_cancel(thread: number): number {
  const slot = find(thread)
  return slot === 0 ? ESRCH : cancelThread(slot, peek(kernel, record(slot) + ThreadRecord.serial))
}

/** {@link pthread_cancel} by slot and serial. */
export function cancelThread(slot: number, serial: number): number {
  const t = record(slot)
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const there = peek(kernel, t + ThreadRecord.serial) === serial && peek(kernel, t + ThreadRecord.state) !== State.FREE
  const first = slot === 1 && peek(kernel, t + ThreadRecord.carrier) === FIRST
  const why = there && !first ? request_locked(slot) : 0
  release(kernel, PROCESS + Process.tableLock)
  if (!there) return ESRCH
  if (first) return EPERM
  if (slot === self.slot) asynchronously()
  else if (why !== 0) prod(slot, why)
  return 0
}

// Returns what the thread is told.
function request_locked(slot: number): number {
  const t = record(slot)
  const before = or(kernel, t + cancel, REQUESTED)                        // I2
  if ((before & (REQUESTED | DISABLED | ENDING)) !== 0 || peek(kernel, t + ThreadRecord.state) === State.EXITED) return 0
  const why = (before & ASYNCHRONOUS) === 0 ? CANCEL : CANCEL | SIGNAL
  or(kernel, t + attention, why)
  return why
}

/** Whether the calling thread is to act upon a request at a point `by`; I2. */
export function due(by: number): boolean {
  const t = record(self.slot)
  const word = load(kernel, t + cancel)
  if ((word & (REQUESTED | DISABLED | ENDING)) !== REQUESTED) {
    and(kernel, t + attention, ~CANCEL)
    return false
  }
  return (by & CANCEL) !== 0 || (word & ASYNCHRONOUS) !== 0
}

/** Acts: throws. */
export function act(): never {
  endsNow()                                                               // I1
  throw new ThreadCancel()
}

/** What a function that is a cancellation point begins with. Handlers wait for the sleep, which they end. */
export function cancellationPoint(): void {
  if (noticed(CANCEL)) attend(CANCEL)
}

// A thread whose type is asynchronous acts at once.
function asynchronously(): void {
  if ((load(kernel, record(self.slot) + cancel) & ASYNCHRONOUS) !== 0) cancellationPoint()
}

/** A cancellation point, and nothing else; handlers run that are due. */
export function pthread_testcancel(): void {
  if (noticed()) attend(CANCEL | SIGNAL)
}

/** Sets whether the calling thread can be canceled; a request that comes while it is disabled waits. EINVAL for a state that is none. */
export function pthread_setcancelstate(state: number, oldstate?: Before): number {
  if (state !== PTHREAD_CANCEL_ENABLE && state !== PTHREAD_CANCEL_DISABLE) return EINVAL
  const t = record(self.slot)
  const word = load(kernel, t + cancel)
  if (oldstate !== undefined) oldstate.value = (word & DISABLED) === 0 ? PTHREAD_CANCEL_ENABLE : PTHREAD_CANCEL_DISABLE
  if (state === PTHREAD_CANCEL_DISABLE) {
    or(kernel, t + cancel, DISABLED)
    and(kernel, t + attention, ~CANCEL)
  } else if ((word & ENDING) === 0) {
    const before = and(kernel, t + cancel, ~DISABLED)                     // I2
    if ((before & REQUESTED) !== 0) or(kernel, t + attention, CANCEL)
    asynchronously()
  }
  return 0
}

/** Sets when the calling thread is canceled: at cancellation points, or at any call that sleeps. EINVAL for a type that is none. */
export function pthread_setcanceltype(type: number, oldtype?: Before): number {
  if (type !== PTHREAD_CANCEL_DEFERRED && type !== PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL
  const t = record(self.slot)
  const before = type === PTHREAD_CANCEL_ASYNCHRONOUS ? or(kernel, t + cancel, ASYNCHRONOUS) : and(kernel, t + cancel, ~ASYNCHRONOUS)
  if (oldtype !== undefined) oldtype.value = (before & ASYNCHRONOUS) === 0 ? PTHREAD_CANCEL_DEFERRED : PTHREAD_CANCEL_ASYNCHRONOUS
  asynchronously()
  return 0
}
