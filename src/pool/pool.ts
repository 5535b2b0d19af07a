// class ThreadPool: threads that run tasks.

import { ensure } from '../api/attach.ts'
import { ErrnoError } from '../api/errors.ts'
import type { ResultOf } from '../api/thread.ts'
import { ECANCELED } from '../kernel/errno.ts'
import { sourceOf, type Entry, type Routine } from '../pthread/entry.ts'
import { current, type PoolTask } from './context.ts'
import { Dispatcher } from './dispatcher.ts'
import { idOf } from './entry-id.ts'
import type { ThreadPoolStats } from './figures.ts'
import { map, type Items, type MapOptions } from './map.ts'
import { checkRun, settingsOf, sourceIn, type PoolSettings, type RunOptions, type ThreadPoolOptions } from './options.ts'

const NO_OPTIONS: RunOptions = {}

/**
 * Threads that run tasks, for the heap that made it. A task is a function of a module, by `load` or `thread`, as it is for {@link Thread.create}. A thread that
 * dies fails the task that it ran and no other, and is replaced.
 *
 * With `min: 0`, the default, threads end when they have been idle for a while, and with them the program; otherwise it has to be closed.
 */
export class ThreadPool implements AsyncDisposable {
  readonly #settings: PoolSettings
  readonly #dispatcher: Dispatcher

  /**
   * Starts `min` threads; the others start when tasks need them. Throws TypeError, RangeError for options that are none, ErrnoError ENOMEM when user
   * memory is full, EAGAIN when there are too many threads.
   */
  constructor(options: ThreadPoolOptions = {}) {
    ensure()
    this.#settings = settingsOf(options)
    this.#dispatcher = new Dispatcher(this.#settings)
  }

  /** The task that the calling thread runs for a pool; undefined elsewhere. */
  static get task(): PoolTask | undefined {
    return current.task
  }

  get name(): string {
    return this.#settings.name
  }

  /** The most threads. */
  get size(): number {
    return this.#settings.max
  }

  /** What it has done, and does now. */
  get stats(): ThreadPoolStats {
    return this.#dispatcher.stats
  }

  /** Calls `f` with upper bound, ms, and count of each bucket of the histogram of times: how long tasks waited for a thread, or ran. */
  histogram(what: 'wait' | 'run', f: (most: number, count: number) => void): void {
    this.#dispatcher.histogram(what).forEach(f)
  }

  /**
   * Runs the entry with these arguments on a thread of the pool; the promise is settled as the function returns or throws. Arguments are
   * copied when the task leaves the queue. Does not block, but for the few milliseconds in which a Worker is made. Throws TypeError for what is no entry;
   * rejects with TypeError for arguments that cannot travel, ErrnoError EAGAIN when the queue is full, EPIPE when the pool
   * is closed, ETIMEDOUT, the signal's reason when it is aborted, and the death of the thread that ran it.
   */
  run<F extends Routine>(entry: Entry<F>, ...args: Parameters<F>): Promise<ResultOf<F>>
  run<F extends Routine>(options: RunOptions, entry: Entry<F>, ...args: Parameters<F>): Promise<ResultOf<F>>
  run(first: RunOptions | Entry, ...args: unknown[]): Promise<unknown> {
    if (sourceOf(first) !== undefined) return this.#dispatcher.submit(idOf(first as Entry), args, NO_OPTIONS, true)
    if (typeof first !== 'object' || first === null || sourceOf(args[0]) === undefined) sourceIn('pool.run', args.length === 0 || typeof first !== 'object' ? first : args[0])
    checkRun('pool.run', first as RunOptions)
    return this.#dispatcher.submit(idOf(args[0] as Entry), args.slice(1), first as RunOptions, true)
  }

  /** @internal A task that a full queue does not refuse. */
  static submit<F extends Routine>(pool: ThreadPool, options: RunOptions, entry: Entry<F>, ...args: Parameters<F>): Promise<ResultOf<F>> {
    return pool.#dispatcher.submit(idOf(entry as unknown as Entry), args, options, false) as Promise<ResultOf<F>>
  }

  /**
   * Runs the entry for each item, `entry(item, index)`, and yields the results: in the order of the items, or, with `ordered: false`, as they come.
   * Takes items only as results are taken: at most `concurrency` are under way, and, unless that is one, no more than the queue has room for. Items
   * that are promises are awaited. The first error ends it: no more items are taken, and when the results before it have been yielded it is
   * thrown; what is under way then is aborted. So it is when the loop is left. Throws TypeError, RangeError for arguments that are none.
   */
  map<F extends Routine>(entry: Entry<F>, items: Items<Parameters<F>[0]>, options: MapOptions = {}): AsyncGenerator<ResultOf<F>, void, void> {
    sourceIn('pool.map', entry)
    const id = idOf(entry as unknown as Entry), dispatcher = this.#dispatcher
    const run = (how: RunOptions, item: unknown, index: number): Promise<unknown> => dispatcher.submit(id, [item, index], how, false)
    return map({ run, isFull: () => dispatcher.isFull() }, items, options, 4 * this.#settings.max) as AsyncGenerator<ResultOf<F>, void, void>
  }

  /**
   * Takes no more tasks; resolves when all are done and the threads have ended. Rejects then if `dispose` has failed in one of them, or `init` in
   * one that was not made for a task: with that error, which has those of others in `suppressed`.
   */
  close(): Promise<void> {
    return this.#dispatcher.close()
  }

  /**
   * {@link close}, but tasks that wait or run are aborted: with `reason`, by default ErrnoError ECANCELED. Threads that are in `init` or `dispose` a
   * second later are canceled, and after the pool's grace terminated.
   */
  destroy(reason: unknown = new ErrnoError(ECANCELED, 'pool.destroy', `${String(this)} was destroyed`, this)): Promise<void> {
    return this.#dispatcher.destroy(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  toString(): string {
    return `ThreadPool "${this.#settings.name}"`
  }
}
