// What a pool and its tasks are told by their options.

import { host } from '../kernel/host.ts'
import { sourceOf, type Entry, type Routine } from '../pthread/entry.ts'
import { HEAP_MIN, PTHREAD_STACK_MAX, PTHREAD_STACK_MIN } from '../pthread/limits.ts'

/** How a pool is made. */
export interface ThreadPoolOptions {
  /** For threads, error messages and reports. Default `pool`. */
  name?: string
  /** Threads that are there from the start, and stay. Default 0: a program ends without closing its pool, soon after the last task. */
  min?: number
  /** The most threads. Default: as many as there are processors. */
  max?: number
  /** How long a thread above `min` stays without a task, ms. Default 1000. */
  idleTimeout?: number
  /** How many tasks may wait for a thread; more are rejected with EAGAIN. Default: any number. */
  maxQueue?: number
  /** How long a task that is to stop may take before it is canceled, and then again before its thread is terminated, ms. Default 25. */
  grace?: number
  /** Limits of each thread, in MB, as Workers know them. */
  resourceLimits?: { maxOldGenerationSizeMb?: number, stackSizeMb?: number }
  /** Runs in each thread before its first task. If it fails, so does the task that the thread was made for, or, if there is none, `close`. */
  init?: Entry
  /** Its arguments. */
  initArgs?: readonly unknown[]
  /** Runs in each thread before it ends; not in one that dies or is terminated. If it fails, so does `close`. */
  dispose?: Entry
}

/** How a task is run. */
export interface RunOptions {
  /** Its abort ends the task: out of the queue, or where it runs. */
  signal?: AbortSignal
  /** How long it may take from now on, ms; then ErrnoError ETIMEDOUT. Default: for ever. */
  timeout?: number
  /** Which tasks leave the queue first: those with the highest. Default 0. */
  priority?: number
  /** Objects in the arguments that move to the thread instead of being copied: ArrayBuffers, MessagePorts. */
  transfer?: readonly object[]
}

export interface PoolSettings {
  name: string
  min: number
  max: number
  idleTimeout: number
  maxQueue: number
  grace: number
  heapLimit: number | undefined
  stackSize: number | undefined
  init: string | undefined
  initArgs: readonly unknown[]
  dispose: string | undefined
}

const POOL = new Set(['name', 'min', 'max', 'idleTimeout', 'maxQueue', 'grace', 'resourceLimits', 'init', 'initArgs', 'dispose'])
const RUN = new Set(['signal', 'timeout', 'priority', 'transfer'])
const LIMITS = new Set(['maxOldGenerationSizeMb', 'stackSizeMb'])
const MB = 2 ** 20
const LONGEST = 2 ** 31 - 1

/** Checks the options of a pool. Throws TypeError, RangeError. */
export function settingsOf(options: ThreadPoolOptions): PoolSettings {
  known('ThreadPool', 'options', options, POOL)
  const { name = 'pool', min = 0, idleTimeout = 1000, maxQueue = Infinity, grace = 25, resourceLimits = {}, init, initArgs = [], dispose } = options
  const { max = Math.max(min, host.processors()) } = options
  if (typeof name !== 'string') throw new TypeError(`ThreadPool: name: ${typeof name}, not a string`)
  number('min', min, 0, 4096, true)
  number('max', max, Math.max(1, min), 4096, true)
  number('idleTimeout', idleTimeout, 0, Infinity, false)
  number('maxQueue', maxQueue, 0, Infinity, maxQueue !== Infinity)
  number('grace', grace, 0, LONGEST, false)
  known('ThreadPool', 'resourceLimits', resourceLimits, LIMITS)
  const { maxOldGenerationSizeMb: heap, stackSizeMb: stack } = resourceLimits
  if (heap !== undefined) number('resourceLimits.maxOldGenerationSizeMb', heap, HEAP_MIN / MB, 2 ** 24, false)
  if (stack !== undefined) number('resourceLimits.stackSizeMb', stack, PTHREAD_STACK_MIN / MB, PTHREAD_STACK_MAX / MB, false)
  if (!Array.isArray(initArgs)) throw new TypeError('ThreadPool: initArgs is not an array')
  return {
    name, min, max, idleTimeout, maxQueue, grace, initArgs,
    heapLimit: heap === undefined ? undefined : heap * MB, stackSize: stack === undefined ? undefined : stack * MB,
    init: init === undefined ? undefined : sourceIn('ThreadPool: init', init), dispose: dispose === undefined ? undefined : sourceIn('ThreadPool: dispose', dispose),
  }
}

/** Checks the options of a task of `operation`. Throws TypeError, RangeError. */
export function checkRun(operation: string, options: RunOptions): void {
  known(operation, 'options', options, RUN)
  const { signal, timeout, priority, transfer } = options
  if (signal !== undefined) checkSignal(operation, signal)
  if (timeout !== undefined && !(typeof timeout === 'number' && (timeout >= 0 && timeout <= LONGEST || timeout === Infinity)))
    throw new RangeError(`${operation}: timeout: ${String(timeout)} is not a number of milliseconds from 0 to ${LONGEST}, nor Infinity`)
  if (priority !== undefined && !Number.isFinite(priority)) throw new RangeError(`${operation}: priority: ${String(priority)} is not a number`)
  if (transfer !== undefined && !Array.isArray(transfer)) throw new TypeError(`${operation}: transfer is not an array`)
}

/** Throws TypeError for what is no AbortSignal. */
export function checkSignal(operation: string, signal: unknown): void {
  if (!(signal instanceof AbortSignal)) throw new TypeError(`${operation}: signal is not an AbortSignal`)
}

/** The source of an entry; throws TypeError for what is none, or one that a pool's threads cannot run. */
export function sourceIn(operation: string, entry: unknown): string {
  const source = sourceOf(entry)
  if (source === undefined) {
    const what = typeof entry === 'function' ? `"${(entry as Routine).name}"` : entry === null ? 'null' : typeof entry
    throw new TypeError(`${operation}: ${what}${typeof entry === 'function' ? ' is' : ','} not an entry; a thread finds its function by module and name: use load(...) or thread(import.meta, ...)`)
  }
  if (source.startsWith('f')) throw new TypeError(`${operation}: the entry belongs to a factory; a pool makes its own Workers`)
  return source
}

/** Throws TypeError for what is no object, and for a name that is not among `names`. */
export function known(operation: string, what: string, options: unknown, names: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`${operation}: ${what}: ${options === null ? 'null' : typeof options}, not an object`)
  for (const key of Object.keys(options)) if (!names.has(key)) throw new TypeError(`${operation}: unknown option "${what === 'options' ? '' : `${what}.`}${key}"`)
}

function number(name: string, value: unknown, min: number, max: number, whole: boolean): void {
  if (typeof value !== 'number') throw new TypeError(`ThreadPool: ${name}: ${typeof value}, not a number`)
  if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) throw new RangeError(`ThreadPool: ${name}: ${value} is not a ${whole ? 'whole ' : ''}number from ${min} to ${max}`)
}
