// class Barrier: pthread/barrier.ts for TypeScript.

import { peek, poke } from '#atomics'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { ETIMEDOUT } from '../kernel/errno.ts'
import { user } from '../kernel/process.ts'
import { block, type Sleeper } from '../kernel/request.ts'
import { arrived, BARRIER_MAX, PTHREAD_BARRIER_SERIAL_THREAD, wait_slow } from '../pthread/barrier.ts'
import { Barrier as Record } from '../pthread/records.ts'
import { after, later } from './later.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

/** A meeting point: nobody goes on before a certain number of threads have come. Can be used again at once. */
export class Barrier extends Shared {
  /** `count`: how many threads meet, 1 to 2^24 - 1 (else RangeError). Throws ErrnoError ENOMEM when user memory is full. */
  constructor(count: number, options: { name?: string } = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    if (adoption === undefined && (!Number.isInteger(count) || count < 1 || count > BARRIER_MAX)) throw new RangeError(`Barrier: ${String(count)} is not a whole number from 1 to ${BARRIER_MAX}`)
    super(9, Record.size, adoption === undefined ? nameIn('Barrier', options) : '', adoption)
    if (adoption === undefined) poke(user, this.at + Record.count, count)
  }

  /** How many threads meet. */
  get count(): number {
    if (this.at === 0) throw this.failure(0, 'count')
    return peek(user, this.at + Record.count)
  }

  /** How many of them are waiting now. */
  get waiting(): number {
    if (this.at === 0) throw this.failure(0, 'waiting')
    return arrived(user, this.at)
  }

  /**
   * Blocks until as many threads have come as meet here, or for `ms` milliseconds. True for one of them, the last to come. Throws
   * ErrnoError ETIMEDOUT: then this thread has not come, and the others wait for one more.
   */
  wait(ms?: number): boolean {
    if (this.at === 0) throw this.failure(0, 'wait')
    return this.#passed(block(wait_slow(user, this.at, after(ms), CLOCK_MONOTONIC)), 'wait')
  }

  /** @internal {@link wait} for a fiber. */
  *meeting(ms?: number): Sleeper<boolean> {
    if (this.at === 0) throw this.failure(0, 'wait')
    return this.#passed(yield* wait_slow(user, this.at, after(ms), CLOCK_MONOTONIC), 'wait')
  }

  /** {@link wait} without blocking the thread. Each call counts as a thread that has come. */
  async waitAsync(ms?: number): Promise<boolean> {
    if (this.at === 0) throw this.failure(0, 'waitAsync')
    const { at } = this
    const until = after(ms)
    return this.#passed(await later('barrier.waitAsync', () => wait_slow(user, at, until, CLOCK_MONOTONIC)), 'waitAsync')
  }

  #passed(result: number, operation: string): boolean {
    if (result > 0) throw this.failure(result, operation)
    return result === PTHREAD_BARRIER_SERIAL_THREAD
  }

  protected override explain(errno: number, operation: string): string {
    return errno === ETIMEDOUT ? `${String(this)}: not all ${this.count} threads came in time, ${this.waiting} ${this.waiting === 1 ? 'other waits' : 'others wait'}` : super.explain(errno, operation)
  }
}

travels(9, Barrier, adoption => new Barrier(0, adoption as object))
