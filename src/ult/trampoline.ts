// The trampoline: how a carrier runs fibers.  A fiber is a generator; where it would block it yields, and the trampoline goes on
// with the next one that its scheduler picks.  Over 400 lines: one loop and its states, which are read together.
//
// A fiber yields               and the trampoline
//   a request (request.ts)     queues the fiber as it says; if the word has changed, goes on with it; else switches
//   YIELD                      enqueues it again, and switches
//   CHECK                      looks whether its slice is over, or somebody preempts it (steps.ts)
//   LEND                       as YIELD; and another carrier may go on with it (migration.ts)
//   an Awaiting                switches; goes on with it when the promise has settled
//
// Phase         who leaves it, and to where
//   NEW, READY  pick: RUNS
//   YIELDED     pick: RUNS.  Nothing is to be told to its body.  look, when a signal has come: READY.  lendOut: LENT
//   LENT        pick: RUNS, or ENDED here, if another carrier has it
//   COMES       pick: RUNS.  It was another carrier's
//   RUNS        the fiber, by a yield: YIELDED, SLEEPS, AWAITS; by its end: ENDED
//   SLEEPS      look, when the park word says WOKEN; its alarm, or a signal: READY
//   AWAITS      the promise; a cancellation: READY
//
// T1  A fiber that sleeps has park word SWITCHED, or WOKEN; who makes it WOKEN hints at it (crew.ts), and a hint is
//     looked at before the carrier sleeps.  The alarm of a fiber takes it off its queue itself, under the bucket's lock
//     (withdraw), or finds that a waker has: then a hint is under way.  So each sleep ends once.
// T2  `self`, and `local`, are the fiber's while it runs, and nobody's while the trampoline or the event loop do.
// T3  What runs must come back: a carrier has one stack.  A fiber that would sleep without a yield gets EDEADLK (request.ts, freezes).
//
// The carrier sleeps on its bell when nothing is runnable.  While fibers await promises, or something else is alive in its event
// loop, it waits there instead; and while fibers run it turns the event loop every TURN ms then.
//
// The clock is read once per switch at most if the scheduler is timed; else every `stride` switches, so that it is read about
// every 50 us.  Whom the time is charged to: charge.ts.
//
// A switch by fiber.yield takes as long as some 150 instructions.  So the phase YIELDED says that nothing else is to be asked; what a step
// of a body is, is told by identity first; and addresses and offsets stand in constants of this file, for what a module exports is
// loaded, and checked, at each use.
//
// Rejected: a microtask per switch (the event loop's queue costs more than the switch); one generator that delegates to all fibers
// (each level of yield* costs 40 ns).

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, remaining, type Clock } from '../kernel/clock.ts'
import { installArrival, offered, setBlocking } from '../kernel/crew.ts'
import { beginFiber, exitFiber, recruitSpare } from '../kernel/fiber.ts'
import { CANCEL, SIGNAL } from '../kernel/futex.ts'
import { host } from '../kernel/host.ts'
import { kernel, placeRecord, record, self } from '../kernel/process.ts'
import { Place, Status, ThreadRecord } from '../kernel/records.ts'
import { attend, noticed, notRefused, request, submit, wokenFiber, type Request } from '../kernel/request.ts'
import { Awaiting, isGenerator, isThenable } from '../pthread/awaiting.ts'
import { deliverBefore, deliveryPoint } from '../pthread/deliver.ts'
import { routineOf, type Routine } from '../pthread/entry.ts'
import { enter, forget } from '../pthread/local.ts'
import { mourner } from '../pthread/mourner.ts'
import { bury, receiveArguments } from '../pthread/message.ts'
import { closing, endOf, NO_VERB } from '../pthread/start.ts'
import { forgetCharges, goesUnread, unreadRuns } from './charge.ts'
import { donate, forgetDonations } from './donate.ts'
import { Phase, type Body, type Fiber, type Settler } from './fiber.ts'
import { forgetLoans, lendOut, regain } from './migration.ts'
import { forgetRest, installLoop, lingers, prompt, rest, rise } from './rest.ts'
import {
  alarms, arrivals, askSoon, awaited, fibers, forgetFibers, giveAway, here, INTERRUPTED, look, lookAround, next, ready, refresh, running, settleDown, tick,
} from './runnable.ts'
import { Why, type Scheduler } from './scheduler.ts'
import { CHECK, CREDIT, credit, LEND, lending, YIELD } from './steps.ts'

