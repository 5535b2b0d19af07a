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

import { load, or, peek, poke, suspendAsync } from '#atomics'
import { serve } from '../kernel/carrier.ts'
import { countFailure, Reason } from '../kernel/death.ts'
import { abandonPending, exit } from '../kernel/exit.ts'
import { CANCEL, SIGNAL } from '../kernel/futex.ts'
import { host } from '../kernel/host.ts'
import { carrierRecord, kernel, record, self } from '../kernel/process.ts'
import { Carrier, FIRST, Flag, Status, ThreadRecord } from '../kernel/records.ts'
import { noticed } from '../kernel/request.ts'
import { retire } from '../kernel/signal.ts'
import { ownAcquisitions } from '../kernel/thread.ts'
import { encode } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { Awaiting, isGenerator, isThenable } from './awaiting.ts'
import { routineOf, type Routine } from './entry.ts'
import { forgetCleanup, nextCleanup } from './cleanup.ts'
import { attendant, deliverBefore, deliveryPoint } from './deliver.ts'
import { endsNow, ThreadCancel, ThreadExit } from './exit.ts'
import { dueDestructors, PTHREAD_DESTRUCTOR_ITERATIONS } from './key.ts'
import { threadEnded } from './io.ts'
import { forget, local } from './local.ts'
import { bury, drop, receiveArguments, sendResult, sendWord } from './message.ts'
import { mourner } from './mourner.ts'
import { obituary } from './obituary.ts'
import { orphan } from './robust.ts'
import { transferListOf } from './transfer.ts'

/** Things that keep the event loop alive and are not a thread's: what modules opened while they were imported. */
let resident = 0

/** Whether the calling thread waits for a promise: told when nothing is left that could settle it. */
let awaiting = false
/** Whether that promise is its function, which is being imported. A thread that has not begun is at no cancellation point; handlers run before it. */
let importing = false
/** Counts waits for promises: who goes on when one has settled looks whether the thread still waits for that one, and has not begun to end meanwhile. */
let waits = 0
/** Throws into the calling thread's generator, while that waits for a promise. */
let throwInto: ((error: unknown) => void) | undefined

/** Runs thread `slot`; for the kernel's installRun. */
export function run(slot: number): boolean {
  let routine: Routine | Promise<Routine>
  try {
    routine = routineOf(peek(kernel, record(slot) + ThreadRecord.entry))
  } catch (error) {
    return end(Status.THREW, error)
  }
  if (typeof routine === 'function') return call(slot, routine)
  importing = true
  later(slot, routine, f => {
    resident = Math.max(resident, host.active())
    return call(slot, f)
  })
  return false
}

function call(slot: number, routine: Routine): boolean {
  let result: unknown
  try {
    deliverBefore(routine)
    result = Reflect.apply(routine, undefined, receiveArguments(slot))
  } catch (error) {
    return threw(error)
  }
  if (isGenerator(result)) return drive(slot, result, () => result.next())
  return returned(slot, result)
}

function returned(slot: number, result: unknown): boolean {
  if (!isThenable(result)) return end(Status.RETURNED, result)
  later(slot, result, value => end(Status.RETURNED, value))
  return false
}

// A generator runs here to its end; where it waits for a promise, it goes on in the event loop.
function drive(slot: number, body: Generator<unknown, unknown, unknown>, step: () => IteratorResult<unknown, unknown>): boolean {
  let result: IteratorResult<unknown, unknown>
  try {
    result = step()
    while (result.done !== true && !(result.value instanceof Awaiting)) result = body.throw(new TypeError(NO_VERB))
  } catch (error) {
    return threw(error)
  }
  if (result.done === true) return returned(slot, result.value)
  const { promise } = result.value as Awaiting<unknown>
  later(slot, promise, value => drive(slot, body, () => body.next(value)), error => drive(slot, body, () => body.throw(error)), true)
  return false
}

/** What is thrown into a thread's generator that yields something else. */
export const NO_VERB = 'a generator that is a thread yields what the verbs of `fiber` do: yield* fiber.yield(), not yield'

// Goes on when `promise` has settled, unless the thread has come to another end meanwhile; a generator also when something is thrown into it.
function later<T>(slot: number, promise: PromiseLike<T>, then: (value: T) => boolean, failed: (error: unknown) => boolean = threw, generator = false): void {
  const serial = peek(kernel, record(slot) + ThreadRecord.serial), number = ++waits
  const go = (step: () => boolean): void => {
    if (number !== waits || self.slot !== slot || peek(kernel, record(slot) + ThreadRecord.serial) !== serial) return
    waits++
    settled()
    if (step()) host.nextTurn(serve)
  }
  awaiting = true
  if (generator) throwInto = error => { go(() => failed(error)) }
  listen()
  if (noticed()) host.nextTurn(react)                                     // it was told before it awaited: nobody tells it again
  Promise.resolve(promise).then(value => { go(() => then(value)) }, (error: unknown) => { go(() => failed(error)) })   // its `then` may throw
}

function settled(): void {
  awaiting = importing = false
  throwInto = undefined
}

let listening = false

/** From now on this heap's event loop does what is pending for the thread that awaits something in it. */
export function listen(): void {
  if (listening) return
  listening = true
  void listenOn(carrierRecord(self.carrier) + Carrier.attention)
}

