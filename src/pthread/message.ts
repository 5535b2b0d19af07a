// A thread's message: its arguments before it runs, its result after.  Bytes in the thread's slot, or in a
// block of user memory when they are many; what bytes cannot hold goes by mail (kernel/mail.ts).
//
// `length` is 0 while no message is there.  The receiver clears it before it decodes, so that the references
// in a message are taken over at most once, even if the receiver dies in the middle.

import { and, or, peek, poke } from '#atomics'
import { deposit, discard, collect, post, take } from '../kernel/mail.ts'
import { arena, carrierRecord, kernel, record, self, slots, user } from '../kernel/process.ts'
import { Carrier, Flag, SLOT, ThreadRecord } from '../kernel/records.ts'
import { dispose } from '../kernel/thread.ts'
import { free, malloc } from '../mem/arena.ts'
import { decode, extrasNeeded, releaseMessage, type Message } from '../mem/codec.ts'
import type { Address, Memory } from '../mem/memory.ts'

const { message: at, length } = ThreadRecord

function memoryOf(block: Address): Memory {
  return block === 0 ? kernel : user
}

function addressOf(slot: number, block: Address): Address {
  return block === 0 ? slots + slot * SLOT : block
}

/** Puts a message's bytes with thread `slot`; false when user memory is full (ENOMEM), and nothing is changed. */
function place(slot: number, message: Message): boolean {
  const { size } = message
  const block = size <= SLOT ? 0 : malloc(arena, size, self.carrier)
  if (block === 0 && size > SLOT) return false
  const t = record(slot)
  poke(kernel, t + at, block)
  message.place(memoryOf(block), addressOf(slot, block))
  poke(kernel, t + length, size)
  return true
}

/** Gives cloned thread `slot` its arguments; false: ENOMEM. Throws what postMessage throws. */
export function sendArguments(slot: number, message: Message, transfer: readonly object[]): boolean {
  const extras = message.extras.length === 0 ? undefined : [...message.extras]
  if (!place(slot, message)) return false
  if (extras === undefined) return true
  const t = record(slot)
  or(kernel, t + ThreadRecord.flags, Flag.PORT)
  poke(kernel, t + ThreadRecord.sender, self.carrier)
  poke(kernel, t + ThreadRecord.senderSerial, peek(kernel, carrierRecord(self.carrier) + Carrier.serial))
  try {
    post(peek(kernel, t + ThreadRecord.carrier), peek(kernel, t + ThreadRecord.tid), extras, transfer)
  } catch (error) {
    drop(slot)
    throw error
  }
  return true
}

/** The arguments of thread `slot`, which the caller runs. */
export function receiveArguments(slot: number): unknown[] {
  const t = record(slot)
  if (peek(kernel, t + length) === 0) return []
  const block = peek(kernel, t + at)
  const ported = (peek(kernel, t + ThreadRecord.flags) & Flag.PORT) !== 0
  const extras = ported
    ? take(peek(kernel, t + ThreadRecord.sender), peek(kernel, t + ThreadRecord.senderSerial), peek(kernel, t + ThreadRecord.tid))
    : undefined
  if (ported) and(kernel, t + ThreadRecord.flags, ~Flag.PORT)
  return open(slot, block, extras) as unknown[]
}

/** Leaves the result of thread `slot`, which the caller runs or buries; false: ENOMEM. Throws what postMessage throws. */
export function sendResult(slot: number, message: Message, transfer: readonly object[]): boolean {
  const extras = message.extras.length === 0 ? undefined : [...message.extras]
  if (!place(slot, message)) return false
  if (extras === undefined) return true
  try {
    deposit(slot, peek(kernel, record(slot) + ThreadRecord.serial), extras, transfer)
  } catch (error) {
    drop(slot)
    throw error
  }
  return true
}

/** The result of thread `slot`, which has exited; undefined if it left none. */
export function receiveResult(slot: number): unknown {
  const t = record(slot)
  if (peek(kernel, t + length) === 0) return undefined
  const block = peek(kernel, t + at)
  const extras = extrasNeeded(memoryOf(block), addressOf(slot, block)) === 0 ? undefined : collect(slot, peek(kernel, t + ThreadRecord.serial))
  return open(slot, block, extras)
}

/** A copy of the result of thread `slot`, left in place; for reports. Extras are not there. */
export function peekResult(slot: number): unknown {
  const t = record(slot)
  if (peek(kernel, t + length) === 0) return undefined
  const block = peek(kernel, t + at)
  const address = addressOf(slot, block)
  if (extrasNeeded(memoryOf(block), address) !== 0) return undefined
  return decode(memoryOf(block), address)
}

function open(slot: number, block: Address, extras: unknown[] | undefined): unknown {
  const t = record(slot)
  poke(kernel, t + length, 0)
  try {
    return decode(memoryOf(block), addressOf(slot, block), extras)
  } finally {
    poke(kernel, t + at, 0)
    if (block !== 0) free(arena, block, self.carrier)
  }
}

/** Gives up the message of thread `slot`: nobody will read it. */
export function drop(slot: number): void {
  const t = record(slot)
  const block = peek(kernel, t + at)
  if (peek(kernel, t + length) !== 0) {
    poke(kernel, t + length, 0)
    const address = addressOf(slot, block)
    const result = (peek(kernel, t + ThreadRecord.flags) & Flag.PORT) === 0
    if (result && extrasNeeded(memoryOf(block), address) !== 0) discard(slot, peek(kernel, t + ThreadRecord.serial))
    releaseMessage(memoryOf(block), address)
  }
  poke(kernel, t + at, 0)
  if (block !== 0) free(arena, block, self.carrier)
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
