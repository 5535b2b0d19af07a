// The index itself: word → how often it occurs, and in how many files.
//
// An open-addressing hash table in typed arrays over shared memory. No word becomes a JavaScript string while
// files are read, so indexing makes no garbage, and a finished table goes from thread to thread as it is:
// references, nothing copied.
//
// One thread at a time owns a table: its worker until it returns, then the thread that joined it. While tables
// are merged, each merging thread owns the records of its share of the words, and nobody adds a word.
//
// A word's figures and its bytes stand side by side: looking a word up waits for memory twice, not three times,
// and memory is what several threads share. The arrays are made large at once. A page of memory costs nothing until it is touched, but a few microseconds
// then: growing by copying is what made two threads slow here, more than all locks together.

export type WordTable = {
  /** Number of words. */
  words: number
  /** Number of texts indexed so far; stamps the records, so that a file is counted once a word. */
  texts: number
  /** `hash & mask` → 0, or 1 + where the record of a word begins; a collision takes the next slot. */
  slots: Int32Array
  /** The records, in the order in which their words were first seen. */
  records: Int32Array
  /** The same memory by bytes. */
  bytes: Uint8Array
  /** How many ints of `records` are in use. */
  used: number
}

/** The ints of a record; behind them the bytes of the word, LENGTH of them, filled up to a whole int. */
export const HASH = 0, COUNT = 1, FILES = 2, LAST_TEXT = 3, LENGTH = 4, BYTES = 5

/** Returned by `findWord` for a word the table does not have. */
export const NOT_FOUND = -1

/** Makes an empty table with room for about `words` words, a power of two; it grows when they are more. */
export function createTable(words = 2 ** 20): WordTable {
  const memory = new SharedArrayBuffer(words * 32)
  return { words: 0, texts: 0, slots: ints(Math.min(words * 2, 2 ** 18)), records: new Int32Array(memory), bytes: new Uint8Array(memory), used: 0 }
}

/** Finds the record of the word `from[start, end)`, whose hash is `hash`; adds it, counted 0 times, if it is new. */
export function recordOf(table: WordTable, from: Uint8Array, start: number, end: number, hash: number): number {
  const { slots } = table, mask = slots.length - 1
  let slot = hash & mask
  for (let found = slots[slot]; found !== 0; found = slots[slot]) {
    if (isWord(table, found - 1, from, start, end, hash)) return found - 1
    slot = slot + 1 & mask
  }
  return addWord(table, from, start, end, hash, slot)
}

/** Finds the record of a word like `recordOf`, but adds nothing. */
export function findWord(table: WordTable, from: Uint8Array, start: number, end: number, hash: number): number {
  const { slots } = table, mask = slots.length - 1
  let slot = hash & mask
  for (let found = slots[slot]; found !== 0; found = slots[slot]) {
    if (isWord(table, found - 1, from, start, end, hash)) return found - 1
    slot = slot + 1 & mask
  }
  return NOT_FOUND
}

/**
 * Looks at the places where {@link findWord} will look for the words of `other` with their records at `places`, so that
 * they are in the cache. What it returns means nothing, but must be used: or the compiler may leave the reading out.
 */
export function fetchAhead({ slots, records }: WordTable, other: WordTable, places: Int32Array, count: number): number {
  const mask = slots.length - 1
  let seen = 0
  for (let i = 0; i < count; i++) seen ^= slots[other.records[places[i] + HASH] & mask]
  for (let i = 0; i < count; i++) seen ^= records[slots[other.records[places[i] + HASH] & mask]]
  return seen
}

/** Where the record behind `record` begins. */
export function nextRecord(records: Int32Array, record: number): number {
  return record + BYTES + (records[record + LENGTH] + 3 >>> 2)
}

/** The word of a record, as a string. */
export function wordAt({ records, bytes }: WordTable, record: number): string {
  const start = (record + BYTES) * 4
  return Buffer.from(bytes.buffer).toString('utf8', start, start + records[record + LENGTH])
}

function isWord({ records, bytes }: WordTable, record: number, from: Uint8Array, start: number, end: number, hash: number): boolean {
  if (records[record + HASH] !== hash || records[record + LENGTH] !== end - start) return false
  for (let at = (record + BYTES) * 4; start < end;) if (bytes[at++] !== from[start++]) return false
  return true
}

function addWord(table: WordTable, from: Uint8Array, start: number, end: number, hash: number, slot: number): number {
  const record = table.used, length = end - start, next = record + BYTES + (length + 3 >>> 2)
  if (next > table.records.length) growRecords(table)
  const { records, bytes } = table
  records[record + HASH] = hash
  records[record + LENGTH] = length
  for (let at = (record + BYTES) * 4; start < end;) bytes[at++] = from[start++]
  table.used = next
  table.slots[slot] = record + 1
  if (++table.words * 2 > table.slots.length) growSlots(table)
  return record
}

function growRecords(table: WordTable): void {
  const larger = ints(table.records.length * 2)
  larger.set(table.records)
  table.records = larger
  table.bytes = new Uint8Array(larger.buffer)
}

function growSlots(table: WordTable): void {
  const { records, used } = table
  const larger = ints(table.slots.length * 2), mask = larger.length - 1
  for (let record = 0; record < used; record = nextRecord(records, record)) {
    let slot = records[record + HASH] & mask
    while (larger[slot] !== 0) slot = slot + 1 & mask
    larger[slot] = record + 1
  }
  table.slots = larger
}

function ints(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4))
}
