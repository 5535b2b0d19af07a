// Signals: what is pending for whom, who shall take it, and what is queued.  What a handler is, and how it is run,
// is the library's (pthread/deliver.ts).
//
// A signal is sent to a thread or to the process.  It is pending there until a thread takes it: to run the handler, or
// in sigwait.  All sets and lists are under signalLock; so are masks and actions, so that a sender decides on one state.
//
//   sent, ignored, and somebody would take it              gone
//   sent, default action, and somebody would take it       the process ends or stops, at once, by the sender's hand
//   sent, else                                             pending; a thread that would take it is told (chosen)
//   pending, thread unblocks it, or waits for it           that thread takes it
//   pending, action set to be ignored                      gone
//
// "Would take it": the thread does not block it, and its heap has the handler; or it waits for it in sigwait.
//
// I1  A thread that has a deliverable signal has SIGNAL in its `attention`: whoever makes it so, by sending or by changing
//     the mask, sets it under signalLock; the thread clears it under signalLock when it finds nothing to deliver.
// I2  A signal of the process is pending there until it is taken, never with the chosen thread: so it cannot be lost
//     with it.  A thread that blocks it, or ends, passes it on: the choice is made again (redirect_locked).
// I3  A thread that ends makes its mask full, SIGKILL included, and then looks whether something is pending; a sender
//     makes it pending and then looks at the masks.  So one of the two sees the other.
//     A new thread has its mask before its state says that there is a thread (thread.ts, open_locked).
// I4  A pending bit is set while a record with that number is in the list.  Real-time signals have one record for each
//     that was sent; others have one at most, and none when there was no room for it.
// I5  The lists can be made again from the records: owner, seq.
//
// Lock order: tableLock, signalLock, then a bucket's.  A thread is sent to under tableLock, so that its record stays its.
//
// Rejected: the pending set of the process copied to the chosen thread (Linux 2.4: lost when it exits or blocks it);
// lock-free sets (a sender must see mask, action and pending set as one).

import { add, and, load, or, peek, poke, resume, store, suspend } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import type { Address } from '../mem/memory.ts'
import { hint } from './crew.ts'
import { ESRCH } from './errno.ts'
import { interrupt, SIGNAL } from './futex.ts'
import { host } from './host.ts'
import { actions, annex, carrierRecord, kernel, record, self } from './process.ts'
import { ActionRecord, Annex, Carrier, Flag, PROCESS, Process, SPAWNER, State, ThreadRecord, VERSION } from './records.ts'
import { forget_locked, forgetAll_locked, has, holderOf, isThread, put_locked, take_locked, type Taken } from './signal-queue.ts'
import { bitOf, ignoredByDefault, lowest, SIGCONT, SIGKILL, SIGTTOU, stopsByDefault, UNSTOPPABLE, wordOf } from './signo.ts'
import { lastSlot } from './thread.ts'

export const Kind = { DEFAULT: 0, IGNORED: 1, ENTRY: 2, LOCAL: 3 } as const

const LOCK = PROCESS + Process.signalLock
/** Runs `f` under signalLock. `f` must not throw. */
export function underSignalLock<T>(f: () => T): T {
  acquire(kernel, LOCK, self.carrier)
  const result = f()
  release(kernel, LOCK)
  return result
}

/** The record of what is done about `signo`. */
export function actionOf(signo: number): Address {
  return actions + (signo - 1) * ActionRecord.size
}

// Actions ----------------------------------------------------------------------------------------------------------

/** Whether nothing is done about it. A function whose heap is gone does nothing. */
export function isIgnored(signo: number): boolean {
  const a = actionOf(signo)
  switch (peek(kernel, a + ActionRecord.kind)) {
    case Kind.DEFAULT: return ignoredByDefault(signo)
    case Kind.IGNORED: return true
    case Kind.LOCAL: return peek(kernel, carrierRecord(peek(kernel, a + ActionRecord.carrier)) + Carrier.serial) !== peek(kernel, a + ActionRecord.serial)
    default: return false
  }
}

const isDefault = (signo: number): boolean => peek(kernel, actionOf(signo) + ActionRecord.kind) === Kind.DEFAULT

/** Whether a program has something to do with `signo`: an action, or a thread that waits for it or blocks it. */
export function isWanted(signo: number): boolean {
  return underSignalLock(() => !isDefault(signo) || waiterFor(signo) !== 0 || isBlockedByAll(signo))
}

/** Whether a signal that comes from outside would run a handler. Takes no lock. */
export function isHandled(): boolean {
  for (let signo = 1; signo <= 64; signo++) if (peek(kernel, actionOf(signo) + ActionRecord.kind) >= Kind.ENTRY) return true
  return false
}

// Choosing ---------------------------------------------------------------------------------------------------------

