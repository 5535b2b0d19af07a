// Fibers, as far as the kernel makes them: threads that share carriers.  A fiber has a record like any other thread; it
// waits in the same queues, with the same words.  What it has not got is a carrier of its own:
//
//   cloneFiber   takes a record, and sees to it that there are carriers (recruit)
//   startFiber   offers it at a place (crew.ts); a carrier takes it, and runs it in src/ult
//   exitFiber    its end, by itself; the carrier goes on
//
// claim   0 from its birth to startFiber; 1 until a carrier takes it; then that carrier.  A fiber whose arguments came by port
//         belongs to the place whose carrier got them: it is hinted at there, not offered.

import { add, cas, load, or, peek, poke, pokef, store } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import { allocate_locked as allocateCarrier_locked } from './carrier.ts'
import { CLOCK_MONOTONIC, now } from './clock.ts'
import { made, request } from './clone.ts'
import { getUp, hint, offer, offerAgain, offered, placeCount, placeOf } from './crew.ts'
import { EAGAIN } from './errno.ts'
import { finish_locked } from './exit.ts'
import { wake } from './futex.ts'
import { carrierRecord, kernel, placeRecord, record, self } from './process.ts'
import { Carrier, Flag, Place, PROCESS, Process, State, ThreadRecord } from './records.ts'
import { block } from './request.ts'
import { allocate_locked, count_locked, free_locked, lastSlot } from './thread.ts'

/** Makes the record of a fiber. Returns the slot, or -EAGAIN: the table is full, or there is no carrier. Blocks while Workers are made, the first time. */
export function cloneFiber(entry: number, flags: number): number {
  if (!(recruited && isManned()) && recruitAll() === 0) return -EAGAIN
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const count = peek(kernel, PROCESS + Process.count)
  const slot = count < peek(kernel, PROCESS + Process.threads) ? allocate_locked(flags | Flag.FIBER) : 0
  if (slot !== 0) count_locked(flags, 1)
  release(kernel, PROCESS + Process.tableLock)
  if (slot === 0) return -EAGAIN
  poke(kernel, record(slot) + ThreadRecord.entry, entry)
  return slot
}

/** The carrier that fiber `slot` is to run on, because of what its arguments are. */
export function bindFiber(slot: number): number {
  const n = peek(kernel, placeRecord(home()) + Place.carrier)
  poke(kernel, record(slot) + ThreadRecord.carrier, n)
  return n
}

/**
 * Fiber `slot`, which was not started, is for the carrier of place `i` alone. False: there is none, and the fiber is as before. If that carrier dies before it
 * has begun the fiber, the reaper settles it: as soon as the record says so, or, if it has died just then, not at all, which the second look tells.
 */
export function pinFiber(slot: number, i: number): boolean {
  const t = record(slot), word = placeRecord(i) + Place.carrier
  const n = load(kernel, word)
  if (n === 0) return false
  poke(kernel, t + ThreadRecord.carrier, n)
  or(kernel, t + ThreadRecord.flags, Flag.PINNED)
  if (load(kernel, word) === n) return true
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)              // the reaper holds it from there to the fibers of that carrier
  const settled = peek(kernel, t + ThreadRecord.state) !== State.EMBRYO
  if (!settled) poke(kernel, t + ThreadRecord.carrier, 0)
  release(kernel, PROCESS + Process.tableLock)
  return settled
}

/** {@link startFiber} for who made it: if the last carriers have died since, there will be others. */
export function launchFiber(slot: number): void {
  startFiber(slot)
  if (!isManned()) recruitAll()                                           // STARTED before: their reaper, or the next one's, settles it
}

/** Lets the cloned fiber `slot` run. From here on the reaper looks after it. */
export function startFiber(slot: number): void {
  const t = record(slot)
  or(kernel, t + ThreadRecord.flags, Flag.STARTED)
  cas(kernel, t + ThreadRecord.claim, 0, 1)
  if (peek(kernel, t + ThreadRecord.policy) !== 0 && peek(kernel, t + ThreadRecord.carrier) === 0) bindFiber(slot)   // its scheduler is to know of it at once
  if (peek(kernel, t + ThreadRecord.carrier) !== 0) hint(slot)
  else offer(home(), slot)
}

// Where a fiber of the caller's begins, if nobody takes it: here, or at the place with the fewest to do.
function home(): number {
  const mine = placeOf(self.carrier)
  if (mine >= 0) return mine
  const count = placeCount() - 1
  let best = 0, least = Infinity
  for (let k = 0, first = add(kernel, PROCESS + Process.turn, 1); k < count; k++) {
    const i = ((first + k) >>> 0) % count
    const load = offered(i) + peek(kernel, placeRecord(i) + Place.runnable)
    if (peek(kernel, placeRecord(i) + Place.carrier) === 0 || load >= least) continue
    best = i
    least = load
  }
  return best
}

