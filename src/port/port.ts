// Sending, receiving, and waiting for an answer: what a thread does with a port.  queue.ts, message.ts and server.ts say how it is right.
//
// Each verb has a form that does not sleep, and a slow path for every driver (kernel/request.ts).

import { load, peek, poke, store } from '#atomics'
import { CLOCK_MONOTONIC, now, type Clock } from '../kernel/clock.ts'
import { EAGAIN, EDEADLK, EPIPE } from '../kernel/errno.ts'
import { ANY, ANY_EPOCH, bellOf, CANCEL, losses, ring, SIGNAL, wake } from '../kernel/futex.ts'
import { kernel, messageRecord, self, user } from '../kernel/process.ts'
import { MessageRecord } from '../kernel/records.ts'
import { wait, type Sleeper } from '../kernel/request.ts'
import { polls } from '../kernel/spin.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { free, giveUp, hasParcel, INLINE, isDone, land, launch, receive, stateOf, taken, takeFirst, type Taken } from './message.ts'
import { append, bitsFor, count, ENDED, enter, FULL, index, isFirst, OVER, stepOf, type Known } from './queue.ts'
import { Port } from './records.ts'
import { beginRun, hold, remember, takeNext } from './run.ts'
import { drain, isOrphaned } from './server.ts'

/** The most messages that a port can hold. */
export const LIMIT_MAX = 32768

const LOOKS = 60

/** Makes a port of the memory at `at`, {@link portSize} bytes, all 0. */
export function portInit(at: Address, limit: number): void {
  poke(user, at + Port.limit, limit)
  poke(user, at + Port.bits, bitsFor(limit))
}

/**
 * Enters message `n`, which its sender has written or its server forwards. Returns 0; EAGAIN: full, or EPIPE: nobody takes
 * messages there, and it is as before.
 */
export function tryPost(at: Address, n: number, limit = peek(user, at + Port.limit), known?: Known): number {
  if (isOrphaned(at)) return EPIPE
  const before = launch(n, at)
  if (before === 0) return 0                                              // nobody wants it
  const result = enter(at, n, limit, known)
  if (result === 0) {
    wake(user, at + Port.tail, 1)
    if (isOrphaned(at)) drain(at)                                         // server.ts, I3
    return 0
  }
  return !land(n, before) ? 0 : result === FULL ? EAGAIN : EPIPE
}

/**
 * Enters `body`, which `sender` sends to nobody's answer: an integer, or a short value, which stays the caller's to drop. Returns 0; EAGAIN: full; EPIPE;
 * -EAGAIN: there are too many messages.
 */
export function tryAdd(at: Address, body: number | Message, sender: number, known: Known): number {
  const limit = peek(user, at + Port.limit)
  if (known.run !== 0 && known.sender === sender) {
    const result = append(at, body, limit, known)
    if (result === 0) ring(known.takers, user, at + Port.tail)
    if (result !== OVER) return result === FULL ? EAGAIN : 0
  }
  const n = beginRun(known, body, sender)
  if (n < 0) return n
  const errno = tryPost(at, n, limit, known)
  if (errno === 0) hold(known, n, sender)
  else free(n)
  return errno
}

/** The slow path of {@link tryAdd}: waits until there is room. Returns 0, EPIPE, -EAGAIN, ETIMEDOUT. */
export function* add_slow(at: Address, body: number, sender: number, known: Known, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  for (;;) {
    const epoch = losses(), seen = load(user, at + Port.head)             // queue.ts, I5
    const result = tryAdd(at, body, sender, known)
    if (result !== EAGAIN) return result
    const errno = yield* roomFor(at, seen, epoch, until, clock)
    if (errno !== 0) return errno
  }
}

/** The slow path of sending: waits until there is room. Returns 0, EPIPE, ETIMEDOUT; then message `n` is the caller's still. */
export function* post_slow(at: Address, n: number, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  for (;;) {
    const epoch = losses(), seen = load(user, at + Port.head)             // queue.ts, I5
    const result = tryPost(at, n)
    if (result !== EAGAIN) return result
    const errno = yield* roomFor(at, seen, epoch, until, clock)
    if (errno !== 0) return errno
  }
}

/** {@link post_slow}; if it is not sent, `refused` is called. EDEADLK: the caller must not wait. */
export function* send_slow(at: Address, n: number, until = Infinity, clock: Clock = CLOCK_MONOTONIC, refused = free): Sleeper<number> {
  let errno = EDEADLK
  try {
    errno = yield* post_slow(at, n, until, clock)
  } finally {
    if (errno !== 0) refused(n)
  }
  return errno
}

