// Encoding: a value becomes a message in private memory, and then its bytes are placed where another thread can
// read them.  The layout is in codec-format.ts.
//
// A heap keeps one writer and hands it to one message at a time.  While a message is being written, getters of
// the user's objects run, and they may create threads themselves: the writer is then busy and another is made.
//
// Objects met before are found by a linear search up to FEW and in a Map from there on.  The path to a value is
// kept as one key a level, stored only on the way into an object; it becomes text when an error needs it.
//
// Over 400 lines: one class whose methods share its buffer, its path, and what must be undone when a part fails; half of it in another file would reach
// all of that through calls.

import {
  ARRAY, BIGINT, BOX, BUFFER, DATE, DEPTH, ERROR, EXCEPTION, EXTENSION, EXTRA, FALSE, HEAD, HOLE, MAGIC, MAP, NONE, NULL,
  OBJECT, REFERENCE, REFERENCES, REGEXP, REST, ROW, SET, SHAPED, TRUE, UNDEFINED, VIEW, extensions,
} from './codec-format.ts'
import {
  describe, errorKind, followsLength, isDetached, isIndex, isTransferable, kindOf, namesBesideElements, quietly, unbox, viewKind,
} from './codec-kinds.ts'
import { KEYS, pathOf } from './codec-path.ts'
import { releaseRecords } from './codec-read.ts'
import { Words } from './codec-words.ts'
import { shapeOf } from './shapes.ts'
import type { Kind } from './codec-kinds.ts'
import type { Address, Memory } from './memory.ts'

/**
 * An encoded value that waits to be placed, which should happen at once: large buffers are read only then. Ends
 * with `place` or `drop`; `size` and `extras` are valid until then.
 */
export interface Message {
  /** Length in bytes, a multiple of 4. */
  readonly size: number
  /** What must travel beside the bytes, by `postMessage(extras, transfer)`. Everything in the transfer list is here. */
  readonly extras: readonly unknown[]
  /**
   * Copies the bytes to `address`, a multiple of 4. The message at that address now owns what the extensions
   * took. Throws a RangeError if the memory ends too early.
   */
  place(memory: Memory, address: Address): void
  /** How many words the value has if nothing belongs to it but them, else 0. */
  readonly bare: number
  /** Copies these words to `address`, for {@link decodeBare}; that can be done again, and ends with `drop`. */
  placeBare(memory: Memory, address: Address): void
  /** Gives back what the extensions took: the value will not be sent. */
  drop(): void
}

const FEW = 16

let spare: Writer | undefined

/**
 * Encodes `value`; `root` names it in errors. With root 'args' the value is taken to be a rest array, which has
 * no named properties. Throws a TypeError that says which part of the value, or of the transfer list, cannot
 * travel, and a RangeError for more than 2 GiB; what a getter throws passes through. Nothing stays taken then.
 */
export function encode(value: unknown, root = 'args', transfer: readonly object[] = NONE): Message {
  const w = spare ?? new Writer()
  spare = undefined
  try {
    w.write(value, root, transfer)
  } catch (error) {
    w.drop()
    throw error
  }
  return w
}

class Writer extends Words implements Message {
  extras: unknown[] = []
  #busy = false
  #transfer: readonly object[] = NONE

  // objects[0 .. count) in the order in which they began; `index` is their inverse, or undefined while they are few
  #objects: (object | undefined)[] = new Array<undefined>(FEW).fill(undefined)
  #count = 0
  #index: Map<object, number> | undefined
  #flags = 0
  /** The last extension record, 0 if there is none. */
  #last = 0

  // keys[1 .. depth] lead from the root, or from a queued body, to the value being written
  #depth = 0
  #keys: unknown[] = new Array<unknown>(DEPTH + 1).fill(0)
  #inside: number[] = new Array<number>(DEPTH + 1).fill(0)
  #deep = false
  /** Bodies that wait: object, tag and the names of its properties, three entries each. */
  #queue: unknown[] = []

  get size(): number {
    return this.at << 2
  }

