// What is done about signals.  POSIX.1-2024 sigaction, signal, siginterrupt.
//
// An action is the process's.  Its handler is an entry (load, thread), which every thread can run; or any function, which
// lives in the heap that called sigaction: a signal of the process then goes to a thread of that heap, and one that is
// sent to another thread stays pending there.
//
// A handler that is an entry of a module which a thread has not loaded is loaded then.  Where that cannot be done at once
// (Node before 20.19, a module with a top-level await) it is imported, and the signal pends until the thread's event loop
// turns: a thread that is blocked for ever would not run it.

import { peek, poke } from '#atomics'
import { EINVAL, ENOMEM } from '../kernel/errno.ts'
import { textOf } from '../kernel/intern.ts'
import { carrierRecord, kernel, self } from '../kernel/process.ts'
import { ActionRecord, Carrier } from '../kernel/records.ts'
import { actionOf, Kind, SA_RESTART, setAction, underSignalLock } from '../kernel/signal.ts'
import { bitOf, isSignal, SIGKILL, SIGSTOP, wordOf } from '../kernel/signo.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { deliveryPoint, functionOf, numberOf, prefetch, type Handler } from './deliver.ts'
import { entryId, mark, sourceOf, type Entry } from './entry.ts'
import { SigSet } from './sigset.ts'

export const SIG_DFL = 0, SIG_IGN = 1
export { SA_NOCLDSTOP, SA_NODEFER, SA_RESETHAND, SA_RESTART, SA_SIGINFO } from '../kernel/signal.ts'

/** struct sigaction. */
export interface SigAction {
  /** SIG_DFL, SIG_IGN, an entry, or a function. */
  sa_handler?: typeof SIG_DFL | typeof SIG_IGN | Entry | Handler
  /** SA_RESTART, SA_SIGINFO, SA_NODEFER, SA_RESETHAND, SA_NOCLDSTOP. */
  sa_flags?: number
  /** Address of the signals to block while the handler runs, besides its own; 0: none. What was before is stored there. */
  sa_mask?: Address
}

/**
 * Sets what is done about a signal (unless `act` is null), after storing what was in `oact`. EINVAL: no signal, SIGKILL or
 * SIGSTOP, or no handler; ENOMEM: too many different entries.
 */
export function sigaction(m: Memory, signo: number, act: SigAction | null, oact?: SigAction): number {
  if (!isSignal(signo) || (act !== null && (signo === SIGKILL || signo === SIGSTOP))) return EINVAL
  for (const set of [act?.sa_mask, oact?.sa_mask]) if (set !== undefined && set !== 0 && !fits(m, set, SigSet.size)) return EINVAL
  const handler = act === null ? undefined : resolve(act.sa_handler ?? SIG_DFL)
  if (typeof handler === 'number') return handler
  if (oact !== undefined) describe(m, signo, oact)
  if (handler === undefined || act === null) return 0
  const { sa_flags: flags = 0, sa_mask: mask = 0 } = act
  if (handler.kind === Kind.ENTRY) prefetch(handler.number)
  setAction(signo, (a) => {
    poke(kernel, a + ActionRecord.kind, handler.kind)
    poke(kernel, a + ActionRecord.handler, handler.number)
    poke(kernel, a + ActionRecord.carrier, self.carrier)
    poke(kernel, a + ActionRecord.serial, peek(kernel, carrierRecord(self.carrier) + Carrier.serial))
    poke(kernel, a + ActionRecord.flags, flags)
    poke(kernel, a + ActionRecord.mask0, mask === 0 ? 0 : peek(m, mask))
    poke(kernel, a + ActionRecord.mask1, mask === 0 ? 0 : peek(m, mask + 4))
  })
  deliveryPoint()
  return 0
}

// What a handler is, or an errno.
function resolve(handler: NonNullable<SigAction['sa_handler']>): { kind: number, number: number } | number {
  if (handler === SIG_DFL) return { kind: Kind.DEFAULT, number: 0 }
  if (handler === SIG_IGN) return { kind: Kind.IGNORED, number: 0 }
  const source = sourceOf(handler)
  if (source !== undefined) {
    const id = entryId(source)
    return id < 0 ? ENOMEM : { kind: Kind.ENTRY, number: id }
  }
  return typeof handler === 'function' ? { kind: Kind.LOCAL, number: numberOf(handler) } : EINVAL
}

function describe(m: Memory, signo: number, oact: SigAction): void {
  const a = actionOf(signo)
  const { kind: k, handler: h, carrier: c, flags: f, mask0: m0, mask1: m1 } = ActionRecord
  const [kind, handler, carrier, flags, mask0, mask1] = underSignalLock(() => [k, h, c, f, m0, m1].map(field => peek(kernel, a + field)))
  oact.sa_flags = flags
  if (kind === Kind.ENTRY) oact.sa_handler = entryOf(handler)
  else if (kind === Kind.LOCAL) oact.sa_handler = carrier === self.carrier ? functionOf(handler) : elsewhere
  else oact.sa_handler = kind === Kind.DEFAULT ? SIG_DFL : SIG_IGN
  if (oact.sa_mask !== undefined && oact.sa_mask !== 0) {
    poke(m, oact.sa_mask, mask0)
    poke(m, oact.sa_mask + 4, mask1)
  }
}

// A function of another heap: it can be seen, and not called.
function elsewhere(): never {
  throw new Error('sigaction: the handler is a function of another thread\'s heap')
}

const entries = new Map<number, Entry>()

function entryOf(id: number): Entry {
  let entry = entries.get(id)
  if (entry === undefined) {
    const source = textOf(id)
    entry = { name: source.slice(source.indexOf('\n') + 1) } as Entry
    mark(entry, source)
    entries.set(id, entry)
  }
  return entry
}

/** Sets a signal's handler, with SA_RESTART and an empty mask; `before` gets the one that was. EINVAL as {@link sigaction}. */
export function signal(m: Memory, signo: number, handler: NonNullable<SigAction['sa_handler']>, before?: SigAction): number {
  return sigaction(m, signo, { sa_handler: handler, sa_flags: noRestart[wordOf(signo)] & bitOf(signo) ? 0 : SA_RESTART }, before)
}

const noRestart = [0, 0]

/** Whether calls that the signal's handler interrupts fail with EINTR (`flag` 1) or go on (0). EINVAL if it is no signal. */
export function siginterrupt(signo: number, flag: number): number {
  if (!isSignal(signo)) return EINVAL
  const word = wordOf(signo)
  noRestart[word] = flag === 0 ? noRestart[word] & ~bitOf(signo) : noRestart[word] | bitOf(signo)
  setAction(signo, (a) => {
    const flags = peek(kernel, a + ActionRecord.flags)
    poke(kernel, a + ActionRecord.flags, flag === 0 ? flags | SA_RESTART : flags & ~SA_RESTART)
  })
  return 0
}
