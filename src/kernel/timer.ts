// Timers: the table, and what happens when one expires.  The POSIX names are in pthread/timer.ts.
//
// armed            meaning                       who leaves it, and to where
//   0  DISARMED    it will not expire            timer_settime: ARMED
//   1  ARMED       it expires at `expires`       timer_settime.  The spawner, when it expires without an interval: DISARMED
//
// The table is under signalLock.  The spawner's event loop waits for the earliest one: nobody blocks it, so timers expire
// while every thread is blocked.  Whoever sets a timer rings its doorbell.
//
// I1  At most one signal of a timer is queued (`queued`); expirations until it is taken are counted in `overrun`, and
//     become `delivered` when it is taken (signal-queue.ts).
//
// A timer belongs to the process and does not keep it alive.

import { load, peek, peekf, poke, pokef } from '#atomics'
import { CLOCK_REALTIME, now, type Clock } from './clock.ts'
import { kernel, record, TIMERS, timerRecord } from './process.ts'
import { PROCESS, Process, ThreadRecord, TimerRecord } from './records.ts'
import { send, underSignalLock } from './signal.ts'
import { disown_locked, SI_TIMER } from './signal-queue.ts'
import { find } from './thread.ts'

export const Notify = { SIGNAL: 0, NONE: 1, THREAD: 2, THREAD_ID: 4 } as const
/** The timer of alarm(). */
export const ALARM = 1
const DELAYTIMER_MAX = 0x7fff_ffff
const { state, armed, expires, interval, clock, overrun, delivered, queued } = TimerRecord

/** What a timer is to do. */
export interface Event { notify: number, signo: number, value: number, tid: number, entry: number }

/** Makes a timer; its number, or 0 if there are too many. `n`: a number of one's own. `tellsId`: its id is its value. */
export function createTimer(on: Clock, event: Event, n = 0, tellsId = false): number {
  return underSignalLock(() => {
    let free = n === 0 ? ALARM + 1 : n
    while (n === 0 && free < TIMERS && peek(kernel, timerRecord(free) + state) !== 0) free++
    if (free === TIMERS) return 0
    const t = timerRecord(free)
    const serial = peek(kernel, t + TimerRecord.serial)
    kernel.i32.fill(0, t >>> 2, (t + TimerRecord.size) >>> 2)
    poke(kernel, t + TimerRecord.serial, serial + 1 & 0x3fff)
    poke(kernel, t + state, 1)
    poke(kernel, t + clock, on)
    poke(kernel, t + TimerRecord.base, on)
    poke(kernel, t + TimerRecord.notify, event.notify)
    poke(kernel, t + TimerRecord.signo, event.signo)
    poke(kernel, t + TimerRecord.tid, event.tid)
    poke(kernel, t + TimerRecord.entry, event.entry)
    pokef(kernel, t + TimerRecord.value, tellsId ? timerId(free) : event.value)
    poke(kernel, PROCESS + Process.timers, Math.max(free + 1, peek(kernel, PROCESS + Process.timers)))
    return free
  })
}

/** How many timers will expire. Takes no lock. */
export function armedTimers(): number {
  let count = 0
  for (let n = 1, end = peek(kernel, PROCESS + Process.timers); n < end; n++) count += peek(kernel, timerRecord(n) + armed)
  return count
}

/** Its number with its serial: what names it outside. */
export function timerId(n: number): number {
  return peek(kernel, timerRecord(n) + TimerRecord.serial) * TIMERS + n
}

/** The number of timer `id`; 0 if there is none. */
export function timerOf(id: number): number {
  const n = Number.isInteger(id) && id > 0 ? id % TIMERS : 0
  return n > ALARM && peek(kernel, timerRecord(n) + state) === 1 && timerId(n) === id ? n : 0
}

/** The clock that timer `n` was made on. */
export function baseOf(n: number): Clock {
  return peek(kernel, timerRecord(n) + TimerRecord.base) as Clock
}

/** Deletes timer `n`. */
export function deleteTimer(n: number): void {
  underSignalLock(() => {
    poke(kernel, timerRecord(n) + armed, 0)
    poke(kernel, timerRecord(n) + state, 0)
    disown_locked(n)
  })
}