  write(value: unknown, root: string, transfer: readonly object[]): void {
    this.#busy = true
    this.root = root
    this.at = HEAD
    if (transfer.length !== 0) this.#checkTransfer(transfer)
    this.#value(value, 0)
    if (this.#queue.length !== 0) this.#drain()
    if (transfer.length !== 0) for (const o of transfer) if (!this.extras.includes(o)) this.extras.push(o)
  }

  place(memory: Memory, address: Address): void {
    const words = this.at, base = address >>> 2, { i32 } = this
    if (!this.#busy) throw new Error('place: the message has been placed or dropped already')
    if ((address & 3) !== 0 || base + words > memory.i32.length) throw new RangeError(`place: ${words << 2} bytes do not fit at address ${address}`)
    i32[0] = MAGIC | this.#flags
    i32[1] = words << 2
    i32[2] = this.#last
    i32[3] = this.extras.length
    this.copyTo(memory, base)
    this.#finish()
  }

  get bare(): number {
    return (this.#flags | this.#last | this.extras.length | this.blobs.length) === 0 ? this.at - HEAD : 0
  }

  placeBare(memory: Memory, address: Address): void {
    const { i32 } = this, to = memory.i32, base = (address >>> 2) - HEAD
    for (let i = HEAD, end = this.at; i < end; i++) to[base + i] = i32[i]
  }

  drop(): void {
    if (!this.#busy) return
    if (this.#last !== 0) this.#release()
    else this.#finish()
  }

  #release(): void {
    try {
      releaseRecords(this.i32, this.u8, 0, this.at, this.#last, 0)
    } finally {
      this.#finish()
    }
  }

  #value(v: unknown, key: unknown): void {
    switch (typeof v) {
      case 'number': return this.number(v)
      case 'string': return this.text(v)
      case 'object':
        if (v === null) return this.word(NULL)
        this.#keys[this.#depth] = key
        return this.#object(v)
      case 'boolean': return this.word(v ? TRUE : FALSE)
      case 'undefined': return this.word(UNDEFINED)
      case 'bigint':
        this.word(BIGINT | (v < 0n ? 1 << 8 : 0))
        return this.text((v < 0n ? -v : v).toString(16))
      case 'function':
      case 'symbol':
        this.#keys[this.#depth] = key
        if (typeof v === 'symbol' || !this.#extended(v)) this.#refuse(describe(v))
    }
  }

  #object(o: object): void {
    if (Array.isArray(o)) {
      if (this.#depth !== 0 && this.#known(o)) return
      this.head(ARRAY, o.length)
      return this.#body(o, ARRAY, NONE)
    }
    const prototype: unknown = Object.getPrototypeOf(o)
    if (prototype !== Object.prototype && prototype !== null) return this.#exotic(o)
    const shape = shapeOf(o)
    if ((shape === undefined || this.#depth !== 0) && this.#known(o)) return
    if (shape === undefined) return this.#plain(o)
    this.head(SHAPED, shape.number)
    if (this.#depth === DEPTH) return this.#body(o, SHAPED, shape.names)
    this.#inside[++this.#depth] = SHAPED
    this.#values(o as Record<string, unknown>, shape.names)
    this.#depth--
  }

  #plain(o: object): void {
    const names = Object.keys(o)
    this.head(OBJECT, names.length)
    this.#body(o, OBJECT, names)
  }

  #exotic(o: object): void {
    if (this.#transfer.includes(o)) return this.#extra(o)
    if (extensions.length !== 0 && this.#extended(o)) return
    const kind = kindOf(o)
    if (kind === 'refused') return this.#refuse(describe(o))
    if (kind === 'transfer') return this.#refuse(`${describe(o)} that is not in the transfer list`, '')
    if (kind === 'clone' || kind === 'shared') return this.#extra(o)
    if (kind === 'view' && (o as ArrayBufferView<ArrayBuffer & { growable?: boolean }>).buffer.growable === true) return this.#extra(o)
    if (!this.#known(o)) this.#copy(o, kind)
  }

  #copy(o: object, kind: Kind): void {
    switch (kind) {
      case 'map':
        this.word(MAP)
        return this.#body(o, MAP, NONE)
      case 'set':
        this.word(SET)
        return this.#body(o, SET, NONE)
      case 'error': return this.#error(o as Error, errorKind(o as Error))
      case 'exception': return this.#error(o as Error, EXCEPTION)
      case 'view': return this.#view(o as ArrayBufferView)
      case 'buffer': return this.#buffer(o as ArrayBuffer)
      case 'date':
        this.word(DATE)
        return this.number(Date.prototype.getTime.call(o))
      case 'regexp':
        this.word(REGEXP)
        this.text((o as RegExp).source)
        return this.text((o as RegExp).flags)
      case 'box':
        this.word(BOX)
        return this.#value(unbox(o), 0)
      default: this.#plain(o)
    }
  }

  // True if `o` was met before: then a reference stands for it. Otherwise it is met now.
  #known(o: object): boolean {
    const objects = this.#objects, count = this.#count
    if (this.#index === undefined) {
      for (let i = 0; i < count; i++) if (objects[i] === o) return this.#reference(i)
      if (count === FEW) this.#index = new Map(objects.map((each, i) => [each as object, i]))
    } else {
      const i = this.#index.get(o)
      if (i !== undefined) return this.#reference(i)
    }
    this.#index?.set(o, count)
    objects[this.#count++] = o
    return false
  }

  #reference(i: number): boolean {
    this.head(REFERENCE, i)
    this.#flags = REFERENCES
    return true
  }

  #extra(o: object): void {
    if (!this.#known(o)) this.head(EXTRA, this.extras.push(o) - 1)
  }

  #extended(o: object): boolean {
    for (const e of extensions) {
      if (!e.matches(o)) continue
      if (this.#known(o)) return true
      const at = this.at
      this.word(EXTENSION | e.tag << 8)
      this.word(this.#last)
      this.word(0)
      try {
        e.encode(o, this)
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
        this.#refuse(error.message, '')
      }
      this.i32[at + 2] = this.at - at - 3
      this.#last = at
      return true
    }
    return false
  }

  #body(o: object, tag: number, names: readonly string[]): void {
    if (this.#depth === DEPTH) {
      this.#queue.push(o, tag, names)
      return
    }
    this.#inside[++this.#depth] = tag
    switch (tag) {
      case SHAPED: this.#values(o as Record<string, unknown>, names); break
      case OBJECT: this.#properties(o as Record<string, unknown>, names); break
      case ARRAY: this.#elements(o as unknown[]); break
      case MAP: this.#entries(o as Map<unknown, unknown>); break
      case SET: this.#members(o as Set<unknown>); break
      default: this.#details(o as Error)
    }
    this.#depth--
  }

  #drain(): void {
    const queue = this.#queue
    this.#deep = true
    for (let i = 0; i < queue.length; i += 3) {
      const o = queue[i] as object, tag = queue[i + 1] as number, names = queue[i + 2] as string[]
      queue[i] = queue[i + 2] = undefined
      this.#body(o, tag, names)
    }
  }

  #properties(o: Record<string, unknown>, names: readonly string[]): void {
    for (let i = 0; i < names.length; i++) {
      const name = names[i]
      this.text(name)
      this.#value(o[name], name)
    }
  }

  // The engine finds a property soonest in such a loop; it leaves out what a getter has deleted.
  #values(o: Record<string, unknown>, names: readonly string[]): void {
    let i = 0
    for (const name in o) {
      if (name !== names[i]) break
      const v = o[name]
      if (typeof v === 'number') this.number(v)
      else if (typeof v === 'string') this.text(v)
      else this.#inner(o, v, name)
      i++
    }
    for (; i < names.length; i++) this.#inner(o, o[names[i]], names[i])
  }

  // A value in `o`. What is written first is met only now: most messages have nothing in it to be compared with it.
  #inner(o: object, v: unknown, key: unknown): void {
    if (this.#count === 0 && (typeof v === 'object' || typeof v === 'function')) this.#known(o)
    this.#value(v, key)
  }

  #elements(a: unknown[]): void {
    const n = a.length
    let holes = 0
    for (let i = 0; i < n; i++) {
      const v = a[i]
      if (typeof v === 'number' && n - i >= ROW && (v | 0) !== v && typeof a[i + ROW - 1] === 'number') {
        i = this.doubles(a, i) - 1
      } else if (v !== undefined || Object.hasOwn(a, i)) {
        if (typeof v === 'number') this.number(v)
        else this.#inner(a, v, i)
      } else if (++holes < 32) {
        this.word(HOLE)
      } else {
        this.#rest(a, i)
        break
      }
    }
    const isArguments = this.#depth === 1 && !this.#deep && this.root === 'args'
    const names = isArguments ? NONE : namesBesideElements(a)
    this.word(names.length)
    if (names.length === 0) return
    if (this.#count === 0) this.#known(a)
    this.#properties(a as unknown as Record<string, unknown>, names)
  }

  #rest(a: unknown[], from: number): void {
    const indices = Object.keys(a).filter(key => isIndex(key) && +key >= from)
    if (this.#count === 0) this.#known(a)
    this.word(REST)
    this.word(indices.length)
    for (const i of indices) {
      this.word(+i)
      this.#value(a[+i], +i)
    }
  }

  // Maps and Sets may change under a getter: what was there at the start is the most that is written.
  #entries(map: Map<unknown, unknown>): void {
    const depth = this.#depth, at = this.at, most = Reflect.get(Map.prototype, 'size', map) as number
    let n = 0
    this.word(0)
    if (most !== 0) for (const [key, v] of Map.prototype.entries.call(map)) {
      this.#inside[depth] = KEYS
      this.#value(key, n)
      this.#inside[depth] = MAP
      this.#value(v, key)
      if (++n === most) break
    }
    this.#keys[depth] = 0
    this.i32[at] = n
  }

  #members(set: Set<unknown>): void {
    const at = this.at, most = Reflect.get(Set.prototype, 'size', set) as number
    let n = 0
    this.word(0)
    if (most !== 0) for (const v of Set.prototype.values.call(set)) {
      this.#value(v, n)
      if (++n === most) break
    }
    this.i32[at] = n
  }

  #error(e: Error, which: number): void {
    const message = quietly(e, 'message'), stack = quietly(e, 'stack')
    this.word(ERROR | which << 8)
    if (Object.hasOwn(e, 'message') ? typeof message !== 'symbol' && Object(message) !== message : message !== '') this.text(String(message))
    else this.word(HOLE)
    if (typeof stack === 'string') this.text(stack)
    else this.word(HOLE)
    this.text(which === EXCEPTION ? e.name : '')
    this.#body(e, ERROR, NONE)
  }

  // An error must arrive: what it carries besides is left out when it cannot travel.
  #details(e: Error): void {
    for (const name of ['cause', 'errors'])
      if (!Object.hasOwn(e, name) || !this.#attempt(e, name, false)) this.word(HOLE)
    const at = this.at
    let n = 0
    this.word(0)
    for (const name of Object.keys(e))
      if (name !== 'message' && name !== 'stack' && name !== 'cause' && name !== 'errors' && this.#attempt(e, name, true)) n++
    this.i32[at] = n
  }

  #attempt(e: Error, name: string, named: boolean): boolean {
    const { at } = this, count = this.#count, depth = this.#depth, last = this.#last
    const extras = this.extras.length, queue = this.#queue.length, blobs = this.blobs.length
    try {
      if (named) this.text(name)
      this.#value((e as unknown as Record<string, unknown>)[name], name)
      return true
    } catch {
      releaseRecords(this.i32, this.u8, 0, this.at, this.#last, last)
      while (this.#count > count) {
        const o = this.#objects[--this.#count] as object
        this.#index?.delete(o)
        this.#objects[this.#count] = undefined
      }
      this.at = at
      this.#depth = depth
      this.#last = last
      this.extras.length = extras
      this.#queue.length = queue
      this.blobs.length = blobs
      return false
    }
  }

  #view(v: ArrayBufferView): void {
    const isResizable = (v.buffer as { resizable?: boolean }).resizable === true
    this.head(VIEW, viewKind(v))
    this.number(v.byteOffset)
    this.number(isResizable && followsLength(v) ? -1 : (v as { length?: number }).length ?? v.byteLength)
    this.#exotic(v.buffer)
  }

  #buffer(buffer: ArrayBuffer & { resizable?: boolean, maxByteLength?: number }): void {
    if (isDetached(buffer)) this.#refuse('a detached ArrayBuffer')
    this.head(BUFFER, buffer.byteLength)
    this.word(buffer.resizable === true ? buffer.maxByteLength! : -1)
    this.bytes(buffer)
  }