const blocks = (slot: number, signo: number): boolean => has(record(slot) + ThreadRecord.mask0, signo)
const awaits = (slot: number, signo: number): boolean => has(annex(slot) + Annex.awaited0, signo)

function waiterFor(signo: number): number {
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) if (isThread(slot) && awaits(slot, signo)) return slot
  return 0
}

// Whether there are threads, and none that would take it.
function isBlockedByAll(signo: number): boolean {
  let blocked = false
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    if (!isThread(slot)) continue
    if (!blocks(slot, signo)) return false
    blocked = true
  }
  return blocked
}

/** Whether the heap of thread `slot` has the handler. */
function hasHandler(slot: number, signo: number): boolean {
  const a = actionOf(signo)
  return peek(kernel, a + ActionRecord.kind) !== Kind.LOCAL || peek(kernel, a + ActionRecord.carrier) === peek(kernel, record(slot) + ThreadRecord.carrier)
}

// The thread that shall take a signal of the process: one that waits for it, the caller, one that sleeps so that it can
// be interrupted, one that runs, one that was not yet begun; 0: nobody would.
function choose_locked(signo: number): number {
  let best = 0, rank = 0
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    if (!isThread(slot)) continue
    if (awaits(slot, signo)) return slot
    if (blocks(slot, signo) || !hasHandler(slot, signo)) continue
    const t = record(slot)
    const state = load(kernel, t + ThreadRecord.state)
    const sleeps = state === State.SLEEPING && (peek(kernel, t + ThreadRecord.interruptible) & SIGNAL) !== 0
    const mine = slot === self.slot ? 4 : sleeps ? 3 : state === State.EMBRYO ? 1 : 2
    if (mine <= rank) continue
    best = slot
    rank = mine
  }
  return best
}

const told = new Set<number>()

function tell_locked(slot: number): void {
  or(kernel, record(slot) + ThreadRecord.attention, SIGNAL)               // I1
  told.add(slot)
}

// Wakes whom tell_locked has told.  After signalLock was given up.
function prodTold(): void {
  for (const slot of told) {
    told.delete(slot)
    if (slot !== self.slot) prod(slot, SIGNAL)
    else if (self.fiber) hint(slot)                                       // its yields do not look
  }
}

/** Interrupts the sleep of thread `slot`; if it does not sleep, it may be in its event loop. Its `attention` is set. */
export function prod(slot: number, why: number): void {
  if (interrupt(slot, why)) return
  if ((peek(kernel, record(slot) + ThreadRecord.flags) & Flag.FIBER) !== 0) return hint(slot)
  const word = carrierRecord(peek(kernel, record(slot) + ThreadRecord.carrier)) + Carrier.attention
  add(kernel, word, 1)
  resume(kernel, word)
}

// Signals of the process that are pending and that somebody would take: tells them.
function redirect_locked(): void {
  for (let word = 0; word < 2; word++) {
    for (let set = peek(kernel, holderOf(0) + 4 * word); set !== 0; set &= set - 1) {
      const slot = choose_locked(lowest(set & -set, 0) + 32 * word)
      if (slot !== 0) tell_locked(slot)
    }
  }
}

// Sending ----------------------------------------------------------------------------------------------------------

/** Sends `signo` to thread `tid`'s record `slot` of `serial`, or to the process (slot 0). Returns 0; EAGAIN: too many are queued; ESRCH. */
export function send(slot: number, serial: number, signo: number, code: number, value = 0, timer = 0): number {
  if (slot !== 0) acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  acquire(kernel, LOCK, self.carrier)
  const result = slot !== 0 && peek(kernel, record(slot) + ThreadRecord.serial) !== serial ? ESRCH : send_locked(slot, signo, code, value, timer)
  release(kernel, LOCK)
  if (slot !== 0) release(kernel, PROCESS + Process.tableLock)
  prodTold()
  if (result !== FATAL) return result
  die(signo)
  return 0
}

// The process ends by the real signal, which the first heap may have to hear in its event loop before: a thread that went on
// meanwhile could end the program in its own way.
function die(signo: number): void {
  host.die(signo)
  if (self.carrier > SPAWNER && !stopsByDefault(signo)) suspend(kernel, PROCESS + Process.version, VERSION, 5000)
}

const FATAL = -1

