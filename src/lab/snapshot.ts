// The memory as it was after setup, and back: every schedule begins with the same bytes.
//
// Only what a small program touches is kept: the kernel's records up to a few dozen threads, what setup has written
// in user memory and a little more (who allocates there later clears it), the program's own shared buffers.

import { callBits, calls, carriers, handles, kernel, keys, slotMask, slots, threads, tids, user } from '../kernel/process.ts'
import { CallRecord, Carrier, SLOT, ThreadRecord } from '../kernel/records.ts'
import { bytes, CONTROL_SIZE, SNAPSHOT_AT } from './control.ts'

const RECORDS = 64, SLOTS = 32, HANDLES = 8192, KEYS = 1024, CALLS = 32
const TOP_PAGE = 72                    // of user memory: the arena's first page never used
const PAGE = 65536, MARGIN = 2048
/** The snapshot begins with the ends of user memory's pages, then come the bytes. */
const HEAD = 4096

interface Range { readonly memory: Uint8Array, readonly from: number, readonly to: number }
let ranges: Range[] | undefined

const ends = (): Int32Array => new Int32Array(bytes.buffer, SNAPSHOT_AT, HEAD >>> 2)

function survey(buffers: readonly SharedArrayBuffer[]): Range[] {
  const part = (from: number, size: number): Range => ({ memory: kernel.u8, from, to: from + size })
  const pages: Range[] = []
  for (let page = 0, list = ends(); list[page] !== 0; page++) pages.push({ memory: user.u8, from: page * PAGE, to: list[page] })
  return [
    part(0, threads + RECORDS * ThreadRecord.size),
    part(carriers, RECORDS * Carrier.size),
    part(tids, (slotMask + 1) * 4),
    part(keys, KEYS),
    part(handles, HANDLES),
    part(slots, SLOTS * SLOT),
    part(calls, CALLS * CallRecord.size),
    part(callBits, CALLS >>> 3),
    ...pages,
    ...buffers.map(buffer => ({ memory: new Uint8Array(buffer), from: 0, to: buffer.byteLength })),
  ]
}

function measurePages(): void {
  const list = ends()
  const pages = user.i32[TOP_PAGE >>> 2]
  if (pages >= list.length) throw new Error('lab: setup has used too much memory')
  for (let page = 0; page < pages; page++) {
    let end = (page + 1) * PAGE
    while (end > page * PAGE && user.i32[(end >>> 2) - 1] === 0) end -= 4
    list[page] = Math.max(4, Math.min(end + MARGIN, (page + 1) * PAGE))
  }
}

/** Keeps the memory as it is. */
export function take(buffers: readonly SharedArrayBuffer[]): void {
  measurePages()
  ranges = survey(buffers)
  let at = SNAPSHOT_AT + HEAD
  for (const { memory, from, to } of ranges) {
    if (at + to - from > CONTROL_SIZE) throw new Error('lab: setup has used too much memory')
    bytes.set(memory.subarray(from, to), at)
    at += to - from
  }
}

/** Makes the memory what it was. */
export function restore(buffers: readonly SharedArrayBuffer[]): void {
  ranges ??= survey(buffers)
  let at = SNAPSHOT_AT + HEAD
  for (const { memory, from, to } of ranges) {
    memory.set(bytes.subarray(at, at + to - from), from)
    at += to - from
  }
}
