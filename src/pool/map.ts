// ThreadPool.map: a task for each item, with backpressure.

import type { RunOptions } from './options.ts'

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
  /** Called after each task. */
  onProgress?: (progress: Progress) => void
}

/** How far a map has come. */
export interface Progress {
  readonly done: number
  /** Items taken so far. */
  readonly started: number
  /** How many items there are; undefined where the iterable does not tell before its end. */
  readonly total: number | undefined
}

const OPTIONS = new Set(['concurrency', 'ordered', 'signal', 'timeout', 'priority', 'transfer', 'onProgress'])

type Settled = { index: number, value: unknown } | { index: number, error: unknown }

type Runner = (options: RunOptions, item: unknown, index: number) => Promise<unknown>
/** What a map may be made of. */
export type Items<T> = Iterable<T> | AsyncIterable<T>
type Stepper = Iterator<unknown> | AsyncIterator<unknown>

/** Calls `run` for each item and yields what its promises become. */
export function map(run: Runner, items: Items<unknown>, options: MapOptions, usual: number): AsyncGenerator<unknown, void, void> {
  if (typeof options !== 'object' || options === null) throw new TypeError(`pool.map: options: ${options === null ? 'null' : typeof options}, not an object`)
  for (const key of Object.keys(options)) if (!OPTIONS.has(key)) throw new TypeError(`pool.map: unknown option "${key}"`)
  const { concurrency = usual } = options
  if (!(concurrency >= 1)) throw new RangeError(`pool.map: concurrency: ${String(concurrency)} is not a number from 1`)
  return results(run, iteratorOf(items), lengthOf(items), options, concurrency)
}

function iteratorOf(items: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(items) as Partial<AsyncIterable<unknown> & Iterable<unknown>>
  if (typeof later === 'function') return later.call(items as never)
  if (typeof now !== 'function') throw new TypeError('pool.map: the items are not iterable')
  return now.call(items as never)
}

function lengthOf(items: object): number | undefined {
  if (Array.isArray(items) || ArrayBuffer.isView(items)) return (items as unknown as { length: number }).length
  return items instanceof Set || items instanceof Map ? items.size : undefined
}

async function* results(run: Runner, items: Stepper, known: number | undefined, options: MapOptions, concurrency: number): AsyncGenerator<unknown, void, void> {
  const { ordered = true, signal, timeout, priority, transfer, onProgress } = options
  const controller = new AbortController()
  const abort = (): void => { controller.abort(signal!.reason) }
  const underWay = new Map<number, Promise<Settled>>()
  let started = 0, done = 0, total = known, over = false

  const start = (item: unknown): void => {
    const index = started++
    const given: RunOptions = {
      signal: controller.signal, ...(timeout !== undefined && { timeout }), ...(priority !== undefined && { priority }),
      ...(transfer !== undefined && { transfer: transfer(item as never) }),
    }
    const settled = run(given, item, index).then(value => {
      done++
      onProgress?.({ done, started, total })
      return { index, value }
    }).catch((error: unknown) => ({ index, error }))
    underWay.set(index, settled)
  }

  signal?.addEventListener('abort', abort, { once: true })
  try {
    signal?.throwIfAborted()
    for (let taken = 0; ;) {
      while (!over && underWay.size < concurrency) {
        const step = await items.next()
        signal?.throwIfAborted()
        if (step.done === true) {
          over = true
          total = started
        } else {
          start(step.value)
        }
      }
      if (underWay.size === 0) return
      const next = await (ordered ? underWay.get(taken)! : Promise.race(underWay.values()))
      taken++
      underWay.delete(next.index)
      if ('error' in next) throw next.error
      yield next.value
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    controller.abort(new DOMException('the map has ended', 'AbortError'))
    await Promise.all(underWay.values())
    if (!over) await items.return?.()
  }
}
