// Requests: how code that may have to sleep asks for it, written once for everybody who can sleep.
//
// A slow path is a generator.  It yields `wait(…)`, a request to sleep while a word has a value, and gets back
// 0 (woken, or the word had another value: look again) or an errno.  A driver runs the generator for one kind
// of sleeper: `block` for a carrier that suspends, `settle` for a promise; fibers bring theirs.  A fiber that is no generator but a
// stack of WebAssembly opens the `handover` before it calls a function that may block: `block` then hands the sleeper over, having
// made its first step, and returns at once.  So such a function must return what `block` returns, and do nothing after it.
// A wait that may be interrupted says so (`by`).  When it was, the driver lets the library do what is pending: run
// handlers, which `attend` reports, or throw a cancellation into the generator, whose `finally` blocks may sleep
// again.  Then the generator gets EINTR if it has asked to be told (REPORT, ALWAYS) and a handler ran, else 0: look again.
//
// A heap runs one thing at a time and a driver reads the request before anything else happens, so there is
// one request object per heap and a sleep allocates only its generator.

import { cas, load, peek, poke, resume, suspendAsync } from '#atomics'
import type { Address, Memory } from '../mem/memory.ts'
import { CLOCK_MONOTONIC, remaining, type Clock } from './clock.ts'
import { EDEADLK, EINTR, ETIMEDOUT } from './errno.ts'
import { ANY, ANY_EPOCH, bury, CANCEL, enqueue, interrupt, SIGNAL, sleep, switchIn, switchOut, withdraw, woken } from './futex.ts'
import { placeOf } from './crew.ts'
import { annex, kernel, record, self } from './process.ts'
import { Annex, State, ThreadRecord } from './records.ts'
import { site, tracing } from './sites.ts'
import { closeAsync, openAsync } from './thread.ts'
import { wmesg } from './wmesg.ts'

export interface Request {
  memory: Memory
  address: Address
  expected: number
  bits: number
  reason: number
  deadline: number
  clock: Clock
  epoch: number
  by: number
}

export const request = { address: 0, expected: 0, bits: ANY, reason: 0, deadline: Infinity, clock: CLOCK_MONOTONIC, epoch: ANY_EPOCH, by: 0 } as Request

/** How the generator learns that a handler ran: EINTR unless all of them have SA_RESTART; EINTR. */
export const REPORT = 4, ALWAYS = 8

/** What the library does for a thread whose wait was interrupted. */
export interface Attendant {
  /** Runs handlers that are due; throws a cancellation if `by` says that this is its point. Returns REPORT and ALWAYS as they apply. */
  attend(by: number): number
}
let attendant: Attendant = { attend: () => 0 }

/** Installs what attends to signals and cancellation: the library above. */
export function installAttendant(a: Attendant): void {
  attendant = a
}

// The kernel's own waits, in the middle of something: handlers run later.
const UNINTERRUPTED = new Set<number>([wmesg.start, wmesg.mail, wmesg.output, wmesg['exit of all']])

/** Code that may sleep, and returns a T. */
export type Sleeper<T> = Generator<Request, T, number>

/** Whether a sleeper that has just come back with 0 was not woken: the word had another value, or it was interrupted. Until its next yield. */
export let refused = false

/**
 * The request to sleep on (m, a) while the word there is `expected`, until woken or until `deadline` on `clock`. With an
 * `epoch`: refused also if {@link losses} is another by now. `by`: what may interrupt it, SIGNAL, CANCEL, and how that is
 * told, REPORT, ALWAYS. By default handlers run and the sleeper looks again.
 */
export function wait(m: Memory, a: Address, expected: number, reason: number, deadline = Infinity, clock: Clock = CLOCK_MONOTONIC,
  bits = ANY, epoch = ANY_EPOCH, by = SIGNAL): Request {
  request.memory = m
  request.address = a
  request.expected = expected
  request.reason = reason
  request.deadline = deadline
  request.clock = clock
  request.bits = bits
  request.by = UNINTERRUPTED.has(reason) ? 0 : by
  request.epoch = epoch
  return request
}

