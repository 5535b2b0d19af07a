// class Mutex: pthread/mutex.ts for TypeScript.

import { casOwned, peek } from '#atomics'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EBUSY, EDEADLK, EINVAL, ENOTRECOVERABLE, EOWNERDEAD, EPERM, ETIMEDOUT } from '../kernel/errno.ts'
import { drop, retain } from '../kernel/handle.ts'
import { kernel, record, self, user } from '../kernel/process.ts'
import { Flag, ObjectHead, ThreadRecord } from '../kernel/records.ts'
import { settle, type Sleeper } from '../kernel/request.ts'
import { closeAsync, find } from '../kernel/thread.ts'
import type { Address } from '../mem/memory.ts'
import {
  FREE, HELD, initKind, lock_slow, lockUntil, lockYielding, pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock, trylockAs, unlockAs,
} from '../pthread/mutex.ts'
import { local } from '../pthread/local.ts'
import { isCeiling, kindFrom } from '../pthread/mutexattr.ts'
import {
  kindOf, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_NONE, PTHREAD_PRIO_PROTECT,
} from '../pthread/mutextype.ts'
import { describe } from '../pthread/obituary.ts'
import { Mutex as Record } from '../pthread/records.ts'
import { consistentAs } from '../pthread/robust.ts'
import { ErrnoError } from './errors.ts'
import { after, begin, tidOf } from './later.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

const types = { normal: PTHREAD_MUTEX_NORMAL, recursive: PTHREAD_MUTEX_RECURSIVE, errorcheck: PTHREAD_MUTEX_ERRORCHECK } as const
const protocols = { none: PTHREAD_PRIO_NONE, inherit: PTHREAD_PRIO_INHERIT, protect: PTHREAD_PRIO_PROTECT } as const

export interface MutexOptions {
  /** What happens when the holder locks again: errorcheck (default) throws EDEADLK, recursive counts, normal blocks for ever. */
  type?: keyof typeof types
  /** When the holder ends or dies, the next one to lock is told (`ownerDied`). Default: the mutex stays locked. */
  robust?: boolean
  /** `inherit`: the holder has at least the priority of who waits for it; `protect`: at least `ceiling`. Default: `none`. */
  protocol?: keyof typeof protocols
  /** With `protect`: a priority from 1 (default) to 99; threads with a higher one cannot lock the mutex. */
  ceiling?: number
  /** For error messages and reports. */
  name?: string
}

/**
 * A mutual exclusion lock. Belongs to the thread that locked it, or to an asynchronous acquisition. Travels
 * between threads as the same mutex.
 */
export class Mutex extends Shared {
  /** Whether the word names the holder: robust, or with a protocol. */
  readonly #named: boolean

  /** Throws TypeError for options that are none, ErrnoError ENOMEM when user memory is full. */
  constructor(options: MutexOptions = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    const name = adoption === undefined ? nameIn('Mutex', options) : ''
    const [kind, ceiling] = adoption === undefined ? kindIn(options) : [0, 0]
    super(1, Record.size, name, adoption)
    if (adoption === undefined) initKind(user, this.at, kind, ceiling)
    this.#named = kindOf(user, this.at) !== 0
  }

