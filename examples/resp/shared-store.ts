// The other way to serve with several threads: one table in shared memory, and a lock around it. It is here to be measured beside the
// threads that own their keys, and so it is made as one would make it: open the lock, do one command, close it.
//
// Words of the memory:
//
//   0 …           counters: see the constants
//   FREE + c      the first free block of class c, or 0
//   BUCKETS …     the first entry of each chain, or 0
//   heap …        blocks. A block of class c has size(c) bytes, 64, 96, 128, 192, … and is an entry, or free: then its first word links it
//
// An entry: next in its chain, hash, length of the key, length of the value, deadline (8 bytes), class, nothing; then the key's bytes, then
// the value's. Entries do not move; a value that no longer fits gets another block. Blocks are never joined: memory that was
// used for small values stays memory for small values, until the table is cleared.
//
// The mutex is robust. If a thread dies in the middle of a command, what it has left is not to be trusted: who locks next clears the table.

import type { Mutex } from 'pthreads'
import { hashOf } from './hash.ts'
import { LARGE, type Arg } from './parser.ts'
import { GLANCE, type Figures, type Store } from './store.ts'

const TOP = 0, KEYS = 1, EXPIRES = 2, EXPIRED = 3, USED = 4, CURSOR = 5, LOST = 6, FREE = 8, BUCKETS = 64
const NEXT = 0, HASH = 1, KEY_LENGTH = 2, VALUE_LENGTH = 3, DEADLINE = 2, CLASS = 6, HEADER = 32

/** What several threads need to use one table. */
export interface SharedTable { readonly memory: SharedArrayBuffer, readonly mutex: Mutex }

/** The table in shared memory, as one thread sees it. */
export class SharedStore implements Store {
  readonly #mutex: Mutex
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #bytes: Buffer
  readonly #buckets: number

