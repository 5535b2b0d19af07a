// What descriptors are ready for.  POSIX.1-2024 poll, for programs of `pthreads cc`; WASI's poll_oneoff, on which select stands, and in other
// programs all that waits.
//
// A thread looks at all its descriptors, and if none is ready it sleeps until `Io.input` is counted up, or, if others than standard input are among
// them, for a while (calls.ts); then it looks again.  Nothing is lost between: it reads the word before it looks.  To look at an input that has
// to be waited for makes the I/O thread read; what has come stays there until somebody takes it.
//
// A file is ready, always.  A pipe whose writers are gone is HUP, and no IN; the end of any other input is IN.  A handler that ran
// ends the wait with EINTR, whatever its flags; a cancellation ends it as any wait.

import { load, peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { CANCEL, SIGNAL } from '../kernel/futex.ts'
import { kernel } from '../kernel/process.ts'
import { IO, Io } from '../kernel/records.ts'
import { ALWAYS, block, type Sleeper } from '../kernel/request.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { clock_gettime } from '../pthread/clock.ts'
import { TIMER_ABSTIME } from '../pthread/sleep.ts'
import { Failure, longer, make, told, untilInput } from './calls.ts'
import { wasiErrno } from './errno.ts'
import type { Guest } from './guest.ts'
import { askInput } from './reading.ts'
import { HUP, IN, NVAL, OUT } from './ready.ts'
import { then } from './stacks.ts'
import { hasRoom, kindOf, TAKEN } from './streams.ts'
import { long, noTime } from './struct-c.ts'
import { hasFiles, isMoved } from './wasi.ts'

const INTERRUPTED = wasiErrno('EINTR'), INVALID = wasiErrno('EINVAL'), BAD = wasiErrno('EBADF')

// What is asked: descriptors and bits, by turns.
type Asked = readonly number[]

/** What was found: bits for each descriptor; `again`: who waits has to look again from time to time. */
interface Found { readonly bits: readonly number[], readonly any: boolean, readonly again: boolean }

/** Waits until one of the descriptors is ready, or `until`; gives the bits of each to `tell`. Returns what that returns, or WASI's error negated. */
function* poll_slow(guest: Guest, asked: Asked, until: number, tell: (bits: readonly number[], any: boolean) => number): Sleeper<number> {
  for (let pause = 1; ; pause = longer(pause)) {
    const seen = load(kernel, IO + Io.input)
    const { bits, any, again } = yield* look(guest, asked)
    const time = now(CLOCK_MONOTONIC)
    if (any || time >= until) return tell(bits, any)
    if ((yield* untilInput(seen, again ? Math.min(until, time + pause) : until, SIGNAL | CANCEL | ALWAYS)) !== 0) return -INTERRUPTED
  }
}

function* look(guest: Guest, asked: Asked): Sleeper<Found> {
  const bits: number[] = [], files: number[] = [], places: number[] = []
  let again = false
  for (let i = 0; i < asked.length; i += 2) {
    const fd = asked[i], events = asked[i + 1]
    bits.push(0)
    if (fd >>> 0 <= 2 && !isMoved(guest, fd)) {
      bits[i / 2] = yield* standard(guest, fd, events)
      again ||= fd !== 0
    } else if (hasFiles(guest)) {
      files.push(fd, events)
      places.push(i / 2)
      again = true
    } else bits[i / 2] = NVAL
  }
  if (files.length !== 0) {
    const found = yield* make(guest, 'poll', files)
    places.forEach((place, i) => { bits[place] = found instanceof Failure ? NVAL : (found as number[])[i] })
  }
  return { bits, any: bits.some(bit => bit !== 0), again }
}

function* standard(guest: Guest, fd: number, events: number): Sleeper<number> {
  const { about } = guest, { input, output } = about.streams
  const to = fd === 0 ? input : output[fd - 1]
  if (typeof to !== 'number') return events & IN
  if (to === TAKEN) return hasRoom(about) ? events & OUT : 0
  const kind = kindOf(to)
  if (kind === 'file') return events & (IN | OUT)
  if (fd !== 0) return (events & OUT) !== 0 && (yield* askInput(guest, 'writable', to, 0)) !== 0 ? OUT : 0
  const length = yield* askInput(guest, 'look', to, 0)
  if (length === null) return 0
  return length === 0 && kind === 'pipe' ? HUP : events & IN
}

// poll ----------------------------------------------------------------------------------------------------------

// struct pollfd: the descriptor, what is asked, what is found; as wasi-libc has it.
const POLLFD = 8, POLLHUP = 0x2000, POLLNVAL = 0x4000
const MOST = 65536

/** The import: how many of `count` descriptors at `at` are ready, or WASI's error negated; waits for `timeout` ms, below 0 for ever. */
export function poll(guest: Guest): (at: Address, count: number, timeout: number) => number {
  const { memory: m } = guest
  return (at, count, timeout) => {
    cancellationPoint()
    if (count >>> 0 > MOST) return -INVALID
    const asked: number[] = [], places: Address[] = [], shorts = new Int16Array(m.buffer)
    for (let p = at, end = at + count * POLLFD; p < end; p += POLLFD) {
      shorts[p + 6 >>> 1] = 0
      if (peek(m, p) < 0) continue
      asked.push(peek(m, p), shorts[p + 4 >>> 1] & (IN | OUT))
      places.push(p)
    }
    const tell = (bits: readonly number[]): number => {
      let ready = 0
      bits.forEach((bit, i) => {
        shorts[places[i] + 6 >>> 1] = bit & (IN | OUT) | ((bit & HUP) !== 0 ? POLLHUP : 0) | ((bit & NVAL) !== 0 ? POLLNVAL : 0)
        if (bit !== 0) ready++
      })
      return -FOUND - ready
    }
    const until = timeout < 0 ? Infinity : now(CLOCK_MONOTONIC) + timeout
    return then(block(poll_slow(guest, asked, until, tell)), result => result <= -FOUND ? -FOUND - result : -told(result)) as number
  }
}

/** Above all errors. */
const FOUND = 2 ** 16

// poll_oneoff ---------------------------------------------------------------------------------------------------

const CLOCK = 0, READ = 1, WRITE = 2
const SUBSCRIPTION = 48, EVENT = 32, HANGUP = 1

/** The import of WASI. Of several clocks the first ends the wait, and all whose time has come by then are told. */
export function pollOneoff(guest: Guest): (subscriptions: Address, events: Address, count: number, stored: Address) => number {
  const { memory: m } = guest
  return (subscriptions, events, count, stored) => {
    cancellationPoint()
    if (count === 0 || count >>> 0 > MOST) return INVALID
    const asked: number[] = [], who: Address[] = [], clocks: [Address, number][] = []
    for (let s = subscriptions, end = subscriptions + count * SUBSCRIPTION; s < end; s += SUBSCRIPTION) {
      const type = m.u8[s + 8]
      if (type === CLOCK) {
        clocks.push([s, timeOf(m, s)])
        continue
      }
      if (type !== READ && type !== WRITE) return INVALID
      asked.push(peek(m, s + 16), type === READ ? IN : OUT)
      who.push(s)
    }
    const until = Math.min(...clocks.map(([, time]) => time))
    const tell = (bits: readonly number[], any: boolean): number => {
      let at = events
      const put = (s: Address, errno: number, flags: number): void => {
        m.u8.fill(0, at, at + EVENT)
        m.u8.copyWithin(at, s, s + 8)
        poke(m, at + 8, errno | m.u8[s + 8] << 16)
        if (m.u8[s + 8] !== CLOCK) poke(m, at + 16, flags === 0 ? 1 : 0)  // so much is there for certain
        poke(m, at + 24, flags)
        at += EVENT
      }
      bits.forEach((bit, i) => { if (bit !== 0) put(who[i], (bit & NVAL) !== 0 ? BAD : 0, (bit & HUP) !== 0 ? HANGUP : 0) })
      const time = now(CLOCK_MONOTONIC)
      for (const [s, end] of clocks) if (!any ? end <= Math.max(time, until) : end <= time) put(s, 0, 0)
      poke(m, stored, (at - events) / EVENT)
      return 0
    }
    return then(block(poll_slow(guest, asked, until, tell)), told) as number
  }
}

// When a clock's subscription is due, in ms of CLOCK_MONOTONIC.
function timeOf(m: Memory, s: Address): number {
  const timeout = (long(m, s + 24) + (peek(m, s + 28) < 0 ? 2 ** 64 : 0)) / 1e6, monotonic = now(CLOCK_MONOTONIC)
  if ((peek(m, s + 40) & TIMER_ABSTIME) === 0) return monotonic + timeout
  const t = noTime(), clock = peek(m, s + 16)
  clock_gettime(clock, t)
  return monotonic + timeout - t.tv_sec * 1000 - t.tv_nsec / 1e6
}
