// What the carrier of fibers in this heap knows, and how a fiber becomes runnable: by a hint, an alarm, or for the first time.
// The trampoline (trampoline.ts) runs them; when there are none, the carrier rests (rest.ts).
//
// Over 400 lines: one set of variables that every switch reads and writes; in another file each access would go through an import, which costs at each use.

import { load, peek, peekf, poke } from '#atomics'
import { CLOCK_MONOTONIC, now, remaining } from '../kernel/clock.ts'
import { beckoned, beheld, claim, giveBack, hinted, mayTake, offered, placeCount, placeOf, readHints, seen, take, Want } from '../kernel/crew.ts'
import { ETIMEDOUT } from '../kernel/errno.ts'
import { CANCEL, SIGNAL, withdraw, woken } from '../kernel/futex.ts'
import { host } from '../kernel/host.ts'
import { effective, prioritized } from '../kernel/priority.ts'
import { annex, kernel, placeRecord, record, self } from '../kernel/process.ts'
import { Annex, Flag, Place, State, ThreadRecord } from '../kernel/records.ts'
import { local, own } from '../pthread/local.ts'
import { takeTurn } from '../pthread/turn.ts'
import { Alarms } from './alarms.ts'
import { BySlot } from './by-slot.ts'
import { charge, isTrusted, unreadRuns } from './charge.ts'
import { Fiber, Phase, type Nomad } from './fiber.ts'
import { Why, type Scheduler, type Task } from './scheduler.ts'
import { credit } from './steps.ts'

const STRIDE = 0.05, TURN = 1                                             // ms
// After so many fibers the event loop turns in any case, so that finalizers run: what they were given has handles.
const PER_TURN = 1024
// As many fibers that have not begun are taken in by a carrier that is alone while no more are runnable.
const WINDOW = 1024

/** This heap's carrier. */
export const here = {
  place: -1,
  /** The address of its place's record. */
  at: 0,
  scheduler: undefined as unknown as Scheduler,
  /** Its scheduler wants exact times. */
  timed: false,
  /** Its scheduler lets only a higher priority preempt. */
  byPriority: false,
  /** How long runs may be that it does not tell apart, ms: see charge.ts. */
  grain: 0,
  /** There is no other that might steal; after the first blocking section here the spare one might. */
  alone: false,
  /** Somebody was woken who shall run before the fiber that runs goes on. */
  preempted: false,
  /** Fibers that await promises. */
  awaiting: 0,
  /** Fibers that wait for the import of their module: meanwhile no others are taken in, which another carrier may begin at once. */
  importing: 0,
  /** Handles that were in the event loop before the first fiber; those of others, and of modules, may be waited for. */
  resident: 0,
  /** When the clock was read last; when the fiber's slice began; when the event loop turned last, or was looked at. */
  time: 0.5,                                                              // a fraction first: see PlainTask
  /** The time once more, as an object of the engine's: who hands it on need not make one, as it must of a fraction. */
  stamp: undefined as unknown as number,
  sliceStart: 0.5,
  turned: 0.5,
  /** The event loop shall have a turn. */
  turn: false,
  switches: 0,
  /** Fibers taken in since the event loop turned last. */
  taken: 0,
}
// The same for this file: what it exports is loaded anew at each use, what is its own is a constant to the engine.
const carrier = here

/** The fibers that were taken in here and have not ended, by slot. */
export const fibers = new BySlot<Fiber>()
export const alarms = new Alarms()
/** The slots of fibers that came by an offer, and of some that have begun since. */
const newcomers: number[] = []
/** Fibers that are for this carrier alone and have not begun. */
const urgent: Fiber[] = []
/** Hints from this heap. */
export const arrivals: number[] = []
/** The promises of the fibers that await. */
export const awaited = new Map<Fiber, PromiseLike<unknown>>()
/** What a fiber that awaits gets when something is pending for it. */
export const INTERRUPTED = Symbol('interrupted')

let stride = 1, ticks = 0
let fresh = false                                                         // the clock was read since the last fiber was picked
let newOne = false                                                        // time has passed since one was taken in
let waiting: Fiber | null = null                                          // the last one that was, if it has not begun
let nextFavour = 0                                                        // how many switches there shall have been when one may be favoured again
let balance: () => void = () => undefined
let owed = false                                                          // one was given back, and none has begun since

/** Installs what is called now and then, when the clock was read: see migration.ts. */
export function installBalance(f: () => void): void {
  balance = f
}

/** It is `ms` now. */
export function setTime(ms: number): void {
  here.time = ms
  here.stamp = ms
}