function send_locked(slot: number, signo: number, code: number, value: number, timer: number): number {
  if (slot !== 0 && !takesSignals(slot)) return 0                         // it has ended, and its number is still its
  const waiter = slot === 0 ? waiterFor(signo) : awaits(slot, signo) ? slot : 0
  const taken = waiter === 0 && (slot === 0 ? !isBlockedByAll(signo) : !blocks(slot, signo))
  if (taken && isIgnored(signo)) return 0
  if (taken && isDefault(signo)) {
    if (!stopsByDefault(signo)) store(kernel, PROCESS + Process.fatal, signo)
    return FATAL
  }
  if (signo === SIGCONT || stopsByDefault(signo)) contradict_locked(signo)
  const refused = put_locked(slot, signo, code, value, timer)
  if (refused !== 0) return refused
  const chosen = slot === 0 ? choose_locked(signo) : waiter !== 0 || (!blocks(slot, signo) && hasHandler(slot, signo)) ? slot : 0
  if (chosen !== 0) tell_locked(chosen)
  if (slot !== 0 && !takesSignals(slot)) drop_locked(slot)                // I3
  return 0
}

// SIGCONT discards what is pending to stop the process, and the other way round.
function contradict_locked(signo: number): void {
  const slots = [0]
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) if (isThread(slot)) slots.push(slot)
  for (let other = SIGCONT; other <= SIGTTOU; other++)
    if (stopsByDefault(other) !== stopsByDefault(signo)) for (const slot of slots) forget_locked(slot, other)
}

const takesSignals = (slot: number): boolean => isThread(slot) && !blocks(slot, SIGKILL)

// Taking -----------------------------------------------------------------------------------------------------------

/** Takes a pending signal of the set for the calling thread, its own first, the lowest number first; false if there is none. Under signalLock. */
export function takeOf_locked(set0: number, set1: number, out: Taken): boolean {
  for (const slot of [self.slot, 0]) {
    const words = holderOf(slot)
    const signo = lowest(peek(kernel, words) & set0, peek(kernel, words + 4) & set1)
    if (signo === 0) continue
    take_locked(slot, signo, out)
    return true
  }
  return false
}

/** A signal for which the calling thread shall run a handler. */
export interface Delivery extends Taken {
  kind: number
  handler: number
  flags: number
  /** The thread's mask before, which is to be restored after the handler. */
  mask0: number
  mask1: number
  /** The entry of a handler that this heap has not loaded, or 0. */
  missing: number
}

export const SA_NOCLDSTOP = 1, SA_SIGINFO = 4, SA_RESTART = 0x1000_0000, SA_NODEFER = 0x4000_0000, SA_RESETHAND = 0x8000_0000 | 0

/**
 * Takes the next signal that the calling thread has a handler for and makes the mask the handler's; false if there is none,
 * and then the thread's attention is free. `ready` tells of an entry whether this heap has it.
 */
export function deliver(out: Delivery, ready: (entry: number) => boolean): boolean {
  out.missing = 0
  let fatal = 0
  const found = underSignalLock(() => {
    const t = record(self.slot), rest = annex(self.slot)
    for (const slot of [self.slot, 0]) {
      const words = holderOf(slot)
      let set0 = peek(kernel, words) & ~(peek(kernel, t + ThreadRecord.mask0) | peek(kernel, rest + Annex.awaited0))
      let set1 = peek(kernel, words + 4) & ~(peek(kernel, t + ThreadRecord.mask1) | peek(kernel, rest + Annex.awaited1))
      for (let signo = lowest(set0, set1); signo !== 0; signo = lowest(set0, set1)) {
        if (signo <= 32) set0 &= ~bitOf(signo)
        else set1 &= ~bitOf(signo)
        const a = actionOf(signo)
        const kind = peek(kernel, a + ActionRecord.kind), handler = peek(kernel, a + ActionRecord.handler)
        if (isIgnored(signo) || kind === Kind.DEFAULT) {
          take_locked(slot, signo, out)
          if (isIgnored(signo)) continue
          fatal = signo
          return false
        }
        if (kind === Kind.ENTRY && !ready(handler)) out.missing = handler
        else if (hasHandler(self.slot, signo)) {
          begin_locked(t, slot, signo, out)
          return true
        }
      }
    }
    and(kernel, t + ThreadRecord.attention, ~SIGNAL)                      // I1
    return false
  })
  if (fatal !== 0) {
    if (!stopsByDefault(fatal)) store(kernel, PROCESS + Process.fatal, fatal)
    die(fatal)
  }
  return found
}

function begin_locked(t: Address, slot: number, signo: number, out: Delivery): void {
  const a = actionOf(signo)
  take_locked(slot, signo, out)
  out.kind = peek(kernel, a + ActionRecord.kind)
  out.handler = peek(kernel, a + ActionRecord.handler)
  out.flags = peek(kernel, a + ActionRecord.flags)
  out.mask0 = peek(kernel, t + ThreadRecord.mask0)
  out.mask1 = peek(kernel, t + ThreadRecord.mask1)
  if ((out.flags & SA_RESETHAND) !== 0) {
    poke(kernel, a + ActionRecord.kind, Kind.DEFAULT)
    poke(kernel, a + ActionRecord.flags, out.flags & ~SA_SIGINFO)
  }
  const own = (out.flags & SA_NODEFER) === 0 ? bitOf(signo) : 0
  const set0 = out.mask0 | peek(kernel, a + ActionRecord.mask0) | (wordOf(signo) === 0 ? own : 0)
  const set1 = out.mask1 | peek(kernel, a + ActionRecord.mask1) | (wordOf(signo) === 1 ? own : 0)
  mask_locked(self.slot, set0, set1)
}

