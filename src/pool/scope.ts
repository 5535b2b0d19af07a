// scope: threads, and tasks of pools, that do not outlive a block.
//
// A child that fails cancels the others, and the block's error is the first one; what else fails meanwhile stands in its `suppressed`. Children that
// end because they were canceled for that have not failed, and what the block rethrows of a child's is not told twice.
//
// A thread that is canceled, or exits, while it is in a scope cancels the children and waits for them before it ends, by a cleanup handler: so a scope
// within a thread of another scope ends with it, from the leaves up.  If it cannot wait (it returns, or throws, and has not awaited its scope), it cancels
// them and lets them go.

import { ensure } from '../api/attach.ts'
import type { ThreadOptions } from '../api/creation.ts'
import { ErrnoError } from '../api/errors.ts'
import { Thread, type ResultOf } from '../api/thread.ts'
import { ECANCELED, EINVAL } from '../kernel/errno.ts'
import { self } from '../kernel/process.ts'
import { inNameOf } from '../kernel/thread.ts'
import { pushCleanup, removeCleanup } from '../pthread/cleanup.ts'
import { sourceOf, type Entry, type Routine } from '../pthread/entry.ts'
import { local, type Cleanup, type Local } from '../pthread/local.ts'
import { checkSignal, known, type RunOptions } from './options.ts'
import { ThreadPool } from './pool.ts'
import { letGo } from './staff.ts'
import { withSuppressed } from './suppressed.ts'

/** How a scope ends those that it cancels. */
export interface ScopeOptions {
  /** Its abort cancels the scope. */
  signal?: AbortSignal
  /** How long a canceled thread may take before it is terminated, ms. Default: for ever. User-level threads cannot be terminated. */
  grace?: number
}

const OPTIONS = new Set(['signal', 'grace'])

/** What a scope's block gets. */
export class Scope {
  readonly #children = new Set<Promise<unknown>>()
  readonly #threads = new Map<Thread, Promise<unknown>>()
  readonly #errors: unknown[] = []
  /** What children have ended with, also those that have not failed thereby. */
  readonly #told = new Set<unknown>()
  readonly #controller = new AbortController()
  readonly #grace: number
  readonly #tid = self.tid
  readonly #cleanup: Cleanup
  readonly #local: Local
  readonly #endings: Set<() => void>
  #over = false

  /** @internal */
  constructor(grace: number) {
    this.#grace = grace
    this.#local = local
    this.#cleanup = pushCleanup(() => this.#leave())
    this.#endings = local.endings ??= new Set()
    this.#endings.add(this.#abandon)
  }