/** The blocking driver: runs `sleeper` on the calling thread, which is suspended while it sleeps. */
export function block<T>(sleeper: Sleeper<T>): T {
  refusal = false
  if (self.slot === 0) return blockBetween(sleeper)
  let step = sleeper.next()
  while (step.done !== true) {
    const { by, reason } = step.value
    const { slot } = self
    if (self.fiber && !OWN.has(reason)) return handover.open ? handOver(sleeper) : refuse(sleeper, reason)
    const result = perform(slot, step.value, by)
    step = result === EINTR ? interrupted(sleeper, peek(kernel, record(slot) + ThreadRecord.interruptible)) : sleeper.next(result)
  }
  return step.value
}

// Waits of the kernel's own, for somebody who certainly comes soon: a fiber too keeps its carrier for them.
const OWN = new Set<number>([wmesg.start, wmesg.mail, wmesg.output, wmesg['exit of all']])

/** A sleeper that was handed over by {@link block}, whose request stands in `request`; `open` while somebody is there to take it. */
export const handover = { open: false, sleeper: undefined as Sleeper<unknown> | undefined }

function handOver<T>(sleeper: Sleeper<T>): T {
  handover.open = false
  handover.sleeper = sleeper
  return undefined as T
}

let refusal = false

/** Whether the EDEADLK that was returned last in this heap was so because the caller would have frozen its carrier: {@link deadlock}, if not. */
export function wasFrozen(): boolean {
  return refusal
}

/** EDEADLK because somebody would wait for himself. */
export function deadlock(): number {
  refusal = false
  return EDEADLK
}

/** Whether the caller must not sleep with {@link block}: it is a fiber, or what one left in its carrier's event loop. For waits that end only by sleeping. */
export function freezes(): boolean {
  const does = sharesCarrier() && !handover.open
  if (does) refusal = true
  return does
}

const sharesCarrier = (): boolean => self.fiber || (self.slot === 0 && placeOf(self.carrier) >= 0)

// Sleepers that take back what they have begun when their time is over.
const GIVES_UP = new Set<number>([wmesg.mutex, wmesg.semaphore, wmesg.join, wmesg.rwlock, wmesg.barrier])

// A fiber that would sleep without a yield: its carrier would freeze, and with it whom it waits for, maybe.
function refuse<T>(sleeper: Sleeper<T>, reason: number): T {
  const last = GIVES_UP.has(reason) ? sleeper.next(ETIMEDOUT) : sleeper.return(EDEADLK as T)
  if (last.done !== true) sleeper.return(EDEADLK as T)
  refusal = true
  if (reason === wmesg.once) return false as T
  return last.done !== true || (last.value as unknown) === ETIMEDOUT ? EDEADLK as T : last.value
}

/** The first half of the fiber driver: fiber `slot`, the caller, is queued as `r` says. True: it must switch out; false: it goes on with {@link wokenFiber}. */
export function submit(slot: number, r: Request): boolean {
  return queue(slot, r, r.by) && switchOut(slot)
}

/** The second half: what the sleeper of fiber `slot`, the caller, gets. `result`: ETIMEDOUT if it took itself off its queue, else 0. Throws a cancellation. */
export function wokenFiber(slot: number, result: number): number {
  if (refused) return 0
  const errno = switchIn(slot, result)
  if (errno !== EINTR) return errno
  const by = peek(kernel, record(slot) + ThreadRecord.interruptible)
  const ran = attendant.attend(by)
  refused = true                                                          // handlers have run meanwhile
  return (ran & by) === 0 ? 0 : EINTR
}

/** Fiber `slot`, the caller, comes back from a switch: the last sleep was not refused. */
export function notRefused(): void {
  refused = false
}

function perform(slot: number, r: Request, by: number): number {
  const { deadline, clock } = r
  if (!queue(slot, r, by)) return 0
  try {
    return sleep(slot, deadline, clock)
  } catch (error) {
    bury(slot)                                                            // no stack left to sleep on
    throw error
  }
}

// Queues thread `slot`; false: the word has another value. What is pending for it ends the wait before it begins (futex I7).
function queue(slot: number, { memory, address, expected, bits, reason, epoch, deadline }: Request, by: number): boolean {
  refused = enqueue(slot, memory, address, expected, bits, reason, epoch, by, deadline) !== 0
  if (refused) return false
  const due = by === 0 ? 0 : load(kernel, record(slot) + ThreadRecord.attention) & by
  if (due !== 0) interrupt(slot, due)
  return true
}

