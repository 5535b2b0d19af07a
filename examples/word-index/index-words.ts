// Counts the words of a text. Knows no threads and no files.
//
// A word is a run of letters, digits and underscores that starts with a letter, 2 to 64 characters long,
// lower-cased. Nearly all bytes of sources are ASCII, so the one pass over the bytes looks each up in a
// table that classifies and lower-cases at once; a run with any other byte in it takes the slow path
// through Unicode's own definition of a letter.

import { COUNT, FILES, LAST_TEXT, createTable, recordOf } from './word-table.ts'
import type { WordTable } from './word-table.ts'

export { createTable }
export type { WordTable } from './word-table.ts'

const SHORTEST = 2, LONGEST = 64
const OTHER = 0, NOT_ASCII = 0x80

/** byte → OTHER, or the lower-case byte of a word, or NOT_ASCII */
const FOLD = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 ? NOT_ASCII : /\w/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte).toLowerCase().charCodeAt(0) : OTHER)

/** Tells text from binary data: a text has no NUL in its first KB. */
export function isText(bytes: Uint8Array, length: number): boolean {
  const end = Math.min(length, 1024)
  for (let i = 0; i < end; i++) if (bytes[i] === 0) return false
  return true
}

/** Counts the words of one text, the first `length` bytes of `bytes`, which it lower-cases in place. Returns how many. */
export function indexWords(table: WordTable, bytes: Uint8Array, length: number): number {
  const text = ++table.texts
  let words = 0
  for (let at = 0; at < length; at++) {
    let letter = FOLD[bytes[at]]
    if (letter === OTHER) continue
    const start = at
    let hash = SEED
    while (letter !== OTHER && letter !== NOT_ASCII) {
      hash = hashed(hash, letter)
      bytes[at++] = letter
      letter = at < length ? FOLD[bytes[at]] : OTHER
    }
    if (letter === NOT_ASCII) {
      at = endOfRun(bytes, at, length)
      words += indexUnicode(table, text, bytes, start, at)
    } else if (bytes[start] >= 0x61 && at - start >= SHORTEST && at - start <= LONGEST) {
      count(table, text, bytes, start, at, mixed(hash))
      words++
    }
  }
  return words
}

function indexUnicode(table: WordTable, text: number, bytes: Uint8Array, start: number, end: number): number {
  let words = 0
  for (const [run] of decoder.decode(bytes.subarray(start, end)).matchAll(/[\p{L}\p{N}_]+/gu)) {
    const word = run.toLowerCase()
    if (word.length < SHORTEST || word.length > LONGEST || !/^\p{L}/u.test(word)) continue
    const { written } = encoder.encodeInto(word, encoded)
    let hash = SEED
    for (let i = 0; i < written; i++) hash = hashed(hash, encoded[i])
    count(table, text, encoded, 0, written, mixed(hash))
    words++
  }
  return words
}

function count(table: WordTable, text: number, bytes: Uint8Array, start: number, end: number, hash: number): void {
  const record = recordOf(table, bytes, start, end, hash), { records } = table
  records[record + COUNT]++
  if (records[record + LAST_TEXT] === text) return
  records[record + LAST_TEXT] = text
  records[record + FILES]++
}

function endOfRun(bytes: Uint8Array, at: number, length: number): number {
  while (at < length && FOLD[bytes[at]] !== OTHER) at++
  return at
}

// FNV-1a, a byte at a time, and a last stir: the table uses the low bits.

const SEED = 0x811c9dc5 | 0

function hashed(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193)
}

function mixed(hash: number): number {
  hash = Math.imul(hash ^ hash >>> 16, 0x45d9f3b)
  return hash ^ hash >>> 16
}

const decoder = new TextDecoder(), encoder = new TextEncoder(), encoded = new Uint8Array(LONGEST * 3)

// A rehearsal of a few milliseconds takes every branch above and makes a table grow several times. The compiler then
// knows all branches before the first file, and need not throw its code away at each one that it meets later.
const rehearsal = encoder.encode(Array.from({ length: 300 }, (_, i) => `the w${i * 7}, _0 1e3 größer Ωmega 日本`).join('; '))
indexWords(createTable(16), rehearsal, rehearsal.length)