  constructor({ memory, mutex }: SharedTable) {
    this.#mutex = mutex
    this.#words = new Int32Array(memory)
    this.#doubles = new Float64Array(memory)
    this.#bytes = Buffer.from(memory)
    this.#buckets = 2 ** Math.max(10, Math.floor(Math.log2(memory.byteLength / 512)))
    this.enter()
    if (this.#words[TOP] === 0) this.clear()
    this.leave()
  }

  enter(): void {
    this.#mutex.lock()
    if (!this.#mutex.ownerDied) return
    this.clear()
    this.#words[LOST]++
    this.#mutex.consistent()
  }

  leave(): void {
    this.#mutex.unlock()
  }

  get(key: string, now: number): Arg | undefined {
    const entry = this.#find(key, now)
    if (entry === 0) return undefined
    const at = entry * 4 + HEADER + key.length, end = at + this.#words[entry + VALUE_LENGTH]
    return end - at < LARGE ? this.#bytes.toString('latin1', at, end) : new Uint8Array(this.#bytes.subarray(at, end))
  }

  set(key: string, value: Arg, deadline: number, now: number): boolean {
    const words = this.#words, size = HEADER + key.length + value.length
    const old = this.#find(key, now), fits = old !== 0 && classOf(size) === words[old + CLASS]
    const entry = fits ? old : this.#allocate(classOf(size))
    if (entry === 0) return false
    if (fits) {
      if (this.#doubles[(entry >> 1) + DEADLINE] !== Infinity) words[EXPIRES]--
    } else {
      if (old !== 0) this.#remove(old)
      this.#link(entry, key)
    }
    words[entry + VALUE_LENGTH] = value.length
    this.#write(value, entry * 4 + HEADER + key.length)
    this.#doubles[(entry >> 1) + DEADLINE] = deadline
    if (deadline !== Infinity) words[EXPIRES]++
    return true
  }

  delete(key: string, now: number): boolean {
    const entry = this.#find(key, now)
    if (entry !== 0) this.#remove(entry)
    return entry !== 0
  }

  deadline(key: string, now: number): number | undefined {
    const entry = this.#find(key, now)
    return entry === 0 ? undefined : this.#doubles[(entry >> 1) + DEADLINE]
  }

  expireAt(key: string, deadline: number, now: number): boolean {
    const entry = this.#find(key, now)
    if (entry === 0) return false
    const before = this.#doubles[(entry >> 1) + DEADLINE]
    this.#words[EXPIRES] += Number(deadline !== Infinity) - Number(before !== Infinity)
    this.#doubles[(entry >> 1) + DEADLINE] = deadline
    return true
  }

  clear(): void {
    const heap = BUCKETS + this.#buckets
    this.#words.fill(0, FREE, heap)
    for (const counter of [KEYS, EXPIRES, USED, CURSOR]) this.#words[counter] = 0
    this.#words[TOP] = heap
  }

  sweep(now: number): void {
    const words = this.#words
    for (let gone = GLANCE, looked = 0; gone * 4 > GLANCE && looked < this.#buckets && words[EXPIRES] > 0;) {
      gone = 0
      for (let seen = 0; seen < GLANCE && looked < this.#buckets; looked++) {
        const bucket = words[CURSOR] = (words[CURSOR] + 1) & (this.#buckets - 1)
        for (let entry = words[BUCKETS + bucket]; entry !== 0;) {
          const next = words[entry + NEXT], deadline = this.#doubles[(entry >> 1) + DEADLINE]
          if (deadline !== Infinity) seen++
          if (deadline <= now) {
            this.#expire(entry)
            gone++
          }
          entry = next
        }
      }
    }
  }

  get figures(): Figures & { readonly lost: number } {
    const words = this.#words
    return { keys: words[KEYS], expires: words[EXPIRES], expired: words[EXPIRED], bytes: words[USED] * 4, lost: words[LOST] }
  }

  // The entry of the key, or 0.
  #find(key: string, now: number): number {
    const words = this.#words, hash = hashOf(key)
    let entry = words[BUCKETS + (hash & this.#buckets - 1)]
    while (entry !== 0 && !(words[entry + HASH] === hash && this.#is(entry, key))) entry = words[entry + NEXT]
    if (entry === 0 || this.#doubles[(entry >> 1) + DEADLINE] > now) return entry
    this.#expire(entry)
    return 0
  }

  #is(entry: number, key: string): boolean {
    if (this.#words[entry + KEY_LENGTH] !== key.length) return false
    const bytes = this.#bytes, at = entry * 4 + HEADER
    for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key.charCodeAt(i)) return false
    return true
  }

  #link(entry: number, key: string): void {
    const words = this.#words, hash = hashOf(key), bucket = BUCKETS + (hash & this.#buckets - 1)
    words[entry + HASH] = hash
    words[entry + KEY_LENGTH] = key.length
    this.#write(key, entry * 4 + HEADER)
    words[entry + NEXT] = words[bucket]
    words[bucket] = entry
    words[KEYS]++
  }

  #write(value: Arg, at: number): void {
    if (typeof value === 'string') this.#bytes.write(value, at, 'latin1')
    else this.#bytes.set(value, at)
  }

  #expire(entry: number): void {
    this.#remove(entry)
    this.#words[EXPIRED]++
  }

  #remove(entry: number): void {
    const words = this.#words, bucket = BUCKETS + (words[entry + HASH] & this.#buckets - 1)
    if (words[bucket] === entry) {
      words[bucket] = words[entry + NEXT]
    } else {
      let before = words[bucket]
      while (words[before + NEXT] !== entry) before = words[before + NEXT]
      words[before + NEXT] = words[entry + NEXT]
    }
    words[KEYS]--
    if (this.#doubles[(entry >> 1) + DEADLINE] !== Infinity) words[EXPIRES]--
    const c = words[entry + CLASS]
    words[USED] -= sizeOf(c) >> 2
    words[entry + NEXT] = words[FREE + c]
    words[FREE + c] = entry
  }

  // A block of class `c`, or 0.
  #allocate(c: number): number {
    const words = this.#words, size = sizeOf(c) >> 2
    let block = words[FREE + c]
    if (block !== 0) {
      words[FREE + c] = words[block + NEXT]
    } else {
      block = words[TOP]
      if (block + size > words.length) return 0
      words[TOP] += size
    }
    words[block + CLASS] = c
    words[USED] += size
    return block
  }
}

const sizeOf = (c: number): number => (c & 1) === 0 ? 64 * 2 ** (c >> 1) : 96 * 2 ** (c >> 1)

function classOf(bytes: number): number {
  let c = 0
  while (sizeOf(c) < bytes) c++
  return c
}
