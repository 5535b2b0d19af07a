// Node: long strings by Buffer's own copies, which work on any Uint8Array, shared memory included.

import { Buffer } from 'node:buffer'
import type { Strings } from '../mem/codec.ts'

interface BufferMethods {
  latin1Write(s: string, at: number, length: number): number
  ucs2Write(s: string, at: number, length: number): number
  latin1Slice(start: number, end: number): string
  ucs2Slice(start: number, end: number): string
}

const { latin1Write, ucs2Write, latin1Slice, ucs2Slice } = Buffer.prototype as unknown as BufferMethods

const copies: Strings = {
  writeLatin1: (s, bytes, at) => void latin1Write.call(bytes as never, s, at, s.length),
  writeUtf16: (s, bytes, at) => void ucs2Write.call(bytes as never, s, at, 2 * s.length),
  readLatin1: (bytes, at, units) => latin1Slice.call(bytes as never, at, at + units),
  readUtf16: (bytes, at, units) => ucs2Slice.call(bytes as never, at, at + 2 * units),
}

/** For `installStrings`; undefined if this Node has taken the methods away. */
export const nodeStrings: Strings | undefined = [latin1Write, ucs2Write, latin1Slice, ucs2Slice].every(method => typeof method === 'function')
  ? copies
  : undefined
