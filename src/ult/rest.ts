// Rest: what the carrier does when none of its fibers is runnable.  It steals; it sleeps on its bell, or, while promises are awaited or something
// else is alive in its event loop, waits there.  It never spins for long.

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { bellOf, getUp, lieDown, pressing, suspendAt } from '../kernel/crew.ts'
import { host } from '../kernel/host.ts'
import { kernel, placeRecord } from '../kernel/process.ts'
import { Place } from '../kernel/records.ts'
import { Spin } from '../kernel/spin.ts'
import { Phase } from './fiber.ts'
import { alarms, arrivals, awaited, fibers, here, lively, ready, setTime, steal, tickSoon } from './runnable.ts'
import { Why } from './scheduler.ts'

const IDLE = 1000                                                         // ms
const LONGEST = 2 ** 31 - 1

let resting = 0                                                           // number of the wait in the event loop, or 0
let rests = 0
let prompted = false, idled = false
let keeper: ReturnType<typeof setTimeout> | undefined
let loop: () => void

/** Installs what the event loop calls when there may be something to do. */
export function installLoop(f: () => void): void {
  loop = f
}

/** It waits for nothing, and never did: for the lab, which begins anew. */
export function forgetRest(): void {
  resting = rests = 0
  keeper = undefined
  idled = prompted = false
}

/** Whether the carrier waits in the event loop. */
export function lingers(): boolean {
  return resting !== 0
}

const spin = new Spin()

/** Nothing is runnable. True: look again; false: the event loop calls. */
export function rest(): boolean {
  if (steal()) return true
  if (arrivals.length !== 0) return true
  poke(kernel, placeRecord(here.place) + Place.runnable, 0)
  if (lively()) return linger()
  let left = spin.begin()
  while (left > 0 && !pressing(here.place)) if ((left -= 8) <= 0) left = spin.more()   // looks cost more here than at a word
  spin.end(left > 0)
  if (left <= 0 && lieDown(here.place)) {
    setTime(now(CLOCK_MONOTONIC))
    const left = alarms.next - here.time
    const sleeps = placeRecord(here.place) + Place.sleeps
    poke(kernel, sleeps, peek(kernel, sleeps) + 1)
    if (left > 0) suspendAt(here.place, Math.min(left, idled ? Infinity : IDLE))
    getUp(here.place)
    setTime(now(CLOCK_MONOTONIC))
  }
  const quiet = !pressing(here.place) && alarms.next > here.time
  if (quiet && !idled) {                                                  // a turn of the event loop, for finalizers
    idled = true
    host.nextTurn(loop)
    return false
  }
  if (!quiet) idled = false
  tickSoon()
  return true
}

// Waits in the event loop, for the bell, the next alarm, or a promise.
function linger(): boolean {
  if (here.importing !== 0) {                                             // its event loop shall turn, whatever is offered
    host.nextTurn(loop)
    return false
  }
  if (!lieDown(here.place)) return true
  const bell = bellOf(here.place)
  if (bell === undefined) {
    getUp(here.place)
    return true
  }
  const mine = resting = ++rests
  void bell.then(() => { if (resting === mine) loop() })
  // What keeps the event loop alive: unless all wait for promises, which something there must settle then.
  const left = Math.ceil(alarms.next - now(CLOCK_MONOTONIC))
  if (here.awaiting < fibers.size || fibers.size === 0) keeper = setTimeout(() => { if (resting === mine) loop() }, Math.max(0, Math.min(LONGEST, left)))
  return false
}

/** The event loop has called. */
export function rise(): void {
  setTime(now(CLOCK_MONOTONIC))                                           // what the event loop took is nobody's
  here.turned = here.time
  tickSoon()
  here.taken = 0
  if (resting === 0) return
  resting = 0
  clearTimeout(keeper)
  keeper = undefined
  getUp(here.place)
}

/** Something has come while the carrier waits in the event loop. */
export function prompt(): void {
  if (prompted) return
  prompted = true
  host.nextTurn(() => {
    prompted = false
    loop()
  })
}

/** The event loop has nothing left to do: the promises of the fibers that await will never settle. */
export function starvedFibers(): void {
  if (here.awaiting === 0) return
  for (const fiber of [...awaited.keys()]) {
    if (fiber.phase !== Phase.AWAITS) continue
    here.awaiting--
    awaited.delete(fiber)
    fiber.value = new Error('the promise of the thread never settles: nothing is left in its event loop')
    fiber.throws = true
    ready(fiber, Why.WOKEN)
  }
  host.nextTurn(loop)
}
