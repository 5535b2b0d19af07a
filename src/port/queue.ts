// The queue of a port: a ring of words that any thread enters messages into, and any thread takes them from.
//
// An entry is the number of a message record in the low 16 bits, above them the lap of its index: the laps count from 1, modulo 2^16, and
// a cell begins with lap 0.  The entry at index i is in cell i modulo 2^bits.  It stands for one message, or for a run: bodies that one
// sender adds to the record while it is the last entry.  So messages have indexes of their own: those of an entry begin at its
// record's `base`, and are as many as its word `filled` counts.
//
//   cell i has lap(i) - 1    index i is free, if `first` has passed the index one lap before     whoever enters: lap(i), by compare and swap
//   cell i has lap(i)        the entry of index i: it is in the queue until `first` passes it    whoever enters index i + 2^bits
//   cell i has END           the same, and it is the last one: nobody enters after it            nobody
//
//   filled: OPEN, count      the bodies in the record; more may come                  its sender: count + 1.  Whoever enters behind it, whoever
//                                                                                     finds all of them taken and wants to sleep: CLOSED
//   filled: CLOSED, count    that is all.  A message that is no run is born so        whoever passes it: | PASSED.  Its sender: | LEFT
//
// tail   i -> i + 1 by anybody who finds an entry at i that is not END: who entered it, or the next one who wants to
// head   h -> h + 1 by who takes message h; if it is no run, by anybody who finds that it was taken or dropped (message.ts)
// first  i -> i + 1 by anybody who finds that entry i is CLOSED and that head is behind all its messages
//
// I1  A message is in the queue from the one compare and swap that writes its cell, or counts it in `filled`.  Whoever enters may die
//     before and after it: the queue is whole, the next one finds the entry and advances tail.
// I2  tail never passes an index whose cell does not have its lap, so indexes are used in order, and none is left out.
// I3  A cell is written over only when `first` has passed its entry: there are no more entries than messages and one, `limit` is at
//     most half the number of cells, and what an enterer knows of head is too small at worst.  Half of the cells are beyond the port's own
//     limit: for END, and for what has moved already and cannot be taken back, and for senders whose knowledge is 2^32 messages old.
// I4  Messages leave in the order in which they entered: who enters behind a run closes it first, so nothing is added to it after that.
// I5  No wakeup is lost: a server reads tail, then finds all entries taken, the last one CLOSED, then sleeps while tail is what it
//     has read: nobody adds to these entries, and who enters another one writes the cell, sees to it that tail is past it, then wakes one.  A
//     sender reads head, then finds the queue full, then sleeps while head is what it has read; who takes sees to it that head is
//     past it, then wakes one.  END changes neither word: who closes counts a loss (kernel/futex.ts), which every sleeper
//     here gives as its epoch, and wakes all.
// I6  One wake for each message, and only while somebody sleeps: a server that is awake takes all there is before it sleeps, so a burst costs
//     one wake, not as many as it has messages.
// I7  `base` of an entry is where the one before it ends, which is CLOSED by then: or where head is, if all were passed.  It is
//     stored before the cell is written; if that fails, it is looked for again.
// I8  What is read in a record is of entry i, if `first` is still i afterwards: no record leaves its use before `first` has passed it.
//     So what `base` and `filled` say of the entry at i is known for good; and who reads the body at an index of that entry, and then moves
//     head from that index, has taken that body, and once: while head is there nobody passes the entry.
// I9  The sender of a run holds its record until it sets LEFT, the queue holds it until it sets PASSED; the second of the two frees it.
//     So a body that is stored beside a run which was closed just then is stored in nobody else's record.
//
// An entry is the same word again after 65536 laps, if the message has the same number.  Whoever enters, and stops between its look at
// the cell and its compare and swap for exactly that long, would be wrong.  Not in this universe: the fewest messages in that time are a million.
// `filled` has 21 bits of the record's serial: whoever closes a run by what it has read long ago closes another one at worst, which is allowed.
//
// Rejected: an index that senders add to before they write (one that dies in between stops all behind it: pthread/ring.ts); a lock (the same
// price when nobody else is there; when its holder does not run, all sleep); the bodies in the ring (a message that waits for its answer
// would keep those behind it); a linked list, as in LWKT (a stale link leads into a record that is used again); waking senders only
// when half of the ring is free (a server may wait for a sender that could send); a server that takes a whole run (the other servers
// would have nothing to do, and what it has not begun with would die with it); a lane for each sender (no order between senders, though
// one has told the other of what it sent).

