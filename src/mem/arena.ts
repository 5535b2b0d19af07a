// The arena: malloc and free in user memory, for mutexes, names and messages, from any thread.
//
// Blocks up to 32 KiB come from size classes: a page of 64 KiB is cut into equal blocks, free blocks are
// linked.  Larger ones are runs of pages.  The page map has a word per page:
//
//   0         never used (all pages from here on)          < 0   free run of -n pages begins here
//   > 0       run of n pages in use begins here             | SMALL + class: page of small blocks
//
// Words inside a run mean nothing.  Every change is committed by a single store (a run is split by writing
// the rest's word first, then its own; a block is taken by moving the list's head), so a heap that dies in
// the middle leaks at most one block or page and breaks nothing: whoever mends its locks has nothing to mend
// here.  Runs are joined while searching.  Pages of small blocks stay small.
//
// Rejected: a lock per class (nobody contends: a lock is held for some 50 ns); giving pages back to the
// operating system (a SharedArrayBuffer cannot).

import { peek, poke } from '#atomics'
import { acquire, release } from './lock.ts'
import type { Address, Memory } from './memory.ts'

/** The memory that is managed, and the memory and address of the lock that guards it. */
export interface Arena { readonly memory: Memory, readonly locks: Memory, readonly lock: Address }

const PAGE = 65536
const SMALL = 0x40000000
// 16 32 48 64 96 128 192 256 … 32768: two classes a doubling
const SIZES = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 32768]
const CLASS_OF = new Uint8Array(32768 / 16 + 1)
for (let i = 1, c = 0; i < CLASS_OF.length; i++) {
  while (SIZES[c] < i * 16) c++
  CLASS_OF[i] = c
}

// Head of user memory: 0 is no address; words of the arena's own follow.
const USED = 64                     // bytes in use
const CURSOR = 68                   // page where the search for a run begins
const TOP = 72                      // first page never used
const FREE = 128                    // heads of the classes' lists
const FRESH = 256                   // per class: next block never used; at the start of a page: none left
/** The page map. */
export const FIRST_BLOCK = 512
const MAP = FIRST_BLOCK

/** Bytes in use, rounded up to blocks. */
export function used({ memory }: Arena): number {
  return peek(memory, USED)
}

/** Allocates `bytes` bytes, aligned to 16, not cleared; 0 when the arena is full (ENOMEM). `carrier` is the caller's. */
export function malloc(a: Arena, bytes: number, carrier: number): Address {
  acquire(a.locks, a.lock, carrier)
  const address = bytes <= 32768 ? mallocSmall(a.memory, CLASS_OF[(bytes + 15) >>> 4]) : mallocRun(a.memory, Math.ceil(bytes / PAGE), 0)
  release(a.locks, a.lock)
  return address
}

/** Frees what {@link malloc} returned. */
export function free(a: Arena, address: Address, carrier: number): void {
  const m = a.memory
  acquire(a.locks, a.lock, carrier)
  const page = address >>> 16
  const word = peek(m, MAP + page * 4)
  if (word > SMALL) {
    const c = word - SMALL - 1
    poke(m, USED, peek(m, USED) - SIZES[c])
    poke(m, address, peek(m, FREE + c * 4))
    poke(m, FREE + c * 4, address)
  } else {
    poke(m, USED, peek(m, USED) - word * PAGE)
    poke(m, MAP + page * 4, -word)
  }
  release(a.locks, a.lock)
}

function mallocSmall(m: Memory, c: number): Address {
  const size = SIZES[c]
  let block = peek(m, FREE + c * 4)
  if (block !== 0) {
    poke(m, FREE + c * 4, peek(m, block))
  } else {
    block = peek(m, FRESH + c * 4)
    const within = block & (PAGE - 1)
    if (within === 0 || within + size > PAGE) block = mallocRun(m, 1, SMALL + c + 1)
    if (block === 0) return 0
    poke(m, FRESH + c * 4, block + size)
  }
  poke(m, USED, peek(m, USED) + size)
  return block
}

// A run of `count` pages; `mark` replaces its length in the map (pages of small blocks).
function mallocRun(m: Memory, count: number, mark: number): Address {
  const pages = m.size >>> 16
  const first = Math.ceil((MAP + pages * 4) / PAGE)
  let top = peek(m, TOP)
  if (top === 0) poke(m, TOP, top = first)
  const cursor = peek(m, CURSOR)
  const found = search(m, cursor >= first && cursor < top ? cursor : first, top, count) || (cursor > first ? search(m, first, top, count) : 0)
  let page = found
  if (found !== 0) {
    const run = -peek(m, MAP + found * 4)
    if (run > count) poke(m, MAP + (found + count) * 4, count - run)
  } else {
    if (top + count > pages) {
      poke(m, CURSOR, first)                           // the search may have joined the cursor's run to another
      return 0
    }
    page = top
  }
  poke(m, MAP + page * 4, mark || count)
  if (found === 0) poke(m, TOP, top + count)                               // after the map's word: words below TOP are never 0
  poke(m, CURSOR, page + count < peek(m, TOP) ? page + count : first)
  if (mark === 0) poke(m, USED, peek(m, USED) + count * PAGE)
  return page * PAGE
}

/** Mends the arena after the death of a heap that held its lock. The caller frees the lock. */
export function mend(a: Arena): void {
  poke(a.memory, CURSOR, 0)
}

// The first free run of at least `count` pages between two run heads, joining neighbours on the way.
function search(m: Memory, from: number, top: number, count: number): number {
  for (let page = from; page < top;) {
    const word = peek(m, MAP + page * 4)
    if (word >= 0) {
      page += word > SMALL ? 1 : word
      continue
    }
    let run = -word
    while (page + run < top) {
      const next = peek(m, MAP + (page + run) * 4)
      if (next >= 0) break
      run -= next
    }
    if (run !== -word) poke(m, MAP + page * 4, -run)
    if (run >= count) return page
    page += run
  }
  return 0
}
