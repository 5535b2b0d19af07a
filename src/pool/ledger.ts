// The tasks that a pool has promised to run: each is settled once, and what was wound up for it is undone then.

import { ErrnoError } from '../api/errors.ts'
import { ETIMEDOUT } from '../kernel/errno.ts'
import { Figures } from './figures.ts'
import type { Job } from './job.ts'
import { Signals } from './signals.ts'

export class Ledger {
  readonly figures = new Figures()
  readonly #signals: Signals
  readonly #abort: (job: Job, reason: unknown) => void
  #pending = 0
  #quiet: (() => void) | undefined

  /** `abort` is called when a task is to stop. */
  constructor(abort: (job: Job, reason: unknown) => void) {
    this.#abort = abort
    this.#signals = new Signals((job, reason) => { abort(job as Job, reason) })
  }

  /** `job` is promised. True: it may be aborted. */
  add(job: Job, signal: AbortSignal | undefined, timeout: number): boolean {
    this.#pending++
    if (signal !== undefined) this.#signals.add(signal, job)
    if (timeout !== Infinity) {
      const late = (): void => { this.#abort(job, new ErrnoError(ETIMEDOUT, 'pool.run', `the task was not done within ${timeout} ms`)) }
      job.timer = setTimeout(late, timeout)
    }
    return signal !== undefined || job.timer !== undefined
  }

  /** Settles the promise of `job`, if it is not. */
  settle(job: Job, threw: boolean, value: unknown): void {
    if (job.settled) return
    this.forget(job)
    this.#pending--
    this.figures.settled(threw)
    if (threw) job.reject(value)
    else job.resolve(value)
    if (this.#pending === 0) this.#quiet?.()
  }

  /** Nobody is left to whom `job` was promised. */
  forget(job: Job): void {
    job.settled = true
    job.letGo()
    clearTimeout(job.timer)
    if (job.signal !== undefined) this.#signals.remove(job.signal, job)
  }

  /** Resolves when all are settled. */
  async untilQuiet(): Promise<void> {
    if (this.#pending !== 0) await new Promise<void>(resolve => { this.#quiet = resolve })
  }
}