/** This heap's event loop has forgotten what it listened to: for the lab, which begins anew. */
export function deafen(): void {
  listening = false
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
  if (self.slot === 0 || importing || !noticed()) return
  try {
    attendant.attend(SIGNAL | CANCEL)
  } catch (error) {
    if (throwInto !== undefined) throwInto(error)
    else if (self.carrier === FIRST) host.nextTurn(() => { throw error })
    else uncaught(error)
  }
}

function threw(error: unknown): boolean {
  return end(...endOf(error))
}

/** The event loop is empty: a promise that the thread waits for will never settle. */
export function starved(): void {
  if (!awaiting || self.slot === 0) return
  const error = new Error('the promise of the thread never settles: nothing is left in its event loop')
  if (throwInto !== undefined) return throwInto(error)
  settled()
  if (threw(error)) host.nextTurn(serve)
}

/** An exception that nobody caught, from a callback of the thread: it ends the thread and its carrier. pthread_exit ends the thread. */
export function uncaught(error: unknown): void {
  if (self.slot !== 0 && error instanceof ThreadExit) {
    settled()
    if (threw(error)) host.nextTurn(serve)
    return
  }
  settled()
  if (self.slot !== 0) leaveCarrier(leaveBehind(Status.THREW, error), false)
  host.quit()
}

// Cleanup handlers, destructors, then the end. True if it has ended, false if it will in the event loop.
function end(status: number, value: unknown): boolean {
  const body = closing(status, value)
  return close(body, () => body.next())
}

function close(body: Generator<unknown, number>, step: () => IteratorResult<unknown, number>): boolean {
  const result = step()
  if (result.done === true) {
    leaveCarrier(result.value, true)
    return true
  }
  later(self.slot, result.value as PromiseLike<unknown>, () => close(body, () => body.next()), error => close(body, () => body.throw(error)))
  return false
}

/**
 * The end of the calling thread, but for its exit: cleanup handlers, destructors, then what it leaves. Yields promises, whose errors are to be
 * thrown into it; of a fiber also what those of them yield that are generators. Returns the status to exit with.
 */
export function* closing(as: number, result: unknown): Generator<unknown, number> {
  let [status, value] = withHandlers(as, result)
  endsNow()
  const unwound = status === Status.EXITED || status === Status.CANCELED
  if (!unwound) forgetCleanup()
  for (let cleanup = unwound ? nextCleanup() : undefined; cleanup !== undefined; cleanup = nextCleanup()) {
    try {
      const result = cleanup()
      if (isThenable(result)) yield result
      else if (self.fiber && isGenerator(result)) yield* result
    } catch (error) {
      if (!(error instanceof ThreadExit)) [status, value] = [Status.THREW, error]
    }
  }
  for (let rounds = PTHREAD_DESTRUCTOR_ITERATIONS; rounds > 0; rounds--) {
    const due = dueDestructors()
    if (due.length === 0) break
    const waits: PromiseLike<unknown>[] = []
    const failed = (error: unknown): void => {
      if (status !== Status.THREW && !(error instanceof ThreadExit)) [status, value] = [Status.THREW, error]
    }
    for (const destructor of due) {
      try {
        const result = destructor()
        if (isThenable(result)) waits.push(result)
        else if (self.fiber && isGenerator(result)) yield* result
      } catch (error) {
        failed(error)
      }
    }
    try {
      if (waits.length !== 0) yield Promise.all(waits)
    } catch (error) {
      failed(error)
    }
  }
  const [last, left] = withHandlers(status, value)
  local.ending?.last()
  return leaveBehind(last, left)
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

/** How a thread ends that an exception has left: status, and result or error. */
export function endOf(error: unknown): [number, unknown] {
  if (error instanceof ThreadCancel) return [Status.CANCELED, undefined]
  return error instanceof ThreadExit ? [Status.EXITED, error.value] : [Status.THREW, error]
}

/** What the calling thread, which ends, had is given up; its result or error is left. Returns the status to exit with. */
function leaveBehind(status: number, value: unknown): number {
  const slot = self.slot
  const t = record(slot)
  const { endings } = local
  mourner.threadEnds()
  forget()
  for (const acquisition of ownAcquisitions()) orphan(acquisition, false)
  abandonPending()
  if (endings !== undefined) for (const ending of endings) ending()
  retire()
  orphan(slot, false)
  drop(slot)                                                              // arguments that an import that failed left unread
  const flags = peek(kernel, t + ThreadRecord.flags)
  const system = (flags & Flag.SYSTEM) !== 0
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
    } else if (!detached && leave(slot, value, 'error') !== undefined && leave(slot, new Error(String(value)), 'error') !== undefined) {
      poke(kernel, t + ThreadRecord.reason, Reason.LOST)
    }
  }
  return status
}

function leaveCarrier(status: number, sound: boolean): void {
  const slot = self.slot
  const system = (peek(kernel, record(slot) + ThreadRecord.flags) & Flag.SYSTEM) !== 0
  const reusable = sound && !system && host.active() <= resident
  const { tid } = self
  if (exit(status, reusable)) bury(slot)
  mourner.threadEnded(tid)
}

// Leaves the thread's result or error; returns what went wrong.
function leave(slot: number, value: unknown, root: string): unknown {
  if (value === undefined || sendWord(slot, value)) return undefined      // nothing to be read is undefined
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