/** When a timer expires next: ms from now, 0 if it is disarmed; and its interval. */
export interface Setting { left: number, interval: number }

const settingOf = (n: number): Setting => {
  const t = timerRecord(n)
  const left = peek(kernel, t + armed) === 0 ? 0 : Math.max(1e-6, peekf(kernel, t + expires) - now(peek(kernel, t + clock) as Clock))
  return { left, interval: peekf(kernel, t + interval) }
}

/** How timer `n` is set. */
export function getTimer(n: number): Setting {
  return underSignalLock(() => settingOf(n))
}

/** Sets timer `n` to expire at `at` on `on`, then every `every` ms (0: once); `at` 0 disarms it. Returns how it was set. The caller rings. */
export function setTimer(n: number, at: number, on: Clock, every: number): Setting {
  return underSignalLock(() => {
    const before = settingOf(n)
    const t = timerRecord(n)
    poke(kernel, t + clock, on)
    pokef(kernel, t + expires, at)
    pokef(kernel, t + interval, every)
    poke(kernel, t + overrun, 0)
    poke(kernel, t + armed, at === 0 ? 0 : 1)
    return before
  })
}

/** Expirations of timer `n` that the signal taken last stands for, besides its own. */
export function overrunOf(n: number): number {
  return peek(kernel, timerRecord(n) + delivered)
}

/** Starts a thread for a timer. */
export type Launch = (entry: number, value: number) => void

/** For the spawner: lets the timers expire that are due, into `due`; returns how long to wait for the next one, ms. */
export function expire(due: number[]): number {
  let next = Infinity
  if (load(kernel, PROCESS + Process.timers) === 0) return next
  underSignalLock(() => {
    for (let n = 1; n < peek(kernel, PROCESS + Process.timers); n++) {
      const t = timerRecord(n)
      if (peek(kernel, t + armed) === 0) continue
      if (peekf(kernel, t + expires) <= now(peek(kernel, t + clock) as Clock)) {
        advance_locked(t)
        due.push(n)
      }
      if (peek(kernel, t + armed) !== 0) next = Math.min(next, leftOf(t))
    }
  })
  return next
}

function leftOf(t: number): number {
  const on = peek(kernel, t + clock) as Clock
  const left = peekf(kernel, t + expires) - now(on)
  return on === CLOCK_REALTIME ? Math.min(1000, left) : left
}

// One expiration, or several that are late; all but one are overruns.
function advance_locked(t: number): void {
  const every = peekf(kernel, t + interval)
  if (every === 0) {
    poke(kernel, t + armed, 0)
    if (peek(kernel, t + queued) !== 0) count_locked(t, 1)
    return
  }
  const late = 1 + Math.floor((now(peek(kernel, t + clock) as Clock) - peekf(kernel, t + expires)) / every)
  pokef(kernel, t + expires, peekf(kernel, t + expires) + late * every)
  count_locked(t, peek(kernel, t + queued) === 0 ? late - 1 : late)      // I1
}

function count_locked(t: number, n: number): void {
  poke(kernel, t + overrun, Math.min(DELAYTIMER_MAX, peek(kernel, t + overrun) + n))
}

/** Does what timer `n` does when it expires. For the spawner, under all locks of the tables. */
export function notify(n: number, launch: Launch): void {
  const t = timerRecord(n)
  const value = peekf(kernel, t + TimerRecord.value), signo = peek(kernel, t + TimerRecord.signo)
  switch (peek(kernel, t + TimerRecord.notify)) {
    case Notify.SIGNAL:
      if (peek(kernel, t + queued) === 0) send(0, 0, signo, SI_TIMER, value, n)
      break
    case Notify.THREAD_ID: {
      const slot = find(peek(kernel, t + TimerRecord.tid))
      if (slot !== 0 && peek(kernel, t + queued) === 0) send(slot, peek(kernel, record(slot) + ThreadRecord.serial), signo, SI_TIMER, value, n)
      break
    }
    case Notify.THREAD: launch(peek(kernel, t + TimerRecord.entry), value)
  }
}
