// ThreadPool.map: a task for each item, with backpressure.
//
// Items are taken while fewer than `concurrency` of them are under way, that is taken, and their results not: the one that the
// consumer has in hand is under way until it asks for the next.  So a consumer that is slow holds the items back, and items that come
// slowly hold no result back: whatever is there is yielded while the next item is waited for.

import { isThenable } from '../pthread/awaiting.ts'
import { checkRun, known, type RunOptions } from './options.ts'

/** How a map is run. */
export interface MapOptions {
  /** How many items are under way at most: taken, and their results not. Default: four for each thread. */
  concurrency?: number
  /** Whether results come in the order of the items. Default true. */
  ordered?: boolean
  /** Its abort ends the map. */
  signal?: AbortSignal
  /** For each task, ms. */
  timeout?: number
  priority?: number
  /** What of an item moves instead of being copied. */
  transfer?: (item: never) => readonly object[]
  /** Called after each task that has returned. What it throws ends the map. */
  onProgress?: (progress: Progress) => void
}

/** How far a map has come. */
export interface Progress {
  /** Tasks that have returned. */
  readonly done: number
  /** Items taken so far. */
  readonly started: number
  /** How many items there are; undefined where the iterable does not tell before its end. */
  readonly total: number | undefined
}

const OPTIONS = new Set(['concurrency', 'ordered', 'signal', 'timeout', 'priority', 'transfer', 'onProgress'])

/** Who runs the tasks. */
export interface Runner {
  run(options: RunOptions, item: unknown, index: number): Promise<unknown>
  /** Whether its queue is full: no item is taken then, unless nothing is under way. */
  isFull(): boolean
}

/** What a map may be made of. */
export type Items<T> = Iterable<T | PromiseLike<T>> | AsyncIterable<T>

type Settled = { failed: false, value: unknown } | { failed: true, value: unknown }

/** Calls `runner` for each item and yields what its promises become. Throws TypeError, RangeError for options that are none, and what is not iterable. */
export function map(runner: Runner, items: Items<unknown>, options: MapOptions, usual: number): AsyncGenerator<unknown, void, void> {
  known('pool.map', 'options', options, OPTIONS)
  const { concurrency = usual, ordered, transfer, onProgress, signal, timeout, priority } = options
  if (!(typeof concurrency === 'number' && concurrency >= 1)) throw new RangeError(`pool.map: concurrency: ${String(concurrency)} is not a number from 1`)
  if (ordered !== undefined && typeof ordered !== 'boolean') throw new TypeError(`pool.map: ordered: ${typeof ordered}, not a boolean`)
  for (const [name, f] of Object.entries({ transfer, onProgress })) if (f !== undefined && typeof f !== 'function') throw new TypeError(`pool.map: ${name}: ${typeof f}, not a function`)
  const how: RunOptions = { ...(timeout !== undefined && { timeout }), ...(priority !== undefined && { priority }) }
  checkRun('pool.map', signal === undefined ? how : { ...how, signal })
  const begin = iteratorOf(items)
  return new Mapping(runner, begin, lengthOf(items), options, how, concurrency).results()
}

type Begin = () => Iterator<unknown> | AsyncIterator<unknown>

function iteratorOf(items: unknown): Begin {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(items) as Partial<AsyncIterable<unknown> & Iterable<unknown>>
  if (typeof later === 'function') return () => later.call(items as never)
  if (typeof now === 'function') return () => now.call(items as never)
  throw new TypeError('pool.map: the items are not iterable')
}

function lengthOf(items: object): number | undefined {
  if (Array.isArray(items) || ArrayBuffer.isView(items)) return (items as unknown as { length: number }).length
  return items instanceof Set || items instanceof Map ? items.size : undefined
}

class Mapping {
  readonly #runner: Runner
  readonly #begin: Begin
  readonly #options: MapOptions
  readonly #how: RunOptions
  readonly #concurrency: number
  /** Ends what is under way. */
  readonly #controller = new AbortController()
  #items: ReturnType<Begin> | undefined
  /** Outcomes that nobody has taken, by the index of their items, in the order in which they came. */
  readonly #ready = new Map<number, Settled>()
  readonly #underWay = new Set<Promise<void>>()
  #started = 0
  #done = 0
  #total: number | undefined
  /** The consumer has one in hand. */
  #inHand = false
  /** An item is waited for. */
  #awaits = false
  /** No more items are taken: there are none, or something has failed. */
  #over = false
  /** The items have said that they end, or failed: they need not be closed. */
  #ended = false
  /** What the items have failed with: thrown when the results of those before are taken. */
  #failure: { error: unknown } | undefined
  #notify: (() => void) | undefined

