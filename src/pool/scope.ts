// scope: threads that do not outlive a block.
//
// A child that fails cancels the others, and the block's error is the first one; what else fails meanwhile stands in its `suppressed`. Children that
// end because they were canceled for that have not failed.

import { ensure } from '../api/attach.ts'
import type { ThreadOptions } from '../api/creation.ts'
import { ErrnoError } from '../api/errors.ts'
import { Thread, type ResultOf } from '../api/thread.ts'
import { ECANCELED, EINVAL } from '../kernel/errno.ts'
import type { Entry, Routine } from '../pthread/entry.ts'

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
  readonly #children = new Map<Thread, Promise<unknown>>()
  readonly #errors: unknown[] = []
  readonly #controller = new AbortController()
  readonly #grace: number
  #over = false

  /** @internal */
  constructor(grace: number) {
    this.#grace = grace
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
    if (this.#over) throw new ErrnoError(EINVAL, 'scope.spawn', 'scope.spawn: the scope is over', this)
    if (this.#controller.signal.aborted) throw new ErrnoError(ECANCELED, 'scope.spawn', 'scope.spawn: the scope has failed', this)
    const thread = (Thread.create as (...args: unknown[]) => Thread)(...args)
    const result = thread.joinAsync()
    this.#children.set(thread, result)
    result.then(() => { this.#children.delete(thread) }, (error: unknown) => {
      this.#children.delete(thread)
      if (!(this.#controller.signal.aborted && error instanceof ErrnoError && error.errno === ECANCELED)) this.fail(error)
    })
    return result
  }

  /** @internal */
  fail(error: unknown): void {
    this.#errors.push(error)
    if (this.#controller.signal.aborted) return
    this.#controller.abort(error)
    for (const thread of this.#children.keys()) this.#cancel(thread)
  }

  #cancel(thread: Thread): void {
    thread.cancel()
    if (this.#grace === Infinity) return
    const timer = setTimeout(() => {
      try {
        thread.terminate()
      } catch { /* it shares its carrier: it ends at its next cancellation point */ }
    }, this.#grace)
    this.#children.get(thread)!.catch(() => undefined).finally(() => { clearTimeout(timer) })
  }

  /** @internal All have ended. Throws the first error. */
  async end(): Promise<void> {
    while (this.#children.size !== 0) await Promise.allSettled(this.#children.values())
    this.#over = true
    const [first, ...others] = this.#errors
    if (this.#errors.length === 0) return
    if (others.length !== 0 && typeof first === 'object' && first !== null && Object.isExtensible(first))
      Object.defineProperty(first, 'suppressed', { value: others, configurable: true, writable: true, enumerable: false })
    throw first
  }
}

/**
 * Runs `body` and then waits for all threads that it has spawned: none is left when the promise is settled. The first that fails, or the body itself, cancels
 * the others; the promise is rejected with that error, which has those of the others in `suppressed`.
 */
export async function scope<T>(body: (scope: Scope) => T | Promise<T>, options: ScopeOptions = {}): Promise<T> {
  if (typeof body !== 'function') throw new TypeError(`scope: ${typeof body}, not a function`)
  for (const key of Object.keys(options)) if (!OPTIONS.has(key)) throw new TypeError(`scope: unknown option "${key}"`)
  const { signal, grace = Infinity } = options
  if (!(grace >= 0)) throw new RangeError(`scope: grace: ${String(grace)} is not a number of milliseconds from 0`)
  signal?.throwIfAborted()
  ensure()
  const s = new Scope(grace)
  const abort = (): void => { s.fail(signal!.reason) }
  signal?.addEventListener('abort', abort, { once: true })
  let result: T | undefined
  try {
    result = await body(s)
  } catch (error) {
    if (!s.signal.aborted || error !== s.signal.reason) s.fail(error)
  }
  try {
    await s.end()
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  return result as T
}
