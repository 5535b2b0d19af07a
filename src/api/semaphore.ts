// class Semaphore: pthread/sem.ts for TypeScript.

import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EINTR, EOVERFLOW, ETIMEDOUT } from '../kernel/errno.ts'
import { user } from '../kernel/process.ts'
import { block, type Sleeper } from '../kernel/request.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { Sem } from '../pthread/records.ts'
import { postMany, sem_init, sem_trywait, SEM_VALUE_MAX, valueOf, wait_slow } from '../pthread/sem.ts'
import { after, later } from './later.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

/** A counting semaphore. */
export class Semaphore extends Shared {
  /** `value`: how many waits will not block, 0 to 2^31 - 1 (else RangeError). Throws ErrnoError ENOMEM when user memory is full. */
  constructor(value: number | undefined = 0, options: { name?: string } = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    if (!Number.isInteger(value) || value < 0 || value > SEM_VALUE_MAX) throw new RangeError(`Semaphore: ${String(value)} is not a whole number from 0 to ${SEM_VALUE_MAX}`)
    super(3, Sem.size, adoption === undefined ? nameIn('Semaphore', options) : '', adoption)
    if (adoption === undefined) sem_init(user, this.at, 0, value)
  }

  /** How many waits would not block right now. */
  get value(): number {
    if (this.at === 0) throw this.failure(0, 'value')
    return valueOf(user, this.at)
  }

  /** Takes one off the value; blocks while it is 0, or for `ms` milliseconds. Throws ErrnoError ETIMEDOUT. */
  wait(ms?: number): void {
    const { at } = this
    if (at === 0) throw this.failure(0, 'wait')
    const until = after(ms)
    cancellationPoint()
    if (sem_trywait(user, at) !== 0) this.#wait_slow(until)
  }

  #wait_slow(until: number): void {
    let errno = EINTR
    while (errno === EINTR) errno = block(wait_slow(user, this.at, until, CLOCK_MONOTONIC))
    if (errno !== 0) throw this.failure(errno, 'wait')
  }

  /** @internal {@link wait} for a fiber. */
  *acquiring(ms?: number): Sleeper<void> {
    if (this.at === 0) throw this.failure(0, 'wait')
    const until = after(ms)
    cancellationPoint()
    let errno = EINTR
    while (errno === EINTR) errno = yield* wait_slow(user, this.at, until, CLOCK_MONOTONIC)
    if (errno !== 0) throw this.failure(errno, 'wait')
  }

  /** Takes one off the value if it is above 0, and says whether. Does not block. */
  tryWait(): boolean {
    if (this.at === 0) throw this.failure(0, 'tryWait')
    return sem_trywait(user, this.at) === 0
  }

  /** {@link wait} without blocking the thread. */
  async waitAsync(ms?: number): Promise<void> {
    if (this.at === 0) throw this.failure(0, 'waitAsync')
    const { at } = this
    const until = after(ms)
    if (sem_trywait(user, at) === 0) return
    const errno = await later('semaphore.waitAsync', () => wait_slow(user, at, until, CLOCK_MONOTONIC))
    if (errno !== 0) throw this.failure(errno, 'waitAsync')
  }

  /** Adds `n` to the value and wakes as many threads. Throws ErrnoError EOVERFLOW, RangeError for an `n` that is none. */
  post(n = 1): void {
    const { at } = this
    if (at === 0) throw this.failure(0, 'post')
    if (n !== 1 && (!Number.isInteger(n) || n < 1)) throw new RangeError(`post: ${String(n)} is not a whole number from 1`)
    const errno = n > SEM_VALUE_MAX ? EOVERFLOW : postMany(user, at, n)
    if (errno !== 0) throw this.failure(errno, 'post')
  }

  protected override explain(errno: number, operation: string): string {
    switch (errno) {
      case ETIMEDOUT: return `${String(this)} was not posted in time`
      case EOVERFLOW: return `${String(this)} would exceed ${SEM_VALUE_MAX}`
      default: return super.explain(errno, operation)
    }
  }
}

travels(3, Semaphore, adoption => new Semaphore(0, adoption as object))
