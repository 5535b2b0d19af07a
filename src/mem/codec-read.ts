// Decoding: reads a message where it lies in shared memory.  The layout is in codec-format.ts.
//
// Bytes are not trusted: every loop consumes words, every length is checked against the end of the message,
// and what makes no sense throws.  A table of the objects is kept only for messages that refer back.
// Over 400 lines: one class whose methods share its position and its table, as those of codec-write.ts.

import {
  AGGREGATE, ARRAY, BIGINT, BOX, BUFFER, DATE, DEPTH, DOUBLE, DOUBLES, ERROR, ERRORS, EXCEPTION, EXTENSION, EXTRA, FALSE, HEAD, HOLE, INT, INT32,
  LARGE, LATIN1, MAGIC, MAP, NONE, NULL, OBJECT, REFERENCE, REFERENCES, REGEXP, REST, SET, SHAPED, TRUE, UNDEFINED, UTF16, VIEW, VIEWS, extensionsByTag,
} from './codec-format.ts'
import { SHORT_READ, readShort, strings } from './codec-strings.ts'
import { shapeNumbered } from './shapes.ts'
import type { WordReader } from './codec-format.ts'
import type { Address, Memory } from './memory.ts'

const double = new Float64Array(1), halves = new Int32Array(double.buffer)
const empty = new Int32Array(0), noBytes = new Uint8Array(0)
const global = globalThis as unknown as Record<string, new (...args: unknown[]) => object>

let spare: Reader | undefined

/**
 * Makes the value of the message at `address` again; `extras` are what came beside it. The objects of extensions
 * take over their references, so a message is decoded or released, and once. Throws an Error if the bytes are
 * no message, or an extra is missing.
 */
export function decode(memory: Memory, address: Address, extras: readonly unknown[] = NONE): unknown {
  const r = spare ?? new Reader()
  spare = undefined
  try {
    return r.read(memory, address, extras)
  } finally {
    r.finish()
    spare = r
  }
}

/** Makes the value again of which a message has placed the bare words, from `at` to `end` of `i32`; `u8` is the same memory. */
export function decodeBare(i32: Int32Array, u8: Uint8Array, at: number, end: number): unknown {
  const r = spare ?? new Reader()
  spare = undefined
  try {
    return r.limit(i32, u8, at, end).all()
  } finally {
    r.finish()
    spare = r
  }
}

/** Releases the message at `address`, which nobody will decode: extensions give back what they took. */
export function releaseMessage(memory: Memory, address: Address): void {
  const base = address >>> 2, end = endOf(memory, address)
  releaseRecords(memory.i32, memory.u8, base, end, memory.i32[base + 2], 0)
}

/** Length in bytes of the message at `address`. */
export function messageSize(memory: Memory, address: Address): number {
  return (endOf(memory, address) << 2) - address
}

/** How many extras the message at `address` needs to be decoded. */
export function extrasNeeded(memory: Memory, address: Address): number {
  endOf(memory, address)
  return memory.i32[(address >>> 2) + 3]
}

/** Calls release for the extension records from `last` back to, and without, `until`. Links point backwards, so this ends. */
export function releaseRecords(i32: Int32Array, u8: Uint8Array, base: number, end: number, last: number, until: number): void {
  while (last > until) {
    const at = base + last, tag = i32[at] >>> 8 & 255, previous = i32[at + 1], payload = at + 3
    if (at + 3 > end || (i32[at] & 255) !== EXTENSION || previous >= last || payload + i32[at + 2] > end) corrupt(base << 2, at, 'no extension record')
    const e = extensionsByTag[tag]
    if (e?.release !== undefined) e.release(new Reader().limit(i32, u8, payload, payload + i32[at + 2]))
    last = previous
  }
}

// The word index at which the message ends.
function endOf(memory: Memory, address: Address): number {
  const i32 = memory.i32, base = address >>> 2
  if ((address & 3) !== 0 || base + HEAD >= i32.length || (i32[base] & ~REFERENCES) !== MAGIC) corrupt(address, base, 'no message')
  const size = i32[base + 1], end = base + (size >> 2)
  if ((size & 3) !== 0 || size <= HEAD << 2 || end > i32.length) corrupt(address, base + 1, `a length of ${size} bytes`)
  return end
}

