// Waiting for signals.  POSIX.1-2024 sigwait, sigwaitinfo, sigtimedwait, sigsuspend, pause.
//
// A thread in sigwait says in its record for which signals (kernel/signal.ts); a sender then prefers it, and does not
// run a handler or the default action.  It sleeps on its own record, where nobody wakes it: it is interrupted.
//
// No signal is lost: under one signalLock the thread finds none pending and says that it waits; a sender later finds it
// waiting and sets its `attention` (kernel/signal.ts, I1), which the futex looks at (kernel/futex.ts, I7).  When it goes it
// passes on what it did not take: several threads may wait, and one has been told for two.

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { EAGAIN, EINTR, EINVAL, ETIMEDOUT } from '../kernel/errno.ts'
import { ANY, ANY_EPOCH, CANCEL, SIGNAL } from '../kernel/futex.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { ALWAYS, block, wait, type Sleeper } from '../kernel/request.ts'
import { await_locked, setMask, stopAwaiting, takeOf_locked, underSignalLock } from '../kernel/signal.ts'
import type { Taken } from '../kernel/signal-queue.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { cancellationPoint } from './cancel.ts'
import { infoOf, type SigInfo } from './deliver.ts'
import { SigSet } from './sigset.ts'
import { span, type Timespec } from './timespec.ts'

function* wait_slow(set0: number, set1: number, out: Taken, until: number): Sleeper<number> {
  const t = record(self.slot)
  const serial = peek(kernel, t + ThreadRecord.serial)
  const look = (): boolean => underSignalLock(() => {
    const found = takeOf_locked(set0, set1, out)
    if (!found) await_locked(set0, set1)
    return found
  })
  try {
    while (!look()) {
      if (until <= now(CLOCK_MONOTONIC)) return EAGAIN
      const result = yield wait(kernel, t + ThreadRecord.serial, serial, wmesg.signal, until, CLOCK_MONOTONIC, ANY, ANY_EPOCH, SIGNAL | CANCEL | ALWAYS)
      if (result !== 0 && result !== ETIMEDOUT) return result
    }
    return 0
  } finally {
    stopAwaiting()
  }
}

type Use = (taken: Taken) => void

// Waits, and uses what it got. `again`: also after a handler.
function take(m: Memory, set: Address, until: number, again: boolean, use: Use): number {
  cancellationPoint()
  return fits(m, set, SigSet.size) ? block(take_slow(m, set, until, again, use)) : EINVAL
}

function* take_slow(m: Memory, set: Address, until: number, again: boolean, use: Use): Sleeper<number> {
  const out = nothing()
  let result: number
  do result = yield* wait_slow(peek(m, set), peek(m, set + 4), out, until)
  while (again && result === EINTR)
  if (result === 0) use(out)
  return result
}

const nothing = (): Taken => ({ signo: 0, code: 0, value: 0, sender: 0, timer: 0 })

/** Waits until a signal of the set at `set` is pending, takes it, and stores its number at `sig`. They should be blocked. A cancellation point. */
export function sigwait(m: Memory, set: Address, sig: Address): number {
  return fits(m, sig, 4) ? take(m, set, Infinity, true, ({ signo }) => { poke(m, sig, signo) }) : EINVAL
}

/** {@link sigwait}, with everything that is known of the signal in `info`. EINTR: a handler ran. */
export function sigwaitinfo(m: Memory, set: Address, info: Partial<SigInfo> = {}): number {
  return waitFor(m, set, info, Infinity)
}

/** {@link sigwaitinfo} for `timeout` at most: EAGAIN after that. EINVAL if that is no time, and none of the signals is pending. */
export function sigtimedwait(m: Memory, set: Address, info: Partial<SigInfo>, timeout: Timespec): number {
  const ms = span(timeout)
  if (ms >= 0) return waitFor(m, set, info, now(CLOCK_MONOTONIC) + ms)
  const pending = waitFor(m, set, info, 0)
  return pending === EAGAIN ? EINVAL : pending
}

function waitFor(m: Memory, set: Address, info: Partial<SigInfo>, until: number): number {
  return take(m, set, until, false, taken => { Object.assign(info, infoOf(taken)) })
}

/** Waits until a handler has run, with the mask at `set` meanwhile; returns EINTR. EINVAL if no set can be there. A cancellation point. */
export function sigsuspend(m: Memory, set: Address): number {
  cancellationPoint()
  if (!fits(m, set, SigSet.size)) return EINVAL
  return block(suspend_slow(peek(m, set), peek(m, set + 4)))
}

function* suspend_slow(set0: number, set1: number): Sleeper<number> {
  const t = record(self.slot)
  const mask0 = peek(kernel, t + ThreadRecord.mask0), mask1 = peek(kernel, t + ThreadRecord.mask1)
  setMask(set0, set1)
  try {
    return yield* pause_slow()
  } finally {
    setMask(mask0, mask1)
  }
}

/** Waits until a handler has run; always returns EINTR. A cancellation point. */
export function pause(): number {
  cancellationPoint()
  return block(pause_slow())
}

function* pause_slow(): Sleeper<number> {
  const t = record(self.slot)
  const serial = peek(kernel, t + ThreadRecord.serial)
  for (;;) {
    const result = yield wait(kernel, t + ThreadRecord.serial, serial, wmesg.signal, Infinity, CLOCK_MONOTONIC, ANY, ANY_EPOCH, SIGNAL | CANCEL | ALWAYS)
    if (result !== 0) return result
  }
}
