// The trampoline: how a carrier runs fibers.  A fiber is a generator; where it would block it yields, and the trampoline goes on
// with the next one that its scheduler picks.
//
// A fiber yields               and the trampoline
//   a request (request.ts)     queues the fiber as it says; if the word has changed, goes on with it; else switches
//   YIELD                      enqueues it again, and switches
//   CHECK                      looks whether its slice is over, or somebody preempts it (see credit)
//   an Awaiting                switches; goes on with it when the promise has settled
//
// Phase         who leaves it, and to where
//   NEW, READY  pick: RUNS
//   RUNS        the fiber, by a yield: READY, SLEEPS, AWAITS; by its end: ENDED
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
// Credit.  A verb that needs not sleep costs no switch, so a fiber that never sleeps would keep the carrier: `credit` counts its verbs
// down, and at 0 the verb yields CHECK.  A wake by the fiber itself takes the credit away if somebody may preempt it.
//
// The clock is read once per switch if the scheduler is timed; else every `stride` switches, so that it is read about
// every 50 us.  Time is charged to whom it finds running: exact for long runs, right in the mean for short ones.
//
// Rejected: a microtask per switch (the event loop's queue costs more than the switch); one generator that delegates to all fibers
// (each level of yield* costs 40 ns).

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, now, remaining, type Clock } from '../kernel/clock.ts'
import { getUp, bellOf, claim, hinted, installArrival, lieDown, offered, placeCount, placeOf, pressing, readHints, suspendAt, take } from '../kernel/crew.ts'
import { ETIMEDOUT } from '../kernel/errno.ts'
import { beginFiber, exitFiber } from '../kernel/fiber.ts'
import { CANCEL, SIGNAL, withdraw, woken } from '../kernel/futex.ts'
import { host } from '../kernel/host.ts'
import { effective, prioritized } from '../kernel/priority.ts'
import { kernel, placeRecord, record, self } from '../kernel/process.ts'
import { Place, State, Status, ThreadRecord } from '../kernel/records.ts'
import { attend, noticed, notRefused, request, submit, wokenFiber, type Request } from '../kernel/request.ts'
import { Spin } from '../kernel/spin.ts'
import { Awaiting, isGenerator, isThenable } from '../pthread/awaiting.ts'
import { deliveryPoint } from '../pthread/deliver.ts'
import { routineOf, type Routine } from '../pthread/entry.ts'
import { enter } from '../pthread/local.ts'
import { bury, receiveArguments } from '../pthread/message.ts'
import { closing, endOf, NO_VERB } from '../pthread/start.ts'
import { Alarms } from './alarms.ts'
import { Fiber, Phase, type Body } from './fiber.ts'
import { Why, type Scheduler } from './scheduler.ts'

/** What a fiber yields that lets others run, and that asks whether it must. */
export const YIELD: unique symbol = Symbol('yield'), CHECK: unique symbol = Symbol('check')

/** How many verbs the fiber that runs may call before it yields CHECK; written by the verbs too. */
export const credit = { left: 0 }
const CREDIT = 256
const TURN = 1                                                            // ms
const STRIDE = 0.05                                                       // ms
const IDLE = 1000
const LONGEST = 2 ** 31 - 1
const STEAL = 16
// Fibers that have not begun are taken in while no more than so many are runnable: the others may be stolen.
const WINDOW = 8, ALONE = 1024

let place = -1
let scheduler: Scheduler
let timed = false
let window = WINDOW
const fibers = new Map<number, Fiber>()                                   // those that have begun here, by slot
const alarms = new Alarms()
const arrivals: number[] = []                                             // hints from this heap
let awaiting = 0                                                          // fibers that await
let resident = 0                                                          // handles in the event loop that are nobody's

let running: Fiber | null = null
let looping = false                                                       // the trampoline is on the stack
let resting = 0                                                           // it waits in the event loop: number of that wait, or 0
let rests = 0
let keeper: ReturnType<typeof setTimeout> | undefined

let time = 0                                                              // when the clock was read last
let sliceStart = 0
let turned = 0                                                            // when the event loop turned last, or was looked at
let stride = 1, ticks = 0, switches = 0

/** The fiber that runs in this heap; null: none. */
export function currentFiber(): Fiber | null {
  return running
}

/** Makes this heap the carrier of fibers of its place; it runs them from now on. */
export function becomeTrampoline(make: () => Scheduler): void {
  place = placeOf(self.carrier)
  scheduler = make()
  timed = scheduler.timed === true
  window = placeCount() === 1 ? ALONE : WINDOW
  resident = host.active()
  installArrival((slot) => {
    arrivals.push(slot)
    if (running !== null) {
      if (timed || prioritized()) credit.left = 0
    } else if (resting !== 0) {
      prompt()
    }
  })
  time = now(CLOCK_MONOTONIC)
  host.nextTurn(loop)
}

