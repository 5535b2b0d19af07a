// The crew: the carriers that run fibers, as others see them.  What a carrier does with its fibers is in src/ult.
//
// A carrier of fibers has a place.  To a place belong two rings in shared memory, and a bell:
//
//   offers    fibers that wait for a carrier: they were started and have not begun, or have begun and may go on elsewhere (ult/migration.ts).
//             Anybody offers; the place's carrier takes, and so may others
//   hints     "look at this fiber": it was taken off a queue, or something is pending for it.  Anybody posts; the carrier reads
//   bell      1 while the carrier sleeps.  Who posts or offers rings it: 0, and resumes the carrier
//
// The last place is a spare: its carrier is there for others that are in a blocking section.  It takes what is offered
// at their places, and only while they are there.
//
// An entry is the slot of a fiber in the low 21 bits, and above them the lap of its index, so that a reader tells an entry of
// this lap from what the last one left, and nobody needs to clear it.
//
// C1  An entry is no more than a hint.  The truth is in the fiber's record: its park word says WOKEN, its `claim` says
//     that it waits for a carrier.  So an entry that comes twice, or late, does no harm, and after a death everything that
//     may have been lost is posted again.
// C2  `claim` goes from 1 to the carrier's number + 1 by compare and swap: a fiber is begun once, and has one carrier.  Back to 1 it goes by that
//     carrier alone, which has not begun it, and forgets it (giveBack), or has begun it, and claims it like others from then on (lend).
// C3  No wakeup is lost: who posts writes the entry, then looks at the bell; the carrier sets the bell, then looks at the
//     rings, and sleeps only while the bell is 1.  By the order of sequentially consistent accesses one sees the other.
//     With offers, `idle` takes the part of the bell for carriers of other places, which come to steal: a bit for each place,
//     which its carrier sets before it looks, and which the reaper may clear again.
// C4  An index is given by an addition, the entry written after it.  A reader that finds an index given and the entry not
//     written stops there: its writer is about to write it, and rings the bell then.  If it died, the reaper fills the
//     gap with an entry of slot 0 (mendRings); who finds its index filled writes to the next one.
// C5  A ring has room for twice as many fibers as there may be.  Each is offered once, and hinted at once for each
//     wait, unless carriers die; a carrier that finds that its ring was overrun looks at all its fibers.  Of fibers that have begun
//     a place's carrier offers no more than a few at a time, those included that it has claimed again.
// C6  Who hints wrote what the hint is about before it reads `carrier`; who claims a fiber writes `carrier` before it looks whether something is
//     pending.  So a hint that goes to the carrier that the fiber has left is not missed.
// C7  A fiber that is PINNED is for one carrier: it is hinted at there and never offered.  If that carrier dies before it has begun it, the reaper
//     settles it; who makes it looks whether that carrier is there after its record names it (pinFiber), so it cannot name one that is swept already.
//
// Rejected: lists through the thread records (an entry that comes twice, after a death, would break them); a lock
// per place (a carrier that is preempted with it stops those that wake its fibers); a deque of Chase and Lev
// (its owner alone may add, and takes the youngest first).

import { add, and, cas, exchange, load, or, peek, poke, resume, store, suspend, suspendAsync } from '#atomics'
import type { Address } from '../mem/memory.ts'
import { carrierRecord, kernel, placeRecord, record, rings, self, slotMask } from './process.ts'
import { Carrier, Flag, Place, PROCESS, Process, State, ThreadRecord } from './records.ts'

const SLOT_BITS = 21, LAPS = 0x7ff
const { hintHead, hintTail, offerHead, offerTail, bell, taking } = Place

const at = (ring: number, index: number): Address => rings + (ring * (slotMask + 1) + (index & slotMask)) * 4
const lapOf = (index: number): number => (Math.floor((index >>> 0) / (slotMask + 1)) + 1) & LAPS
const hintsOf = (i: number): number => 2 * i
const offersOf = (i: number): number => 2 * i + 1
const idleWord = (i: number): Address => PROCESS + Process.idle + (i >>> 5) * 4

/** How many places there are, the spare one included. */
export function placeCount(): number {
  return peek(kernel, PROCESS + Process.places)
}

/** The place of carrier `n`, or -1. */
export function placeOf(n: number): number {
  return peek(kernel, carrierRecord(n) + Carrier.place) - 1
}

function put(ring: number, tail: Address, slot: number): void {
  for (;;) {
    const index = add(kernel, tail, 1)
    const lap = lapOf(index)
    const seen = load(kernel, at(ring, index))
    if (seen >>> SLOT_BITS !== lap && cas(kernel, at(ring, index), seen, lap << SLOT_BITS | slot) === seen) return   // C4
  }
}

// The slot in the ring at `index`; -1: it is not there (yet).
function entry(ring: number, index: number): number {
  const word = load(kernel, at(ring, index))
  return word >>> SLOT_BITS === lapOf(index) ? word & (1 << SLOT_BITS) - 1 : -1
}

