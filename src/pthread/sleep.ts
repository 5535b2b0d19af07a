// Sleeps.  POSIX.1-2024 nanosleep, clock_nanosleep, sleep; usleep as in POSIX.1-2001.
//
// A sleeper waits on its own record, where nobody wakes it, until its time has come or a handler has run.  A relative
// sleep is on CLOCK_MONOTONIC, so that setting the time of day does not move its end.

import { peek } from '#atomics'
import { CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, cpuClockOf, now, type Clock } from '../kernel/clock.ts'
import { EDEADLK, EINVAL, EINTR, ENOTSUP, ETIMEDOUT } from '../kernel/errno.ts'
import { ANY, ANY_EPOCH, CANCEL, SIGNAL } from '../kernel/futex.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { ALWAYS, block, freezes, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { cancellationPoint } from './cancel.ts'
import { clock_getres } from './clock.ts'
import { deadline, setTimespec, span, type MutableTimespec, type Timespec } from './timespec.ts'

export const TIMER_ABSTIME = 1

/** Sleeps, as thread record `slot`, until `until`: returns 0, or EINTR when a handler ran before. */
export function* sleep_slow(slot: number, until: number, clock: Clock): Sleeper<number> {
  const word = record(slot) + ThreadRecord.serial
  const serial = peek(kernel, word)
  for (;;) {
    const result = yield wait(kernel, word, serial, wmesg.sleep, until, clock, ANY, ANY_EPOCH, SIGNAL | CANCEL | ALWAYS)
    if (result === ETIMEDOUT) return 0
    if (result !== 0) return result
  }
}

/**
 * Sleeps for `rqtp`. EINTR: a handler ran, and what is left of the time is stored in `rmtp`. EINVAL: below 0, or nanoseconds
 * not below 1e9. A cancellation point.
 */
export function nanosleep(rqtp: Timespec, rmtp?: MutableTimespec): number {
  const ms = span(rqtp)
  return ms < 0 ? EINVAL : sleepFor(ms, rmtp)
}

function sleepFor(ms: number, left?: MutableTimespec): number {
  if (freezes()) return EDEADLK
  cancellationPoint()
  return block(sleepFor_slow(now(CLOCK_MONOTONIC) + ms, left))
}

function* sleepFor_slow(until: number, left?: MutableTimespec): Sleeper<number> {
  const result = yield* sleep_slow(self.slot, until, CLOCK_MONOTONIC)
  if (result === EINTR && left !== undefined) setTimespec(left, Math.max(0, until - now(CLOCK_MONOTONIC)))
  return result
}

/**
 * Sleeps for `rqtp`, or with TIMER_ABSTIME in `flags` until `rqtp`, on `clock`. EINTR: a handler ran; a relative sleep then
 * stores what is left in `rmtp`. EINVAL: no time, no clock, the calling thread's processor time; ENOTSUP: the process's or another thread's.
 * A cancellation point.
 */
export function clock_nanosleep(clock: number, flags: number, rqtp: Timespec, rmtp?: MutableTimespec): number {
  if (clock === CLOCK_THREAD_CPUTIME_ID) return EINVAL
  if (clock === CLOCK_PROCESS_CPUTIME_ID || clock < 0) return clock === cpuClockOf(self.tid) || clock_getres(clock) !== 0 ? EINVAL : ENOTSUP
  if (clock !== CLOCK_REALTIME && clock !== CLOCK_MONOTONIC) return EINVAL
  if ((flags & TIMER_ABSTIME) === 0) return nanosleep(rqtp, rmtp)
  const until = deadline(rqtp, clock)
  if (until < 0) return EINVAL
  if (freezes()) return EDEADLK
  cancellationPoint()
  return block(sleep_slow(self.slot, until, clock))
}

/** Sleeps for `seconds`; returns 0, or how many are left, rounded up, when a handler ran. A cancellation point. */
export function sleep(seconds: number): number {
  const left = { tv_sec: 0, tv_nsec: 0 }
  return nanosleep({ tv_sec: seconds, tv_nsec: 0 }, left) === EINTR ? left.tv_sec + (left.tv_nsec > 0 ? 1 : 0) : 0
}

/** Sleeps for `microseconds`. EINTR: a handler ran; EINVAL: below 0. A cancellation point. */
export function usleep(microseconds: number): number {
  return microseconds >= 0 ? sleepFor(microseconds / 1000) : EINVAL
}