const { voluntary, involuntary } = ThreadRecord
const { RUNS, YIELDED } = Phase
const carrier = here, caller = self, verbs = credit, yields = YIELD
// Generators of many functions have as many shapes: looked up in each, `next` would cost more than its call.
const resume = (Object.getPrototypeOf(result) as GeneratorFunction & { prototype: Body }).prototype.next
let looping = false                                                       // the trampoline is on the stack

/** Makes this heap the carrier of fibers of its place; it runs them from now on. */
export function becomeTrampoline(make: () => Scheduler): void {
  settleDown(make())
  installLoop(loop)
  installArrival((slot) => {
    arrivals.push(slot)
    if (running() !== null) {
      askSoon()
    } else if (lingers()) {
      prompt()
    }
  })
  host.nextTurn(loop)
}

/** This heap has never been a carrier of fibers: for the lab, which begins anew. */
export function forgetTrampoline(): void {
  looping = false
  forgetFibers()
  forgetCharges()
  forgetDonations()
  forgetLoans()
  forgetRest()
  enter()
  forget()
}

function loop(): void {
  if (looping) return
  looping = true
  rise()
  for (;;) {
    const fiber = next()
    if (fiber !== null) {
      dispatch(fiber)
      if (!carrier.turn) continue
      carrier.turn = false
      host.nextTurn(loop)
      break
    }
    leave()
    if (!rest()) break
  }
  leave()
  looping = false
}

// Between two fibers nobody runs.
function leave(): void {
  if (unreadRuns() !== 0) tick()
  self.slot = 0
  self.tid = -self.carrier
  self.fiber = false
  enter()
}

// One fiber ------------------------------------------------------------------------------------------------------

function dispatch(fiber: Fiber): void {
  carrier.switches++
  caller.slot = fiber.slot
  caller.tid = fiber.tid
  caller.fiber = true
  enter(fiber)
  verbs.left = CREDIT
  carrier.sliceStart = carrier.time
  carrier.preempted = false
  carrier.scheduler.started?.(fiber, carrier.stamp)
  try {
    if (fiber.phase === YIELDED) {
      fiber.phase = RUNS
      advance(fiber, true)
    } else {
      goOn(fiber)
    }
  } catch (error) {
    failed(fiber, error)
  }
}

// It begins, or slept, or something else has happened to it.
function goOn(fiber: Fiber): void {
  if (fiber.phase === Phase.LENT && !regain(fiber)) return
  const { phase } = fiber
  fiber.phase = RUNS
  if (phase === Phase.COMES && !arrives(fiber)) return
  if (fiber.slept) {
    notRefused()
    conclude(fiber)
  } else if (fiber.told) {
    hears(fiber)
  }
  if (fiber.value === INTERRUPTED) awaitAgain(fiber)
  else if (phase === Phase.NEW) begin(fiber)
  else advance(fiber)
}

// Runs the body until it yields something for which it must switch, or ends. `plain`: there is nothing to tell it.
function advance(fiber: Fiber, plain = false): void {
  for (;;) {
    const step = !plain ? resumeWith(fiber) : fiber.foreign ? fiber.body!.next(0) : resume.call(fiber.body!, 0)
    plain = false
    if (step === yields) {
      return yielded(fiber, Why.YIELDED)
    } else if (!asks(fiber, step)) {
      return
    }
  }
}

function resumeWith(fiber: Fiber): IteratorResult<unknown, unknown> {
  const body = fiber.body!, { value, throws } = fiber
  fiber.value = 0
  fiber.throws = false
  return throws ? body.throw(value) : fiber.foreign ? body.next(value) : resume.call(body, value)
}

// Handlers run, where the fiber has yielded; the body goes on with what one of them threw.
function hears(fiber: Fiber): void {
  fiber.told = false
  if (!hasBegun(fiber)) return
  try {
    deliveryPoint()
  } catch (error) {
    throwInto(fiber, error)
  }
  fiber.told = noticed(SIGNAL)                                            // the module of a handler may not be there yet
}

function throwInto(fiber: Fiber, error: unknown): void {
  fiber.throws = true
  fiber.value = error
}