/** Wakes the carrier of place `i` if it sleeps. */
export function ring(i: number): void {
  const word = placeRecord(i) + bell
  if (load(kernel, word) !== 0 && exchange(kernel, word, 0) !== 0) resume(kernel, word)
}

// Hints ----------------------------------------------------------------------------------------------------------

let arrive: (slot: number) => void = () => undefined

/** Installs what a hint at a fiber of this heap's own carrier calls. */
export function installArrival(f: (slot: number) => void): void {
  arrive = f
}

/** Tells the carrier of fiber `slot` to look at it. */
export function hint(slot: number): void {
  const n = load(kernel, record(slot) + ThreadRecord.carrier)             // C6
  if (n === self.carrier) return arrive(slot)
  const i = placeOf(n)
  if (i < 0) return                                                       // it is dead, and so is the fiber
  put(hintsOf(i), placeRecord(i) + hintTail, slot)
  ring(i)
}

/** Whether hints have come for place `i`. Cheap. */
export function hinted(i: number): boolean {
  return peek(kernel, placeRecord(i) + hintTail) !== peek(kernel, placeRecord(i) + hintHead)
}

/** What the caller of {@link beckoned} has seen of the rings: the hints up to `hints` were read, the offers up to `offers` looked at. */
export const seen = { hints: 0, offers: 0 }

/** Whether hints have come for the place whose record is at `p`, the caller's, or fibers were offered there. Cheap: for every switch. */
export function beckoned(p: Address): boolean {
  return peek(kernel, p + hintTail) !== seen.hints || peek(kernel, p + offerTail) !== seen.offers
}

/** What there is at the place whose record is at `p` is being looked at. */
export function beheld(p: Address): void {
  seen.hints = peek(kernel, p + hintHead)
  seen.offers = peek(kernel, p + offerTail)
}

/** Reads the hints of place `i`, the caller's. Returns false if some were lost: it must look at all its fibers (C5). */
export function readHints(i: number, look: (slot: number) => void): boolean {
  const p = placeRecord(i)
  const tail = load(kernel, p + hintTail)
  let head = peek(kernel, p + hintHead)
  if ((tail - head | 0) > slotMask) {
    poke(kernel, p + hintHead, tail)
    return false
  }
  for (; head !== tail; head = head + 1 | 0) {
    const slot = entry(hintsOf(i), head)
    if (slot < 0) break                                                   // C4
    if (slot !== 0) look(slot)
  }
  poke(kernel, p + hintHead, head)
  return true
}

// Offers ---------------------------------------------------------------------------------------------------------

/** Offers fiber `slot` at place `i`, and wakes a carrier for it if one sleeps. */
export function offer(i: number, slot: number): void {
  put(offersOf(i), placeRecord(i) + offerTail, slot)
  if (!anyIdle()) return
  if (load(kernel, placeRecord(i) + bell) !== 0) return ring(i)
  for (let j = 0; j < placeCount(); j++) {
    if (load(kernel, placeRecord(j) + bell) === 0 || !mayTake(j, i)) continue
    ring(j)
    return
  }
}

/** Whether the carrier of place `j` may take what is offered at place `i`. */
export function mayTake(j: number, i: number): boolean {
  return j !== placeCount() - 1 || load(kernel, placeRecord(i) + Place.blocking) !== 0
}

/** The carrier of place `i`, the caller's, enters a blocking section, or leaves it: meanwhile the spare one is there for it. */
export function setBlocking(i: number, inside: boolean): void {
  store(kernel, placeRecord(i) + Place.blocking, inside ? 1 : 0)
  add(kernel, PROCESS + Process.blocking, inside ? 1 : -1)
  if (inside) for (let j = placeCount() - 1; j >= 0; j--) if (j !== i) ring(j)
}

/** About how many fibers are offered at place `i`. */
export function offered(i: number): number {
  return peek(kernel, placeRecord(i) + offerTail) - peek(kernel, placeRecord(i) + offerHead) | 0
}

/** Whom a carrier takes: the next that is offered, whoever it is; only if it has not begun; only if it has. */
export const Want = { ANY: 0, NEW: 1, BEGUN: 2 } as const

/** Takes the next fiber that is offered at place `i` for the calling carrier; its slot, or 0: there is none, or the next one is not wanted. */
export function take(i: number, want: number = Want.ANY): number {
  const head = placeRecord(i) + offerHead
  const mine = placeRecord(placeOf(self.carrier)) + taking
  for (;;) {
    const index = load(kernel, head)
    const slot = entry(offersOf(i), index)
    if (slot < 0 || (want !== Want.ANY && slot !== 0 && isOffered(slot) && isNew(slot) !== (want === Want.NEW))) return 0
    poke(kernel, mine, slot)
    if (cas(kernel, head, index, index + 1 | 0) !== index) continue
    if (slot !== 0 && claim(slot)) return slot
  }
}

/** Makes the calling carrier the one that begins fiber `slot`, or goes on with it; false if another one does. */
export function claim(slot: number): boolean {
  const t = record(slot)
  if (cas(kernel, t + ThreadRecord.claim, 1, self.carrier + 1) !== 1) return false   // C2
  store(kernel, t + ThreadRecord.carrier, self.carrier)                   // C6
  return true
}

