// Reading and writing the binary format: integers in LEB128, names, sections.

/** A position in a module's bytes. Throws RangeError beyond its end. */
export class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  byte(): number {
    if (this.at >= this.end) throw new RangeError('the file ends in the middle')
    return this.bytes[this.at++]
  }

  /** An unsigned 32-bit number. */
  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number is too long')
  }

  /** Passes over a number of any width. */
  passNumber(): void {
    while (this.byte() >= 0x80) continue
  }

  pass(count: number): void {
    if (this.at + count > this.end) throw new RangeError('the file ends in the middle')
    this.at += count
  }

  name(): string {
    const length = this.u32()
    const from = this.at
    this.pass(length)
    return new TextDecoder().decode(this.bytes.slice(from, this.at))
  }
}

/** Bytes that grow. */
export class Writer {
  #bytes: Uint8Array
  #length = 0

  constructor(size = 64) {
    this.#bytes = new Uint8Array(Math.max(64, size))
  }

  byte(...bytes: readonly number[]): void {
    for (const byte of bytes) {
      this.#room(1)
      this.#bytes[this.#length++] = byte
    }
  }

  u32(value: number): void {
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      if (rest < 128) return this.byte(rest)
      this.byte(rest % 128 | 0x80)
    }
  }

  /** A signed 32-bit number, as in i32.const. */
  s32(value: number): void {
    for (let rest = value | 0; ; rest >>= 7) {
      const last = (rest >> 6) === 0 || (rest >> 6) === -1
      this.byte(last ? rest & 0x7f : rest & 0x7f | 0x80)
      if (last) return
    }
  }

  name(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.u32(bytes.length)
    this.copy(bytes, 0, bytes.length)
  }

  copy(from: Uint8Array, start: number, end: number): void {
    this.#room(end - start)
    this.#bytes.set(from.subarray(start, end), this.#length)
    this.#length += end - start
  }

  /** Its own length, then the bytes. */
  sized(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.copy(bytes, 0, bytes.length)
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Numbers of sections. */
export const Section = { CUSTOM: 0, TYPE: 1, IMPORT: 2, FUNCTION: 3, GLOBAL: 6, EXPORT: 7, START: 8, ELEMENT: 9, CODE: 10 } as const

/** Kinds of imports and exports. */
export const Kind = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3, TAG: 4 } as const

/** The flag of a memory that is shared. */
export const SHARED = 2