// The loop -------------------------------------------------------------------------------------------------------

function loop(): void {
  if (looping) return
  looping = true
  if (resting !== 0) rise()
  turned = time
  for (;;) {
    const fiber = next()
    if (fiber !== null) {
      dispatch(fiber)
      if (time - turned < TURN || !lively()) continue
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
  running = null
  self.slot = 0
  self.tid = -self.carrier
  self.fiber = false
  enter()
}

function next(): Fiber | null {
  if (timed || ++ticks >= stride) tick()
  if (arrivals.length !== 0) for (const slot of arrivals.splice(0)) look(slot)
  if (hinted(place) && !readHints(place, look)) for (const slot of [...fibers.keys()]) look(slot)
  while (offered(place) > 0 && scheduler.runnable < window) if (!admit(take(place))) break
  return scheduler.pick(time) as Fiber | null
}

function tick(): void {
  const before = time
  time = now(CLOCK_MONOTONIC)
  const passed = time - before
  if (running !== null) running.runtime += passed
  if (passed > 2 * STRIDE) stride = Math.max(1, stride >> 1)
  else if (passed < STRIDE && ticks >= stride) stride = Math.min(64, stride << 1)
  ticks = 0
  for (let fiber = alarms.due(time); fiber !== undefined; fiber = alarms.due(time)) alarm(fiber)
  poke(kernel, placeRecord(place) + Place.runnable, scheduler.runnable)
  poke(kernel, placeRecord(place) + Place.switches, switches)
}

// A fiber's time is over, or on the time of day it may be.
function alarm(fiber: Fiber): void {
  const left = remaining(fiber.deadline, fiber.clock)
  if (left > 0) return alarms.set(fiber, time + left)
  if (!withdraw(fiber.slot)) return                                       // T1
  fiber.result = ETIMEDOUT
  ready(fiber, Why.WOKEN)
}

// What a hint asks for (C1 of crew.ts): nothing, maybe.
function look(slot: number): void {
  const fiber = fibers.get(slot)
  if (fiber === undefined) {
    if (peek(kernel, record(slot) + ThreadRecord.state) === State.EMBRYO && claim(slot)) admit(slot)
  } else if (fiber.phase === Phase.SLEEPS) {
    if (woken(slot)) ready(fiber, Why.WOKEN)
  } else if (fiber.phase === Phase.AWAITS && (peek(kernel, record(slot) + ThreadRecord.attention) & (SIGNAL | CANCEL)) !== 0) {
    awaiting--
    fiber.ticket++
    fiber.throws = false
    fiber.value = INTERRUPTED
    ready(fiber, Why.WOKEN)
  }
}

function ready(fiber: Fiber, why: number): void {
  alarms.clear(fiber)
  fiber.phase = Phase.READY
  if (why === Why.WOKEN) scheduler.unblocked?.(fiber, time)
  scheduler.enqueue(fiber, why, time)
  if (why === Why.WOKEN && running !== null && running.phase === Phase.RUNS && scheduler.preempts(fiber, running)) preempted = true
}

function admit(slot: number): boolean {
  if (slot === 0) return false
  const t = record(slot)
  const fiber = new Fiber(peek(kernel, t + ThreadRecord.tid), slot)
  fibers.set(slot, fiber)
  fiber.policy = peek(kernel, t + ThreadRecord.policy)
  fiber.priority = effective(slot)
  const p = placeRecord(place)
  poke(kernel, p + Place.fibers, fibers.size)
  poke(kernel, p + Place.begun, peek(kernel, p + Place.begun) + 1)
  ready(fiber, Why.NEW)
  fiber.phase = Phase.NEW
  return true
}

// Takes fibers that have not begun from the place that has most of them; false: nobody has any.
function steal(): boolean {
  let from = -1, most = 0
  for (let i = 0; i < placeCount(); i++) {
    const count = i === place ? 0 : offered(i)
    if (count <= most) continue
    from = i
    most = count
  }
  let stolen = 0
  for (const wanted = Math.min(STEAL, Math.ceil(most / 2)); stolen < wanted; stolen++) {
    if (!admit(take(from))) break
  }
  const p = placeRecord(place)
  if (stolen !== 0) poke(kernel, p + Place.stolen, peek(kernel, p + Place.stolen) + stolen)
  return stolen !== 0
}

// One fiber ------------------------------------------------------------------------------------------------------

let preempted = false
const INTERRUPTED = Symbol('interrupted')

function dispatch(fiber: Fiber): void {
  switches++
  running = fiber
  self.slot = fiber.slot
  self.tid = fiber.tid
  self.fiber = true
  enter(fiber)
  credit.left = CREDIT
  sliceStart = time
  preempted = false
  scheduler.started?.(fiber, time)
  const { phase } = fiber
  fiber.phase = Phase.RUNS
  try {
    if (fiber.slept) {
      notRefused()
      conclude(fiber)
    }
    if (fiber.value === INTERRUPTED) return awaitAgain(fiber)
    if (phase === Phase.NEW) begin(fiber)
    else advance(fiber)
  } catch (error) {
    failed(fiber, error)
  }
}

// Runs the body until it yields something for which it must switch, or ends.
function advance(fiber: Fiber): void {
  for (;;) {
    const body = fiber.body!
    const { value } = fiber
    let step: IteratorResult<unknown, unknown>
    if (fiber.throws) {
      fiber.throws = false
      step = body.throw(value)
    } else {
      step = body.next(value)
    }
    if (step.done === true) {
      if (!finished(fiber, step.value)) return
      continue
    }
    fiber.value = 0
    const asked = step.value
    if (asked === YIELD) return yielded(fiber, Why.YIELDED)
    if (asked === request) {
      if (sleeps(fiber, request)) return
      conclude(fiber)
    } else if (asked === CHECK) {
      if (check(fiber)) return
    } else if (asked instanceof Awaiting) {
      return awaits(fiber, asked.promise as PromiseLike<unknown>)
    } else if (fiber.closing && isThenable(asked)) {
      return awaits(fiber, asked)
    } else {
      fiber.throws = true
      fiber.value = new TypeError(NO_VERB)
    }
  }
}

function yielded(fiber: Fiber, why: number): void {
  const field = record(fiber.slot) + (why === Why.YIELDED ? ThreadRecord.voluntary : ThreadRecord.involuntary)
  poke(kernel, field, peek(kernel, field) + 1)
  fiber.phase = Phase.READY
  if (timed) tick()
  scheduler.enqueue(fiber, why, time)
}

// True: the fiber makes way for another.
function check(fiber: Fiber): boolean {
  tick()
  credit.left = CREDIT
  if (arrivals.length !== 0) for (const slot of arrivals.splice(0)) look(slot)
  if (hinted(place)) readHints(place, look)
  if (preempted) {
    yielded(fiber, Why.PREEMPTED)
    return true
  }
  if (time - sliceStart < scheduler.slice(fiber)) return false
  scheduler.expired?.(fiber, time)
  if (scheduler.runnable === 0 && offered(place) <= 0) {
    sliceStart = time
    scheduler.started?.(fiber, time)
    return false
  }
  yielded(fiber, Why.EXPIRED)
  return true
}

function sleeps(fiber: Fiber, r: Request): boolean {
  const { deadline, clock } = r as { deadline: number, clock: Clock }
  fiber.slept = true
  fiber.result = 0
  if (!submit(fiber.slot, r)) return false
  fiber.phase = Phase.SLEEPS
  if (deadline !== Infinity) {
    fiber.deadline = deadline
    fiber.clock = clock
    alarms.set(fiber, clock === CLOCK_MONOTONIC ? deadline : time + Math.max(0, remaining(deadline, clock)))
  }
  blocked(fiber)
  return true
}

function blocked(fiber: Fiber): void {
  const field = record(fiber.slot) + ThreadRecord.voluntary
  poke(kernel, field, peek(kernel, field) + 1)
  if (timed || scheduler.blocked !== undefined) tick()
  scheduler.blocked?.(fiber, time)
}

// How its sleep ended.  Throws a cancellation, or what a handler threw.
function conclude(fiber: Fiber): void {
  fiber.slept = false
  try {
    fiber.value = wokenFiber(fiber.slot, fiber.result)
  } catch (error) {
    fiber.throws = true
    fiber.value = error
  }
}

function awaits(fiber: Fiber, promise: PromiseLike<unknown>): void {
  const ticket = ++fiber.ticket
  fiber.phase = Phase.AWAITS
  awaited.set(fiber, promise)
  awaiting++
  blocked(fiber)
  const settle = (value: unknown, throws: boolean): void => {
    if (fiber.ticket !== ticket || fiber.phase !== Phase.AWAITS) return
    awaiting--
    awaited.delete(fiber)
    fiber.value = value
    fiber.throws = throws
    ready(fiber, Why.WOKEN)
    if (resting !== 0) loop()
  }
  Promise.resolve(promise).then(value => { settle(value, false) }, (error: unknown) => { settle(error, true) })   // its `then` may throw
  if (noticed()) look(fiber.slot)                                         // it was told before it awaited: nobody hints again
}

const awaited = new Map<Fiber, PromiseLike<unknown>>()

// Something was pending for a fiber that awaits: it does that, and goes on waiting.
function awaitAgain(fiber: Fiber): void {
  const promise = awaited.get(fiber)!
  awaited.delete(fiber)
  fiber.value = 0
  try {
    if (noticed()) attend(SIGNAL | CANCEL)
  } catch (error) {
    fiber.throws = true
    fiber.value = error
    advance(fiber)
    return
  }
  awaits(fiber, promise)
}

// Beginning and end ----------------------------------------------------------------------------------------------

function begin(fiber: Fiber): void {
  beginFiber(fiber.slot)
  const routine = routineOf(peek(kernel, record(fiber.slot) + ThreadRecord.entry))
  if (typeof routine === 'function') return call(fiber, routine)
  fiber.body = imported(routine)
  advance(fiber)
}

// Waits for the import of the module of its function.
function* imported(routine: Promise<Routine>): Body {
  const f = yield* new Awaiting(routine)
  resident = Math.max(resident, host.active() - awaiting)
  return new Imported(f)
}

class Imported {
  readonly routine: Routine
  constructor(routine: Routine) {
    this.routine = routine
  }
}

function call(fiber: Fiber, routine: Routine): void {
  deliveryPoint()
  const result: unknown = Reflect.apply(routine, undefined, receiveArguments(fiber.slot))
  fiber.value = undefined
  if (isGenerator(result)) fiber.body = result
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
  poke(kernel, placeRecord(place) + Place.fibers, fibers.size)
  if (timed || scheduler.blocked !== undefined) tick()
  scheduler.blocked?.(fiber, time)
  if (exitFiber(status, fiber.runtime)) bury(slot)
}

// Rest -----------------------------------------------------------------------------------------------------------

// Whether something in the event loop may want a turn.
function lively(): boolean {
  turned = time
  return awaiting !== 0 || host.active() > resident
}

const spin = new Spin()
let idled = false

// Nothing is runnable.  True: look again; false: the event loop calls.
function rest(): boolean {
  if (steal()) return true
  if (arrivals.length !== 0) return true
  poke(kernel, placeRecord(place) + Place.runnable, 0)
  if (lively()) return linger()
  const limit = spin.begin()
  let polls = 0
  while (polls < limit && !pressing(place)) polls += 8                     // looks cost more here than at a word
  if (polls >= limit && lieDown(place)) {
    time = now(CLOCK_MONOTONIC)
    const left = alarms.next - time
    const sleeps = placeRecord(place) + Place.sleeps
    poke(kernel, sleeps, peek(kernel, sleeps) + 1)
    if (left > 0) suspendAt(place, Math.min(left, idled ? Infinity : IDLE))
    getUp(place)
    time = now(CLOCK_MONOTONIC)
  }
  spin.end()
  const quiet = !pressing(place) && alarms.next > time
  if (quiet && !idled) {                                                  // a turn of the event loop, for finalizers
    idled = true
    host.nextTurn(loop)
    return false
  }
  if (!quiet) idled = false
  ticks = stride
  return true
}

// Waits in the event loop, for the bell, the next alarm, or a promise.
function linger(): boolean {
  if (!lieDown(place)) return true
  const bell = bellOf(place)
  if (bell === undefined) {
    getUp(place)
    return true
  }
  const mine = resting = ++rests
  void bell.then(() => { if (resting === mine) loop() })
  // What keeps the event loop alive: unless all wait for promises, which something there must settle then.
  const left = Math.ceil(alarms.next - now(CLOCK_MONOTONIC))
  if (awaiting < fibers.size || fibers.size === 0) keeper = setTimeout(() => { if (resting === mine) loop() }, Math.max(0, Math.min(LONGEST, left)))
  return false
}

// The event loop has called.
function rise(): void {
  resting = 0
  clearTimeout(keeper)
  keeper = undefined
  getUp(place)
  time = now(CLOCK_MONOTONIC)
  ticks = stride
}

let prompted = false

function prompt(): void {
  if (prompted) return
  prompted = true
  host.nextTurn(() => {
    prompted = false
    loop()
  })
}

/** The event loop has nothing left to do: the promises of the fibers that await will never settle. */
export function starvedFibers(): void {
  if (awaiting === 0) return
  for (const fiber of [...awaited.keys()]) {
    if (fiber.phase !== Phase.AWAITS) continue
    awaiting--
    awaited.delete(fiber)
    fiber.value = new Error('the promise of the thread never settles: nothing is left in its event loop')
    fiber.throws = true
    ready(fiber, Why.WOKEN)
  }
  host.nextTurn(loop)
}