function corrupt(address: Address, at: number, what: string): never {
  throw new Error(`corrupt message at address ${address}: ${what} at byte ${(at << 2) - address}`)
}

class Reader implements WordReader {
  #i32: Int32Array = empty
  #u8: Uint8Array = noBytes
  #base = 0
  /** Index of the next word. */
  #at = 0
  #end = 0
  #extras: readonly unknown[] = NONE
  /** The objects in the order in which they began; undefined if nothing refers to them. */
  #table: unknown[] | undefined
  #depth = 0
  /** Bodies that wait: object, tag and count, three entries each. */
  #queue: unknown[] = []

  read(memory: Memory, address: Address, extras: readonly unknown[]): unknown {
    this.#base = address >>> 2
    this.limit(memory.i32, memory.u8, this.#base + HEAD, endOf(memory, address))
    this.#extras = extras
    if ((this.#i32[this.#base] & REFERENCES) !== 0) this.#table = []
    return this.all()
  }

  all(): unknown {
    const v = this.value(), queue = this.#queue
    for (let i = 0; i < queue.length; i += 3) {
      const o = queue[i] as object
      queue[i] = undefined
      this.#body(o, queue[i + 1] as number, queue[i + 2] as number)
    }
    if (this.#at !== this.#end) this.#corrupt('something after the value')
    return v
  }

  limit(i32: Int32Array, u8: Uint8Array, at: number, end: number): this {
    this.#i32 = i32
    this.#u8 = u8
    this.#at = at
    this.#end = end
    return this
  }

  finish(): void {
    this.#extras = NONE
    this.#table = undefined
    this.#depth = 0
    if (this.#queue.length !== 0) this.#queue = []
  }

  word(): number {
    if (this.#at >= this.#end) this.#corrupt('the end')
    return this.#i32[this.#at++]
  }

  text(): string {
    const v = this.value()
    if (typeof v !== 'string') this.#corrupt('no string')
    return v
  }

  /** The next value. */
  value(): unknown {
    if (this.#at >= this.#end) this.#corrupt('the end')
    const word = this.#i32[this.#at++], n = word >> 8
    switch (word & 255) {
      case INT: return n
      case LATIN1: return this.#latin1(n < 0 ? this.word() : n)
      case SHAPED: return this.#shaped(n)
      case OBJECT: return this.#begin({}, OBJECT, n < 0 ? this.word() >>> 0 : n)
      case ARRAY: return this.#array(n < 0 ? this.word() >>> 0 : n)
      case DOUBLE: return this.#double()
      case INT32: return this.word()
      case TRUE: return true
      case FALSE: return false
      case UNDEFINED: return undefined
      case NULL: return null
      case UTF16: return this.#utf16(n < 0 ? this.word() : n)
      case REFERENCE: return this.#reference(n < 0 ? this.word() : n)
      case EXTENSION: return this.#extension(n)
      case EXTRA: return this.#extra(n < 0 ? this.word() : n)
      case MAP: return this.#begin(new Map(), MAP, 0)
      case SET: return this.#begin(new Set(), SET, 0)
      case DATE: return this.#met(new Date(this.#numeric()))
      case REGEXP: return this.#met(new RegExp(this.text(), this.text()))
      case BIGINT: return n === 1 ? -this.#digits() : this.#digits()
      case BUFFER: return this.#buffer(n < 0 ? this.word() : n)
      case VIEW: return this.#view(n)
      case ERROR: return this.#error(n)
      case BOX: return this.#box()
    }
    this.#at--
    this.#corrupt(`unknown tag ${word & 255}`)
  }

  #latin1(n: number): string {
    const from = this.#at
    this.#skip(n)
    return n <= SHORT_READ ? readShort(this.#i32, this.#u8, from, n) : strings.readLatin1(this.#u8, from << 2, n)
  }

  #utf16(n: number): string {
    const from = this.#at << 2
    this.#skip(2 * n)
    return strings.readUtf16(this.#u8, from, n)
  }

  #name(): string {
    const word = this.#at < this.#end ? this.#i32[this.#at] : 0, n = word >> 8
    if ((word & 255) !== LATIN1 || n < 0 || n > SHORT_READ) return this.text()
    const from = ++this.#at
    this.#skip(n)
    return readShort(this.#i32, this.#u8, from, n, true)
  }

  #double(): number {
    halves[0] = this.word()
    halves[1] = this.word()
    return double[0]
  }

  #numeric(): number {
    const v = this.value()
    if (typeof v !== 'number') this.#corrupt('no number')
    return v
  }

  #digits(): bigint {
    return BigInt(`0x${this.text()}`)
  }

  #met<T>(o: T): T {
    this.#table?.push(o)
    return o
  }

  #reference(i: number): unknown {
    const o = this.#table?.[i]
    if (o === undefined) this.#corrupt(`a reference to object ${i}`)
    return o
  }

  #extra(i: number): unknown {
    if (!(i >= 0 && i < this.#extras.length)) this.#corrupt(`extra ${i} of ${this.#extras.length}`)
    return this.#met(this.#extras[i])
  }

  #extension(tag: number): object {
    const e = extensionsByTag[tag], end = this.#end
    if (e === undefined) this.#corrupt(`unknown extension ${tag}`)
    this.word()
    const n = this.word(), after = this.#at + n
    if (n < 0 || after > end) this.#corrupt('an extension record past the end')
    const slot = this.#table === undefined ? 0 : this.#table.push(undefined) - 1
    this.#end = after
    const o = e.decode(this)
    if (this.#table !== undefined) this.#table[slot] = o
    this.#end = end
    this.#at = after
    return o
  }

  #array(n: number): unknown {
    return this.#begin(n > this.#end - this.#at ? sparse(n) : n <= 16 ? new Array<unknown>(n) : [], ARRAY, n)
  }

  // The body of `o` follows, or comes later.
  #begin(o: object, tag: number, n: number): object {
    if (this.#table !== undefined) this.#table.push(o)
    if (this.#depth === DEPTH) this.#queue.push(o, tag, n)
    else this.#body(o, tag, n)
    return o
  }

  #body(o: object, tag: number, n: number): void {
    this.#depth++
    switch (tag) {
      case SHAPED: this.#values(o as Record<string, unknown>, n); break
      case OBJECT: this.#properties(o as Record<string, unknown>, n); break
      case ARRAY: this.#elements(o as unknown[], n); break
      case MAP: for (let left = this.word(); left > 0; left--) (o as Map<unknown, unknown>).set(this.value(), this.value()); break
      case SET: for (let left = this.word(); left > 0; left--) (o as Set<unknown>).add(this.value()); break
      default: this.#details(o)
    }
    this.#depth--
  }

  #properties(o: Record<string, unknown>, n: number): void {
    for (; n > 0; n--) {
      const name = this.#name()
      if (name === '__proto__') Object.defineProperty(o, name, { value: this.value(), writable: true, enumerable: true, configurable: true })
      else o[name] = this.value()
    }
  }

  #shaped(number: number): object {
    const o = {}
    if (this.#table !== undefined || this.#depth === DEPTH) return this.#begin(o, SHAPED, number)
    this.#depth++
    this.#values(o, number)
    this.#depth--
    return o
  }

  #values(o: Record<string, unknown>, number: number): void {
    const shape = shapeNumbered(number)
    if (shape === undefined) this.#corrupt(`unknown shape ${number}`)
    if (shape.fill !== undefined) return shape.fill(o, shape.names, this)
    const { names } = shape
    for (let i = 0; i < names.length; i++) o[names[i]] = this.value()
  }