// A step that is no plain yield. True: the body goes on.
function asks(fiber: Fiber, { done, value }: IteratorResult<unknown, unknown>): boolean {
  if (done === true) return finished(fiber, value)
  if (value === request) {
    if (sleeps(fiber, request)) return false
    conclude(fiber)
    return true
  }
  if (value === CHECK.value) return !check(fiber)
  if (value === LEND.value) {
    yielded(fiber, Why.YIELDED)
    lendOut(fiber)
    return false
  }
  if (value === YIELD.value) {                                            // handed on by a generator that does not delegate
    yielded(fiber, Why.YIELDED)
    return false
  }
  if (value instanceof Awaiting) {
    awaits(fiber, value.promise as PromiseLike<unknown>)
    return false
  }
  if (fiber.closing && isThenable(value)) {
    awaits(fiber, value)
    return false
  }
  throwInto(fiber, new TypeError(NO_VERB))
  return true
}

function yielded(fiber: Fiber, why: number): void {
  if (why === Why.YIELDED) poke(kernel, fiber.at + voluntary, ++fiber.voluntary)
  else poke(kernel, fiber.at + involuntary, ++fiber.involuntary)
  fiber.phase = fiber.told ? Phase.READY : YIELDED
  if (carrier.timed && !goesUnread(fiber)) tick()
  refresh(fiber)
  carrier.scheduler.enqueue(fiber, why, carrier.stamp)
}

// True: the fiber makes way for another.
function check(fiber: Fiber): boolean {
  tick()
  refresh(fiber)
  credit.left = CREDIT
  lookAround()
  if (here.preempted) {
    yielded(fiber, Why.PREEMPTED)
    return true
  }
  if (here.time - here.sliceStart < here.scheduler.slice(fiber)) return false
  here.scheduler.expired?.(fiber, here.time)
  if (here.scheduler.runnable === 0 && offered(here.place) <= 0 && !here.turn) {
    here.sliceStart = here.time
    here.scheduler.started?.(fiber, here.time)
    return false
  }
  yielded(fiber, Why.EXPIRED)
  if (lending.left > 0) lendOut(fiber)
  return true
}

function sleeps(fiber: Fiber, r: Request): boolean {
  const { deadline, clock } = r as { deadline: number, clock: Clock }
  fiber.slept = true
  fiber.result = 0
  if (!submit(fiber.slot, r)) return false
  fiber.phase = Phase.SLEEPS
  blocked(fiber)
  if (deadline !== Infinity) {
    fiber.deadline = deadline
    fiber.clock = clock
    alarms.set(fiber, clock === CLOCK_MONOTONIC ? deadline : here.time + Math.max(0, remaining(deadline, clock)))
  }
  donate(fiber)
  return true
}

function blocked(fiber: Fiber): void {
  poke(kernel, fiber.at + voluntary, ++fiber.voluntary)
  if (here.timed || here.scheduler.blocked !== undefined) tick()
  here.scheduler.blocked?.(fiber, here.time)
}

// How its sleep ended.  Throws a cancellation, or what a handler threw.
function conclude(fiber: Fiber): void {
  fiber.slept = false
  try {
    fiber.value = wokenFiber(fiber.slot, fiber.result)
  } catch (error) {
    throwInto(fiber, error)
  }
}

function awaits(fiber: Fiber, promise: PromiseLike<unknown>): void {
  const ticket = ++fiber.ticket
  fiber.phase = Phase.AWAITS
  awaited.set(fiber, promise)
  here.awaiting++
  blocked(fiber)
  const settle = (value: unknown, throws: boolean): void => {
    if (fiber.ticket !== ticket || fiber.phase !== Phase.AWAITS) return
    here.awaiting--
    awaited.delete(fiber)
    fiber.value = value
    fiber.throws = throws
    ready(fiber, Why.WOKEN)
    if (lingers()) loop()
  }
  Promise.resolve(promise).then(value => { settle(value, false) }, (error: unknown) => { settle(error, true) })   // its `then` may throw
  if (noticed() && hasBegun(fiber)) look(fiber.slot)                      // it was told before it awaited: nobody hints again
}

// Something was pending for a fiber that awaits: it does that, and goes on waiting.
function awaitAgain(fiber: Fiber): void {
  const promise = awaited.get(fiber)!
  awaited.delete(fiber)
  fiber.value = 0
  try {
    if (noticed() && hasBegun(fiber)) attend(SIGNAL | CANCEL)
  } catch (error) {
    throwInto(fiber, error)
    advance(fiber)
    return
  }
  awaits(fiber, promise)
}

// Blocking sections ----------------------------------------------------------------------------------------------

