// Messages: what threads send to each other, after the messages of DragonFly's light-weight kernel threads.
//
// A message is a record of a table in kernel memory; its state word is the truth about it.  The queue of a port (queue.ts) holds its
// number.  The body is a parcel in the record; the answer comes back in the same record, and whoever waits for it sleeps on the state.
//
// state                      meaning                                          who leaves it, and to where
//   FREE        0            nobody's                                         any carrier: WRITTEN by n
//   WRITTEN     -n           carrier n writes it, and whoever sends it waits  that carrier: QUEUED, FREE.  After its death the reaper: FREE
//   QUEUED      serial, 1    in the queue of its port, or about to be         a server, of carrier n: SERVED by n.  Its caller, who gives up: DROPPED
//   SERVED      -n - 2^20    a thread of carrier n has it                     that carrier, after its death the reaper: DONE, FREE if nobody waits;
//                                                                             to forward it: QUEUED.  The caller, who gives up: ABANDONED
//   ABANDONED   -n - 2^21    the same, and nobody waits for the answer        that carrier, or the reaper: FREE
//   DROPPED     serial, 2    in the queue, and nobody wants it                whoever passes it in the queue: FREE
//   DONE        serial, 3    the answer is in place                           the caller, or its reaper: FREE
//   RUN         serial, 0    a run of bodies that nobody answers; see         WRITTEN's sender.  Who passes it in the queue, its sender or the
//                            queue.ts for what is in it                       sender's reaper, whoever lets go of it last: FREE
//
// QUEUED, SERVED, ABANDONED are left by compare and swap.  `serial` counts the uses of the record.
//
// I1  A message is in one queue at most, and in QUEUED, DROPPED, RUN or, for a moment, SERVED while it is.  Its record is not used again before
//     the queue has passed its entry: a server makes it SERVED, then passes it, then reads it; who finds another one's entry SERVED passes it, too.
// I2  A server reads the state, then looks whether the entry is still the first, then swaps: so the state is of that entry's message, by I1, and
//     the swap fails if it is another use of the record by then, by the serial.  Hence each message is taken once.
// I3  Each message for which somebody waits is answered: by its server; by its server's thread at its end, or the reaper; by who finds that
//     its port has no server any more (server.ts).  The answer is stored before the wake, and the caller sleeps only while the state is what it
//     has seen: no wakeup is lost.  Steps from QUEUED to SERVED and back wake nobody.
// I4  Of a caller that gives up and its server, the swap decides.  The last of the two frees the record.
// I5  `lastMessage` is raised before a record above it leaves FREE.
//
// Parcels.  What bytes cannot hold is deposited with the spawner (kernel/mail.ts), both ways, before the message goes on, under a number of
// its own and the serial.  Its place in the order is that of the record.
//
// Reuse: after DONE the server uses the state's address as a key only.  A carrier loses a record if it dies between two stores: after
// QUEUED and before the cell; after it has passed a dropped message and before FREE.  Whoever waits for such a message dies with it.
//
// Rejected: a list of free records (whoever claims a record near the last one finds a free one at the first look; a list needs a lock, or
// tags); freeing a dropped message at once (its entry would lead to another use of the record).