/** Makes this heap the carrier of its place. */
export function settleDown(scheduler: Scheduler): void {
  here.place = placeOf(self.carrier)
  here.at = placeRecord(here.place)
  here.scheduler = scheduler
  here.timed = scheduler.timed === true
  here.byPriority = scheduler.byPriority === true
  beEager()
  here.grain = here.timed ? scheduler.grain ?? 0 : 0
  here.alone = placeCount() === 2                                         // the spare one takes of carriers that are blocked only
  here.resident = host.active()
  setTime(now(CLOCK_MONOTONIC))
  here.turned = here.time
}

// Whether somebody who is woken may preempt who runs.
function beEager(): void {
  credit.eager = !here.byPriority || prioritized()
}

/** Somebody of this carrier was woken by the fiber that runs: its next verb asks whether that one shall run. */
export function askSoon(): void {
  if (!credit.eager) beEager()
  if (credit.eager) credit.left = 0
}

/** Whether another heap has hinted at a fiber of this carrier, and nobody has looked. For every verb. */
export function called(): boolean {
  return peek(kernel, carrier.at + Place.hintTail) !== seen.hints
}

/** There are no fibers: for the lab, which begins anew. Then {@link settleDown}. */
export function forgetFibers(): void {
  Object.assign(here, { preempted: false, awaiting: 0, importing: 0, sliceStart: 0, turn: false, switches: 0, taken: 0 })
  fibers.clear()
  alarms.forget()
  newcomers.length = arrivals.length = urgent.length = 0
  seen.hints = seen.offers = 0
  awaited.clear()
  stride = 1
  ticks = nextFavour = 0
  fresh = newOne = owed = false
  waiting = null
}

/** The fiber that runs, or ran last; null: none. */
export function running(): Fiber | null {
  return local === own ? null : local as Fiber
}

/** The next fiber to run, after a look at all that may have made one runnable; null: none is. */
export function next(): Fiber | null {
  if (carrier.timed ? !fresh && unreadRuns() === 0 : ++ticks >= stride) tick()
  if (fresh || arrivals.length !== 0 || beckoned(carrier.at)) welcome()
  fresh = false
  const fiber = (urgent.length !== 0 ? nextUrgent() : null) ?? (carrier.scheduler.pick(carrier.stamp) ?? others()) as Fiber | null
  if (unreadRuns() !== 0 && fiber !== null && !isTrusted(fiber)) tick()
  return fiber
}

// None is queued, but there may be some that have not begun.
function others(): Task | null {
  welcome()
  return nextUrgent() ?? here.scheduler.pick(here.time)
}

function welcome(): void {
  lookAround()
  if (fresh && !here.alone) balance()
  if (offered(here.place) > 0 && here.importing === 0) takeIn()
  beheld(here.at)
}

// Takes in fibers that have not begun: one when nothing else is runnable, and one now and then, if the last one has begun: those that wait
// here cannot be stolen.
function takeIn(): void {
  const { place, scheduler } = here
  if (here.alone) {
    while (scheduler.runnable < WINDOW && offered(place) > 0) if (accept(place, Want.NEW) === null) break
  } else if (scheduler.runnable === 0 || (newOne && waiting?.phase !== Phase.NEW)) {
    newOne = false
    expect(accept(place, Want.NEW))
  }
}

/** Looks at what was hinted at. */
export function lookAround(): void {
  if (arrivals.length !== 0) for (const slot of arrivals.splice(0)) look(slot)
  if (hinted(here.place) && !readHints(here.place, look)) for (const slot of fibers.slots()) look(slot)
  seen.hints = peek(kernel, here.at + Place.hintHead)
}

/** The next look reads the clock. */
export function tickSoon(): void {
  ticks = stride
  fresh = false
}

/** Reads the clock: charges the time (charge.ts), and rings alarms. */
export function tick(): void {
  const before = here.time
  setTime(now(CLOCK_MONOTONIC))
  const passed = here.time - before
  const fiber = running()
  if (fiber !== null) charge(fiber, passed, here.grain)
  if (here.time - here.turned >= TURN) here.turn = lively() || here.taken >= PER_TURN
  if (passed > 2 * STRIDE) stride = Math.max(1, stride >> 1)
  else if (passed < STRIDE && ticks >= stride) stride = Math.min(64, stride << 1)
  ticks = 0
  fresh = true
  newOne = true
  if (!credit.eager) beEager()
  for (let due = alarms.due(here.time); due !== undefined; due = alarms.due(here.time)) alarm(due)
  poke(kernel, here.at + Place.runnable, here.scheduler.runnable)
  poke(kernel, here.at + Place.switches, here.switches)
}

/** Whether something in the event loop may want a turn. */
export function lively(): boolean {
  here.turned = here.time
  return here.awaiting !== 0 || host.active() > here.resident
}