  #checkTransfer(transfer: readonly object[]): void {
    this.#transfer = transfer
    for (let i = 0; i < transfer.length; i++) {
      const twin = transfer.indexOf(transfer[i])
      if (twin !== i) throw new TypeError(`transfer[${i}]: the same ${describe(transfer[i]).replace(/^an? /, '')} as transfer[${twin}]`)
      if (!isTransferable(transfer[i])) throw new TypeError(`transfer[${i}]: ${describe(transfer[i])} cannot be transferred`)
    }
  }

  #refuse(what: string, why = ' cannot be sent to another thread'): never {
    const path = pathOf(this.#deep ? `${this.root} … ` : this.root, this.#keys, this.#inside, this.#depth)
    throw new TypeError(`${path}: ${what}${why}`)
  }

  // Ready for the next message; nothing of the user's is kept alive.
  #finish(): void {
    const objects = this.#objects
    if (this.#count > FEW) this.#objects = new Array<undefined>(FEW).fill(undefined)
    else for (let i = 0; i < this.#count; i++) objects[i] = undefined
    if (this.#depth !== 0) this.#keys.fill(0)                             // it has failed on the way
    this.#count = this.#flags = this.#last = this.#depth = 0
    this.#index = undefined
    this.#deep = false
    this.#transfer = NONE
    if (this.extras.length !== 0) this.extras = []
    if (this.#queue.length !== 0) this.#queue = []
    this.forget()
    this.#busy = false
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the pool of one
    spare = this
  }
}
