// The words of a message while it is written: private memory that grows, and the primitives that need no more.
//
// Large buffers are not copied twice: only their room is reserved here, and `copyTo` takes them from where they are.

import { DOUBLE, DOUBLES, INT, INT32, LARGE, LATIN1, MOST, UTF16 } from './codec-format.ts'
import { SHORT_WRITE, isWide, strings } from './codec-strings.ts'
import type { WordWriter } from './codec-format.ts'
import type { Memory } from './memory.ts'

const SMALL = 1 << 10, KEPT = 1 << 17          // words at the start; of the largest memory that is kept for the next message
const PIECE = 1 << 10                          // numbers for which room is made at once: a sparse array may be long

const double = new Float64Array(1), halves = new Int32Array(double.buffer)

export class Words implements WordWriter {
  /** Words written. */
  at = 0
  i32 = new Int32Array(SMALL)
  u8 = new Uint8Array(this.i32.buffer)
  /** Names the value in errors. */
  root = ''
  /** Large buffers and the words where they belong, ascending. */
  blobs: { readonly at: number, readonly bytes: Uint8Array }[] = []

  word(n: number): void {
    this.room(1)
    this.i32[this.at++] = n
  }

  text(s: string): void {
    const n = s.length
    this.room(4 + (n >>> 1))
    if (n > SHORT_WRITE) return this.#long(s, n)
    const i32 = this.i32
    let at = this.at, i = 0
    for (const whole = n - 3; i < whole; i += 4) {
      const a = s.charCodeAt(i), b = s.charCodeAt(i + 1), c = s.charCodeAt(i + 2), d = s.charCodeAt(i + 3)
      if ((a | b | c | d) > 255) return this.#utf16(s, n)
      i32[++at] = a | b << 8 | c << 16 | d << 24
    }
    if (i < n) {
      let word = 0
      for (let shift = 0; i < n; i++, shift += 8) {
        const unit = s.charCodeAt(i)
        if (unit > 255) return this.#utf16(s, n)
        word |= unit << shift
      }
      i32[++at] = word
    }
    i32[this.at] = LATIN1 | n << 8
    this.at = at + 1
  }

  #long(s: string, n: number): void {
    if (isWide(s)) return this.#utf16(s, n)
    this.head(LATIN1, n)
    strings.writeLatin1(s, this.u8, this.at << 2)
    this.at += (n + 3) >> 2
  }

  #utf16(s: string, n: number): void {
    this.head(UTF16, n)
    strings.writeUtf16(s, this.u8, this.at << 2)
    this.at += (n + 1) >> 1
  }

  number(v: number): void {
    this.room(3)
    const i32 = this.i32
    if ((v | 0) === v && (v !== 0 || 1 / v > 0)) {
      if (v << 8 >> 8 === v) {
        i32[this.at++] = INT | v << 8
      } else {
        i32[this.at++] = INT32
        i32[this.at++] = v
      }
    } else {
      double[0] = v
      i32[this.at++] = DOUBLE
      i32[this.at++] = halves[0]
      i32[this.at++] = halves[1]
    }
  }

  /** Writes the numbers in `a` from `from` on, up to what is none, or some more; returns where that is. */
  doubles(a: readonly unknown[], from: number): number {
    const n = Math.min(a.length, from + PIECE), head = this.at
    this.room(1 + 2 * (n - from))
    const i32 = this.i32
    let i = from, at = head + 1
    for (; i < n; i++) {
      const v = a[i]
      if (typeof v !== 'number') break
      double[0] = v
      i32[at++] = halves[0]
      i32[at++] = halves[1]
    }
    i32[head] = DOUBLES | i - from << 8
    this.at = at
    return i
  }

  /** Writes a tag and its count. */
  head(tag: number, count: number): void {
    this.room(2)
    if (count < 0x80_0000) {
      this.i32[this.at++] = tag | count << 8
    } else {
      this.i32[this.at++] = tag | -1 << 8
      this.i32[this.at++] = count
    }
  }

  /** Appends the bytes of `buffer`, as BUFFER says. */
  bytes(buffer: ArrayBuffer): void {
    const n = buffer.byteLength, words = (n + 3) >>> 2
    this.room(1 + words)
    if (n < LARGE) {
      this.u8.set(new Uint8Array(buffer), this.at << 2)
    } else {
      this.at += this.at & 1
      this.blobs.push({ at: this.at, bytes: new Uint8Array(buffer) })
    }
    this.at += words
  }

  /** Copies everything to word `base` of `memory`, where it fits. */
  copyTo(memory: Memory, base: number): void {
    const words = this.at, from = this.i32, to = memory.i32
    if (words <= 128) for (let i = 0; i < words; i++) to[base + i] = from[i]
    else this.#copyLong(memory, base)
  }

  #copyLong(memory: Memory, base: number): void {
    let at = 0
    for (const blob of this.blobs) {
      memory.i32.set(this.i32.subarray(at, blob.at), base + at)
      memory.u8.set(blob.bytes, (base + blob.at) << 2)
      at = blob.at + ((blob.bytes.length + 3) >>> 2)
    }
    memory.i32.set(this.i32.subarray(at, this.at), base + at)
  }

  /** Forgets the large buffers, and a memory too large to keep. */
  forget(): void {
    if (this.blobs.length !== 0) this.blobs = []
    if (this.i32.length <= KEPT) return
    this.i32 = new Int32Array(SMALL)
    this.u8 = new Uint8Array(this.i32.buffer)
  }

  /** Makes room for so many words more. Throws a RangeError beyond 2 GiB. */
  room(words: number): void {
    if (this.at + words > this.i32.length) this.#grow(this.at + words)
  }

  #grow(words: number): void {
    if (words > MOST) throw new RangeError(`${this.root}: more than 2 GiB for one message`)
    const old = this.u8
    this.i32 = new Int32Array(Math.min(Math.max(words, 2 * this.i32.length), MOST))
    this.u8 = new Uint8Array(this.i32.buffer)
    this.u8.set(old.subarray(0, this.at << 2))
  }
}
