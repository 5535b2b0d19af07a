// The start routine: what a carrier does with a thread from its first instruction to its exit.
//
//   find the function (an import, the first time)      receive the arguments
//   call it, and await its promise if it returns one   run cleanup handlers, then the destructors of keys, up to four rounds
//   leave the result or the error                      exit
//
// Handlers of signals that came while it ran and called nothing of the library run when it has returned, and once more after
// the destructors: from then on it takes no signal.
//
// All of it happens without the event loop as long as nothing asks for it.

import { load, or, peek, suspendAsync } from '#atomics'
import { serve } from '../kernel/carrier.ts'
import { countFailure, Reason } from '../kernel/death.ts'
import { abandonPending, exit } from '../kernel/exit.ts'
import { CANCEL, SIGNAL } from '../kernel/futex.ts'
import { host } from '../kernel/host.ts'
import { carrierRecord, kernel, record, self } from '../kernel/process.ts'
import { Carrier, FIRST, Flag, Status, ThreadRecord } from '../kernel/records.ts'
import { noticed } from '../kernel/request.ts'
import { retire } from '../kernel/signal.ts'
import { asynchronous } from '../kernel/thread.ts'
import { encode } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { routineOf, type Routine } from './entry.ts'
import { forgetCleanup, nextCleanup } from './cleanup.ts'
import { attendant, deliveryPoint } from './deliver.ts'
import { endsNow, ThreadCancel, ThreadExit } from './exit.ts'
import { dueDestructors, forgetValues, PTHREAD_DESTRUCTOR_ITERATIONS } from './key.ts'
import { threadEnded } from './io.ts'
import { bury, drop, receiveArguments, sendResult } from './message.ts'
import { obituary } from './obituary.ts'
import { orphan } from './robust.ts'
import { transferListOf } from './transfer.ts'

/** Things that keep the event loop alive and are not a thread's: what modules opened while they were imported. */
let resident = 0

/** Whether the calling thread waits for a promise: told when nothing is left that could settle it. */
let awaiting = false

/** Runs thread `slot`; for the kernel's installRun. */
export function run(slot: number): boolean {
  let routine: Routine | Promise<Routine>
  try {
    routine = routineOf(peek(kernel, record(slot) + ThreadRecord.entry))
  } catch (error) {
    return end(Status.THREW, error)
  }
  if (typeof routine === 'function') return call(slot, routine)
  later(slot, routine, f => {
    resident = Math.max(resident, host.active())
    return call(slot, f)
  })
  return false
}