/** Fiber `slot`, which the calling carrier has claimed and not begun, is offered again, at its place `i`. If it dies meanwhile the reaper does so. */
export function giveBack(i: number, slot: number): void {
  poke(kernel, record(slot) + ThreadRecord.carrier, 0)
  lend(i, slot)
}

/**
 * Fiber `slot`, which has begun at the calling carrier, is offered at its place `i`: all that there is of it is in shared memory by now. Hints still
 * go to this carrier, which must {@link claim} it to go on with it.
 */
export function lend(i: number, slot: number): void {
  poke(kernel, placeRecord(i) + taking, slot)
  store(kernel, record(slot) + ThreadRecord.claim, 1)
  offer(i, slot)
}

const isNew = (slot: number): boolean => peek(kernel, record(slot) + ThreadRecord.state) === State.EMBRYO

/** Whether fiber `slot` waits for a carrier. */
export function isOffered(slot: number): boolean {
  return load(kernel, record(slot) + ThreadRecord.claim) === 1
}

/** The carrier that has fiber `slot`, which has begun; 0: it waits for one. */
export function holderOf(slot: number): number {
  return load(kernel, record(slot) + ThreadRecord.claim) - 1
}

// Sleep ----------------------------------------------------------------------------------------------------------

/** Whether place `i`, the caller's, has hints, or any place has offers. */
export function pressing(i: number): boolean {
  if (entry(hintsOf(i), peek(kernel, placeRecord(i) + hintHead)) >= 0) return true
  for (let j = 0; j < placeCount(); j++) if (entry(offersOf(j), load(kernel, placeRecord(j) + offerHead)) >= 0 && mayTake(i, j)) return true
  return false
}

/** Says that the carrier of place `i` is about to sleep; false if there is something to do (C3). */
export function lieDown(i: number): boolean {
  store(kernel, placeRecord(i) + bell, 1)
  or(kernel, idleWord(i), 1 << (i & 31))
  if (!pressing(i)) return true
  getUp(i)
  return false
}

/** The carrier of place `i` has slept enough, or it died. */
export function getUp(i: number): void {
  store(kernel, placeRecord(i) + bell, 0)
  and(kernel, idleWord(i), ~(1 << (i & 31)))
}

/** Whether a carrier of fibers sleeps, or is about to. */
export function anyIdle(): boolean {
  for (let i = placeCount() - 1; i >= 0; i -= 32) if (load(kernel, idleWord(i)) !== 0) return true
  return false
}

/** Suspends the carrier of place `i`, which has lain down, until the bell rings or for `ms`. */
export function suspendAt(i: number, ms: number): void {
  suspend(kernel, placeRecord(i) + bell, 1, ms)
}

/** A promise of the bell, for a carrier that waits in its event loop; undefined: it has rung. */
export function bellOf(i: number): Promise<unknown> | undefined {
  return suspendAsync(kernel, placeRecord(i) + bell, 1)
}

// For the reaper -------------------------------------------------------------------------------------------------

/** Fills the gaps that a writer who died has left in the rings (C4), and wakes the carriers: it may have rung a bell, and resumed nobody. */
export function mendRings(): void {
  for (let i = 0; i < placeCount(); i++) {
    const p = placeRecord(i)
    fill(hintsOf(i), peek(kernel, p + hintHead), load(kernel, p + hintTail))
    fill(offersOf(i), load(kernel, p + offerHead), load(kernel, p + offerTail))
    store(kernel, p + bell, 0)
    resume(kernel, p + bell)
  }
}

function fill(which: number, head: number, tail: number): void {
  if ((tail - head | 0) > slotMask) head = tail - slotMask | 0
  for (; head !== tail; head = head + 1 | 0) {
    const seen = load(kernel, at(which, head)), lap = lapOf(head)
    if (seen >>> SLOT_BITS !== lap) cas(kernel, at(which, head), seen, lap << SLOT_BITS)
  }
}

/** Fibers that the dead carrier `n` of place `i` had taken and not begun wait for a carrier again; one that it was about to offer is offered. */
export function offerAgain(n: number, i: number, last: number): void {
  const half = peek(kernel, placeRecord(i) + taking)
  for (let slot = 1; slot <= last; slot++) {
    const t = record(slot)
    const begun = peek(kernel, t + ThreadRecord.state) === State.RUNNING
    if (!begun && peek(kernel, t + ThreadRecord.state) !== State.EMBRYO) continue
    if ((peek(kernel, t + ThreadRecord.flags) & (Flag.FIBER | Flag.PINNED)) !== Flag.FIBER) continue
    const word = load(kernel, t + ThreadRecord.claim)
    if (word === n + 1 && !begun) {
      poke(kernel, t + ThreadRecord.carrier, 0)
      store(kernel, t + ThreadRecord.claim, 1)
    } else if (word !== 1 || slot !== half) {
      continue
    }
    offer(i, slot)
  }
}