/** Takes back a fiber that was not started. */
export function undoFiber(slot: number): void {
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  count_locked(peek(kernel, record(slot) + ThreadRecord.flags), -1)
  const live = peek(kernel, PROCESS + Process.live)
  free_locked(slot)
  release(kernel, PROCESS + Process.tableLock)
  if (live === 0) wake(kernel, PROCESS + Process.live, Infinity)
}

/** Fiber `slot`, the caller, begins. */
export function beginFiber(slot: number): void {
  const t = record(slot)
  pokef(kernel, t + ThreadRecord.started, now(CLOCK_MONOTONIC))
  store(kernel, t + ThreadRecord.state, State.RUNNING)
}

/** Ends the calling fiber, whose result is in place, after `cpu` ms on the processor. Returns true if it is detached: then the caller gives up its record. */
export function exitFiber(status: number, cpu: number): boolean {
  const slot = self.slot
  const t = record(slot)
  pokef(kernel, t + ThreadRecord.ended, now(CLOCK_MONOTONIC))
  pokef(kernel, t + ThreadRecord.cpu, cpu)
  poke(kernel, t + ThreadRecord.status, status)
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const detached = finish_locked(slot)
  const live = peek(kernel, PROCESS + Process.live)
  release(kernel, PROCESS + Process.tableLock)
  wake(kernel, t + ThreadRecord.exit, Infinity)
  if (live === 0) wake(kernel, PROCESS + Process.live, Infinity)
  return detached
}

// Carriers -------------------------------------------------------------------------------------------------------

let recruited = false

/** Nobody was recruited by this heap: for the lab, which begins anew. */
export function forgetRecruits(): void {
  recruited = false
}

// Whether some place has a carrier, but for the spare one: none has once carriers died before they could run.
function isManned(): boolean {
  for (let i = placeCount() - 2; i >= 0; i--) if (load(kernel, placeRecord(i) + Place.carrier) !== 0) return true
  return false
}

/** Sees to it that the spare place has a carrier; does not wait for it. */
export function recruitSpare(): void {
  const i = placeCount() - 1
  if (peek(kernel, placeRecord(i) + Place.carrier) !== 0) return
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const n = recruit_locked(i)
  release(kernel, PROCESS + Process.tableLock)
  if (n !== 0) request(n)
}

// Fills the places that have no carrier, but for the spare one; returns how many have one.
function recruitAll(): number {
  let filled = 0
  const count = placeCount() - 1
  for (let i = 0; i < count; i++) {
    acquire(kernel, PROCESS + Process.tableLock, self.carrier)
    const n = recruit_locked(i)
    release(kernel, PROCESS + Process.tableLock)
    if (n !== 0) request(n)
  }
  for (let i = 0; i < count; i++) {
    const n = peek(kernel, placeRecord(i) + Place.carrier)
    if (n === 0) continue
    block(made(n))
    if (load(kernel, placeRecord(i) + Place.carrier) !== 0) filled++      // else the spawner has given it up (death.ts, refuse)
  }
  recruited = filled !== 0
  return filled
}

/** Gives place `i` a carrier, if it has none: the caller must request it. 0: it has one, or there is no record left. Under tableLock. */
export function recruit_locked(i: number): number {
  if (peek(kernel, placeRecord(i) + Place.carrier) !== 0) return 0
  const n = allocateCarrier_locked(0, 0, 0)
  if (n === 0) return 0
  poke(kernel, carrierRecord(n) + Carrier.place, i + 1)
  poke(kernel, placeRecord(i) + Place.carrier, n)
  return n
}

/**
 * For the reaper: place `i` of the dead carrier `n` gets another one (`again`), which begins what that one had not. False: no place
 * has a carrier. Under tableLock.
 */
export function replace_locked(n: number, i: number, again: boolean): boolean {
  const p = placeRecord(i)
  poke(kernel, carrierRecord(n) + Carrier.place, 0)
  store(kernel, p + Place.carrier, 0)                                     // before STARTED is looked at: see launchFiber
  poke(kernel, p + Place.fibers, 0)
  poke(kernel, p + Place.runnable, 0)
  if (load(kernel, p + Place.blocking) !== 0) {
    store(kernel, p + Place.blocking, 0)
    add(kernel, PROCESS + Process.blocking, -1)
  }
  getUp(i)                                                                // it may have died asleep
  offerAgain(n, i, lastSlot())
  poke(kernel, p + Place.taking, 0)
  const next = again && i !== placeCount() - 1 ? recruit_locked(i) : 0
  if (next !== 0) request(next)
  for (let j = 0; j < placeCount() - 1; j++) if (peek(kernel, placeRecord(j) + Place.carrier) !== 0) return true
  return false
}
