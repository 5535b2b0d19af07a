// What is explored: the functions of some threads, the objects they share, and what must hold in the end.

import type { Port } from '../kernel/host.ts'
import type { Buffers } from '../kernel/process.ts'
import type { SchedulerFactory } from '../ult/scheduler.ts'
import type { Setting } from './cast.ts'

/** A test of code that threads run at the same time. A module that exports these names is one, too. */
export interface Story<T = unknown> {
  /** Makes the shared objects. Runs once; every schedule begins with the memory as it was then. */
  setup?(): T | PromiseLike<T>
  /**
   * The threads. Each gets what `setup` returned, as a thread's argument: objects of the library are shared, others are copies.
   * An asynchronous function has an event loop of its own, with timers on the virtual clock. A generator's verbs block.
   */
  readonly threads: readonly ((objects: T) => unknown)[]
  /** Called when all threads have ended, to assert what must hold. Must not block. */
  after?(objects: T): unknown
  /** false: time does not pass, so that no timeout hides a wakeup that was lost. */
  readonly clock?: boolean
  /** Numbers of threads that may die at any step, as a Worker that is terminated does. */
  readonly mortal?: readonly number[]
  /** Numbers of threads that need not end. */
  readonly daemons?: readonly number[]
  /**
   * `m:1`, `m:n`: the threads are fibers of carriers, and what is explored is the library's own trampoline: generators switch at the verbs of
   * `fiber`. Default `1:1`: each thread has a Worker, and the verbs block.
   */
  readonly model?: '1:1' | 'm:1' | 'm:n'
  /** m:n: carriers that run the fibers, 2 if not said. 1:1: parked carriers, which run threads that the story creates: functions of `entries`. */
  readonly carriers?: number
  /** Of the carriers of fibers: a name, the URL of a module that exports one, or what makes one. Default `rr`. */
  readonly scheduler?: string | URL | SchedulerFactory
  /** m:1, m:n: numbers of threads that have a Worker of their own nevertheless, of scope `system`. */
  readonly system?: readonly number[]
  /** For each thread the carrier that begins it, from 0. Default: they are offered at the carriers in turn, and may be taken by others. */
  readonly on?: readonly (number | undefined)[]
  /** m:1, m:n: there is a spare carrier, for others that are in a blocking section. */
  readonly spare?: boolean
  /** What created threads may run, by name: `create(entryOf('name'), …)`. */
  readonly entries?: Readonly<Record<string, (...args: never[]) => unknown>>
}

/** What the first Worker tells the controller, for the others. */
export interface Plan { kind: 'plan', buffers: Buffers, message: number, extras: unknown[], names: string[], threads: number }

/** What a lab Worker tells the controller. */
export type Report = Plan | { kind: 'ready' } | { kind: 'finding', finding: Finding } | { kind: 'done' } | { kind: 'failed', error: string }

/** What a lab Worker is told. */
export interface LabBirth {
  role: 'lab'
  index: number
  control: SharedArrayBuffer
  file: string
  story: string | undefined
  setting: Setting
  processors: number
  port: Port
  /** What the first Worker has planned; absent for itself. */
  plan: Plan | undefined
}

/** What is found wrong. */
export interface Finding {
  verdict: string
  /** In a sentence: `no thread can run: 1 sleeps on mutex`. */
  summary: string
  names: readonly string[]
  /** What every thread does, a line each. */
  threads: string[]
  /** The error of an assertion. */
  error?: string
  /** Replays it. */
  schedule: string
  /** How many steps it has. */
  steps: number
  /** How many preemptions. */
  preemptions: number
  /** Mixes all its steps: the same in every replay. */
  hash: number
}

/** Whether `o` can be explored. */
export function isStory(o: unknown): o is Story {
  if (typeof o !== 'object' || o === null) return false
  const { threads, setup, after } = o as Partial<Story>
  const functions = Array.isArray(threads) && threads.length > 0 && threads.every(f => typeof f === 'function')
  return functions && (setup === undefined || typeof setup === 'function') && (after === undefined || typeof after === 'function')
}
