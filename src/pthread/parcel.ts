// Where a message lies: bytes in the room that its record has, or in a block of user memory when they are more.
//
// Two words of the record, `at`, say so: the block's address, or 0; and the length, 0 while no message is there. It is
// written last, and the receiver clears it before it decodes: so the references in a message are taken over at most
// once, even if the receiver dies in the middle. A length of INTEGER says that the first word is the value itself.

import { peek, poke } from '#atomics'
import { arena, kernel, self, user } from '../kernel/process.ts'
import { free, malloc } from '../mem/arena.ts'
import { decode, extrasNeeded, releaseMessage, type Message } from '../mem/codec.ts'
import type { Address, Memory } from '../mem/memory.ts'

const LENGTH = 4
const INTEGER = -1

const memoryOf = (block: Address): Memory => block === 0 ? kernel : user
const addressOf = (block: Address, room: Address): Address => block === 0 ? room : block

/** Puts a message's bytes there; false when user memory is full (ENOMEM), and nothing is changed. */
export function put(at: Address, room: Address, capacity: number, message: Message): boolean {
  const { size } = message
  const block = size <= capacity ? 0 : malloc(arena, size, self.carrier)
  if (block === 0 && size > capacity) return false
  poke(kernel, at, block)
  message.place(memoryOf(block), addressOf(block, room))
  poke(kernel, at + LENGTH, size)
  return true
}

/** Puts a 32-bit integer there; it takes no room, and no codec. */
export function putInteger(at: Address, value: number): void {
  poke(kernel, at, value)
  poke(kernel, at + LENGTH, INTEGER)
}

/** Whether `value` is one: then it travels so. */
export function isWord(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)
}

/** Whether what is there is such an integer. */
export function isInteger(at: Address): boolean {
  return peek(kernel, at + LENGTH) === INTEGER
}

/** Takes the integer that is there. */
export function openInteger(at: Address): number {
  poke(kernel, at + LENGTH, 0)
  const value = peek(kernel, at)
  poke(kernel, at, 0)
  return value
}

/** Whether a message is there. */
export function isFull(at: Address): boolean {
  return peek(kernel, at + LENGTH) !== 0
}

/** How many values travel beside the bytes of the message that is there. */
export function extrasOf(at: Address, room: Address): number {
  if (isInteger(at)) return 0
  const block = peek(kernel, at)
  return extrasNeeded(memoryOf(block), addressOf(block, room))
}

/** A copy of the message that is there, without extras; it stays. */
export function read(at: Address, room: Address): unknown {
  const block = peek(kernel, at)
  if (isInteger(at)) return block
  return decode(memoryOf(block), addressOf(block, room))
}

/** Takes the message that is there. */
export function open(at: Address, room: Address, extras: unknown[] | undefined): unknown {
  if (isInteger(at)) return openInteger(at)
  const block = peek(kernel, at)
  poke(kernel, at + LENGTH, 0)
  try {
    return decode(memoryOf(block), addressOf(block, room), extras)
  } finally {
    empty(at, block)
  }
}

/** Gives up what is there; `discard` is called before if values beside the bytes have to be given up, too. */
export function dropParcel(at: Address, room: Address, discard?: () => void): void {
  const block = isInteger(at) ? 0 : peek(kernel, at)
  if (isInteger(at)) openInteger(at)
  if (isFull(at)) {
    poke(kernel, at + LENGTH, 0)
    const address = addressOf(block, room)
    if (discard !== undefined && extrasNeeded(memoryOf(block), address) !== 0) discard()
    releaseMessage(memoryOf(block), address)
  }
  empty(at, block)
}

function empty(at: Address, block: Address): void {
  poke(kernel, at, 0)
  if (block !== 0) free(arena, block, self.carrier)
}
