// class SpinLock: pthread/spin.ts for TypeScript.

import { EDEADLK, EPERM } from '../kernel/errno.ts'
import { self, user } from '../kernel/process.ts'
import { Spinlock as Record } from '../pthread/records.ts'
import { pthread_spin_lock, pthread_spin_trylock, pthread_spin_unlock, spinHolder } from '../pthread/spin.ts'
import { holder } from './mutex.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

/**
 * A mutual exclusion lock for sections of a microsecond: who waits looks again and again, and sleeps only if that takes long.
 * It has no timed and no asynchronous form: see {@link Mutex}. Travels between threads as the same lock.
 */
export class SpinLock extends Shared {
  /** Throws ErrnoError ENOMEM when user memory is full. */
  constructor(options: { name?: string } = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    super(10, Record.size, adoption === undefined ? nameIn('SpinLock', options) : '', adoption)
  }

  /** Locks the lock; spins until it is free. Returns it, for `using _ = lock.lock()`. Throws ErrnoError EDEADLK if the caller holds it already. */
  lock(): this {
    if (this.at === 0) throw this.failure(0, 'lock')
    const errno = pthread_spin_lock(user, this.at)
    if (errno !== 0) throw this.failure(errno, 'lock')
    return this
  }

  /** Locks the lock if it is free and returns it, else null. */
  tryLock(): this | null {
    if (this.at === 0) throw this.failure(0, 'tryLock')
    return pthread_spin_trylock(user, this.at) === 0 ? this : null
  }

  /** Unlocks the lock. Throws ErrnoError EPERM if the caller does not hold it. */
  unlock(): void {
    if (this.at === 0) throw this.failure(0, 'unlock')
    const errno = pthread_spin_unlock(user, this.at)
    if (errno !== 0) throw this.failure(errno, 'unlock')
  }

  /** Calls `f` with the lock held and returns its result. `f` must be synchronous, and short. */
  with<T>(f: () => T): T {
    this.lock()
    try {
      return f()
    } finally {
      this.unlock()
    }
  }

  /** Unlocks the lock if the calling thread holds it; else lets go of the object, as every `[Symbol.dispose]` of the library. */
  override [Symbol.dispose](): void {
    if (this.at !== 0 && self.tid !== 0 && spinHolder(user, this.at) === self.tid) this.unlock()
    else super[Symbol.dispose]()
  }

  protected override explain(errno: number, operation: string): string {
    const owner = spinHolder(user, this.at)
    switch (errno) {
      case EDEADLK: return `${String(this)} is already held by this ${holder(owner)}`
      case EPERM: return `${String(this)} is ${owner === 0 ? 'not locked' : `held by ${holder(owner)}`}: only its holder can unlock it`
      default: return super.explain(errno, operation)
    }
  }
}

travels(10, SpinLock, adoption => new SpinLock(adoption as object))
