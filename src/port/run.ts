// Runs, as a heap sees those that it has begun, and those from which it takes.  What they are, and how they are right: queue.ts.

import { load, peek, poke, store } from '#atomics'
import { EAGAIN } from '../kernel/errno.ts'
import { kernel, messageRecord, self, user } from '../kernel/process.ts'
import { MessageRecord } from '../kernel/records.ts'
import type { Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { copy, INTEGERS, kindOf, putValue, seek, setKind, VALUES } from './body.ts'
import { address, claim, free, taken, written } from './message.ts'
import { bodies, countAt, entry, filledWith, found, index, isFirst, isPassed, place, release, take, type Known } from './queue.ts'
import { Port } from './records.ts'

const { serial, room } = MessageRecord

// The ports in which this heap holds a run; who comes when there is no room lets go of another one's.
const HELD = 16
const held: Known[] = []
let turn = 0

/** This heap begins anew: for the lab, which makes the memory what it was. */
export function forgetRuns(): void {
  held.length = 0
  turn = 0
}

/**
 * Begins a run for what this heap sends to a port, with `value`: a message, to be launched. The run before it is let go of, whose record it uses if
 * nobody else does. Returns its number, or -EAGAIN.
 */
export function beginRun(known: Known, value: number | Message, sender: number): number {
  const n = reclaim(known) || claim()
  if (n === 0) return -EAGAIN
  const r = messageRecord(n)
  address(r, false, sender, true)
  poke(kernel, r + MessageRecord.caller, self.carrier)
  const isValue = typeof value !== 'number'
  setKind(r, isValue ? VALUES : INTEGERS)
  known.used = isValue ? putValue(r, 0, value) : 0
  if (!isValue) poke(kernel, r + room, value)
  return n
}

// The record of a run that has been passed, if it is the caller's.
function reclaim(known: Known): number {
  const n = known.run
  if (n === 0) return 0
  if (!isPassed(n)) {
    letGo(known)
    return 0
  }
  known.run = 0
  store(kernel, messageRecord(n) + MessageRecord.state, written(self.carrier))   // RUN -> WRITTEN
  return n
}

/** Run `n` was entered: this heap holds it, to add to it. */
export function hold(known: Known, n: number, sender: number): void {
  const r = messageRecord(n)
  known.run = n
  known.mine = kindOf(r)
  known.sender = sender
  known.filled = filledWith(peek(kernel, r + serial), true)
  known.base = peek(kernel, r + MessageRecord.base)
  if (held[known.holder] === known) return
  known.holder = turn
  turn = (turn + 1) % HELD
  if (held[known.holder] !== undefined) letGo(held[known.holder])
  held[known.holder] = known
}

/** This heap adds nothing more to the run that it holds in a port. */
export function letGo(known: Known): void {
  if (known.run === 0) return
  if (release(known.run, false)) free(known.run)
  known.run = 0
}

/** A message was taken, from the run where {@link look} has looked: the next ones can be taken with {@link takeNext}. */
export function remember(known: Known): void {
  known.entry = entry
  known.from = index - place | 0
  known.count = bodies
  known.record = messageRecord(found)
  known.kind = kindOf(known.record)
  known.author = taken.sender
  known.next = index + 1 | 0
  known.body = known.place = 0
}

/** Takes, as takeFirst does, the next message of the run of which this heap has taken one before; false: that is over, or nothing is known to be in it. */
export function takeNext(port: Address, known: Known): boolean {
  const h = known.next, j = h - known.from >>> 0
  if (j < known.count || grew(port, known, j)) {
    if (takeBody(port, known, j, h)) return true
    const again = load(user, port + Port.head), k = again - known.from >>> 0                      // another server takes from it, too
    if (again !== h && (k < known.count || grew(port, known, k))) return takeBody(port, known, k, again)
  }
  return false
}

// Whether the sender has added body `j` since this heap has looked.
function grew(port: Address, known: Known, j: number): boolean {
  if (j !== known.count || known.record === 0) return false
  const count = countAt(known.record)
  if (j >= count || !isFirst(port, known.entry)) return false
  known.count = count
  return true
}

function takeBody(port: Address, known: Known, j: number, h: number): boolean {
  if (known.kind === INTEGERS) {
    const body = peek(kernel, known.record + room + 4 * j)
    if (!take(port, h)) return false                                      // queue.ts, I8
    taken.length = 0
    taken.integer = body
  } else {
    const place = j === known.body ? known.place : seek(known.record, j, known.body, known.place), length = copy(known.record, place)
    if (length === 0 || !take(port, h)) return false                      // queue.ts, I8
    known.body = j + 1
    known.place = place + 1 + length
    taken.length = length
  }
  known.next = h + 1 | 0
  taken.sender = known.author
  return true
}
