// The bodies of a run, as they lie in the room of its record.
//
// kind (the record's word `block`)
//   INTEGERS   a word each
//   VALUES     the bare words of the codec, after how many they are
//
// What is read before `head` has been moved may be of another use of the record, and make no sense (queue.ts, I8): so a body is copied first, then
// taken, and only then made into a value.  Its length is looked at only to stay within the room.

import { peek, poke } from '#atomics'
import { kernel } from '../kernel/process.ts'
import { MessageRecord } from '../kernel/records.ts'
import { decodeBare, type Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'

export const INTEGERS = 0, VALUES = 1

const { block, room } = MessageRecord
const WORDS = (MessageRecord.size - room) / 4
const words = new Int32Array(WORDS), bytes = new Uint8Array(words.buffer)

/** Of which kind the run in the record at `r` is. */
export function kindOf(r: Address): number {
  return peek(kernel, r + block)
}

/** Makes the record at `r` a run. */
export function setKind(r: Address, kind: number): void {
  poke(kernel, r + block, kind)
}

/** Whether a value of so many words has room behind the first `used` ones. */
export function hasRoom(used: number, length: number): boolean {
  return used + 1 + length <= WORDS
}

/** Whether a value can be a body. */
export function isShort({ bare }: Message): boolean {
  return bare > 0 && hasRoom(0, bare)
}

/** Puts a value there, whose bare words are in room. Returns how many words are used then. */
export function putValue(r: Address, used: number, value: Message): number {
  const { bare } = value, at = r + room + 4 * used
  poke(kernel, at, bare)
  value.placeBare(kernel, at + 4)
  return used + 1 + bare
}

/** Where body `j` of the run of values begins, in words, if body `from` begins at `at`; -1: it is no such run any more. */
export function seek(r: Address, j: number, from = 0, at = 0): number {
  for (; from < j; from++) {
    const length = peek(kernel, r + room + 4 * at)
    if (length < 1 || !hasRoom(at, length + 2)) return -1
    at += 1 + length
  }
  return at
}

/** Copies the value at word `at`; returns its length, 0: it is no such run any more. */
export function copy(r: Address, at: number): number {
  if (at < 0) return 0
  const { i32 } = kernel, from = (r + room >>> 2) + at + 1, length = i32[from - 1]
  if (length < 1 || !hasRoom(at, length)) return 0
  for (let i = 0; i < length; i++) words[i] = i32[from + i]
  return length
}

/** The value that was copied. */
export function openCopy(length: number): unknown {
  return decodeBare(words, bytes, 0, length)
}