  /** Aborted when the scope has failed: for what the block itself waits for. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /**
   * Starts a thread as {@link Thread.create} does; the promise is that of its result. It may be left alone: the scope waits for the thread, and fails if it
   * does. Throws what Thread.create throws, and ErrnoError EINVAL when the scope is over, ECANCELED when it has failed.
   */
  spawn<F extends Routine>(entry: Entry<F>, ...args: Parameters<F>): Promise<ResultOf<F>>
  spawn<F extends Routine>(options: ThreadOptions, entry: Entry<F>, ...args: Parameters<F>): Promise<ResultOf<F>>
  spawn(...args: unknown[]): Promise<unknown> {
    this.#check('scope.spawn')
    const thread = (Thread.create as (...args: unknown[]) => Thread)(...args)
    const result = inNameOf(this.#tid, () => thread.joinAsync())          // the block may go on where no thread runs, between fibers
    this.#threads.set(thread, result)
    this.#add(result, error => error instanceof ErrnoError && error.errno === ECANCELED, () => { this.#threads.delete(thread) })
    return result
  }

  /**
   * Runs a task as {@link ThreadPool.run} does, as a child of the scope: it is aborted when the scope fails, and the scope fails if it does. The scope ends
   * when its promise is settled; an aborted task that does not end is the pool's to stop. Throws what `run` throws, and as {@link spawn}.
   */
  run<F extends Routine>(pool: ThreadPool, entry: Entry<F>, ...args: Parameters<F>): Promise<ResultOf<F>>
  run<F extends Routine>(pool: ThreadPool, options: Omit<RunOptions, 'signal'>, entry: Entry<F>, ...args: Parameters<F>): Promise<ResultOf<F>>
  run(pool: ThreadPool, first: unknown, ...args: unknown[]): Promise<unknown> {
    this.#check('scope.run')
    if (!(pool instanceof ThreadPool)) throw new TypeError('scope.run: the first argument is not a ThreadPool')
    const { signal } = this.#controller
    const all = sourceOf(first) !== undefined ? [{ signal }, first, ...args] : [{ ...first as RunOptions, signal }, ...args]
    const result = (pool.run as (...args: unknown[]) => Promise<unknown>).apply(pool, all)
    this.#add(result, error => error === signal.reason)
    return result
  }

  #check(operation: string): void {
    if (this.#over) throw new ErrnoError(EINVAL, operation, `${operation}: the scope is over`, this)
    if (this.#controller.signal.aborted) throw new ErrnoError(ECANCELED, operation, `${operation}: the scope has failed`, this)
  }

  // A child: of the errors that it can end with when the scope has failed, those that `isCancel` knows are no failures.
  #add(result: Promise<unknown>, isCancel: (error: unknown) => boolean, ended?: () => void): void {
    this.#children.add(result)
    const settled = (): void => {
      this.#children.delete(result)
      ended?.()
    }
    result.then(settled, (error: unknown) => {
      settled()
      this.#told.add(error)
      if (!(this.#controller.signal.aborted && isCancel(error))) this.#fail(error)
    })
  }

  /** @internal The block has thrown, or is not wanted any more. */
  fail(error: unknown): void {
    if (!this.#told.has(error) && !(this.signal.aborted && error === this.signal.reason)) this.#fail(error)
  }

  #fail(error: unknown): void {
    this.#errors.push(error)
    if (this.#controller.signal.aborted) return
    this.#controller.abort(error)
    for (const thread of this.#threads.keys()) this.#cancel(thread)
  }

  #cancel(thread: Thread): void {
    thread.cancel()
    if (this.#grace === Infinity) return
    const timer = setTimeout(() => {
      try {
        thread.terminate()
      } catch { /* it shares its carrier: it ends at its next cancellation point */ }
    }, this.#grace)
    this.#threads.get(thread)!.catch(() => undefined).finally(() => { clearTimeout(timer) })
  }

  async #all(): Promise<void> {
    while (this.#children.size !== 0) await Promise.allSettled(this.#children)
  }

  // The thread that is in the scope is canceled, or exits.
  async #leave(): Promise<void> {
    this.#fail(new ErrnoError(ECANCELED, 'scope', 'scope: its thread has been canceled'))
    await this.#all()
  }

  // That thread has ended, and has not waited.
  readonly #abandon = (): void => {
    this.#over = true
    for (const thread of this.#threads.keys()) {
      thread.cancel()
      letGo(thread)
    }
  }

  /** @internal All have ended. Throws the first error. */
  async end(): Promise<void> {
    await this.#all()
    this.#over = true
    removeCleanup(this.#local, this.#cleanup)
    this.#endings.delete(this.#abandon)
    if (this.#errors.length !== 0) throw withSuppressed(this.#errors)
  }
}

/**
 * Runs `body` and then waits for all threads that it has spawned: none is left when the promise is settled. The first that fails, or the body itself, cancels
 * the others; the promise is rejected with that error, which has those of the others in `suppressed`. A thread that is canceled in a scope cancels the
 * children, and ends after them.
 */
export async function scope<T>(body: (scope: Scope) => T | Promise<T>, options: ScopeOptions = {}): Promise<T> {
  if (typeof body !== 'function') throw new TypeError(`scope: ${typeof body}, not a function`)
  known('scope', 'options', options, OPTIONS)
  const { signal, grace = Infinity } = options
  if (signal !== undefined) checkSignal('scope', signal)
  if (!(typeof grace === 'number' && grace >= 0)) throw new RangeError(`scope: grace: ${String(grace)} is not a number of milliseconds from 0`)
  signal?.throwIfAborted()
  ensure()
  const s = new Scope(grace)
  const abort = (): void => { s.fail(signal!.reason) }
  signal?.addEventListener('abort', abort, { once: true })
  let result: T | undefined
  try {
    result = await body(s)
  } catch (error) {
    s.fail(error)
  }
  try {
    await s.end()
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  return result as T
}
