// class Mutex: pthread/mutex.ts for TypeScript.

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EBUSY, EDEADLK, EPERM, ETIMEDOUT } from '../kernel/errno.ts'
import { drop, retain } from '../kernel/handle.ts'
import { kernel, record, self, user } from '../kernel/process.ts'
import { Flag, ObjectHead, ThreadRecord } from '../kernel/records.ts'
import { settle } from '../kernel/request.ts'
import { closeAsync, find } from '../kernel/thread.ts'
import type { Address } from '../mem/memory.ts'
import {
  lock_slow, lockUntil, pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL,
  PTHREAD_MUTEX_RECURSIVE, trylockAs, unlockAs,
} from '../pthread/mutex.ts'
import { describe } from '../pthread/obituary.ts'
import { Mutex as Record } from '../pthread/records.ts'
import { ErrnoError } from './errors.ts'
import { after, begin, tidOf } from './later.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

const types = { normal: PTHREAD_MUTEX_NORMAL, recursive: PTHREAD_MUTEX_RECURSIVE, errorcheck: PTHREAD_MUTEX_ERRORCHECK } as const

export interface MutexOptions {
  /** What happens when the holder locks again: errorcheck (default) throws EDEADLK, recursive counts, normal blocks for ever. */
  type?: keyof typeof types
  /** For error messages and reports. */
  name?: string
}

/**
 * A mutual exclusion lock. Belongs to the thread that locked it, or to an asynchronous acquisition. Travels
 * between threads as the same mutex.
 */
export class Mutex extends Shared {
  /** Throws TypeError for an unknown type, ErrnoError ENOMEM when user memory is full. */
  constructor(options: MutexOptions = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    const name = adoption === undefined ? nameIn('Mutex', options) : ''
    const { type = 'errorcheck' } = adoption === undefined ? options : {}
    if (!Object.hasOwn(types, type)) throw new TypeError(`Mutex: type "${String(type)}" is not "normal", "recursive" or "errorcheck"`)
    super(1, Record.size, name, adoption)
    if (adoption === undefined) poke(user, this.at + Record.type, types[type])
  }

  /**
   * Locks the mutex; blocks until it is free, or for `ms` milliseconds. Returns the mutex, for `using _ = mutex.lock()`.
   * Throws ErrnoError ETIMEDOUT; EDEADLK if the caller holds it already (errorcheck).
   */
  lock(ms?: number): this {
    const at = this.at
    if (at === 0) throw this.failure(0, 'lock')
    const errno = ms === undefined ? pthread_mutex_lock(user, at) : lockUntil(user, at, after(ms), CLOCK_MONOTONIC)
    if (errno !== 0) throw this.failure(errno, 'lock')
    return this
  }

  /** Locks the mutex if it is free and returns it, else null. Does not block. */
  tryLock(): this | null {
    if (this.at === 0) throw this.failure(0, 'tryLock')
    const errno = pthread_mutex_trylock(user, this.at)
    if (errno === 0) return this
    if (errno === EBUSY) return null
    throw this.failure(errno, 'tryLock')
  }

  /** Unlocks the mutex. Throws ErrnoError EPERM if the caller does not hold it (errorcheck, recursive). */
  unlock(): void {
    const at = this.at
    if (at === 0) throw this.failure(0, 'unlock')
    const errno = pthread_mutex_unlock(user, at)
    if (errno !== 0) throw this.failure(errno, 'unlock')
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
   * asynchronous tasks of one thread exclude each other. Rejects with ErrnoError ETIMEDOUT.
   */
  async lockAsync(ms?: number): Promise<MutexHold> {
    if (this.at === 0) throw this.failure(0, 'lockAsync')
    const at = this.at
    const until = after(ms)
    const slot = begin('mutex.lockAsync')
    try {
      const errno = trylockAs(user, at, tidOf(slot)) === 0 ? 0 : await settle(slot, lock_slow(user, at, tidOf(slot), until, CLOCK_MONOTONIC))
      if (errno === 0) return new MutexHold(this, at, slot)
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
      case EDEADLK: return `${String(this)} is already held by this ${holder(owner)}`
      case EPERM: return `${String(this)} is ${owner === 0 ? 'not locked' : `held by ${owner === self.tid ? 'this ' : ''}${holder(owner)}`}: only its holder can unlock it`
      case ETIMEDOUT: return `${String(this)} was not free in time${owner === 0 ? '' : `: held by ${holder(owner)}`}`
      default: return super.explain(errno, operation)
    }
  }
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