import { cas, load, peek, poke } from '#atomics'
import { bellOf } from '../kernel/futex.ts'
import { kernel, messageRecord, user } from '../kernel/process.ts'
import { MessageRecord } from '../kernel/records.ts'
import type { Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { hasRoom, putValue, VALUES } from './body.ts'
import { Port } from './records.ts'

const { tail, head, bits, first } = Port
const { base, filled, room } = MessageRecord

/** What {@link enter}, {@link append} and {@link look} return besides. */
export const FULL = -1, ENDED = -2, OVER = -3, EMPTY = 0
const LAPS = 0xffff, NUMBER = 0xffff
/** The entry that ends a queue; no message has this number. */
export const END = 0

const COUNT = 0xff, CLOSED = 0x100, PASSED = 0x200, LEFT = 0x400, SERIAL = 11
/** How many bodies a run can have. */
export const RUN = (MessageRecord.size - room) / 4

/** The word `filled` of a message in its use `serial`: one body; `open`: a run begins. */
export function filledWith(serial: number, open: boolean): number {
  return serial << SERIAL | (open ? 1 : CLOSED | 1)
}

/** How many bytes a port for `limit` messages takes. */
export function portSize(limit: number): number {
  return Port.size + 4 * 2 ** bitsFor(limit)
}

/** As many bits as the cells of such a port have: twice the limit and more. */
export function bitsFor(limit: number): number {
  return Math.max(5, 33 - Math.clz32(limit - 1))
}

/** How many a port can hold when its limit is passed by; END fits besides. */
export function hardLimit(at: Address): number {
  return 2 ** peek(user, at + bits) - 2
}

/** A power of two: half of a port's limit at least, and no more than the limit. */
export function stepOf(at: Address): number {
  return 2 ** peek(user, at + bits) >>> 2
}

function cellOf(at: Address, i: number): Address {
  return at + Port.size + 4 * (i & (1 << peek(user, at + bits)) - 1)
}

function lapOf(at: Address, i: number): number {
  return (i >>> peek(user, at + bits)) + 1 & LAPS
}

// Entering ------------------------------------------------------------------------------------------------------

/** What a heap knows of a port while it holds the port. */
export interface Known {
  /** An index that head has had. Spares a look at the servers' line. */
  head: number
  /** The run that this heap has begun there and holds, 0: none; its kind, sender, how many words are used if they are values, `filled`, `base`. */
  run: number
  mine: number
  sender: number
  used: number
  filled: number
  base: number
  /** Where the heap lists it. */
  holder: number
  /** The run from which this heap has taken last: index of the entry and of its first message, how many it had, address or 0, kind, sender. */
  entry: number
  from: number
  count: number
  record: Address
  kind: number
  author: number
  /** The index behind the message that it has taken: the next one, unless another server has come between. */
  next: number
  /** A body of it, if they are values, and where that begins. */
  body: number
  place: number
  /** Where is seen whether anybody waits for a message, or for room. */
  takers: Address
  senders: Address
  /** {@link stepOf}. */
  step: number
}

/** What a heap knows of the port `at` when it takes hold of it. */
export function acquaint(at: Address): Known {
  return {
    head: peek(user, at + head), run: 0, mine: 0, sender: 0, used: 0, filled: 0, base: 0, holder: 0,
    entry: 0, from: 0, count: 0, record: 0, kind: 0, author: 0, next: 0, body: 0, place: 0, step: stepOf(at),
    takers: bellOf(user, at + tail), senders: bellOf(user, at + head),
  }
}

// What closeBefore has found: the index of the next message.
let end = 0

/** Enters message `n`, unless there are `limit` already. Returns 0, FULL, or ENDED. */
export function enter(at: Address, n: number, limit: number, known?: Known): number {
  for (;;) {
    const t = load(user, at + tail), lap = lapOf(at, t), cell = cellOf(at, t)
    const seen = load(user, cell)
    if (seen >>> 16 === lap) {
      if ((seen & NUMBER) === END) return ENDED
      cas(user, at + tail, t, t + 1 | 0)                                  // I1: for who has entered it
    } else if (seen >>> 16 === (lap - 1 & LAPS)) {                        // else tail has gone on
      if (!closeBefore(at, t)) continue
      if ((known === undefined || end - known.head >>> 0 >= limit) && isPast(at, end, limit, known)) return FULL   // I3
      if (n !== END) poke(kernel, messageRecord(n) + base, end)           // I7
      if (cas(user, cell, seen, lap << 16 | n) !== seen) continue
      if (n !== END) cas(user, at + tail, t, t + 1 | 0)
      return 0
    }
  }
}

// Finds where the entries before index t end, which is for good then (I7). False: look again, tail has gone on.
function closeBefore(at: Address, t: number): boolean {
  const i = load(user, at + first)
  if (i === t) {
    end = load(user, at + head)
    return true
  }
  const seen = load(user, cellOf(at, t - 1)), r = messageRecord(seen & NUMBER)
  const begin = peek(kernel, r + base)
  const f = load(kernel, r + filled)
  if ((f & CLOSED) === 0 && cas(kernel, r + filled, f, f | CLOSED) !== f) return false   // OPEN -> CLOSED
  end = begin + (f & COUNT) | 0
  return (load(user, at + first) - t | 0) < 0                             // I8
}

function isPast(at: Address, index: number, limit: number, known?: Known): boolean {
  const h = load(user, at + head)
  if (known !== undefined) known.head = h
  return (index - h | 0) >= limit
}

/** Adds `body` to the run that this heap holds in the port. Returns 0; FULL; OVER: nothing can be added to it any more. */
export function append(at: Address, body: number | Message, limit: number, known: Known): number {
  const f = known.filled, count = f & COUNT, r = messageRecord(known.run)
  const isValue = typeof body !== 'number'
  if (isValue ? known.mine !== VALUES || !hasRoom(known.used, body.bare) : known.mine === VALUES || count === RUN) return OVER
  const index = known.base + count
  if (index - known.head >>> 0 >= limit && isPast(at, index, limit, known)) return load(kernel, r + filled) === f ? FULL : OVER   // the port may be closed
  if (isValue) known.used = putValue(r, known.used, body)                 // I9
  else poke(kernel, r + room + 4 * count, body)
  if (cas(kernel, r + filled, f, f + 1) !== f) return OVER                // OPEN, one more
  known.filled = f + 1
  return 0
}

// Leaving -------------------------------------------------------------------------------------------------------

/** Where {@link look} has looked: record, index of the entry, of the message, the message's place among those of the entry, and how many these are. */
export let found = 0, entry = 0, index = 0, place = 0, bodies = 0

/**
 * The record of the first message in the queue, which stays there; EMPTY or ENDED. If {@link place} is {@link bodies} all its messages were taken, and it is to
 * be passed. `close`: if there is nothing, the next message will be another entry.
 */
export function look(at: Address, close = false): number {
  for (;;) {
    const i = load(user, at + first), lap = lapOf(at, i)
    const seen = load(user, cellOf(at, i))
    if (seen >>> 16 === (lap - 1 & LAPS)) return EMPTY
    if (seen >>> 16 !== lap) continue                                     // `first` has gone on
    const n = seen & NUMBER
    if (n === END) return ENDED
    const r = messageRecord(n)
    const h = load(user, at + head), begin = peek(kernel, r + base), f = load(kernel, r + filled)
    if (load(user, at + first) !== i) continue                            // I8
    found = n
    entry = i
    index = h
    place = h - begin | 0
    bodies = f & COUNT
    if (place < bodies || (f & CLOSED) !== 0) return n
    if (!close) return EMPTY
    cas(kernel, r + filled, f, f | CLOSED)                                // OPEN -> CLOSED
  }
}

/** How many bodies the record at `r` has. */
export function countAt(r: Address): number {
  return load(kernel, r + filled) & COUNT
}

/** Whether entry `i` is still the first one. */
export function isFirst(at: Address, i: number): boolean {
  return load(user, at + first) === i
}

/** Message `h` was taken, or dropped. Returns whether it was the caller who did that. */
export function take(at: Address, h: number): boolean {
  index = h
  return cas(user, at + head, h, h + 1 | 0) === h
}

/** All messages of entry `i` were taken, or dropped. Returns whether it was the caller who passed it. */
export function pass(at: Address, i: number): boolean {
  return cas(user, at + first, i, i + 1 | 0) === i
}

/** The sender of run `n` lets go of it, or, `passed`, the queue does. Returns whether it is nobody's now (I9). */
export function release(n: number, passed: boolean): boolean {
  const word = messageRecord(n) + filled, mine = passed ? PASSED : LEFT
  for (let f = load(kernel, word); ;) {
    const seen = cas(kernel, word, f, f | mine)                           // | PASSED, | LEFT
    if (seen === f) return (f & (passed ? LEFT : PASSED)) !== 0
    f = seen
  }
}

/** Whether all messages of run `n` were taken: it is there for its sender only. */
export function isPassed(n: number): boolean {
  return (load(kernel, messageRecord(n) + filled) & PASSED) !== 0
}

/** How many are in the queue, about. */
export function count(at: Address): number {
  const t = load(user, at + tail)
  if (load(user, at + first) === t) return 0
  const r = messageRecord(load(user, cellOf(at, t - 1)) & NUMBER)
  const last = peek(kernel, r + base) + (load(kernel, r + filled) & COUNT)
  const waiting = last - load(user, at + head) | 0
  return (load(user, at + first) - t | 0) < 0 ? Math.max(0, waiting) : 0
}
