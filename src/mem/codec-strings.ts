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

/** Reads `n` bytes, 0 to SHORT_READ, as a string of as many units. */
export function readShort(b: Uint8Array, at: number, n: number): string {
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
    default: return readShort(b, at, 8) + readShort(b, at + 8, n - 8)
  }
}

// Property names, by their bytes.  A name that was met before costs a comparison, no allocation, and is
// already the engine's own copy, which makes the store of the property cheap.
const names: (string | undefined)[] = new Array<undefined>(512).fill(undefined)

/** Reads a short property name. */
export function readName(b: Uint8Array, at: number, n: number): string {
  if (n === 0) return ''
  const slot = (n * 31 + b[at] * 7 + b[at + (n >> 1)] * 61 + b[at + n - 1] * 17) & 511
  const known = names[slot]
  if (known !== undefined && known.length === n) {
    let i = 0
    while (i < n && known.charCodeAt(i) === b[at + i]) i++
    if (i === n) return known
  }
  return names[slot] = Object.keys({ [readShort(b, at, n)]: 0 })[0]
}
