// The queue of a port: a ring of words that any thread enters messages into, and any thread takes them from.
//
// An entry is the number of a message in the low 16 bits, above them the lap of its index: the laps count from 1, modulo 2^16, and
// a cell begins with lap 0.  The entry at index i is in cell i modulo 2^bits.
//
//   cell i has lap(i) - 1    index i is free, if head has passed the index one lap before     whoever enters: lap(i), by compare and swap
//   cell i has lap(i)        the entry of index i: it is in the queue until head passes it    whoever enters index i + 2^bits
//   cell i has END           the same, and it is the last one: nobody enters after it         nobody
//
// tail   i -> i + 1 by anybody who finds an entry at i that is not END: who entered it, or the next one who wants to
// head   i -> i + 1 by anybody who finds that the message at i was taken or dropped (message.ts), its server or the next one
//
// I1  A message is in the queue from the one compare and swap that writes its cell.  Whoever enters may die before and after it: the queue
//     is whole, the next one finds the entry and advances tail.
// I2  tail never passes an index whose cell does not have its lap, so indexes are used in order, and none is left out.
// I3  A cell is written over only when head has passed its entry: `limit` is at most the number of cells, and what an enterer knows of head is
//     too small at worst.  Half of the cells are beyond the port's own limit: for END, and for what has moved already and cannot be taken back, and
//     for senders whose knowledge is 2^32 messages old, if there should be any.
// I4  Messages leave in the order in which they entered: only the first entry is taken, and it is taken before head passes it.
// I5  No wakeup is lost: a server reads tail, then finds the queue empty, then sleeps while tail is what it has read; who enters writes the
//     cell, sees to it that tail is past it, then wakes one.  A sender reads head, then finds the queue full, then sleeps while
//     head is what it has read; who takes sees to it that head is past it, then wakes one.  END changes neither word: who closes
//     counts a loss (kernel/futex.ts), which every sleeper here gives as its epoch, and wakes all.
// I6  One wake for each entry, and only while somebody sleeps: a server that is awake takes all there is before it sleeps, so a burst costs
//     one wake, not as many as it has messages.
//
// An entry is the same word again after 65536 laps, if the message has the same number.  Whoever enters, and stops between its look at
// the cell and its compare and swap for exactly that long, would be wrong.  Not in this universe: the fewest messages in that time are a million.
//
// Rejected: an index that senders add to before they write (one that dies in between stops all behind it: pthread/ring.ts); a lock (the same
// price when nobody else is there; when its holder does not run, all sleep); the bodies in the ring (a message that waits for its answer
// would keep those behind it); a linked list, as in LWKT (a stale link leads into a record that is used again); waking senders only
// when half of the ring is free (a server may wait for a sender that could send).

import { cas, load, peek } from '#atomics'
import { user } from '../kernel/process.ts'
import type { Address } from '../mem/memory.ts'
import { Port } from './records.ts'

const { tail, head, bits } = Port

/** What {@link enter} and {@link look} return besides. */
export const FULL = -1, ENDED = -2, EMPTY = 0
const LAPS = 0xffff, NUMBER = 0xffff
/** The entry that ends a queue; no message has this number. */
export const END = 0

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
  return 2 ** peek(user, at + bits) - 1
}

function cellOf(at: Address, i: number): Address {
  return at + Port.size + 4 * (i & (1 << peek(user, at + bits)) - 1)
}

function lapOf(at: Address, i: number): number {
  return (i >>> peek(user, at + bits)) + 1 & LAPS
}

/** What a heap knows of a port's head while it holds the port: an index that it has had. Spares a look at the servers' line. */
export interface Known { head: number }

/** Enters message `n`, unless there are `limit` already. Returns 0, FULL, or ENDED. */
export function enter(at: Address, n: number, limit: number, known?: Known): number {
  for (;;) {
    const t = load(user, at + tail), lap = lapOf(at, t), cell = cellOf(at, t)
    const seen = load(user, cell)
    if (seen >>> 16 === lap) {
      if ((seen & NUMBER) === END) return ENDED
      cas(user, at + tail, t, t + 1 | 0)                                  // I1: for who has entered it
    } else if (seen >>> 16 === (lap - 1 & LAPS)) {                        // else tail has gone on
      if ((known === undefined || t - known.head >>> 0 >= limit) && isPast(at, t, limit, known)) return FULL   // I3
      if (cas(user, cell, seen, lap << 16 | n) !== seen) continue
      if (n !== END) cas(user, at + tail, t, t + 1 | 0)
      return 0
    }
  }
}

function isPast(at: Address, t: number, limit: number, known?: Known): boolean {
  const h = load(user, at + head)
  if (known !== undefined) known.head = h
  return (t - h | 0) >= limit
}

/** Where {@link look} has looked. */
export let first = 0

/** The first message in the queue, which stays there; EMPTY or ENDED. Its index is in `first`. */
export function look(at: Address): number {
  for (;;) {
    const h = load(user, at + head), lap = lapOf(at, h)
    const seen = load(user, cellOf(at, h))
    first = h
    if (seen >>> 16 === lap) return (seen & NUMBER) === END ? ENDED : seen & NUMBER
    if (seen >>> 16 === (lap - 1 & LAPS)) return EMPTY                    // else head has gone on
  }
}

/** Whether index `i` is still the first one. */
export function isFirst(at: Address, i: number): boolean {
  return load(user, at + head) === i
}

/** The message at index `i` was taken, or dropped: head passes it. Returns whether it was the caller who did that. */
export function pass(at: Address, i: number): boolean {
  return cas(user, at + head, i, i + 1 | 0) === i
}

/** How many are in the queue, about. */
export function count(at: Address): number {
  return Math.max(0, load(user, at + tail) - load(user, at + head) | 0)
}