function interrupted<T>(sleeper: Sleeper<T>, by: number): IteratorResult<Request, T> {
  let ran = 0
  try {
    ran = attendant.attend(by)
  } catch (error) {
    return sleeper.throw(error)
  }
  refused = true                                                          // handlers have slept meanwhile
  return sleeper.next((ran & by) === 0 ? 0 : EINTR)
}

/** Whether something is pending for the calling thread that it may attend to: bits of `by`. Cheap. */
export function noticed(by = SIGNAL | CANCEL): boolean {
  return (peek(kernel, record(self.slot) + ThreadRecord.attention) & by) !== 0
}

/** Does what is pending for the calling thread, at a point that is no wait. */
export function attend(by: number): number {
  return attendant.attend(by)
}

// Callbacks that a thread left behind, and finalizers, run while the carrier has no thread: they sleep with a record of their own.
function blockBetween<T>(sleeper: Sleeper<T>): T {
  const slot = openAsync()
  if (slot < 0) throw new Error('pthreads: there is no thread record left to wait with')
  try {
    let step = sleeper.next()
    while (step.done !== true) {
      if (sharesCarrier() && !OWN.has(step.value.reason)) return refuse(sleeper, step.value.reason)
      step = sleeper.next(perform(slot, step.value, 0))
    }
    return step.value
  } finally {
    closeAsync(slot)
  }
}

/** Tells a promise's sleep from the outside: abandon() ends it without a result. */
export const pending = new Set<{ slot: number, abandon(): void }>()

/**
 * The asynchronous driver: runs `sleeper` as thread record `slot`, which the caller owns until the promise
 * has settled. A pending sleep keeps the event loop alive.
 */
export async function settle<T>(slot: number, sleeper: Sleeper<T>): Promise<T> {
  let step = sleeper.next()
  while (step.done !== true) {
    const { memory, address, expected, bits, reason, deadline, clock, epoch } = step.value
    const no = enqueue(slot, memory, address, expected, bits, reason, epoch, 0, deadline) !== 0
    const result = no ? 0 : await dormant(slot, deadline, clock)
    refused = no                                                          // others have slept meanwhile
    step = sleeper.next(result)
  }
  return step.value
}

const LONGEST = 2 ** 31 - 1

async function dormant(slot: number, deadline: number, clock: Clock): Promise<number> {
  const t = record(slot)
  if (tracing()) poke(kernel, annex(slot) + Annex.sleepsAt, site())
  let result = 0
  let given = false
  let abandon: () => void = () => undefined
  let timer: ReturnType<typeof setTimeout> | undefined                    // also what keeps the event loop alive
  const abandonment = new Promise<void>(resolve => abandon = () => {
    given = true
    clearTimeout(timer)
    resolve()
  })
  const entry = { slot, abandon }
  pending.add(entry)
  if (cas(kernel, t + ThreadRecord.park, 0, 1) === 0) {
    let resumed: Promise<unknown> | undefined
    while (!woken(slot) && !given) {
      resumed ??= suspendAsync(kernel, t + ThreadRecord.park, 1)?.then(() => { resumed = undefined })
      if (resumed === undefined) break
      const ms = remaining(deadline, clock)
      if (ms <= 0) {
        if (withdraw(slot)) result = ETIMEDOUT
        break
      }
      const alarm = new Promise(resolve => timer = setTimeout(resolve, Math.min(Math.ceil(ms), LONGEST)))
      await Promise.race([resumed, alarm, abandonment])
      clearTimeout(timer)
    }
    if (!given) resume(kernel, t + ThreadRecord.park)                     // leave nobody behind on the park word
  }
  pending.delete(entry)
  if (given) return new Promise(() => undefined)                          // the thread that waited is gone
  if (load(kernel, t + ThreadRecord.bucket) !== 0) withdraw(slot)
  poke(kernel, t + ThreadRecord.state, State.RUNNING)
  if (result === 0) poke(kernel, t + ThreadRecord.wakeups, peek(kernel, t + ThreadRecord.wakeups) + 1)
  return result
}