import { cas, load, peek, poke, store } from '#atomics'
import { needSpawner } from '../kernel/clone.ts'
import { EAGAIN, ENOMEM } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { collect, deposit, discard } from '../kernel/mail.ts'
import { kernel, messageCount, messageRecord, self, user } from '../kernel/process.ts'
import { MessageRecord, PORTS, Ports } from '../kernel/records.ts'
import type { Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { copy, kindOf, openCopy, seek, VALUES } from './body.ts'
import { Port } from './records.ts'
import { dropParcel, extrasOf, isFull, isInteger as holdsInteger, open, openInteger, put, putInteger } from '../pthread/parcel.ts'
import { bodies, countAt, entry, filledWith, index, isFirst, isPassed, look, pass, place, release, take } from './queue.ts'

const { state, serial, block, room, filled } = MessageRecord
const ROOM = MessageRecord.size - room
const FREE = 0, RUN = 0, QUEUED = 1, DROPPED = 2, DONE = 3
const SERVED_BY = -(2 ** 20), ABANDONED_BY = -(2 ** 21)
const SERIALS = 2 ** 29 - 1

/** How a message was answered. */
export const Answer = { NONE: 0, REPLIED: 1, ABORTED: 2, ENDED: 3, DIED: 4, UNSERVED: 5 } as const

const wordOf = (n: number): Address => messageRecord(n) + state
const positive = (kind: number, n: number): number => serialOf(n) << 2 | kind
const isOf = (kind: number, word: number): boolean => word > 0 && (word & 3) === kind
/** The state of a record that a carrier writes. */
export const written = (carrier: number): number => -carrier
const served = (carrier: number): number => SERVED_BY - carrier
const abandoned = (carrier: number): number => ABANDONED_BY - carrier
const mailOf = (n: number): number => -(2 ** 20) - n

// The sender ----------------------------------------------------------------------------------------------------

// Where this heap looks for a free record: it goes round in a part of the table, which grows when all of it is in use.
const FEW = 8
let next = 0, span = FEW

/** This heap begins anew: for the lab, which makes the memory what it was. */
export function forgetMessages(): void {
  next = 0
  span = FEW
}

/** A record that the calling carrier writes from now on; 0: there is none. */
export function claim(): number {
  const base = self.carrier * FEW
  for (;;) {
    for (let tries = 0; tries < span; tries++) {
      next = next + 1 & span - 1
      const n = (base + next) % messageCount
      if (n === 0 || load(kernel, wordOf(n)) !== FREE) continue
      for (let last = lastMessage(); last < n; last = lastMessage()) cas(kernel, PORTS + Ports.lastMessage, last, n)   // I5
      if (cas(kernel, wordOf(n), FREE, written(self.carrier)) === FREE) return n   // FREE -> WRITTEN
    }
    if (span >= messageCount) return 0
    span *= 2
  }
}

const lastMessage = (): number => load(kernel, PORTS + Ports.lastMessage)

/**
 * Writes a message; returns its number, -EAGAIN: there are too many, or -ENOMEM. `answered`: the caller will wait for the answer.
 * Throws what postMessage throws.
 */
export function write(body: Message, transfer: readonly object[], answered: boolean, sender = self.tid): number {
  const extras = body.extras.length === 0 ? undefined : [...body.extras]
  const n = claim()
  if (n === 0) return -EAGAIN
  const r = messageRecord(n)
  if (!put(r + block, r + room, ROOM, body)) {
    store(kernel, r + state, FREE)                                        // WRITTEN -> FREE
    return -ENOMEM
  }
  address(r, answered, sender)
  if (extras !== undefined) {
    try {
      needSpawner()                                                       // the post office
      deposit(mailOf(n), serialOf(n), extras, transfer)
    } catch (error) {
      dropParcel(r + block, r + room)
      store(kernel, r + state, FREE)                                      // WRITTEN -> FREE
      throw error
    }
  }
  return n
}

export { isWord as isInteger } from '../pthread/parcel.ts'

/** {@link write} for a 32-bit integer. */
export function writeInteger(value: number, answered: boolean, sender: number): number {
  const n = claim()
  if (n === 0) return -EAGAIN
  const r = messageRecord(n)
  putInteger(r + block, value)
  address(r, answered, sender)
  return n
}

/** Who sends the message in the record at `r`, which the caller writes; `open`: it begins a run. */
export function address(r: Address, answered: boolean, sender: number, open = false): void {
  poke(kernel, r + serial, peek(kernel, r + serial) % SERIALS + 1)
  poke(kernel, r + filled, filledWith(peek(kernel, r + serial), open))
  poke(kernel, r + MessageRecord.sender, sender)
  poke(kernel, r + MessageRecord.caller, answered ? self.carrier : 0)
  poke(kernel, r + MessageRecord.status, Answer.NONE)
}

/** Message `n` is about to be entered into the queue of `port`. Returns what it was; 0: nobody wants it any more, and it is no more. */
export function launch(n: number, port: Address): number {
  poke(kernel, messageRecord(n) + MessageRecord.port, port)
  const before = load(kernel, wordOf(n))
  if (before === written(self.carrier)) {                                 // nobody else's
    poke(kernel, wordOf(n), positive(isFull(messageRecord(n) + block) ? QUEUED : RUN, n))        // WRITTEN -> QUEUED, RUN
    return before
  }
  if (before > ABANDONED_BY && cas(kernel, wordOf(n), before, positive(QUEUED, n)) === before) return before   // SERVED -> QUEUED
  free(n)
  return 0
}

/** It could not be entered; it is `before` again. False: nobody wants it any more, and it is no more. */
export function land(n: number, before: number): boolean {
  poke(kernel, messageRecord(n) + MessageRecord.port, 0)
  const launched = positive(isFull(messageRecord(n) + block) ? QUEUED : RUN, n)
  if (cas(kernel, wordOf(n), launched, before) === launched) return true   // QUEUED -> WRITTEN, SERVED; RUN -> WRITTEN
  free(n)
  return false
}

/** Gives up the record, and whatever is in it; for its last owner. */
export function free(n: number): void {
  const r = messageRecord(n)
  if (isFull(r + block)) dropParcel(r + block, r + room, () => { discard(mailOf(n), serialOf(n)) })
  store(kernel, r + state, FREE)                                          // WRITTEN, SERVED, ABANDONED, DROPPED, DONE, RUN -> FREE
}

// The caller ----------------------------------------------------------------------------------------------------

/** The state of message `n`, whose answer the caller waits for; to sleep on. */
export function stateOf(n: number): number {
  return load(kernel, wordOf(n))
}

/** Whether that is the state of a message that was answered. */
export function isDone(seen: number): boolean {
  return isOf(DONE, seen)
}

/** The caller of message `n` does not wait any more. False: it is answered, the answer is the caller's. */
export function giveUp(n: number): boolean {
  for (;;) {
    const seen = load(kernel, wordOf(n))
    if (isOf(DONE, seen)) return false
    if (isOf(QUEUED, seen)) {
      if (cas(kernel, wordOf(n), seen, seen - QUEUED + DROPPED) === seen) return true   // QUEUED -> DROPPED
    } else if (seen > SERVED_BY || seen < ABANDONED_BY) {
      return true
    } else if (cas(kernel, wordOf(n), seen, seen - SERVED_BY + ABANDONED_BY) === seen) return true       // SERVED -> ABANDONED
  }
}

/** Takes the parcel that is in message `n`: the body, or the answer. */
export function receive(n: number): unknown {
  const r = messageRecord(n)
  if (holdsInteger(r + block)) return openInteger(r + block)
  return open(r + block, r + room, extrasOf(r + block, r + room) === 0 ? undefined : collect(mailOf(n), serialOf(n)))
}

/** Whether there is a parcel in it. */
export function hasParcel(n: number): boolean {
  return isFull(messageRecord(n) + block)
}

// The server ----------------------------------------------------------------------------------------------------

/** What {@link takeFirst} returns for a message of a run, which is {@link taken}: no record has this number. */
export const INLINE = 65536
/** A message of a run: its body and its sender's tid. */
export interface Taken { readonly body: unknown, readonly sender: number }

/** The one that was taken last. Its body is made when it is read, which is to be done before another one is taken. */
class Last implements Taken {
  sender = 0
  /** How many words of it were copied; 0: it is an integer. */
  length = 0
  integer = 0

  get body(): unknown {
    return this.length === 0 ? this.integer : openCopy(this.length)
  }
}
export const taken = new Last()

/**
 * Takes the first message from the queue of `port`: INLINE, or its record, which is SERVED by the calling carrier. EMPTY, ENDED. `close`: if there is
 * none, the next one will be another entry.
 */
export function takeFirst(port: Address, tid = self.tid, close = false): number {
  for (;;) {
    const n = look(port, close)
    if (n <= 0) return n
    const i = entry, h = index, r = messageRecord(n)
    const seen = load(kernel, r + state)
    if (place >= bodies) {
      skip(port, i, n, seen)
    } else if (isOf(RUN, seen)) {
      if (!takeBody(port, r, place)) continue
      return INLINE
    } else if (isFirst(port, i)) {                                        // I2
      if (isOf(QUEUED, seen)) {
        if (cas(kernel, r + state, seen, served(self.carrier)) !== seen) continue   // QUEUED -> SERVED
        poke(kernel, r + MessageRecord.server, tid)
        take(port, h)
        pass(port, i)
        poke(kernel, r + MessageRecord.port, 0)                           // it has left: the port may be freed
        return n
      }
      take(port, h)                                                       // I1
      skip(port, i, n, seen)
    }
  }
}

// All messages of entry `i`, with record `n` in state `seen`, are taken or dropped.
function skip(port: Address, i: number, n: number, seen: number): void {
  if (!pass(port, i)) return
  if (isOf(DROPPED, seen) || (isOf(RUN, seen) && release(n, true))) free(n)
}

function takeBody(port: Address, r: Address, j: number): boolean {
  const sender = peek(kernel, r + MessageRecord.sender), hasValues = kindOf(r) === VALUES
  const body = hasValues ? copy(r, seek(r, j)) : peek(kernel, r + room + 4 * j)
  if ((hasValues && body === 0) || !take(port, index)) return false       // queue.ts, I8
  taken.length = hasValues ? body : 0
  taken.integer = body
  taken.sender = sender
  return true
}

/** Whether message `n`, which the calling carrier has taken, was sent to be answered. */
export function isAwaited(n: number): boolean {
  return peek(kernel, messageRecord(n) + MessageRecord.caller) !== 0
}

/** Tid of the thread that sent it. */
export function senderOf(n: number): number {
  return peek(kernel, messageRecord(n) + MessageRecord.sender)
}

/** Counts the uses of the record. */
export function serialOf(n: number): number {
  return peek(kernel, messageRecord(n) + serial)
}

/** Whether the calling carrier has that use of message `n`, and somebody waits for the answer. */
export function isServed(n: number, use: number): boolean {
  return serialOf(n) === use && load(kernel, wordOf(n)) === served(self.carrier)
}

/** Frees that use of message `n`, whose answer nobody waits for, if the calling carrier has it still. */
export function discardBody(n: number, use: number): void {
  if (serialOf(n) === use && load(kernel, wordOf(n)) === abandoned(self.carrier)) free(n)
}

/** Puts another parcel into message `n`; ENOMEM, or 0. Throws what postMessage throws. */
export function refill(n: number, message: Message, transfer: readonly object[]): number {
  const r = messageRecord(n)
  const extras = message.extras.length === 0 ? undefined : [...message.extras]
  if (!put(r + block, r + room, ROOM, message)) return ENOMEM
  if (extras === undefined) return 0
  try {
    needSpawner()
    deposit(mailOf(n), serialOf(n), extras, transfer)
    return 0
  } catch (error) {
    dropParcel(r + block, r + room)
    throw error
  }
}

/** {@link refill} with a 32-bit integer. */
export function refillInteger(n: number, value: number): void {
  putInteger(messageRecord(n) + block, value)
}

/** Message `n`, served by `carrier`, is answered: whoever waits is woken, the reaper wakes all later. If nobody waits it is no more. */
export function settle(n: number, status: number, carrier = self.carrier, isReaper = false): void {
  const r = messageRecord(n), word = r + state
  poke(kernel, r + MessageRecord.status, status)
  if (peek(kernel, r + MessageRecord.caller) === 0 || cas(kernel, word, served(carrier), positive(DONE, n)) !== served(carrier)) return free(n)
  if (!isReaper) wake(kernel, word, 1)                                    // SERVED -> DONE
}

/** Message `n`, which the calling carrier has taken, is refused: nobody serves its port. */
export function refuse(n: number, isReaper = false): void {
  empty(n)
  settle(n, Answer.UNSERVED, self.carrier, isReaper)
}

/** Gives up the parcel that is in message `n`. */
export function empty(n: number): void {
  const r = messageRecord(n)
  if (isFull(r + block)) dropParcel(r + block, r + room, () => { discard(mailOf(n), serialOf(n)) })
}

// The end of threads --------------------------------------------------------------------------------------------

/** Why those that a thread served are answered by others. */
export interface End { status: number, reason: number, code: number }

/**
 * The thread `tid` of `carrier` has ended, or all of a dead carrier's threads have (tid 0): what they served is answered so, what they
 * wait for is given up.
 */
export function sweepMessages(carrier: number, tid: number, { status, reason, code }: End, isReaper: boolean): void {
  for (let n = 1, last = lastMessage(); n <= last; n++) {
    const r = messageRecord(n)
    const seen = load(kernel, r + state)
    if (seen === FREE) continue
    if (seen === served(carrier) || seen === abandoned(carrier)) {
      if (tid !== 0 && peek(kernel, r + MessageRecord.server) !== tid) continue
      if (isReaper) passTaken(n)
      empty(n)
      poke(kernel, r + MessageRecord.reason, reason)
      poke(kernel, r + MessageRecord.code, code)
      settle(n, status, carrier, isReaper)
    } else if (seen === written(carrier)) {
      if (tid === 0 || peek(kernel, r + MessageRecord.sender) === tid) free(n)
    } else if (isOf(RUN, seen)) {
      if (isReaper && peek(kernel, r + MessageRecord.caller) === carrier && release(n, false)) free(n)
    } else if (peek(kernel, r + MessageRecord.caller) === carrier && (tid === 0 || peek(kernel, r + MessageRecord.sender) === tid) && !giveUp(n)) {
      free(n)
    }
  }
}

// A server may have died between taking message `n` and passing it: then it is the first in its queue still (I1).
function passTaken(n: number): void {
  const port = peek(kernel, messageRecord(n) + MessageRecord.port)
  if (port === 0 || look(port) !== n) return
  if (place < bodies) take(port, index)
  pass(port, entry)
}

/** Calls `f` with each record that is not free, but for runs of which all has been taken: their senders may go on with them. */
export function forMessages(f: (n: number, state: number) => void): void {
  for (let n = 1, last = lastMessage(); n <= last; n++) {
    const seen = load(kernel, wordOf(n))
    if (seen !== FREE && !(isOf(RUN, seen) && isTaken(n))) f(n, seen)
  }
}

function isTaken(n: number): boolean {
  const r = messageRecord(n)
  return isPassed(n) || peek(kernel, r + MessageRecord.base) + countAt(r) === load(user, peek(kernel, r + MessageRecord.port) + Port.head)
}
