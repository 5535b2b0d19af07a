// Strings in shared memory.  Short ones are read and written here, unit by unit: that is faster than any call
// into the host.  Long ones go through `strings`, which a host may replace by something faster.
//
// No TextDecoder: browsers refuse to let it look at shared memory, its 'latin1' is windows-1252, and its UTF-16
// replaces lone surrogates.

/** Moves long strings between the heap and bytes. `bytes` may be a view of shared memory. */
export interface Strings {
  /** Writes one byte a unit; every unit of `s` is below 256. */
  writeLatin1(s: string, bytes: Uint8Array, at: number): void
  /** Writes two bytes a unit, the low one first. `at` is even. */
  writeUtf16(s: string, bytes: Uint8Array, at: number): void
  readLatin1(bytes: Uint8Array, at: number, units: number): string
  readUtf16(bytes: Uint8Array, at: number, units: number): string
}

const CHUNK = 4096
const fromCharCode = String.fromCharCode

/** What works everywhere. */
export const portableStrings: Strings = {
  writeLatin1(s, bytes, at) {
    for (let i = 0; i < s.length; i++) bytes[at + i] = s.charCodeAt(i)
  },

  writeUtf16(s, bytes, at) {
    for (let i = 0; i < s.length; i++, at += 2) {
      const unit = s.charCodeAt(i)
      bytes[at] = unit
      bytes[at + 1] = unit >> 8
    }
  },

  readLatin1(bytes, at, units) {
    let s = ''
    for (let i = 0; i < units; i += CHUNK)
      s += fromCharCode.apply(null, bytes.subarray(at + i, at + Math.min(i + CHUNK, units)) as unknown as number[])
    return s
  },

  readUtf16(bytes, at, units) {
    let s = ''
    const chunk: number[] = []
    for (let i = 0; i < units; i++) {
      chunk.push(bytes[at + 2 * i] | bytes[at + 2 * i + 1] << 8)
      if (chunk.length === CHUNK || i === units - 1) s += fromCharCode.apply(null, chunk.splice(0))
    }
    return s
  },
}

export let strings = portableStrings

/** Replaces the way long strings are moved. */
export function installStrings(s: Strings): void {
  strings = s
}

/** Units up to which a loop beats the host's copy. */
export const SHORT_READ = 24, SHORT_WRITE = 48

/** Whether `s` has a unit that a byte cannot hold. */
export const isWide = (s: string): boolean => /[\u0100-\uffff]/.test(s)

// Short strings that were read before, by their words: what comes again, kinds and names, is compared, and not made again.  Of a string that came once
// only the words are remembered.  The second time it becomes the engine's own copy: who compares it with a literal compares pointers, and the
// store of a property under it is cheap.
const SLOTS = 1024, STRIDE = 8, LENGTH = 7
const seen = new Int32Array(SLOTS * STRIDE), texts: (string | undefined)[] = new Array<undefined>(SLOTS).fill(undefined)

/** Reads a string of `n` units, 0 to SHORT_READ, a byte each, from word `at` on; `isName`: it will come again. */
export function readShort(i32: Int32Array, u8: Uint8Array, at: number, n: number, isName = false): string {
  const words = n + 3 >> 2
  let hash = n
  for (let i = 0; i < words; i++) hash = Math.imul(hash ^ i32[at + i], 0x9E3779B1)
  const slot = hash >>> 22, from = slot * STRIDE
  if (seen[from + LENGTH] === n) {
    let i = 0
    while (i < words && seen[from + i] === i32[at + i]) i++
    if (i === words) return texts[slot] ??= intern(make(u8, at << 2, n))
  }
  for (let i = 0; i < words; i++) seen[from + i] = i32[at + i]
  seen[from + LENGTH] = n
  texts[slot] = undefined
  const text = make(u8, at << 2, n)
  return isName ? texts[slot] = intern(text) : text
}

const intern = (s: string): string => Object.keys({ [s]: 0 })[0]

function make(b: Uint8Array, at: number, n: number): string {
  switch (n) {
    case 0: return ''
    case 1: return fromCharCode(b[at])
    case 2: return fromCharCode(b[at], b[at + 1])
    case 3: return fromCharCode(b[at], b[at + 1], b[at + 2])
    case 4: return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3])
    case 5: return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4])
    case 6: return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5])
    case 7: return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6])
    case 8: return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6], b[at + 7])
    default: return make(b, at, 8) + make(b, at + 8, n - 8)
  }
}
