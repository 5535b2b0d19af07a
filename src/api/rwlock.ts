// class RwLock: pthread/rwlock.ts for TypeScript.

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EAGAIN, EBUSY, EDEADLK, EPERM, ETIMEDOUT } from '../kernel/errno.ts'
import { drop, retain } from '../kernel/handle.ts'
import { self, user } from '../kernel/process.ts'
import { ObjectHead } from '../kernel/records.ts'
import { deadlock, settle, type Sleeper } from '../kernel/request.ts'
import { closeAsync } from '../kernel/thread.ts'
import type { Address } from '../mem/memory.ts'
import { local, Reads } from '../pthread/local.ts'
import { Rwlock as Record } from '../pthread/records.ts'
import {
  pthread_rwlock_tryrdlock, PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP,
  rdlock_slow, readersOf, readUntil, trywriteAs, unread, unwrite, writeUntil, wrlock_slow,
} from '../pthread/rwlock.ts'
import { ErrnoError } from './errors.ts'
import { after, begin, tidOf } from './later.ts'
import { holder } from './mutex.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

const preferences = {
  phases: PTHREAD_RWLOCK_PREFER_WRITER_NP, readers: PTHREAD_RWLOCK_PREFER_READER_NP, writers: PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP,
} as const

export interface RwLockOptions {
  /**
   * Who comes first. phases (default): while a writer waits, new readers wait too, and all readers that wait when a writer leaves
   * come before the next writer; nobody waits for ever. readers: a reader waits for a writer inside only; writers may
   * wait for ever. writers: readers wait while any writer does; readers may wait for ever.
   */
  prefer?: keyof typeof preferences
  /** For error messages and reports. */
  name?: string
}

/**
 * A lock that many threads hold for reading at once, or one for writing. Held by the thread that locked it, or by an
 * asynchronous acquisition. Travels between threads as the same lock.
 */
export class RwLock extends Shared {
  /** Throws TypeError for an unknown preference, ErrnoError ENOMEM when user memory is full. */
  constructor(options: RwLockOptions = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    const name = adoption === undefined ? nameIn('RwLock', options) : ''
    const { prefer = 'phases' } = adoption === undefined ? options : {}
    if (!Object.hasOwn(preferences, prefer)) throw new TypeError(`RwLock: prefer "${String(prefer)}" is not "phases", "readers" or "writers"`)
    super(8, Record.size, name, adoption)
    if (adoption === undefined) poke(user, this.at + Record.kind, preferences[prefer])
  }

  /**
   * Locks for reading; blocks while a writer is inside or waits, or for `ms` milliseconds. A thread that reads may read
   * again. Returns the lock, for `using _ = lock.read()`. Throws ErrnoError ETIMEDOUT; EDEADLK if the caller holds it for
   * writing; EAGAIN beyond 32,767 readers.
   */
  read(ms?: number): this {
    const at = this.at
    if (at === 0) throw this.failure(0, 'read')
    const until = after(ms)
    if (!this.#reading()) {
      const errno = readUntil(user, at, until, CLOCK_MONOTONIC)
      if (errno !== 0) throw this.failure(errno, 'read')
    }
    return this.#read()
  }

  /**
   * Locks for writing; blocks while anybody is inside, or for `ms` milliseconds. Returns the lock. Throws ErrnoError
   * ETIMEDOUT; EDEADLK if the caller holds it already, for writing or for reading.
   */
  write(ms?: number): this {
    const at = this.at
    if (at === 0) throw this.failure(0, 'write')
    const until = after(ms)
    const errno = this.#reading() ? deadlock() : writeUntil(user, at, until, CLOCK_MONOTONIC)
    if (errno !== 0) throw this.failure(errno, 'write')
    return this
  }

  /** @internal {@link read} for a fiber. */
  *reading(ms?: number): Sleeper<this> {
    if (this.at === 0) throw this.failure(0, 'read')
    const mine = peek(user, this.at + Record.owner) === self.tid
    const errno = this.#reading() ? 0 : mine ? deadlock() : yield* rdlock_slow(user, this.at, after(ms), CLOCK_MONOTONIC)
    if (errno !== 0) throw this.failure(errno, 'read')
    return this.#read()
  }

  /** @internal {@link write} for a fiber. */
  *writing(ms?: number): Sleeper<this> {
    if (this.at === 0) throw this.failure(0, 'write')
    const mine = this.#reading() || peek(user, this.at + Record.owner) === self.tid
    const errno = mine ? deadlock() : yield* wrlock_slow(user, this.at, self.tid, after(ms), CLOCK_MONOTONIC)
    if (errno !== 0) throw this.failure(errno, 'write')
    return this
  }

  /** Locks for reading if that needs no waiting, and returns the lock; else null. Throws ErrnoError EAGAIN beyond 32,767 readers. */
  tryRead(): this | null {
    if (this.at === 0) throw this.failure(0, 'tryRead')
    const errno = this.#reading() ? 0 : pthread_rwlock_tryrdlock(user, this.at)
    if (errno === EBUSY) return null
    if (errno !== 0) throw this.failure(errno, 'tryRead')
    return this.#read()
  }

  /** Locks for writing if nobody is inside, and returns the lock; else null. */
  tryWrite(): this | null {
    if (this.at === 0) throw this.failure(0, 'tryWrite')
    return trywriteAs(user, this.at, self.tid) === 0 ? this : null
  }

