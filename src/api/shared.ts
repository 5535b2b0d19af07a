// What the library's objects have in common: a block in user memory, and handles on it in any number of heaps.
//
// A heap has one handle per object: sent away and back, a Mutex is the same Mutex.  The block lives while a
// heap or a message holds it (kernel/handle.ts); a heap lets go when its handle was collected, which
// the event loop sees to, or at once by `[Symbol.dispose]()`.

import { peek, poke } from '#atomics'
import { EDEADLK, EINVAL, ENOMEM } from '../kernel/errno.ts'
import { drop, hold, retain } from '../kernel/handle.ts'
import { arena, self, user } from '../kernel/process.ts'
import { ObjectHead } from '../kernel/records.ts'
import { wasFrozen } from '../kernel/request.ts'
import { Sights, type Sight } from '../kernel/sight.ts'
import { free, malloc } from '../mem/arena.ts'
import { extend } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { getText, putText } from '../mem/text.ts'
import { ensure } from './attach.ts'
import { ErrnoError, frozen } from './errors.ts'

/** Tells a constructor to take over an object that exists, instead of making one. */
export class Adoption {
  readonly block: Address

  constructor(block: Address) {
    this.block = block
  }
}

const sights = new Sights<Shared>()

/** An object in user memory. */
export abstract class Shared {
  /** Address of the object in user memory; 0 once disposed. */
  protected at: Address = 0
  readonly #sight: Sight<Shared>

  /** Makes an object of `size` bytes, all 0, or adopts one. Throws ErrnoError ENOMEM. */
  protected constructor(kind: number, size: number, name: string, adoption?: Adoption) {
    ensure()
    const block = adoption === undefined ? make(kind, size, name) : adoption.block
    const handle = hold(block)
    if (handle === 0) {
      drop(block)
      throw new ErrnoError(ENOMEM, 'new', `${this.constructor.name}: there are too many objects`)
    }
    this.at = block + ObjectHead.size
    this.#sight = sights.add(this, block, handle)
    if (adoption !== undefined) sights.show(this, this.#sight)
  }

  /** The name given at creation, or ''. */
  get name(): string {
    const name = this.at === 0 ? 0 : peek(user, this.at - ObjectHead.size + ObjectHead.name)
    return name === 0 ? '' : getText(user, name)
  }

  /** The object in words: `Mutex "accounts"`. */
  toString(): string {
    const { name } = this
    return name === '' ? `${this.constructor.name} at 0x${this.at.toString(16)}` : `${this.constructor.name} "${name}"`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.constructor.name} { ${this.at === 0 ? 'disposed' : this.name === '' ? `at 0x${this.at.toString(16)}` : `name: '${this.name}'`} }`
  }

  /**
   * Lets go of the object at once, instead of when the collector finds out: its memory is free when no other
   * thread holds it. Using this handle afterwards throws EINVAL.
   */
  [Symbol.dispose](): void {
    if (this.at === 0) return
    this.at = 0
    sights.remove(this.#sight)
  }

  /** The error for an operation that failed with `errno`. */
  protected failure(errno: number, operation: string): ErrnoError {
    const type = this.constructor.name
    if (this.at === 0) return new ErrnoError(EINVAL, operation, `this ${type} was disposed of`, this)
    if (errno === EDEADLK && !operation.endsWith('Async') && wasFrozen()) {
      const [yields, promises] = FORMS[`${type}.${operation}`] ?? []
      return new ErrnoError(errno, `${type.toLowerCase()}.${operation}`, frozen(`${String(this)}: ${operation}`, yields, promises), this)
    }
    return new ErrnoError(errno, `${type.toLowerCase()}.${operation}`, this.explain(errno, operation), this)
  }

  /** What `errno` means for `operation` of this object, as a sentence without the code. */
  protected explain(_errno: number, operation: string): string {
    return `${String(this)}: ${operation} failed`
  }

  /** For messages: the block. */
  static blockOf(o: Shared): Address {
    if (o.at === 0) throw new TypeError(`${o.constructor.name} was disposed of`)
    sights.show(o, o.#sight)
    return o.at - ObjectHead.size
  }
}

// What blocks, and its forms that block a fiber or nobody.
const FORMS: Readonly<Record<string, [yields: string | undefined, promises: string] | undefined>> = {
  'Mutex.lock': ['fiber.lock(mutex)', 'mutex.lockAsync()'],
  'Condition.wait': ['fiber.wait(condition, mutex)', 'condition.waitAsync(mutex)'],
  'Semaphore.wait': ['fiber.acquire(semaphore)', 'semaphore.waitAsync()'],
  'RwLock.read': ['fiber.read(rwlock)', 'rwlock.readAsync()'],
  'RwLock.write': ['fiber.write(rwlock)', 'rwlock.writeAsync()'],
  'Barrier.wait': ['fiber.barrier(barrier)', 'barrier.waitAsync()'],
  'Once.run': [undefined, 'once.runAsync(f)'],
  'Port.send': ['fiber.send(port, body)', 'port.sendAsync(body)'],
  'Port.do': ['fiber.do(port, body)', 'port.doAsync(body)'],
  'Port.wait': ['fiber.receive(port)', 'port.waitAsync()'],
}

/** The name in an object's options; ''. Throws TypeError for options that are none. */
export function nameIn(type: string, options: { name?: string | undefined }): string {
  if (typeof options !== 'object' || options === null) throw new TypeError(`${type}: options: ${options === null ? 'null' : typeof options}, not an object`)
  const { name = '' } = options
  if (typeof name !== 'string') throw new TypeError(`${type}: name: ${typeof name}, not a string`)
  return name
}

function make(kind: number, size: number, name: string): Address {
  const block = malloc(arena, ObjectHead.size + size, self.carrier)
  const text = block === 0 || name === '' ? 0 : putText(arena, name, self.carrier)
  if (block === 0 || (name !== '' && text === 0)) {
    if (block !== 0) free(arena, block, self.carrier)
    throw new ErrnoError(ENOMEM, 'new', 'user memory is full (see configure: memory)')
  }
  user.i32.fill(0, block >>> 2, (block + ObjectHead.size + size) >>> 2)
  poke(user, block + ObjectHead.count, 1)
  poke(user, block + ObjectHead.name, text)
  poke(user, block + ObjectHead.kind, kind)
  return block
}

// Whether an object of that kind is there: what a message says of it lies where any thread can write.
function isBlock(block: Address, kind: number): boolean {
  return block > 0 && block % 16 === 0 && block < user.size && peek(user, block + ObjectHead.kind) === kind && peek(user, block + ObjectHead.count) > 0
}

/** Lets objects of `type` travel between threads. `tag` is the same in every thread. */
export function travels<T extends Shared>(tag: number, type: abstract new (...args: never[]) => T, adopt: (adoption: Adoption) => T): void {
  extend({
    tag,
    matches: o => o instanceof type,
    encode(o, writer) {
      const block = Shared.blockOf(o as T)
      writer.word(block)
      retain(block)
    },
    decode(reader) {
      const block = reader.word()
      const here = sights.of(block)
      if (here === undefined && !isBlock(block, tag)) throw new ErrnoError(EINVAL, 'receive', `${type.name}: a message names one at 0x${(block >>> 0).toString(16)}, where there is none`)
      if (here === undefined) return adopt(new Adoption(block))
      drop(block)
      return here
    },
    release(reader) {
      drop(reader.word())
    },
  })
}