// Sleeps while head is `seen`. Whoever finds a port full that holds many would be woken by each message that is taken, to send one: so it sleeps on
// `halves` besides, before and, if nobody has taken anything for that long, after the first one, until about half is taken.  That loses no
// wakeup, for it ends by itself: servers need not take half of it, they may wait for something that the sender does next.
function* roomFor(at: Address, seen: number, epoch: number, until: number, clock: Clock): Sleeper<number> {
  yield* pause(at, until, clock)
  const isLate = load(user, at + Port.head) === seen
  const errno = yield wait(user, at + Port.head, seen, wmesg.port, until, clock, ANY, epoch, SIGNAL | CANCEL)
  if (errno === 0 && isLate) yield* pause(at, until, clock)
  return errno
}

const MANY = 128, PAUSE = 1
function* pause(at: Address, until: number, clock: Clock): Sleeper<void> {
  const limit = peek(user, at + Port.limit), seen = load(user, at + Port.halves)
  if (limit < MANY || 2 * count(at) <= limit) return
  yield wait(user, at + Port.halves, seen, wmesg.port, Math.min(until, now(clock) + PAUSE), clock, ANY, ANY_EPOCH, SIGNAL | CANCEL)
}

// Message `h` was taken: a sender may go on.
function roomMade(at: Address, h: number, step: number, bell: Address): void {
  ring(bell, user, at + Port.head)
  if ((h & step - 1) === 0) halfMade(at, h)
}

function halfMade(at: Address, h: number): void {
  store(user, at + Port.halves, h)
  wake(user, at + Port.halves, Infinity)
}

/** Takes the first message: INLINE or its number; 0: there is none, -EPIPE: and none will come. The caller serves the port: see server.ts. */
export function tryTake(at: Address, known: Known): number {
  let n = INLINE
  if (!takeNext(at, known)) {
    n = takeFirst(at, self.tid)
    if (n === INLINE) remember(known)
    if (n <= 0) return n === ENDED ? -EPIPE : n
  }
  roomMade(at, index, known.step, known.senders)
  return n
}

/** {@link tryTake} for who has no reason to hurry: while a run is open more may be added to it, which costs less than what comes after a sleep. */
export function lookOn(at: Address, known: Known): number {
  for (let left = polls(LOOKS); left > 0; left--) {
    const n = tryTake(at, known)
    if (n !== 0 || known.record === 0 || !isFirst(at, known.entry)) return n
  }
  return 0
}

/** The slow path of receiving: waits for a message. Returns its number; INLINE: it is in {@link taken}, and in `out`; -EPIPE, -ETIMEDOUT. */
export function* take_slow(at: Address, tid: number, out: Out | undefined, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  for (;;) {
    const epoch = losses(), seen = load(user, at + Port.tail)             // queue.ts, I5
    const n = takeFirst(at, tid, true)
    if (n > 0) {
      if (out !== undefined) fillIn(out, n)
      roomMade(at, index, stepOf(at), bellOf(user, at + Port.head))
    }
    if (n !== 0) return n === ENDED ? -EPIPE : n
    const errno = yield wait(user, at + Port.tail, seen, wmesg.port, until, clock, ANY, epoch, SIGNAL | CANCEL)
    if (errno !== 0) return -errno
  }
}

/** Where a message of a run is kept that is not looked at at once. */
export type Out = { -readonly [K in keyof Taken]: Taken[K] }

/** Keeps there what was taken, if it is a message of a run. */
export function fillIn(out: Out, n: number): void {
  if (n !== INLINE) return
  out.body = taken.body
  out.sender = taken.sender
}

/** What became of a message that was answered. */
export interface Outcome {
  /** One of Answer. */
  status: number
  value: unknown
  /** Tid of the server, and why it died. */
  server: number
  reason: number
  code: number
}

/**
 * Sends message `n` and waits for its answer, which it takes into `out`. Returns 0; EPIPE: it was not sent; ETIMEDOUT: it was
 * taken back, or the answer will be thrown away. Message `n` is no more, however this ends.
 */
export function* do_slow(at: Address, n: number, out: Outcome, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  let sent = false, over = false
  try {
    const tried = tryPost(at, n)
    const result = tried === EAGAIN ? yield* post_slow(at, n, until, clock) : tried
    if (result !== 0) return result
    sent = true
    for (let seen = stateOf(n); !isDone(seen); seen = stateOf(n)) {       // message.ts, I3
      const errno = yield wait(kernel, messageRecord(n) + MessageRecord.state, seen, wmesg.reply, until, clock, ANY, ANY_EPOCH, SIGNAL | CANCEL)
      if (errno === 0) continue
      over = giveUp(n)
      if (over) return errno
      break
    }
    over = true
    takeAnswer(n, out)
    return 0
  } finally {                                                             // canceled, or a handler threw
    if (!sent || (!over && !giveUp(n))) free(n)
  }
}

function takeAnswer(n: number, out: Outcome): void {
  const r = messageRecord(n)
  out.status = peek(kernel, r + MessageRecord.status)
  out.server = peek(kernel, r + MessageRecord.server)
  out.reason = peek(kernel, r + MessageRecord.reason)
  out.code = peek(kernel, r + MessageRecord.code)
  try {
    if (hasParcel(n)) out.value = receive(n)
  } finally {
    free(n)
  }
}
