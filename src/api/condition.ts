// class Condition: pthread/cond.ts for TypeScript.

import { peek } from '#atomics'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EDEADLK, EOWNERDEAD, EPERM, ETIMEDOUT } from '../kernel/errno.ts'
import { kernel, record, self, user } from '../kernel/process.ts'
import { Flag, ThreadRecord } from '../kernel/records.ts'
import { block, freezes, settle, type Sleeper } from '../kernel/request.ts'
import { find } from '../kernel/thread.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { pthread_cond_broadcast, pthread_cond_signal, wait_slow } from '../pthread/cond.ts'
import { Cond, Mutex as MutexRecord } from '../pthread/records.ts'
import { after, later, tidOf } from './later.ts'
import { Mutex, MutexHold } from './mutex.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

/** A condition variable: threads wait on it, with a mutex, for something that another thread brings about. */
export class Condition extends Shared {
  /** Throws ErrnoError ENOMEM when user memory is full. */
  constructor(options: { name?: string } = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    super(2, Cond.size, adoption === undefined ? nameIn('Condition', options) : '', adoption)
  }

  /**
   * Unlocks `mutex`, blocks until signalled or for `ms` milliseconds, locks `mutex` again. May return without a
   * signal: wait in a loop. Throws ErrnoError ETIMEDOUT, with the mutex locked; EPERM if the caller does not hold it;
   * ENOTRECOVERABLE, without a robust mutex. If that one's holder died, see `mutex.ownerDied`.
   */
  wait(mutex: Mutex, ms?: number): void {
    if (this.at === 0) throw this.failure(0, 'wait')
    if (freezes()) throw this.failure(EDEADLK, 'wait')
    cancellationPoint()
    const errno = block(wait_slow(user, this.at, Mutex.addressOf(mutex), self.slot, self.tid, after(ms), CLOCK_MONOTONIC))
    if (errno !== 0 && errno !== EOWNERDEAD) throw this.failure(errno, 'wait')
  }

  /** @internal {@link wait} for a fiber. */
  *waiting(mutex: Mutex, ms?: number): Sleeper<void> {
    if (this.at === 0) throw this.failure(0, 'wait')
    cancellationPoint()
    const errno = yield* wait_slow(user, this.at, Mutex.addressOf(mutex), self.slot, self.tid, after(ms), CLOCK_MONOTONIC)
    if (errno !== 0 && errno !== EOWNERDEAD) throw this.failure(errno, 'wait')
  }

  /** {@link wait} without blocking the thread. The mutex is held by an asynchronous acquisition, or by the calling thread. */
  async waitAsync(mutex: Mutex | MutexHold, ms?: number): Promise<void> {
    if (this.at === 0) throw this.failure(0, 'waitAsync')
    const cond = this.at
    const at = Mutex.addressOf(mutex instanceof MutexHold ? mutex.mutex : mutex)
    const until = after(ms)
    const owner = peek(user, at + MutexRecord.owner)
    const slot = mutex instanceof MutexHold ? MutexHold.slotOf(mutex) : find(owner)
    const ours = slot !== 0 && tidOf(slot) === owner && peek(kernel, record(slot) + ThreadRecord.carrier) === self.carrier
    if (!ours) throw this.failure(EPERM, 'waitAsync')
    const asynchronous = (peek(kernel, record(slot) + ThreadRecord.flags) & Flag.ASYNC) !== 0
    const errno = asynchronous
      ? await settle(slot, wait_slow(user, cond, at, slot, owner, until, CLOCK_MONOTONIC))
      : await later('condition.waitAsync', own => wait_slow(user, cond, at, own, owner, until, CLOCK_MONOTONIC))
    if (errno !== 0 && errno !== EOWNERDEAD) throw this.failure(errno, 'waitAsync')
  }

  /** Wakes one waiting thread, the one that waits longest. */
  signal(): void {
    if (this.at === 0) throw this.failure(0, 'signal')
    pthread_cond_signal(user, this.at)
  }

  /** Wakes all waiting threads. */
  broadcast(): void {
    if (this.at === 0) throw this.failure(0, 'broadcast')
    pthread_cond_broadcast(user, this.at)
  }

  protected override explain(errno: number, operation: string): string {
    switch (errno) {
      case EPERM: return `${String(this)}: ${operation} needs the mutex, which this thread does not hold`
      case ETIMEDOUT: return `${String(this)} was not signalled in time`
      default: return super.explain(errno, operation)
    }
  }
}

travels(2, Condition, adoption => new Condition(adoption as object))
