// Makes one index of the partial ones, in place: a word that several threads met is counted in the first of
// their tables and crossed out in the others. The words are dealt out by their hashes, a share to each merging
// thread, so this is parallel too and needs no lock: no two threads ever touch the record of the same word.

import { BYTES, COUNT, FILES, HASH, LENGTH, NOT_FOUND, fetchAhead, findWord, nextRecord, wordAt } from './word-table.ts'
import type { WordTable } from './word-table.ts'

/** A finished index: tables in which each word has a count in one, and is crossed out (0) in the others. */
export type WordIndex = WordTable[]

/** Merges one share of the words of all tables: those with the number `share` by their hashes modulo `shares`. */
export function mergeShare(tables: WordTable[], share: number, shares: number): void {
  for (let i = 1; i < tables.length; i++) {
    const { used, records } = tables[i]
    let taken = 0
    for (let at = 0; at < used; at = nextRecord(records, at)) {
      if ((records[at + HASH] >>> 16) % shares !== share) continue
      batch[taken++] = at
      if (taken === batch.length) taken = moveBatch(tables, i, taken)                             // 0
    }
    moveBatch(tables, i, taken)
  }
}

const batch = new Int32Array(64)

// Each lookup waits for memory that another thread wrote. Done one by one, the waits add up; so first all places of a
// batch are looked at, none of which depends on another, and the processor waits for many at once: half the time.
function moveBatch(tables: WordTable[], i: number, taken: number): number {
  let seen = 0
  for (let j = 0; j < i; j++) seen ^= fetchAhead(tables[j], tables[i], batch, taken)
  for (let k = 0; k < taken; k++) moveToFirst(tables, i, batch[k])
  return seen & 0
}

/** Moves the counts of a word of `tables[i]` to the first table before it that has the word too. */
function moveToFirst(tables: WordTable[], i: number, at: number): void {
  const { records, bytes } = tables[i], start = (at + BYTES) * 4
  for (let j = 0; j < i; j++) {
    const first = tables[j], to = findWord(first, bytes, start, start + records[at + LENGTH], records[at + HASH])
    if (to === NOT_FOUND) continue
    first.records[to + COUNT] += records[at + COUNT]
    first.records[to + FILES] += records[at + FILES]
    records[at + COUNT] = records[at + FILES] = 0
    return
  }
}

/** How many different words there are. */
export function distinctWords(index: WordIndex): number {
  let distinct = 0
  for (const { used, records } of index)
    for (let at = 0; at < used; at = nextRecord(records, at)) if (records[at + COUNT] > 0) distinct++
  return distinct
}

/** 16 hexadecimal digits made of all words and their counts, in whatever order they are. */
export function checksum(index: WordIndex): string {
  let high = 0, low = 0
  for (const { used, records } of index)
    for (let at = 0; at < used; at = nextRecord(records, at)) {
      const hash = records[at + HASH], count = records[at + COUNT], files = records[at + FILES]
      if (count === 0) continue
      high = high + stir(stir(hash, count), files) | 0
      low = low + stir(stir(~hash, files), count) | 0
    }
  return [high, low].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('')
}

function stir(a: number, b: number): number {
  a = Math.imul(a ^ Math.imul(b, 0x9e3779b1) ^ a >>> 15, 0x85ebca6b)
  return a ^ a >>> 13
}

/** A word with its figures. */
export type RankedWord = { word: string, count: number, files: number }

/** The `howMany` most frequent words, the most frequent first; those with equal counts by the alphabet. */
export function topWords(index: WordIndex, howMany: number): RankedWord[] {
  return index.flatMap(table => topOfTable(table, howMany)).sort(byRank).slice(0, howMany)
}

function topOfTable(table: WordTable, howMany: number): RankedWord[] {
  const { words, used, records } = table
  const counts = new Int32Array(words)
  for (let at = 0, word = 0; at < used; at = nextRecord(records, at)) counts[word++] = records[at + COUNT]
  const least = Math.max(1, counts.sort()[Math.max(0, words - howMany)])
  const top: RankedWord[] = []
  for (let at = 0; at < used; at = nextRecord(records, at))
    if (records[at + COUNT] >= least) top.push({ word: wordAt(table, at), count: records[at + COUNT], files: records[at + FILES] })
  return top
}

function byRank(a: RankedWord, b: RankedWord): number {
  return b.count - a.count || (a.word < b.word ? -1 : 1)
}
