// Pending signals and what is queued with them: sets of two words, lists of records, for each thread and (slot 0) for the
// process.  All of it under signalLock; see signal.ts for who is told, and its I4 and I5.

import { and, load, or, peek, peekf, poke, pokef } from '#atomics'
import type { Address } from '../mem/memory.ts'
import { EAGAIN } from './errno.ts'
import { annex, kernel, QUEUED, record, self, signals, timerRecord } from './process.ts'
import { Annex, Flag, PROCESS, Process, SignalRecord, State, ThreadRecord, TimerRecord } from './records.ts'
import { bitOf, isSignal, lowest, SIGRTMIN, wordOf } from './signo.ts'
import { lastSlot } from './thread.ts'

/** Who sent a signal. */
export const SI_USER = 0, SI_QUEUE = -1, SI_TIMER = -2, SI_TKILL = -6
const PROCESS_OWNS = -1

/** A signal that was taken. */
export interface Taken { signo: number, code: number, value: number, sender: number, timer: number }

/** The pending set of thread `slot`, or of the process. */
export const holderOf = (slot: number): Address => slot === 0 ? PROCESS + Process.pending0 : record(slot) + ThreadRecord.pending0
/** Whether the set at `words` has `signo`. */
export const has = (words: Address, signo: number): boolean => (load(kernel, words + 4 * wordOf(signo)) & bitOf(signo)) !== 0
const listOf = (slot: number): Address => slot === 0 ? PROCESS + Process.signals : annex(slot) + Annex.signals
const signal = (n: number): Address => signals + n * SignalRecord.size

/** Whether the record is that of a thread that may have signals. */
export function isThread(slot: number): boolean {
  const t = record(slot)
  const state = load(kernel, t + ThreadRecord.state)
  return state !== State.FREE && state !== State.EXITED && (peek(kernel, t + ThreadRecord.flags) & (Flag.ASYNC | Flag.HOST)) === 0
}

/** Makes it pending. One that is pending already and does not queue stays as it is. Returns 0, or EAGAIN. */
export function put_locked(slot: number, signo: number, code: number, value: number, timer: number): number {
  const words = holderOf(slot)
  const queues = signo >= SIGRTMIN
  if (!queues && has(words, signo)) return 0
  let n = peek(kernel, PROCESS + Process.freeSignal)
  if (n !== 0) poke(kernel, PROCESS + Process.freeSignal, peek(kernel, signal(n) + SignalRecord.next))
  else {
    n = peek(kernel, PROCESS + Process.bumpSignal)
    if (n < QUEUED) poke(kernel, PROCESS + Process.bumpSignal, n + 1)
    else if (queues || code === SI_QUEUE) return EAGAIN
    else n = 0
  }
  if (n !== 0) {
    const s = signal(n)
    const seq = peek(kernel, PROCESS + Process.signalSeq) + 1
    poke(kernel, PROCESS + Process.signalSeq, seq)
    poke(kernel, s + SignalRecord.signo, signo)
    poke(kernel, s + SignalRecord.code, code)
    pokef(kernel, s + SignalRecord.value, value)
    poke(kernel, s + SignalRecord.sender, self.tid)
    poke(kernel, s + SignalRecord.timer, timer)
    poke(kernel, s + SignalRecord.seq, seq)
    poke(kernel, s + SignalRecord.owner, slot === 0 ? PROCESS_OWNS : slot)
    append_locked(listOf(slot), n)
    if (timer !== 0) poke(kernel, timerRecord(timer) + TimerRecord.queued, 1)
  }
  or(kernel, words + 4 * wordOf(signo), bitOf(signo))                     // I4
  return 0
}

function append_locked(list: Address, n: number): void {
  poke(kernel, signal(n) + SignalRecord.next, 0)
  let at = list
  while (peek(kernel, at) !== 0) at = signal(peek(kernel, at)) + SignalRecord.next
  poke(kernel, at, n)
}