// Masks ------------------------------------------------------------------------------------------------------------

// Sets the mask of the calling thread.  What it makes deliverable gets its attention; what it blocks is passed on (I1, I2).
function mask_locked(slot: number, set0: number, set1: number): void {
  const t = record(slot)
  const before0 = peek(kernel, t + ThreadRecord.mask0), before1 = peek(kernel, t + ThreadRecord.mask1)
  const after0 = set0 & ~UNSTOPPABLE
  store(kernel, t + ThreadRecord.mask0, after0)
  store(kernel, t + ThreadRecord.mask1, set1)
  if ((deliverable(slot, 0) & ~after0) !== 0 || (deliverable(slot, 1) & ~set1) !== 0) or(kernel, t + ThreadRecord.attention, SIGNAL)
  if ((after0 & ~before0 & peek(kernel, holderOf(0))) !== 0 || (set1 & ~before1 & peek(kernel, holderOf(0) + 4)) !== 0) redirect_locked()
}

const deliverable = (slot: number, word: number): number => peek(kernel, holderOf(slot) + 4 * word) | peek(kernel, holderOf(0) + 4 * word)

/** Sets the mask of the calling thread. SIGKILL and SIGSTOP are never blocked. */
export function setMask(set0: number, set1: number): void {
  underSignalLock(() => { mask_locked(self.slot, set0, set1) })
  prodTold()
}

/** What is pending for the calling thread and blocked by it, as two words. */
export function pendingOfCaller(): [number, number] {
  return underSignalLock(() => [deliverable(self.slot, 0), deliverable(self.slot, 1)])
}

/** Says that the calling thread waits for the set (in sigwait), or, when it is empty, that it does no more. Under signalLock. */
export function await_locked(set0: number, set1: number): void {
  awaitFor_locked(self.slot, set0, set1)
}

/** The calling thread waits for no signal any more: what was meant for it is another's. */
export function stopAwaiting(): void {
  underSignalLock(() => {
    await_locked(0, 0)
    if (deliverable(0, 0) !== 0 || deliverable(0, 1) !== 0) redirect_locked()
  })
  prodTold()
}

/** Sets what is done about `signo` by `change`; a pending signal that is ignored from now on is gone. */
export function setAction(signo: number, change: (action: Address) => void): void {
  underSignalLock(() => {
    change(actionOf(signo))
    if (isIgnored(signo)) {
      forget_locked(0, signo)
      for (let slot = 1, last = lastSlot(); slot <= last; slot++) if (isThread(slot)) forget_locked(slot, signo)
    } else {
      if (has(holderOf(0), signo)) redirect_locked()
      for (let slot = 1, last = lastSlot(); slot <= last; slot++) if (isThread(slot) && has(holderOf(slot), signo) && !blocks(slot, signo)) tell_locked(slot)
    }
  })
  prodTold()
}

// Ends -------------------------------------------------------------------------------------------------------------

/** The calling thread ends: it takes no more signals, and those of the process are another's (I3). */
export function retire(): void {
  const t = record(self.slot)
  store(kernel, t + ThreadRecord.mask1, -1)
  store(kernel, t + ThreadRecord.mask0, -1)
  const pending = load(kernel, t + ThreadRecord.pending0) | load(kernel, t + ThreadRecord.pending1) | load(kernel, holderOf(0)) | load(kernel, holderOf(0) + 4)
  if (pending === 0) return
  underSignalLock(() => { drop_locked(self.slot) })
  prodTold()
}

/** Thread `slot` is dead or ends: gives up what is queued for it, passes on what the process has. Under signalLock. */
export function drop_locked(slot: number): void {
  const t = record(slot)
  store(kernel, t + ThreadRecord.mask1, -1)
  store(kernel, t + ThreadRecord.mask0, -1)
  awaitFor_locked(slot, 0, 0)
  forgetAll_locked(slot)
  redirect_locked()
}

function awaitFor_locked(slot: number, set0: number, set1: number): void {
  poke(kernel, annex(slot) + Annex.awaited0, set0)
  poke(kernel, annex(slot) + Annex.awaited1, set1)
}

/** The dead threads of the reaper's step were dropped: wakes whom that concerns. Needs no lock but the buckets'. */
export function prodHeirs(): void {
  prodTold()
}