// A fiber's time is over, or on the time of day it may be.
function alarm(fiber: Fiber): void {
  const left = remaining(fiber.deadline, fiber.clock)
  if (left > 0) return alarms.set(fiber, here.time + left)
  if (!withdraw(fiber.slot)) return                                       // T1
  fiber.result = ETIMEDOUT
  ready(fiber, Why.WOKEN)
}

/** Looks at fiber `slot`: what a hint asks for (C1 of crew.ts). There may be nothing to do. */
export function look(slot: number): void {
  const fiber = fibers.get(slot)
  if (fiber === null) {
    if (peek(kernel, record(slot) + ThreadRecord.state) === State.EMBRYO && claim(slot)) dispatched(admit(slot)!)
  } else if (fiber.phase === Phase.SLEEPS) {
    if (woken(slot)) ready(fiber, Why.WOKEN)
  } else if (fiber.phase === Phase.RUNS || fiber.phase === Phase.COMES) {
    fiber.told ||= isDue(slot, SIGNAL)
  } else if (isQueued(fiber)) {
    if (isDue(slot, SIGNAL)) {
      fiber.told = true
      if (fiber.phase === Phase.YIELDED) fiber.phase = Phase.READY
    }
    reschedule(fiber)
  } else if (fiber.phase === Phase.AWAITS && isDue(slot, SIGNAL | CANCEL)) {
    here.awaiting--
    fiber.ticket++
    fiber.throws = false
    fiber.value = INTERRUPTED
    ready(fiber, Why.WOKEN)
  }
  if (fiber !== null && takeTurn(slot) && isQueued(fiber)) favour(fiber)
}

// A fiber that is for this carrier alone runs before the others, and in the order in which such fibers came.
function dispatched(fiber: Fiber): void {
  if ((peek(kernel, fiber.at + ThreadRecord.flags) & Flag.PINNED) === 0) return
  urgent.push(fiber)
  if (running()?.phase === Phase.RUNS) here.preempted = true
}

// The first of these that the scheduler has not picked before.
function nextUrgent(): Fiber | null {
  for (let fiber = urgent.shift(); fiber !== undefined; fiber = urgent.shift()) {
    if (fiber.phase !== Phase.NEW) continue
    here.scheduler.remove(fiber)
    return fiber
  }
  return null
}

const isQueued = ({ phase }: Fiber): boolean => phase === Phase.YIELDED || phase === Phase.READY || phase === Phase.NEW || phase === Phase.LENT

// Somebody elsewhere waits for what `fiber`, which is queued, has locked (pthread/turn.ts). Between two such turns another comes from the head of the
// queue: so nobody starves.
function favour(fiber: Fiber): void {
  if (here.switches < nextFavour) return
  nextFavour = here.switches + 2
  here.scheduler.donated?.(fiber, here.time)
}

/** Whether something is pending for the thread in `slot`: bits of `what`. */
export const isDue = (slot: number, what: number): boolean => (load(kernel, record(slot) + ThreadRecord.attention) & what) !== 0

// Policy or priority of a fiber that is queued may have changed.
function reschedule(fiber: Fiber): Fiber {
  const { policy, priority } = fiber
  refresh(fiber)
  if (policy === fiber.policy && priority === fiber.priority) return fiber
  here.scheduler.reprioritized?.(fiber)
  preempt(fiber)
  return fiber
}

/** Policy and priority of a fiber that is not queued are what its record says. */
export function refresh(fiber: Fiber): void {
  if (!prioritized()) return
  fiber.policy = load(kernel, record(fiber.slot) + ThreadRecord.policy)
  fiber.priority = effective(fiber.slot)
}

/** `fiber` is runnable from now on. */
export function ready(fiber: Fiber, why: number): void {
  refresh(fiber)
  alarms.clear(fiber)
  fiber.phase = Phase.READY
  if (why === Why.WOKEN) here.scheduler.unblocked?.(fiber, here.time)
  here.scheduler.enqueue(fiber, why, here.time)
  if (why === Why.WOKEN) preempt(fiber)
}

// `fiber` was queued: shall the one that runs make way?
function preempt(fiber: Fiber): void {
  const runs = running()
  if (runs?.phase === Phase.RUNS && here.scheduler.preempts(fiber, runs)) here.preempted = true
}

function admit(slot: number): Fiber | null {
  if (slot === 0) return null
  const t = record(slot), comes = peek(kernel, t + ThreadRecord.state) !== State.EMBRYO
  const old = fibers.get(slot)
  if (old !== null) {
    if (comes && old.tid === peek(kernel, t + ThreadRecord.tid)) return reschedule(recover(old))
    dismiss(old)
  }
  here.taken++
  const fiber = new Fiber(peek(kernel, t + ThreadRecord.tid), slot)
  fibers.add(slot, fiber)
  fiber.policy = load(kernel, t + ThreadRecord.policy)
  fiber.priority = effective(slot)
  const p = placeRecord(here.place)
  poke(kernel, p + Place.fibers, fibers.size)
  if (!comes) poke(kernel, p + Place.begun, peek(kernel, p + Place.begun) + 1)
  if (comes) recall(fiber)
  ready(fiber, Why.NEW)
  fiber.phase = comes ? Phase.COMES : Phase.NEW
  return fiber
}

