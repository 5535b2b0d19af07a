// Text in shared memory: names of threads and objects, sources of entries.
//
//   word 0   length in UTF-16 units          then the units

import { peek, poke } from '#atomics'
import { malloc, type Arena } from './arena.ts'
import type { Address, Memory } from './memory.ts'

/** Writes `text` into a new block of the arena; 0 when the arena is full. Freed with the arena's `free`. */
export function putText(arena: Arena, text: string, carrier: number): Address {
  const address = malloc(arena, 4 + 2 * text.length, carrier)
  if (address === 0) return 0
  const bytes = arena.memory.u8
  poke(arena.memory, address, text.length)
  for (let i = 0, at = address + 4; i < text.length; i++, at += 2) {
    const unit = text.charCodeAt(i)
    bytes[at] = unit
    bytes[at + 1] = unit >>> 8
  }
  return address
}

/** The text at `address`. */
export function getText(memory: Memory, address: Address): string {
  const length = peek(memory, address)
  const bytes = memory.u8
  let text = ''
  for (let i = 0, at = address + 4; i < length; i++, at += 2) text += String.fromCharCode(bytes[at] | bytes[at + 1] << 8)
  return text
}
