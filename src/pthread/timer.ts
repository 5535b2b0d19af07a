// Timers by their POSIX names.  POSIX.1-2024 timer_create, _delete, _settime, _gettime, _getoverrun; alarm.
//
// They run on the spawner's clock (kernel/timer.ts), a millisecond exact, whatever the threads do.

import { poke } from '#atomics'
import { CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, now } from '../kernel/clock.ts'
import { needSpawner, ring } from '../kernel/clone.ts'
import { EAGAIN, EINVAL, ENOMEM, ENOTSUP } from '../kernel/errno.ts'
import { isSignal, SIGALRM } from '../kernel/signo.ts'
import { find } from '../kernel/thread.ts'
import { ALARM, createTimer, deleteTimer, baseOf, getTimer, Notify, overrunOf, setTimer, timerId, timerOf, type Event, type Setting } from '../kernel/timer.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { entryId, sourceOf, type Entry } from './entry.ts'
import { TIMER_ABSTIME } from './sleep.ts'
import { deadline, setTimespec, span, type MutableTimespec, type Timespec } from './timespec.ts'

export const SIGEV_SIGNAL = Notify.SIGNAL, SIGEV_NONE = Notify.NONE, SIGEV_THREAD = Notify.THREAD, SIGEV_THREAD_ID = Notify.THREAD_ID

/** struct sigevent. */
export interface SigEvent {
  sigev_notify: number
  /** The signal, for SIGEV_SIGNAL and SIGEV_THREAD_ID. */
  sigev_signo?: number
  /** What the handler or the thread gets. */
  sigev_value?: number
  /** The entry of the thread that SIGEV_THREAD starts. */
  sigev_notify_function?: Entry
  /** The thread that SIGEV_THREAD_ID signals. */
  sigev_notify_thread_id?: number
}

/** struct itimerspec. */
export interface ITimerSpec { readonly it_value: Timespec, readonly it_interval: Timespec }
/** The same, to be stored into. */
export interface MutableITimerSpec { it_value: MutableTimespec, it_interval: MutableTimespec }

/**
 * Makes a timer on `clock` and stores its number at `timerid`; `event` says what an expiration does, null: SIGALRM to the
 * process with the number as its value. EINVAL: no clock, no signal, no event, no thread, no entry; ENOTSUP: a clock of processor time; EAGAIN: too
 * many timers; ENOMEM.
 */
export function timer_create(m: Memory, clock: number, event: SigEvent | null, timerid: Address): number {
  if (clock === CLOCK_PROCESS_CPUTIME_ID || clock === CLOCK_THREAD_CPUTIME_ID) return ENOTSUP
  if (clock !== CLOCK_REALTIME && clock !== CLOCK_MONOTONIC) return EINVAL
  if (!fits(m, timerid, 4)) return EINVAL
  const what = event === null ? { notify: SIGEV_SIGNAL, signo: SIGALRM, value: 0, tid: 0, entry: 0 } : eventOf(event)
  if (typeof what === 'number') return what
  needSpawner()
  const n = createTimer(clock, what, 0, event === null)
  if (n === 0) return EAGAIN
  poke(m, timerid, timerId(n))
  return 0
}

function eventOf(event: SigEvent): Event | number {
  const { sigev_notify: notify, sigev_signo: signo = 0, sigev_value: value = 0, sigev_notify_function: f, sigev_notify_thread_id: tid = 0 } = event
  let entry = 0
  switch (notify) {
    case SIGEV_NONE: break
    case SIGEV_SIGNAL:
      if (!isSignal(signo)) return EINVAL
      break
    case SIGEV_THREAD_ID:
      if (!isSignal(signo) || find(tid) === 0) return EINVAL
      break
    case SIGEV_THREAD: {
      const source = sourceOf(f)
      if (source === undefined || source.startsWith('f')) return EINVAL
      entry = entryId(source)
      if (entry < 0) return ENOMEM
      break
    }
    default: return EINVAL
  }
  return { notify, signo, value, tid, entry }
}

/** Deletes a timer. EINVAL if it is none. */
export function timer_delete(timerid: number): number {
  const n = timerOf(timerid)
  if (n === 0) return EINVAL
  deleteTimer(n)
  return 0
}

/**
 * Sets when the timer expires: after `it_value`, or with TIMER_ABSTIME at it, and then every `it_interval`; an `it_value` of 0
 * disarms it, whatever the interval. How it was set is stored in `ovalue`. EINVAL: no timer, or no times.
 */
export function timer_settime(timerid: number, flags: number, value: ITimerSpec, ovalue?: MutableITimerSpec): number {
  const n = timerOf(timerid)
  const first = span(value.it_value), every = first === 0 ? 0 : span(value.it_interval)
  if (n === 0 || every < 0 || first < 0) return EINVAL
  const on = baseOf(n)
  const absolute = (flags & TIMER_ABSTIME) !== 0
  const at = first === 0 ? 0 : absolute ? Math.max(1e-3, deadline(value.it_value, on)) : now(CLOCK_MONOTONIC) + first
  const before = setTimer(n, at, absolute ? on : CLOCK_MONOTONIC, every)
  if (ovalue !== undefined) store(before, ovalue)
  ring()
  return 0
}

/** Stores how long it is until the timer expires (0: it will not), and its interval. EINVAL: no timer. */
export function timer_gettime(timerid: number, value: MutableITimerSpec): number {
  const n = timerOf(timerid)
  if (n === 0) return EINVAL
  store(getTimer(n), value)
  return 0
}

function store({ left, interval }: Setting, value: MutableITimerSpec): void {
  setTimespec(value.it_value, left)
  setTimespec(value.it_interval, interval)
}

/** Stores how many expirations the signal that was taken last stands for, besides its own. EINVAL: no timer. */
export function timer_getoverrun(timerid: number, overrun: { value?: number }): number {
  const n = timerOf(timerid)
  if (n === 0) return EINVAL
  overrun.value = overrunOf(n)
  return 0
}

/** Sends SIGALRM to the process in `seconds`, and in place of the alarm before; 0: not at all. Returns how many seconds that one had left. */
export function alarm(seconds: number): number {
  needSpawner()
  if (getTimer(ALARM).left === 0) createTimer(CLOCK_MONOTONIC, { notify: SIGEV_SIGNAL, signo: SIGALRM, value: 0, tid: 0, entry: 0 }, ALARM)
  const { left } = setTimer(ALARM, seconds === 0 ? 0 : now(CLOCK_MONOTONIC) + seconds * 1000, CLOCK_MONOTONIC, 0)
  ring()
  return Math.ceil(left / 1000)
}
