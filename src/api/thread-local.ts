// class ThreadLocal: pthread/key.ts for TypeScript.

import { EAGAIN, EINVAL } from '../kernel/errno.ts'
import { extend } from '../mem/codec.ts'
import { createKey, pthread_getspecific, pthread_key_delete, pthread_setspecific, type Destructor, type Key } from '../pthread/key.ts'
import { sourceOf, type Entry } from '../pthread/entry.ts'
import { ensure } from './attach.ts'
import { ErrnoError } from './errors.ts'
import { nameIn } from './shared.ts'

export interface ThreadLocalOptions<T> {
  /**
   * Makes a thread's value at its first `get` of this handle. It does not travel: in a thread that got the object as an
   * argument the first value is undefined.
   */
  initial?: () => T
  /**
   * Called with a thread's value when the thread ends. A function stays with this heap; an entry (`load`, `thread`)
   * travels with the object.
   */
  destructor?: ((value: T) => unknown) | Entry<(value: T) => unknown>
  name?: string
}

class Adoption {
  readonly key: Key
  readonly name: string

  constructor(key: Key, name: string) {
    this.key = key
    this.name = name
  }
}

const known = new Map<Key, WeakRef<ThreadLocal<unknown>>>()

/** A value of which every thread has its own. */
export class ThreadLocal<T> {
  readonly #key: Key
  readonly #initial: (() => T) | undefined
  readonly #travels: boolean
  readonly name: string

  /** Throws ErrnoError EAGAIN when there are PTHREAD_KEYS_MAX. */
  constructor(options: ThreadLocalOptions<T> = {}) {
    ensure()
    const adoption = options instanceof Adoption ? options : undefined
    const name = adoption === undefined ? nameIn('ThreadLocal', options) : adoption.name
    const { initial, destructor } = adoption === undefined ? options : {}
    if (initial !== undefined && typeof initial !== 'function') throw new TypeError(`ThreadLocal: initial: ${typeof initial}, not a function`)
    if (destructor !== undefined && typeof destructor !== 'function' && sourceOf(destructor) === undefined)
      throw new TypeError(`ThreadLocal: destructor: ${typeof destructor}, not a function or an entry`)
    this.#initial = initial
    this.name = name
    this.#travels = destructor === undefined || sourceOf(destructor) !== undefined
    this.#key = adoption?.key ?? createKey(destructor as Destructor | Entry | undefined)
    if (this.#key === 0) throw new ErrnoError(EAGAIN, 'new ThreadLocal', 'ThreadLocal: there are too many keys')
    known.set(this.#key, new WeakRef(this as ThreadLocal<unknown>))
  }

  /** The calling thread's value. */
  get(): T | undefined {
    const value = pthread_getspecific(this.#key) as T | undefined
    if (value !== undefined || this.#initial === undefined) return value
    const first = this.#initial()
    pthread_setspecific(this.#key, first)
    return first
  }

  /** Sets the calling thread's value. Throws ErrnoError EINVAL after dispose, in any thread. */
  set(value: T): void {
    if (pthread_setspecific(this.#key, value) !== 0) throw new ErrnoError(EINVAL, 'threadlocal.set', 'this ThreadLocal was disposed of', this)
  }

  /** Deletes the key, for all threads: values are forgotten, destructors do not run. */
  [Symbol.dispose](): void {
    pthread_key_delete(this.#key)
  }

  /** @internal For messages. Throws TypeError if the destructor is a function, which cannot travel. */
  static keyOf(o: ThreadLocal<unknown>): Key {
    if (!o.#travels) throw new TypeError('a ThreadLocal whose destructor is a plain function cannot travel; make the destructor an entry (thread, load)')
    return o.#key
  }
}

extend({
  tag: 5,
  matches: o => o instanceof ThreadLocal,
  encode(o, writer) {
    writer.word(ThreadLocal.keyOf(o as ThreadLocal<unknown>))
    writer.text((o as ThreadLocal<unknown>).name)
  },
  decode(reader) {
    const key = reader.word(), name = reader.text()
    return known.get(key)?.deref() ?? new ThreadLocal(new Adoption(key, name) as object)
  },
})
