// class Once: pthread/once.ts for TypeScript.

import { EDEADLK } from '../kernel/errno.ts'
import { load } from '#atomics'
import { user } from '../kernel/process.ts'
import { settle as settleSleeper } from '../kernel/request.ts'
import { closeAsync } from '../kernel/thread.ts'
import { claim, pthread_once, settle } from '../pthread/once.ts'
import { Once as Record } from '../pthread/records.ts'
import { begin, tidOf } from './later.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'

const DONE = 2

/** Something that is done once, by whichever thread comes first; the others wait until it is done. */
export class Once extends Shared {
  /** Throws ErrnoError ENOMEM when user memory is full. */
  constructor(options: { name?: string } = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    super(4, Record.size, adoption === undefined ? nameIn('Once', options) : '', adoption)
  }

  /** Whether it is done. */
  get done(): boolean {
    if (this.at === 0) throw this.failure(0, 'done')
    return load(user, this.at) === DONE
  }

  /**
   * Calls `f` if no thread has, and returns when it is done; blocks while another thread does it. What `f` throws
   * passes through, and it is not done. Throws ErrnoError EDEADLK from within `f`.
   */
  run(f: () => void): void {
    if (this.at === 0) throw this.failure(0, 'run')
    const errno = pthread_once(user, this.at, f)
    if (errno !== 0) throw this.failure(errno, 'run')
  }

  /** {@link run} with an asynchronous `f`, waiting without blocking the thread. */
  async runAsync(f: () => unknown): Promise<void> {
    if (this.at === 0) throw this.failure(0, 'runAsync')
    const { at } = this
    if (load(user, at) === DONE) return
    const slot = begin('once.runAsync')
    try {
      if (!await settleSleeper(slot, claim(user, at, tidOf(slot)))) return
      let done = false
      try {
        await f()
        done = true
      } finally {
        settle(user, at, done)
      }
    } finally {
      closeAsync(slot)
    }
  }

  protected override explain(errno: number, operation: string): string {
    return errno === EDEADLK ? `${String(this)} is being done by this thread, further up the stack` : super.explain(errno, operation)
  }
}

travels(4, Once, adoption => new Once(adoption as object))