/**
 * Calls `f`, which may block the carrier for a while. Meanwhile other carriers begin the fibers that have not begun here, but for those with a
 * priority and those whose arguments came by port; a spare one is made for that, if there is none.
 */
export function blocking<T>(f: () => T): T {
  if (here.place < 0) return f()
  recruitSpare()
  setBlocking(here.place, true)
  giveAway()
  self.fiber = false                                                      // what would block may
  try {
    return f()
  } finally {
    self.fiber = true
    setBlocking(here.place, false)
    tick()
  }
}

// Beginning and end ----------------------------------------------------------------------------------------------

function begin(fiber: Fiber): void {
  beginFiber(fiber.slot)
  const routine = routineOf(peek(kernel, record(fiber.slot) + ThreadRecord.entry))
  if (typeof routine === 'function') return call(fiber, routine)
  importers.add(fiber.body = imported(routine))
  advance(fiber)
}

/** Bodies of fibers whose function is being imported: they are at no cancellation point, and handlers run when they begin. */
const importers = new WeakSet<object>()

function hasBegun({ body }: Fiber): boolean {
  return body !== undefined && !importers.has(body)
}

// Waits for the import of the module of its function.
function* imported(routine: Promise<Routine>): Body {
  here.importing++
  let f: Routine
  try {
    f = yield* new Awaiting(routine)
  } finally {
    here.importing--
  }
  return new Imported(f)
}

// A fiber has come from another carrier: its body is made. False: not yet.
function arrives(fiber: Fiber): boolean {
  if (fiber.throws) throw fiber.value
  const routine = routineOf(peek(kernel, fiber.at + ThreadRecord.entry))
  if (typeof routine === 'function') {
    fiber.body = (routine as Settler).arrive!(fiber.at + ThreadRecord.room)
    fiber.foreign = true
    fiber.value = 0
    return true
  }
  fiber.phase = Phase.COMES
  here.importing++
  here.awaiting++
  const there = (throws: boolean, error: unknown): void => {
    here.importing--
    here.awaiting--
    fiber.throws = throws
    fiber.value = error
    ready(fiber, Why.NEW)
    fiber.phase = Phase.COMES
    if (lingers()) loop()
  }
  routine.then(() => { there(false, 0) }, (error: unknown) => { there(true, error) })
  return false
}

class Imported {
  readonly routine: Routine
  constructor(routine: Routine) {
    this.routine = routine
  }
}

function call(fiber: Fiber, routine: Routine): void {
  deliverBefore(routine)
  fiber.body = undefined                                                  // that of the import, if there was one
  const result: unknown = Reflect.apply(routine, undefined, receiveArguments(fiber.slot))
  fiber.value = undefined
  fiber.foreign = false
  if (isGenerator(result)) fiber.foreign = (fiber.body = result).next !== resume
  else if (!finished(fiber, result)) return
  advance(fiber)
}

// The body has returned `value`.  True: there is another to advance; false: the fiber waits, or is no more.
function finished(fiber: Fiber, value: unknown): boolean {
  if (fiber.closing) {
    ended(fiber, value as number)
    return false
  }
  if (value instanceof Imported) {
    call(fiber, value.routine)
    return false
  }
  if (isThenable(value)) {
    fiber.body = result(value)
    return true
  }
  close(fiber, Status.RETURNED, value)
  return true
}

function* result(promise: PromiseLike<unknown>): Body {
  return yield* new Awaiting(promise)
}

function close(fiber: Fiber, status: number, value: unknown): void {
  fiber.closing = true
  fiber.body = closing(status, value) as Body
  fiber.foreign = false
  fiber.throws = false
  fiber.value = undefined
}

function failed(fiber: Fiber, error: unknown): void {
  if (fiber.closing) throw error                                          // not the fiber's: the library's
  close(fiber, ...endOf(error))
  advance(fiber)
}

function ended(fiber: Fiber, status: number): void {
  const { slot } = fiber
  fiber.phase = Phase.ENDED
  fibers.delete(slot)
  poke(kernel, placeRecord(here.place) + Place.fibers, fibers.size)
  if (here.timed || here.scheduler.blocked !== undefined) tick()
  here.scheduler.blocked?.(fiber, here.time)
  enter()                                                                 // its record may be another thread's soon
  const { tid } = self
  if (exitFiber(status, fiber.runtime)) bury(slot)
  mourner.threadEnded(tid)
}