  /** Unlocks what the calling thread locked last. Throws ErrnoError EPERM if it does not hold the lock. */
  unlock(): void {
    if (this.at === 0) throw this.failure(0, 'unlock')
    if (peek(user, this.at + Record.owner) === self.tid) {
      unwrite(user, this.at)
      return
    }
    if (!this.#reading()) throw this.failure(EPERM, 'unlock')
    if (local.reads!.less(this)) unread(user, this.at)
  }

  /** Calls `f` with the lock held for reading and returns its result. `f` must be synchronous: see {@link withReadAsync}. */
  withRead<T>(f: () => T): T {
    this.read()
    try {
      return f()
    } finally {
      this.unlock()
    }
  }

  /** Calls `f` with the lock held for writing and returns its result. `f` must be synchronous: see {@link withWriteAsync}. */
  withWrite<T>(f: () => T): T {
    this.write()
    try {
      return f()
    } finally {
      this.unlock()
    }
  }

  /** {@link read} without blocking the thread. The promise's value holds the lock, not the thread. Rejects with ErrnoError ETIMEDOUT, EAGAIN. */
  async readAsync(ms?: number): Promise<RwLockHold> {
    if (this.at === 0) throw this.failure(0, 'readAsync')
    const { at } = this
    const until = after(ms)
    let errno = pthread_rwlock_tryrdlock(user, at)
    if (errno === EBUSY) {
      const slot = begin('rwlock.readAsync')
      try {
        errno = await settle(slot, rdlock_slow(user, at, until, CLOCK_MONOTONIC))
      } finally {
        closeAsync(slot)
      }
    }
    if (errno !== 0) throw this.failure(errno, 'readAsync')
    return new RwLockHold(this, at, 0)
  }

  /** {@link write} without blocking the thread. The promise's value holds the lock, not the thread. Rejects with ErrnoError ETIMEDOUT. */
  async writeAsync(ms?: number): Promise<RwLockHold> {
    if (this.at === 0) throw this.failure(0, 'writeAsync')
    const { at } = this
    const until = after(ms)
    const slot = begin('rwlock.writeAsync')
    try {
      const errno = trywriteAs(user, at, tidOf(slot)) === 0 ? 0 : await settle(slot, wrlock_slow(user, at, tidOf(slot), until, CLOCK_MONOTONIC))
      if (errno === 0) return new RwLockHold(this, at, slot)
      throw this.failure(errno, 'writeAsync')
    } catch (error) {
      closeAsync(slot)
      throw error
    }
  }

  /** Calls `f` with the lock held for reading, awaits its result, unlocks. Waits without blocking the thread. */
  async withReadAsync<T>(f: (hold: RwLockHold) => T | PromiseLike<T>): Promise<T> {
    const hold = await this.readAsync()
    try {
      return await f(hold)
    } finally {
      hold.unlock()
    }
  }

  /** Calls `f` with the lock held for writing, awaits its result, unlocks. Waits without blocking the thread. */
  async withWriteAsync<T>(f: (hold: RwLockHold) => T | PromiseLike<T>): Promise<T> {
    const hold = await this.writeAsync()
    try {
      return await f(hold)
    } finally {
      hold.unlock()
    }
  }

  /** Unlocks the lock if the calling thread holds it; else lets go of the object, as every `[Symbol.dispose]` of the library. */
  override [Symbol.dispose](): void {
    if (this.at !== 0 && (this.#reading() || (self.tid !== 0 && peek(user, this.at + Record.owner) === self.tid))) this.unlock()
    else super[Symbol.dispose]()
  }

  #reading(): boolean {
    return local.reads?.has(this) === true
  }

  #read(): this {
    (local.reads ??= new Reads()).more(this)
    return this
  }

  protected override explain(errno: number, operation: string): string {
    switch (errno) {
      case EDEADLK: return `${String(this)} is already held for ${this.#reading() ? 'reading' : 'writing'} by this ${holder(self.tid)}`
      case EPERM: return `${String(this)} is ${this.#heldBy() || 'not locked'}: only its holder can unlock it`
      case ETIMEDOUT: return `${String(this)} was not free in time${this.#heldBy() && `: ${this.#heldBy()}`}`
      case EAGAIN: return `${String(this)} has as many readers as there can be: ${readersOf(user, this.at)}`
      default: return super.explain(errno, operation)
    }
  }

  #heldBy(): string {
    const owner = peek(user, this.at + Record.owner), readers = readersOf(user, this.at)
    if (owner !== 0) return `held for writing by ${owner === self.tid ? 'this ' : ''}${holder(owner, 'writeAsync')}`
    return readers === 0 ? '' : `held for reading by ${readers} ${readers === 1 ? 'reader' : 'readers'}`
  }
}

/** An RwLock locked by `readAsync` or `writeAsync`. */
export class RwLockHold {
  readonly lock: RwLock
  /** How it is locked. */
  readonly mode: 'read' | 'write'
  readonly #at: Address
  readonly #tid: number
  readonly #slot: number
  #held = true

  /** @internal The lock's memory lives as long as the hold. `slot`: the record of a writer; 0: a reader. */
  constructor(lock: RwLock, at: Address, slot: number) {
    this.lock = lock
    this.mode = slot === 0 ? 'read' : 'write'
    this.#at = at
    this.#slot = slot
    this.#tid = slot === 0 ? 0 : tidOf(slot)
    retain(at - ObjectHead.size)
  }

  /** Unlocks the lock. Throws ErrnoError EPERM the second time. */
  unlock(): void {
    if (!this.#held || (this.#slot !== 0 && tidOf(this.#slot) !== this.#tid)) throw new ErrnoError(EPERM, 'rwlock.unlock', `${String(this.lock)}: this acquisition has unlocked it already`, this.lock)
    this.#held = false
    if (this.#slot === 0) {
      unread(user, this.#at)
    } else {
      unwrite(user, this.#at)
      closeAsync(this.#slot)
    }
    drop(this.#at - ObjectHead.size)
  }

  [Symbol.dispose](): void {
    if (this.#held) this.unlock()
  }
}

travels(8, RwLock, adoption => new RwLock(adoption as RwLockOptions))