  #elements(a: unknown[], n: number): void {
    const i32 = this.#i32
    for (let i = 0; i < n; i++) {
      const tag = i32[this.#at] & 255
      if (tag === HOLE) {
        this.word()
        if (a.length <= i) a.length = i + 1
      } else if (tag === DOUBLES) {
        i = this.#doubles(a, i, n) - 1
      } else if (tag === REST) {
        this.#rest(a, n)
        break
      } else {
        a[i] = this.value()
      }
    }
    this.#properties(a as unknown as Record<string, unknown>, this.word())
  }

  #doubles(a: unknown[], i: number, n: number): number {
    const i32 = this.#i32, count = this.word() >> 8
    if (count <= 0 || count > n - i) this.#corrupt(`${count} numbers for ${n - i} elements`)
    let at = this.#at
    this.#skip(8 * count)
    for (const end = i + count; i < end; i++) {
      halves[0] = i32[at++]
      halves[1] = i32[at++]
      a[i] = double[0]
    }
    return i
  }

  #rest(a: unknown[], n: number): void {
    this.word()
    for (let left = this.word(); left > 0; left--) {
      const i = this.word() >>> 0
      if (i >= n) this.#corrupt(`element ${i} of ${n}`)
      a[i] = this.value()
    }
    if (a.length < n) a.length = n
  }

  #buffer(n: number): ArrayBuffer {
    const max = this.word()
    if (n >= LARGE && (this.#at - this.#base & 1) !== 0) this.word()
    const from = this.#at << 2
    this.#skip(n)
    if (max >= 0 && max < n) this.#corrupt('a buffer longer than it may become')
    const buffer = max < 0 ? new ArrayBuffer(n) : new (global.ArrayBuffer)(n, { maxByteLength: max }) as ArrayBuffer
    new Uint8Array(buffer).set(this.#u8.subarray(from, from + n))
    return this.#met(buffer)
  }

  #view(kind: number): object {
    const slot = this.#table === undefined ? 0 : this.#table.push(undefined) - 1
    const offset = this.#numeric(), length = this.#numeric(), buffer: unknown = this.value(), type = VIEWS[kind]
    if (type === undefined || global[type] === undefined || !(buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer)) this.#corrupt('no view')
    const v = length === -1 ? new global[type](buffer, offset) : new global[type](buffer, offset, length)
    if (this.#table !== undefined) this.#table[slot] = v
    return v
  }

  #error(which: number): unknown {
    const name = ERRORS[which]
    if (name === undefined) this.#corrupt(`error class ${which}`)
    const message = this.#optional(), stack = this.#optional(), exceptionName = this.text()
    const limit = Error.stackTraceLimit
    Reflect.set(Error, 'stackTraceLimit', 0)             // the sender's stack replaces ours, and ours is dear; fails quietly if frozen
    const text = message === undefined ? [] : [message]
    const e = which === EXCEPTION
      ? new global.DOMException(message ?? '', exceptionName)
      : which === AGGREGATE ? new AggregateError([], ...text) : new global[name](...text)
    Reflect.set(Error, 'stackTraceLimit', limit)
    hide(e, 'stack', stack)
    return this.#begin(e, ERROR, 0)
  }

  #details(e: object): void {
    for (const name of ['cause', 'errors'])
      if (this.#at < this.#end && (this.#i32[this.#at] & 255) === HOLE) this.#at++
      else hide(e, name, this.value())
    this.#properties(e as Record<string, unknown>, this.word())
  }

  #optional(): string | undefined {
    if (this.#at >= this.#end || (this.#i32[this.#at] & 255) !== HOLE) return this.text()
    this.#at++
    return undefined
  }

  #box(): unknown {
    const v = this.value()
    if (Object(v) === v || v === undefined || v === null) this.#corrupt('no primitive')
    return this.#met(Object(v))
  }

  #skip(bytes: number): void {
    const words = (bytes + 3) >>> 2
    if (bytes < 0 || words > this.#end - this.#at) this.#corrupt(`${bytes} bytes past the end`)
    this.#at += words
  }

  #corrupt(what: string): never {
    corrupt(this.#base << 2, this.#at, what)
  }
}

const hide = (o: object, name: string, value: unknown): unknown =>
  Object.defineProperty(o, name, { value, writable: true, enumerable: false, configurable: true })

// An array of a great length that takes no room: an element far out makes the engine keep a dictionary.
function sparse(n: number): unknown[] {
  const a: unknown[] = []
  if (n > 4096) {
    a[n - 1] = 0
    delete a[n - 1]
  } else {
    a.length = n
  }
  return a
}
