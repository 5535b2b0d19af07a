// A thread's message: its arguments before it runs, its result after.  Bytes in the thread's record, or in a
// block of user memory when they are many (parcel.ts); what bytes cannot hold goes by mail (kernel/mail.ts).

import { and, or, peek, poke } from '#atomics'
import { Reason } from '../kernel/death.ts'
import { deposit, discard, collect, post, take } from '../kernel/mail.ts'
import { annex, arena, carrierRecord, kernel, record, self } from '../kernel/process.ts'
import { Annex, Carrier, Flag, ROOM, ThreadRecord } from '../kernel/records.ts'
import { dispose } from '../kernel/thread.ts'
import { free } from '../mem/arena.ts'
import type { Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { dropParcel, extrasOf, isFull, isInteger, isWord, open, openInteger, put, putInteger, read } from './parcel.ts'

const parcelOf = (slot: number): Address => record(slot) + ThreadRecord.message
const roomOf = (slot: number): Address => record(slot) + ThreadRecord.room

/** Gives cloned thread `slot` its arguments; false: ENOMEM. Throws what postMessage throws. */
export function sendArguments(slot: number, message: Message, transfer: readonly object[]): boolean {
  const extras = message.extras.length === 0 ? undefined : [...message.extras]
  if (!put(parcelOf(slot), roomOf(slot), ROOM, message)) return false
  if (extras === undefined) return true
  const t = record(slot)
  or(kernel, t + ThreadRecord.flags, Flag.PORT)
  poke(kernel, annex(slot) + Annex.sender, self.carrier)
  poke(kernel, annex(slot) + Annex.senderSerial, peek(kernel, carrierRecord(self.carrier) + Carrier.serial))
  try {
    post(peek(kernel, t + ThreadRecord.carrier), peek(kernel, t + ThreadRecord.tid), extras, transfer)
  } catch (error) {
    drop(slot)
    throw error
  }
  return true
}

/** Gives cloned thread `slot` its only argument, or leaves its result, if it is a 32-bit integer; false: it is none. */
export function sendWord(slot: number, value: unknown): boolean {
  if (!isWord(value)) return false
  putInteger(parcelOf(slot), value)
  return true
}

/** The arguments of thread `slot`, which the caller runs. */
export function receiveArguments(slot: number): unknown[] {
  const t = record(slot)
  if (isInteger(parcelOf(slot))) return [openInteger(parcelOf(slot))]
  if (!isFull(parcelOf(slot))) return []
  const ported = (peek(kernel, t + ThreadRecord.flags) & Flag.PORT) !== 0, a = annex(slot)
  const extras = ported                                                   // fibers begin in any order
    ? take(peek(kernel, a + Annex.sender), peek(kernel, a + Annex.senderSerial), peek(kernel, t + ThreadRecord.tid), !self.fiber)
    : undefined
  if (ported) and(kernel, t + ThreadRecord.flags, ~Flag.PORT)
  return open(parcelOf(slot), roomOf(slot), extras) as unknown[]
}

/** Leaves the result of thread `slot`, which the caller runs or buries; false: ENOMEM. Throws what postMessage throws. */
export function sendResult(slot: number, message: Message, transfer: readonly object[]): boolean {
  const extras = message.extras.length === 0 ? undefined : [...message.extras]
  if (!put(parcelOf(slot), roomOf(slot), ROOM, message)) return false
  if (extras === undefined) return true
  try {
    deposit(slot, peek(kernel, record(slot) + ThreadRecord.serial), extras, transfer)
  } catch (error) {
    drop(slot)
    throw error
  }
  return true
}

// What thread `slot` has left that left no message.
function absent(slot: number): unknown {
  return peek(kernel, record(slot) + ThreadRecord.reason) === Reason.LOST ? new Error('ENOMEM: user memory is full, the error of the thread did not fit') : undefined
}

/** The result of thread `slot`, which has exited; undefined if it left none. */
export function receiveResult(slot: number): unknown {
  if (!isFull(parcelOf(slot))) return absent(slot)
  const extras = extrasOf(parcelOf(slot), roomOf(slot)) === 0 ? undefined : collect(slot, peek(kernel, record(slot) + ThreadRecord.serial))
  return open(parcelOf(slot), roomOf(slot), extras)
}

/** A copy of the result of thread `slot`, left in place; for reports. Extras are not there. */
export function peekResult(slot: number): unknown {
  if (!isFull(parcelOf(slot))) return absent(slot)
  return extrasOf(parcelOf(slot), roomOf(slot)) === 0 ? read(parcelOf(slot), roomOf(slot)) : undefined
}

/** Gives up the message of thread `slot`: nobody will read it. */
export function drop(slot: number): void {
  const t = record(slot)
  const result = isFull(parcelOf(slot)) && (peek(kernel, t + ThreadRecord.flags) & Flag.PORT) === 0
  dropParcel(parcelOf(slot), roomOf(slot), result ? () => { discard(slot, peek(kernel, t + ThreadRecord.serial)) } : undefined)
}

/** Frees the name of thread `slot`. */
export function freeName(slot: number): void {
  const name = peek(kernel, record(slot) + ThreadRecord.name)
  poke(kernel, record(slot) + ThreadRecord.name, 0)
  if (name !== 0) free(arena, name, self.carrier)
}

/** Frees what thread `slot` left, and its record: it has exited, and was joined or detached. */
export function bury(slot: number): void {
  try {
    drop(slot)
  } finally {
    freeName(slot)
    dispose(slot)
  }
}
