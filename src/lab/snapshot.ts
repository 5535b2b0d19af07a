// The memory as it was after setup, and back: every schedule begins with the same bytes.
//
// Only what a small program touches is kept: the kernel's records up to a few dozen threads, what setup has written
// in user memory and a little more (who allocates there later clears it), the program's own shared buffers.

import { placeCount } from '../kernel/crew.ts'
import {
  annexes, bucketRecord, callBits, calls, carriers, handles, kernel, keys, messages, places, rings, servers, slotMask, threads, tids, user,
} from '../kernel/process.ts'
import { Annex, BUCKETS, CallRecord, Carrier, MessageRecord, Place, ServerRecord, ThreadRecord } from '../kernel/records.ts'
import { at, bytes, c, CONTROL_SIZE, dirtyPages, isDirty, PAGE_BITS, SNAPSHOT_AT } from './control.ts'

const RECORDS = 64, HANDLES = 8192, KEYS = 1024, CALLS = 32, ENTRIES = 64, MESSAGES = 96
const TOP_PAGE = 72                    // of user memory: the arena's first page never used
const USER_PAGE = 65536, MARGIN = 2048
const PAGE = 1 << PAGE_BITS
/** The snapshot begins with the ends of user memory's pages, then come the bytes. */
const HEAD = 4096

interface Range { readonly memory: Uint8Array, readonly from: number, readonly to: number }
let ranges: Range[] | undefined

const ends = (): Int32Array => new Int32Array(bytes.buffer, SNAPSHOT_AT, HEAD >>> 2)

function survey(buffers: readonly SharedArrayBuffer[]): Range[] {
  const part = (from: number, size: number): Range => ({ memory: kernel.u8, from, to: from + size })
  const pages: Range[] = []
  for (let page = 0, list = ends(); list[page] !== 0; page++) pages.push({ memory: user.u8, from: page * USER_PAGE, to: list[page] })
  return [
    part(0, threads + RECORDS * ThreadRecord.size),                     // the first: kernel memory from 0 (restore)
    part(carriers, RECORDS * Carrier.size),
    part(tids, (slotMask + 1) * 4),
    part(keys, KEYS),
    part(handles, HANDLES),
    part(annexes, RECORDS * Annex.size),
    part(calls, CALLS * CallRecord.size),
    part(callBits, CALLS >>> 3),
    part(places, placeCount() * Place.size),
    ...Array.from({ length: 2 * placeCount() }, (_, ring) => part(rings + ring * (slotMask + 1) * 4, ENTRIES * 4)),
    part(messages, MESSAGES * MessageRecord.size),
    part(servers, RECORDS * ServerRecord.size),
    ...pages,
    ...buffers.map(buffer => ({ memory: new Uint8Array(buffer), from: 0, to: buffer.byteLength })),
  ]
}

function measurePages(): void {
  const list = ends()
  const pages = user.i32[TOP_PAGE >>> 2]
  if (pages >= list.length) throw new Error('lab: setup has used too much memory')
  for (let page = 0; page < pages; page++) {
    let end = (page + 1) * USER_PAGE
    while (end > page * USER_PAGE && user.i32[(end >>> 2) - 1] === 0) end -= 4
    list[page] = Math.max(4, Math.min(end + MARGIN, (page + 1) * USER_PAGE))
  }
}

/** Keeps the memory as it is. */
export function take(buffers: readonly SharedArrayBuffer[]): void {
  measurePages()
  ranges = survey(buffers)
  let place = SNAPSHOT_AT + HEAD
  for (const { memory, from, to } of ranges) {
    if (place + to - from > CONTROL_SIZE) throw new Error('lab: setup has used too much memory')
    bytes.set(memory.subarray(from, to), place)
    place += to - from
  }
}

/** Makes the memory what it was. */
export function restore(buffers: readonly SharedArrayBuffer[]): void {
  ranges ??= survey(buffers)
  let place = SNAPSHOT_AT + HEAD
  for (const { memory, from, to } of ranges) {
    if (from === 0 && memory === kernel.u8) restoreTables(place, to)
    else memory.set(bytes.subarray(place, place + to - from), from)
    place += to - from
  }
}

// The futex's buckets are written by nobody but the atomics port, which knows the pages; everything else as a whole.
function restoreTables(place: number, to: number): void {
  const first = bucketRecord(0) + PAGE - 1 & -PAGE, end = bucketRecord(BUCKETS) & -PAGE
  const put = (a: number, b: number): void => { kernel.u8.set(bytes.subarray(place + a, place + b), a) }
  put(0, first)
  put(end, to)
  for (let i = c[at.dirty] - 1; i >= 0; i--) {
    const page = dirtyPages[i]
    isDirty[page] = 0
    const a = page << PAGE_BITS
    if (a >= first && a < end) put(a, a + PAGE)
  }
  c[at.dirty] = 0
}
