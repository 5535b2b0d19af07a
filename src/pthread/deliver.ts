// Delivery: how a thread runs the handlers of signals, and acts upon a cancellation.
//
// JavaScript is not interrupted.  A thread looks (`attend`)
//   when a wait of the library is interrupted, or is about to begin (kernel/request.ts)
//   in pthread_sigmask, raise, kill and their kin, pthread_testcancel, sched_yield
//   before its start routine is called
//   when its event loop turns: listen
// A loop that calls nothing of the library is not interrupted.
//
// A handler runs on top of what the thread does, with the mask that sigaction says.  What it throws goes on from there:
// out of the wait that was interrupted.

import { load, or } from '#atomics'
import { CANCEL, SIGNAL } from '../kernel/futex.ts'
import { host } from '../kernel/host.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { ALWAYS, attend as attendNow, noticed, REPORT, type Attendant } from '../kernel/request.ts'
import { deliver, Kind, SA_RESTART, SA_SIGINFO, setMask, type Delivery } from '../kernel/signal.ts'
import { act, due } from './cancel.ts'
import { foundNow, routineNow, type Hearing, type Routine } from './entry.ts'
import { local } from './local.ts'

/** siginfo_t. */
export interface SigInfo {
  si_signo: number
  /** SI_USER, SI_QUEUE, SI_TIMER or SI_TKILL. */
  si_code: number
  /** What sigqueue or the timer gave. */
  si_value: number
  si_pid: number
  /** The thread that sent it; 0 if none did. */
  si_tid: number
}

/** A signal's handler: gets the number, and with SA_SIGINFO the rest. */
export type Handler = (signo: number, info: SigInfo) => unknown

const functions: Handler[] = []
const numbers = new Map<Handler, number>()

/** The number of a function of this heap, for its action's record. */
export function numberOf(f: Handler): number {
  let n = numbers.get(f)
  if (n === undefined) {
    n = functions.push(f) - 1
    numbers.set(f, n)
  }
  return n
}

/** The function of that number. */
export function functionOf(n: number): Handler {
  return functions[n]
}

const loaded = new Map<number, Handler>()
const importing = new Set<number>()

// Finds the handler of an entry; true if it is there now. Else it is imported, and the signal is pending until then.
function fetch(entry: number): boolean {
  const found = importing.has(entry) ? foundNow(entry) : routineNow(entry)   // meanwhile another import may have brought it
  if (found === undefined) return false
  if (typeof found === 'function') {
    loaded.set(entry, found as Handler)
    return true
  }
  importing.add(entry)
  void found.then((f) => {
    loaded.set(entry, f as Handler)
    if (self.slot === 0) return
    or(kernel, record(self.slot) + ThreadRecord.attention, SIGNAL)
    react()
  }).finally(() => importing.delete(entry))
  return false
}

let react: () => void = () => undefined

/** Installs what is called when the event loop finds something pending. */
export function installReaction(f: () => void): void {
  react = f
}

/** The handler of an entry that the calling thread will set: its heap has it, if it can be had without an import. */
export function prefetch(entry: number): void {
  if (!loaded.has(entry)) fetch(entry)
}

const ready = (entry: number): boolean => loaded.has(entry)

function runHandlers(): number {
  let ran = 0
  while (noticed(SIGNAL)) {
    const d: Delivery = { signo: 0, code: 0, value: 0, sender: 0, timer: 0, kind: 0, handler: 0, flags: 0, mask0: 0, mask1: 0, missing: 0 }
    if (deliver(d, ready)) {
      ran |= (d.flags & SA_RESTART) === 0 ? REPORT | ALWAYS : ALWAYS
      handle(d)
    } else if (d.missing === 0 || !fetch(d.missing)) {
      break
    } else {
      or(kernel, record(self.slot) + ThreadRecord.attention, SIGNAL)
    }
  }
  return ran
}

function handle(d: Delivery): void {
  const handler = d.kind === Kind.LOCAL ? functionOf(d.handler) : loaded.get(d.handler)!
  const { slot } = self
  try {
    if ((d.flags & SA_SIGINFO) === 0) (handler as (signo: number) => unknown)(d.signo)
    else handler(d.signo, infoOf(d))
  } finally {
    if (self.slot === slot) setMask(d.mask0, d.mask1)
  }
}

/** What is known of a signal that was taken, as a program sees it. */
export function infoOf({ signo, code, value, sender }: { signo: number, code: number, value: number, sender: number }): SigInfo {
  return { si_signo: signo, si_code: code, si_value: value, si_pid: host.pid(), si_tid: Math.max(0, sender) }
}

/** For installAttendant. */
export const attendant: Attendant = {
  attend(by) {
    const ran = (by & SIGNAL) === 0 ? 0 : runHandlers()
    local.interrupted?.()
    if ((load(kernel, record(self.slot) + ThreadRecord.attention) & CANCEL) !== 0 && due(by)) act()
    return ran
  },
}

/** Runs the handlers that are due before the thread's function, unless that does it itself. */
export function deliverBefore(routine: Routine & Hearing): void {
  if (routine.hears !== true) deliveryPoint()
}

/** Runs the handlers that are due, at a call that is no wait. */
export function deliveryPoint(): void {
  if (noticed(SIGNAL)) attendNow(SIGNAL)
}