  constructor(runner: Runner, begin: Begin, total: number | undefined, options: MapOptions, how: RunOptions, concurrency: number) {
    this.#runner = runner
    this.#begin = begin
    this.#total = total
    this.#options = options
    this.#how = { ...how, signal: this.#controller.signal }
    this.#concurrency = concurrency
  }

  async* results(): AsyncGenerator<unknown, void, void> {
    const { signal } = this.#options
    const abort = (): void => {
      this.#over = true
      this.#controller.abort(signal!.reason)
      this.#notify?.()
    }
    signal?.addEventListener('abort', abort, { once: true })
    try {
      signal?.throwIfAborted()
      this.#items = this.#begin()
      for (let taken = 0; ;) {
        this.#pump()
        const index = this.#options.ordered === false ? this.#first() : taken, outcome = this.#ready.get(index)
        if (outcome !== undefined) {
          this.#ready.delete(index)
          taken++
          if (outcome.failed) throw outcome.value
          this.#inHand = true
          yield outcome.value
          this.#inHand = false
        } else if (this.#underWay.size === 0 && this.#over && !this.#awaits) {
          if (this.#failure !== undefined) throw this.#failure.error
          return
        } else {
          await new Promise<void>(resolve => { this.#notify = resolve })
        }
        signal?.throwIfAborted()
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      await this.#end()
    }
  }

  #first(): number {
    for (const index of this.#ready.keys()) return index
    return -1
  }

  // Takes items while there is room for them.
  #pump(): void {
    while (!this.#over && !this.#awaits && this.#underWay.size + this.#ready.size + (this.#inHand ? 1 : 0) < this.#concurrency) {
      if (this.#underWay.size !== 0 && this.#runner.isFull()) return
      const step = this.#next()
      if (isThenable(step)) this.#later(step, given => { this.#accept(given) }, error => { this.#broken(error) })
      else if (step !== undefined) this.#accept(step)
    }
  }

  #next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> | undefined {
    try {
      return this.#items!.next()
    } catch (error) {
      this.#broken(error)
    }
  }

  // The items have failed: they need not be closed.
  #broken(error: unknown): void {
    this.#ended = true
    this.#fail(error)
  }

  // Goes on when `promise` has settled; results are yielded meanwhile.
  #later<T>(promise: PromiseLike<T>, then: (value: T) => void, failed: (error: unknown) => void): void {
    this.#awaits = true
    const go = (f: () => void): void => {
      this.#awaits = false
      if (!this.#over) {
        f()
        this.#pump()
      }
      this.#notify?.()
    }
    promise.then(value => { go(() => { then(value) }) }, (error: unknown) => { go(() => { failed(error) }) })
  }

  #accept(step: IteratorResult<unknown>): void {
    if (step.done === true) {
      this.#over = this.#ended = true
      this.#total = this.#started
    } else if (isThenable(step.value)) {
      this.#later(step.value, value => { this.#start(value) }, error => { this.#fail(error) })
    } else {
      this.#start(step.value)
    }
  }

  // No item comes any more; what was taken before is still yielded.
  #fail(error: unknown): void {
    this.#over = true
    this.#failure = { error }
  }

  #start(item: unknown): void {
    const { transfer } = this.#options
    let options = this.#how
    if (transfer !== undefined) {
      try {
        checkRun('pool.map', options = { ...options, transfer: transfer(item as never) })
      } catch (error) {
        return this.#fail(error)
      }
    }
    const index = this.#started++
    const task = this.#runner.run(options, item, index).then(value => {
      this.#settle(index, task, this.#report() ?? { failed: false, value })
    }, (error: unknown) => { this.#settle(index, task, { failed: true, value: error }) })
    this.#underWay.add(task)
  }

  #report(): Settled | undefined {
    this.#done++
    try {
      this.#options.onProgress?.({ done: this.#done, started: this.#started, total: this.#total })
    } catch (error) {
      return { failed: true, value: error }
    }
  }

  #settle(index: number, task: Promise<void>, outcome: Settled): void {
    this.#underWay.delete(task)
    this.#ready.set(index, outcome)
    if (outcome.failed) this.#over = true
    this.#pump()
    this.#notify?.()
  }

  // Nothing is under way any more, and the items are closed, if they are not at their end.
  async #end(): Promise<void> {
    this.#over = true
    this.#controller.abort(new DOMException('the map has ended', 'AbortError'))
    await Promise.all(this.#underWay)
    if (this.#ended || this.#items === undefined) return
    if (!this.#awaits) return void await this.#items.return?.()
    void Promise.resolve(this.#items.return?.()).catch(() => undefined)   // it may come never, as the item that is waited for
  }
}