  /**
   * Locks the mutex; blocks until it is free, or for `ms` milliseconds. Returns the mutex, for `using _ = mutex.lock()`.
   * Throws ErrnoError ETIMEDOUT; EDEADLK if the caller holds it already, or if its holder waits, through others
   * maybe, for a mutex that the caller holds (errorcheck). If the holder of a robust mutex has died, look at {@link ownerDied};
   * ENOTRECOVERABLE if nobody made its state consistent after that; EINVAL if the caller's priority is above the ceiling.
   */
  lock(ms?: number): this {
    const at = this.at
    if (at === 0) throw this.failure(0, 'lock')
    const errno = ms === undefined ? pthread_mutex_lock(user, at) : lockUntil(user, at, after(ms), CLOCK_MONOTONIC)
    if (errno !== 0 && errno !== EOWNERDEAD) throw this.failure(errno, 'lock')
    if (this.#named) this.#keep()
    return this
  }

  /** @internal Locks the mutex if it is free and plain, and says whether. */
  tryLockFast(): boolean {
    return this.at !== 0 && casOwned(user, this.at, FREE, HELD, self.tid) === FREE
  }

  /** @internal {@link lock} for a fiber. */
  *locking(ms?: number): Sleeper<this> {
    if (this.at === 0) throw this.failure(0, 'lock')
    const errno = yield* lockYielding(user, this.at, after(ms), CLOCK_MONOTONIC)
    if (errno !== 0 && errno !== EOWNERDEAD) throw this.failure(errno, 'lock')
    if (this.#named) this.#keep()
    return this
  }

  /** Locks the mutex if it is free and returns it, else null. Does not block. */
  tryLock(): this | null {
    if (this.at === 0) throw this.failure(0, 'tryLock')
    const errno = pthread_mutex_trylock(user, this.at)
    if (errno === 0 || errno === EOWNERDEAD) {
      if (this.#named) this.#keep()
      return this
    }
    if (errno === EBUSY) return null
    throw this.failure(errno, 'tryLock')
  }

  /**
   * Unlocks the mutex. Throws ErrnoError EPERM if the caller does not hold it (errorcheck, recursive, robust, or with a
   * protocol). If {@link ownerDied} and the state was not made {@link consistent}, nobody can lock the mutex any more.
   */
  unlock(): void {
    const at = this.at
    if (at === 0) throw this.failure(0, 'unlock')
    const errno = pthread_mutex_unlock(user, at)
    if (errno !== 0) throw this.failure(errno, 'unlock')
    if (this.#named && peek(user, at + Record.owner) !== self.tid) local.held?.delete(this)
  }

  // The word of the mutex names the holder: the holder's list goes through its memory, which must outlive that, whoever drops the handle.
  #keep(): void {
    local.held ??= new Set<Mutex>()
    local.held.add(this)
  }

  /**
   * Whether the holder before this one died with the mutex locked, so that what it guards may be half changed. From the
   * lock that found that out until {@link consistent}; robust mutexes only.
   */
  get ownerDied(): boolean {
    return this.at !== 0 && peek(user, this.at + Record.inconsistent) !== 0 && peek(user, this.at + Record.owner) !== 0
  }

  /** The holder says that what the mutex guards is consistent again, after {@link ownerDied}. Throws ErrnoError EINVAL if that was not so. */
  consistent(): void {
    if (this.at === 0) throw this.failure(0, 'consistent')
    const errno = consistentAs(user, this.at, self.tid)
    if (errno !== 0) throw this.failure(errno, 'consistent')
  }

  /** Calls `f` with the mutex locked and returns its result. `f` must be synchronous: see {@link withAsync}. */
  with<T>(f: () => T): T {
    this.lock()
    try {
      return f()
    } finally {
      this.unlock()
    }
  }

  /**
   * Locks the mutex without blocking the thread. The promise's value owns the mutex, not the thread: two
   * asynchronous tasks of one thread exclude each other. Rejects with ErrnoError ETIMEDOUT, or as {@link lock}.
   */
  async lockAsync(ms?: number): Promise<MutexHold> {
    if (this.at === 0) throw this.failure(0, 'lockAsync')
    const at = this.at
    const until = after(ms)
    const slot = begin('mutex.lockAsync')
    try {
      const tried = trylockAs(user, at, tidOf(slot))
      const errno = tried !== EBUSY ? tried : await settle(slot, lock_slow(user, at, tidOf(slot), until, CLOCK_MONOTONIC))
      if (errno === 0 || errno === EOWNERDEAD) return new MutexHold(this, at, slot)
      throw this.failure(errno, 'lockAsync')
    } catch (error) {
      closeAsync(slot)
      throw error
    }
  }

  /** Calls `f` with the mutex locked, awaits its result, unlocks. Waits without blocking the thread. */
  async withAsync<T>(f: (hold: MutexHold) => T | PromiseLike<T>): Promise<T> {
    const hold = await this.lockAsync()
    try {
      return await f(hold)
    } finally {
      hold.unlock()
    }
  }

  /** Unlocks the mutex if the calling thread holds it; else lets go of the object, as every `[Symbol.dispose]` of the library. */
  override [Symbol.dispose](): void {
    if (this.at !== 0 && self.tid !== 0 && peek(user, this.at + Record.owner) === self.tid) this.unlock()
    else super[Symbol.dispose]()
  }

  /** For conditions: where the mutex is. */
  static addressOf(mutex: Mutex): Address {
    if (!(mutex instanceof Mutex)) throw new TypeError(`wait: ${mutex === null ? 'null' : typeof mutex}, not a Mutex`)
    if (mutex.at === 0) throw mutex.failure(0, 'wait')
    return mutex.at
  }

  protected override explain(errno: number, operation: string): string {
    const owner = peek(user, this.at + Record.owner)
    switch (errno) {
      case EDEADLK: return owner === self.tid
        ? `${String(this)} is already held by this ${holder(owner)}`
        : `${String(this)} is held by ${holder(owner)}, which waits for a mutex that this thread holds, itself or through others`
      case EINVAL: return operation === 'consistent'
        ? `${String(this)}: this thread does not hold it after the death of its holder`
        : `${String(this)}: the priority of this thread is above the mutex's ceiling, ${peek(user, this.at + Record.ceiling)}`
      case ENOTRECOVERABLE: return `${String(this)} was unlocked after the death of its holder, and what it guards was not made consistent`
      case EPERM: return `${String(this)} is ${owner === 0 ? 'not locked' : `held by ${owner === self.tid ? 'this ' : ''}${holder(owner)}`}: only its holder can unlock it`
      case ETIMEDOUT: return `${String(this)} was not free in time${owner === 0 ? '' : `: held by ${holder(owner)}`}`
      default: return super.explain(errno, operation)
    }
  }
}

// The bits of the mutex's type, and its ceiling.
function kindIn({ type = 'errorcheck', robust = false, protocol = 'none', ceiling }: MutexOptions): [number, number] {
  if (!Object.hasOwn(types, type)) throw new TypeError(`Mutex: type "${String(type)}" is not "normal", "recursive" or "errorcheck"`)
  if (typeof robust !== 'boolean') throw new TypeError(`Mutex: robust: ${typeof robust}, not a boolean`)
  if (!Object.hasOwn(protocols, protocol)) throw new TypeError(`Mutex: protocol "${String(protocol)}" is not "none", "inherit" or "protect"`)
  if (ceiling !== undefined && protocol !== 'protect') throw new TypeError(`Mutex: a ceiling needs the protocol "protect"`)
  if (ceiling !== undefined && !isCeiling(ceiling)) throw new RangeError(`Mutex: ceiling: ${String(ceiling)} is not a whole number from 1 to 99`)
  return [kindFrom(types[type], robust ? 1 : 0, protocols[protocol]), ceiling ?? 1]
}

/** The owner in words: `thread (tid 7, "teller")`. `by`: what acquires asynchronously. */
export function holder(tid: number, by = 'lockAsync'): string {
  const slot = find(tid)
  if (slot === 0) return `thread (tid ${tid}), which has ended`
  if ((peek(kernel, record(slot) + ThreadRecord.flags) & Flag.ASYNC) === 0) return describe(slot).replace(/^thread (\d+)(?: (.*))?$/, (_, n, name) => `thread (tid ${n}${name === undefined ? '' : `, ${name}`})`)
  return `an asynchronous acquisition (unlock it through what ${by} returned)`
}

/** A mutex locked by `lockAsync`. */
export class MutexHold {
  readonly mutex: Mutex
  readonly #at: Address
  readonly #tid: number
  #slot: number

  /** @internal The mutex's memory lives as long as the hold. */
  constructor(mutex: Mutex, at: Address, slot: number) {
    this.mutex = mutex
    this.#at = at
    this.#slot = slot
    this.#tid = tidOf(slot)
    retain(at - ObjectHead.size)
  }

  /** @internal Its record; 0 once unlocked. */
  static slotOf(hold: MutexHold): number {
    return hold.#slot
  }

  /** The holder before this one died with the mutex locked: {@link Mutex.ownerDied}. */
  get ownerDied(): boolean {
    return this.#slot !== 0 && this.mutex.ownerDied
  }

  /** What the mutex guards is consistent again: {@link Mutex.consistent}. */
  consistent(): void {
    if (this.#slot === 0 || consistentAs(user, this.#at, this.#tid) !== 0)
      throw new ErrnoError(EINVAL, 'mutex.consistent', `${String(this.mutex)}: this acquisition does not hold it after the death of its holder`, this.mutex)
  }

  /** Unlocks the mutex. Throws ErrnoError EPERM the second time. */
  unlock(): void {
    if (this.#slot === 0 || tidOf(this.#slot) !== this.#tid) throw new ErrnoError(EPERM, 'mutex.unlock', `${String(this.mutex)}: this acquisition has unlocked it already`, this.mutex)
    unlockAs(user, this.#at, tidOf(this.#slot))
    closeAsync(this.#slot)
    this.#slot = 0
    drop(this.#at - ObjectHead.size)
  }

  [Symbol.dispose](): void {
    if (this.#slot !== 0) this.unlock()
  }
}

travels(1, Mutex, adoption => new Mutex(adoption as MutexOptions))