// What its record knows of a fiber that has run elsewhere.
function recall(fiber: Fiber): void {
  const { at, slot } = fiber
  fiber.runtime = peekf(kernel, at + ThreadRecord.cpu)
  fiber.voluntary = peek(kernel, at + ThreadRecord.voluntary)
  fiber.involuntary = peek(kernel, at + ThreadRecord.involuntary)
  fiber.told = isDue(slot, SIGNAL)                                        // C6 of crew.ts
}

/** The carrier has lent `fiber`, which may have run elsewhere since, and has claimed it again. It may still be queued here. */
export function recover(fiber: Fiber): Fiber {
  recall(fiber)
  const body = fiber.body as Nomad
  body.unpack(fiber.at + ThreadRecord.room)
  fiber.phase = fiber.told ? Phase.READY : Phase.YIELDED
  return fiber
}

/** `fiber`, which the carrier had lent, is another's, or is no more. */
export function dismiss(fiber: Fiber): void {
  const body = fiber.body as Nomad
  here.scheduler.remove(fiber)
  fiber.phase = Phase.ENDED
  fibers.delete(fiber.slot)
  body.gone(fiber.slot)
  poke(kernel, placeRecord(here.place) + Place.fibers, fibers.size)
}

/** The carrier has claimed what is offered in `slot`. */
export function admitClaimed(slot: number): void {
  admit(slot)
}

// Takes a fiber that is offered at place `from`. What the carrier has lent itself it need not take back: it is queued here.
function accept(from: number, want: number = Want.ANY): Fiber | null {
  const fiber = admit(take(from, want))
  if (fiber === null) return null
  fiber.offered = true
  if (newcomers.length === 2 * WINDOW) newcomers.splice(0, Infinity, ...newcomers.filter(isNew))
  newcomers.push(fiber.slot)
  return fiber
}

const isNew = (slot: number): boolean => {
  const fiber = fibers.get(slot)
  return fiber?.offered === true && fiber.phase === Phase.NEW
}

// `fiber` was taken in, and waits: the one before it, if there was one, has begun.
function expect(fiber: Fiber | null): void {
  if (waiting !== null) owed = false
  waiting = fiber
}

/**
 * The carrier will be blocked for a while: fibers that it has taken of what was offered, and that have not begun, are offered again. Of two that wait
 * one after the other it keeps one: else who blocks again and again, too short for others to come, would keep all from beginning.
 */
export function giveAway(): void {
  const { place, scheduler } = here
  here.alone = false
  const kept = owed ? waiting : null
  if (kept === null && waiting?.phase === Phase.NEW) {
    waiting = null
    owed = true
  }
  const p = placeRecord(place)
  for (const slot of newcomers.splice(0)) {
    if (!isNew(slot) || slot === kept?.slot) continue
    const fiber = fibers.get(slot)!
    scheduler.remove(fiber)
    fiber.phase = Phase.ENDED
    fibers.delete(slot)
    poke(kernel, p + Place.fibers, fibers.size)
    poke(kernel, p + Place.begun, peek(kernel, p + Place.begun) - 1)
    giveBack(place, slot)
  }
}

/** Takes a fiber that has not begun from the place that has most of them; one only, for the others may be stolen too. False: nobody has any. */
export function steal(): boolean {
  if (here.importing !== 0) return false
  let from = -1, most = 0
  for (let i = 0; i < placeCount(); i++) {
    const count = i === here.place || !mayTake(here.place, i) ? 0 : offered(i)
    if (count <= most) continue
    from = i
    most = count
  }
  if (from < 0) return false
  const fiber = accept(from)
  if (fiber === null) return false
  expect(fiber)
  moved(fiber)
  if (fiber.phase === Phase.COMES) bring(from, offered(from) >> 1)
  return true
}

/** Takes up to `count` fibers that have begun from place `from`. */
export function bring(from: number, count: number): void {
  for (; count > 0; count--) {
    const fiber = admit(take(from, Want.BEGUN))
    if (fiber === null) return
    moved(fiber)
  }
}

// `fiber` has come from another carrier.
function moved(fiber: Fiber): void {
  const migrations = annex(fiber.slot) + Annex.migrations
  poke(kernel, migrations, peek(kernel, migrations) + 1)
  const p = placeRecord(here.place)
  poke(kernel, p + Place.stolen, peek(kernel, p + Place.stolen) + 1)
}