function call(slot: number, routine: Routine): boolean {
  let result: unknown
  try {
    deliveryPoint()
    result = Reflect.apply(routine, undefined, receiveArguments(slot))
  } catch (error) {
    return threw(error)
  }
  if (!isThenable(result)) return end(Status.RETURNED, result)
  later(slot, result, value => end(Status.RETURNED, value))
  return false
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

// Goes on when `promise` has settled, unless the thread has come to another end meanwhile.
function later<T>(slot: number, promise: PromiseLike<T>, then: (value: T) => boolean): void {
  const serial = peek(kernel, record(slot) + ThreadRecord.serial)
  const go = (step: () => boolean): void => {
    if (self.slot !== slot || peek(kernel, record(slot) + ThreadRecord.serial) !== serial) return
    awaiting = false
    if (step()) host.nextTurn(serve)
  }
  awaiting = true
  listen()
  promise.then(value => { go(() => then(value)) }, (error: unknown) => { go(() => threw(error)) })
}

let listening = false

/** From now on this heap's event loop does what is pending for the thread that awaits something in it. */
export function listen(): void {
  if (listening) return
  listening = true
  void listenOn(carrierRecord(self.carrier) + Carrier.attention)
}

async function listenOn(word: Address): Promise<void> {
  for (;;) {
    const seen = load(kernel, word)                                       // before `attention` is looked at
    react()
    await suspendAsync(kernel, word, seen)
  }
}

/** Handlers that are due run, and a cancellation ends a thread that awaits; called in the event loop. */
export function react(): void {
  if (self.slot === 0 || !noticed()) return
  try {
    attendant.attend(SIGNAL | CANCEL)
  } catch (error) {
    if (self.carrier === FIRST) host.nextTurn(() => { throw error })
    else uncaught(error)
  }
}

function threw(error: unknown): boolean {
  return end(...endOf(error))
}

/** The event loop is empty: a promise that the thread waits for will never settle. */
export function starved(): void {
  if (!awaiting || self.slot === 0) return
  awaiting = false
  if (end(Status.THREW, new Error('the promise of the thread never settles: nothing is left in its event loop'))) host.nextTurn(serve)
}

/** An exception that nobody caught, from a callback of the thread: it ends the thread and its carrier. pthread_exit ends the thread. */
export function uncaught(error: unknown): void {
  if (self.slot !== 0 && error instanceof ThreadExit) {
    awaiting = false
    if (threw(error)) host.nextTurn(serve)
    return
  }
  awaiting = false
  if (self.slot !== 0) finish(Status.THREW, error, false)
  host.quit()
}

// Cleanup handlers, destructors, then the end. True if it has ended, false if it will in the event loop.
function end(as: number, result: unknown): boolean {
  let [status, value] = withHandlers(as, result)
  endsNow()
  if (status !== Status.EXITED && status !== Status.CANCELED) forgetCleanup()
  for (let cleanup = nextCleanup(); cleanup !== undefined; cleanup = nextCleanup()) {
    try {
      const result = cleanup()
      if (!isThenable(result)) continue
      later(self.slot, result, () => end(status, value))
      return false
    } catch (error) {
      if (!(error instanceof ThreadExit)) [status, value] = [Status.THREW, error]
    }
  }
  return destruct(status, value, PTHREAD_DESTRUCTOR_ITERATIONS)
}

function destruct(status: number, value: unknown, rounds: number): boolean {
  const due = rounds > 0 ? dueDestructors() : []
  const waits: PromiseLike<unknown>[] = []
  for (const destructor of due) {
    try {
      const result = destructor()
      if (isThenable(result)) waits.push(result)
    } catch (error) {
      if (status !== Status.THREW && !(error instanceof ThreadExit)) [status, value] = [Status.THREW, error]
    }
  }
  if (waits.length !== 0) {
    later(self.slot, Promise.all(waits), () => destruct(status, value, rounds - 1))
    return false
  }
  if (due.length !== 0) return destruct(status, value, rounds - 1)
  const [how, what] = withHandlers(status, value)
  finish(how, what, true)
  return true
}

// Runs the handlers that are due; how the thread ends after that.
function withHandlers(status: number, value: unknown): [number, unknown] {
  try {
    deliveryPoint()
  } catch (error) {
    return endOf(error)
  }
  return [status, value]
}

// How a thread ends that an exception has left.
function endOf(error: unknown): [number, unknown] {
  if (error instanceof ThreadCancel) return [Status.CANCELED, undefined]
  return error instanceof ThreadExit ? [Status.EXITED, error.value] : [Status.THREW, error]
}

function finish(status: number, value: unknown, sound: boolean): void {
  const slot = self.slot
  const t = record(slot)
  forgetValues()
  for (const acquisition of asynchronous) orphan(acquisition, false)
  abandonPending()
  retire()
  orphan(slot, false)
  drop(slot)                                                              // arguments that an import that failed left unread
  const flags = peek(kernel, t + ThreadRecord.flags)
  const system = (flags & Flag.SYSTEM) !== 0
  const reusable = sound && !system && host.active() <= resident
  const detached = (flags & Flag.DETACHED) !== 0
  const told = system && threadEnded(slot, { reason: status === Status.THREW ? Reason.UNCAUGHT : Reason.TERMINATED, code: 0, error: value }, false)
  if (status !== Status.THREW && !detached) {
    const failure = leave(slot, value, 'result')
    if (failure !== undefined) [status, value] = [Status.THREW, failure]
  }
  if (status === Status.THREW) {
    or(kernel, t + ThreadRecord.flags, Flag.FAILED)
    if (detached && !told) {
      countFailure()
      host.writeError(obituary(slot, value))
    } else if (!detached && leave(slot, value, 'error') !== undefined) {
      leave(slot, new Error(String(value)), 'error')
    }
  }
  if (exit(status, reusable)) bury(slot)
}

// Leaves the thread's result or error; returns what went wrong.
function leave(slot: number, value: unknown, root: string): unknown {
  try {
    const transfer = transferListOf(value)
    const message = encode(value, root, transfer)
    if (sendResult(slot, message, transfer)) return undefined
    message.drop()
    return new Error('ENOMEM: user memory is full, the result of the thread does not fit')
  } catch (error) {
    return error
  }
}