/** Takes the first signal of that number that is pending in `slot` off; what is known of it goes into `out`. */
export function take_locked(slot: number, signo: number, out: Taken): void {
  out.signo = signo
  out.code = SI_USER
  out.value = out.sender = out.timer = 0
  let more = false
  for (let at = listOf(slot), found = false; peek(kernel, at) !== 0;) {
    const n = peek(kernel, at)
    const s = signal(n)
    if (peek(kernel, s + SignalRecord.signo) !== signo) {
      at = s + SignalRecord.next
      continue
    }
    if (found) {
      more = true
      break
    }
    found = true
    out.code = peek(kernel, s + SignalRecord.code)
    out.value = peekf(kernel, s + SignalRecord.value)
    out.sender = peek(kernel, s + SignalRecord.sender)
    out.timer = peek(kernel, s + SignalRecord.timer)
    poke(kernel, at, peek(kernel, s + SignalRecord.next))
    free_locked(n)
  }
  if (!more) and(kernel, holderOf(slot) + 4 * wordOf(signo), ~bitOf(signo))
  if (out.timer !== 0) {
    const t = timerRecord(out.timer)
    poke(kernel, t + TimerRecord.queued, 0)
    poke(kernel, t + TimerRecord.delivered, peek(kernel, t + TimerRecord.overrun))
    poke(kernel, t + TimerRecord.overrun, 0)
  }
}

function free_locked(n: number): void {
  const s = signal(n)
  poke(kernel, s + SignalRecord.owner, 0)
  poke(kernel, s + SignalRecord.next, peek(kernel, PROCESS + Process.freeSignal))
  poke(kernel, PROCESS + Process.freeSignal, n)
}

/** Timer `n` is deleted: a signal of it that is queued is nobody's; the next timer in that record must not take it for its own. */
export function disown_locked(n: number): void {
  if (peek(kernel, timerRecord(n) + TimerRecord.queued) === 0) return
  for (let i = 1; i < peek(kernel, PROCESS + Process.bumpSignal); i++)
    if (peek(kernel, signal(i) + SignalRecord.timer) === n) poke(kernel, signal(i) + SignalRecord.timer, 0)
}

const nowhere: Taken = { signo: 0, code: 0, value: 0, sender: 0, timer: 0 }

/** Gives up what is pending in `slot` with that number. */
export function forget_locked(slot: number, signo: number): void {
  while (has(holderOf(slot), signo)) take_locked(slot, signo, nowhere)
}

/** Gives up everything that is pending in `slot`. */
export function forgetAll_locked(slot: number): void {
  const words = holderOf(slot)
  const first = (): number => lowest(peek(kernel, words), peek(kernel, words + 4))
  for (let signo = first(); signo !== 0; signo = first()) forget_locked(slot, signo)
}

/** Makes the lists and sets again (I5), for a lock whose holder died. Takes none. */
export function mendSignals(): void {
  const last = peek(kernel, PROCESS + Process.bumpSignal) - 1
  const queued: number[] = []
  let free = 0
  for (let n = last; n >= 1; n--) {
    if (peek(kernel, signal(n) + SignalRecord.owner) !== 0) queued.push(n)
    else {
      poke(kernel, signal(n) + SignalRecord.next, free)
      free = n
    }
  }
  poke(kernel, PROCESS + Process.freeSignal, free)
  queued.sort((x, y) => peek(kernel, signal(x) + SignalRecord.seq) - peek(kernel, signal(y) + SignalRecord.seq) | 0)
  poke(kernel, listOf(0), 0)
  for (let slot = 1; slot <= lastSlot(); slot++) poke(kernel, listOf(slot), 0)
  for (const n of queued) {
    const owner = peek(kernel, signal(n) + SignalRecord.owner), signo = peek(kernel, signal(n) + SignalRecord.signo)
    const slot = owner === PROCESS_OWNS ? 0 : owner
    if (!isSignal(signo) || slot > lastSlot()) free_locked(n)
    else {
      append_locked(listOf(slot), n)
      or(kernel, holderOf(slot) + 4 * wordOf(signo), bitOf(signo))
    }
  }
  for (const slot of [0, ...threadsNow()]) mendSet(slot)
}

// Real-time bits without a record would never go.
function mendSet(slot: number): void {
  const words = holderOf(slot)
  let set1 = 0
  for (let n = peek(kernel, listOf(slot)); n !== 0; n = peek(kernel, signal(n) + SignalRecord.next)) {
    const signo = peek(kernel, signal(n) + SignalRecord.signo)
    if (wordOf(signo) === 1) set1 |= bitOf(signo)
  }
  poke(kernel, words + 4, set1)
}

function threadsNow(): number[] {
  const slots: number[] = []
  for (let slot = 1; slot <= lastSlot(); slot++) if (isThread(slot)) slots.push(slot)
  return slots
}

/** Records of queued signals in use; for tests. */
export function queuedSignals(): number {
  let count = 0
  for (let n = 1; n < peek(kernel, PROCESS + Process.bumpSignal); n++) if (peek(kernel, signal(n) + SignalRecord.owner) !== 0) count++
  return count
}
