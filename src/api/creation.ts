// How a thread is to be made: what Thread.create makes of its options, and of refusals.

import { peek } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { PLAIN } from '../kernel/clone.ts'
import { EAGAIN, ENOMEM, ENOSYS } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import { adopt } from '../kernel/mail.ts'
import { buffers, kernel, record, self } from '../kernel/process.ts'
import { Flag, ThreadRecord } from '../kernel/records.ts'
import { HEAP_MIN, PTHREAD_STACK_MAX, PTHREAD_STACK_MIN } from '../pthread/limits.ts'
import { isPriority, SCHED_FIFO, sched_get_priority_min, SCHED_OTHER, SCHED_RR } from '../pthread/sched.ts'
import { sharesByDefault, type Creation } from '../pthread/thread.ts'
import { factoryOf } from './entry.ts'
import { ErrnoError } from './errors.ts'

/** How a thread is to be made; sizes in bytes. */
export interface ThreadOptions {
  /** For error messages and reports. Default: the entry's name. */
  name?: string
  /** Nobody will join it; if it fails, it is printed on stderr and makes the exit code 1. */
  detached?: boolean
  /** Stack, 512 KiB to 1 GiB. A thread with a size of its own starts cold: its Worker is made for it. */
  stackSize?: number
  /** Limit of the heap, from 8 MiB. A thread that reaches it dies, and its join says so. Starts cold. */
  heapLimit?: number
  /** `other` (default: the creator's), `fifo` or `rr`. The operating system does not hear of it; see `priority`. */
  policy?: Policy
  /** 0 for `other`, 1 to 99 for `fifo` (default with a priority) and `rr`: who is woken first of those that wait for the same thing. Default: the creator's. */
  priority?: number
  /**
   * `system`: a Worker of its own. `process`: it shares carriers with other threads; it should be a generator that sleeps by the verbs of
   * `fiber`. Default: by the process's model (see configure), but `system` with a stackSize, a heapLimit or a factory.
   */
  scope?: Scope
  /** Objects in the arguments that move to the thread instead of being copied: ArrayBuffers, MessagePorts. */
  transfer?: readonly object[]
}

export type Scope = 'system' | 'process'

const policies = { other: SCHED_OTHER, fifo: SCHED_FIFO, rr: SCHED_RR } as const
export type Policy = keyof typeof policies

/** The error of a create of what is no entry. */
export function notAnEntry(what: unknown): TypeError {
  if (typeof what === 'function')
    return new TypeError(`Thread.create: ${what.name === '' ? 'the function' : `"${what.name}"`} is not an entry; a thread finds its function by module and name: use load(...), thread(import.meta, ...), or Thread.inline`)
  return new TypeError(`Thread.create: ${what === null ? 'null' : typeof what}, not an entry; use load(...), thread(import.meta, ...), or Thread.inline`)
}

// Where the caller stands, for the errors of the new thread.  It costs 3 us, which a program that creates a few
// threads does not notice, and one that creates 100,000 a second does: it gets SITES of them a second.
const SITES = 1000
let sites = SITES, unseen = 0, filled = 0

/** Where `caller` was called, or undefined. */
export function siteOf(caller: object): object | undefined {
  if ((peek(kernel, record(self.slot) + ThreadRecord.flags) & Flag.HOST) !== 0) return undefined
  if (sites === 0) {
    if ((++unseen & 255) !== 0) return undefined
    const time = now(CLOCK_MONOTONIC)
    sites = Math.min(SITES, Math.floor(time - filled))
    filled = time
    if (sites === 0) return undefined
  }
  sites--
  const site = {}
  Error.captureStackTrace(site, caller as () => void)
  return site
}

/** The error of a create that was refused. */
export function refused(errno: number, source: string): ErrnoError {
  switch (errno) {
    case EAGAIN: return new ErrnoError(errno, 'Thread.create', 'Thread.create: there are too many threads, or the host refuses another Worker')
    case ENOMEM: return new ErrnoError(errno, 'Thread.create', 'Thread.create: user memory is full, the arguments do not fit')
    case ENOSYS: return new ErrnoError(errno, 'Thread.create', `Thread.create: "${source.slice(source.indexOf('\n') + 1)}" was loaded from a factory in another thread; only that one can start its Workers`)
    default: return new ErrnoError(errno, 'Thread.create')
  }
}

/** Workers that factories of this heap have made, by carrier. */
export const madeByFactory = new Map<number, { terminate(): void }>()

const NONE: readonly object[] = []
const OPTIONS = new Set(['name', 'detached', 'stackSize', 'heapLimit', 'transfer', 'priority', 'policy', 'scope'])

/** Checks the options; throws TypeError, RangeError. */
export function creation(source: string, options: ThreadOptions): Creation {
  for (const key of Object.keys(options)) if (!OPTIONS.has(key)) throw new TypeError(`Thread.create: unknown option "${key}"`)
  const { name = '', detached = false, transfer = NONE } = options
  if (typeof name !== 'string') throw new TypeError(`Thread.create: name: ${typeof name}, not a string`)
  if (typeof detached !== 'boolean') throw new TypeError(`Thread.create: detached: ${typeof detached}, not a boolean`)
  if (!Array.isArray(transfer)) throw new TypeError('Thread.create: transfer is not an array')
  const stack = size('stackSize', options.stackSize, PTHREAD_STACK_MIN, PTHREAD_STACK_MAX, 1024)
  const heap = size('heapLimit', options.heapLimit, HEAP_MIN, 2 ** 44, 2 ** 20)
  const { priority, policy } = options
  const scheduling = priority === undefined && policy === undefined ? {} : { scheduling: schedulingOf('Thread.create', priority, policy) }
  const { scope } = options
  if (scope !== undefined && scope !== 'system' && scope !== 'process') throw new TypeError(`Thread.create: scope "${String(scope)}" is not "system" or "process"`)
  const factory = factoryOf(source)
  const own = heap !== 0 || stack !== 0 || factory !== undefined
  if (own && scope === 'process') throw new TypeError('Thread.create: a thread with a heapLimit, a stackSize or a factory has a Worker of its own: its scope is "system"')
  const fiber = !own && (scope === undefined ? sharesByDefault() : scope === 'process')
  if (factory === undefined) return { name, detached, transfer, ...scheduling, fiber, kind: own ? { heap, stack, factory: 0 } : PLAIN }
  if (heap !== 0 || stack !== 0) throw new TypeError('Thread.create: a factory makes its own Workers; heapLimit and stackSize are for it to set')
  const { number, make } = factory
  const beginIt = make === undefined ? {} : { begin: (n: number) => { begin(n, make) } }
  return { name, detached, transfer, ...scheduling, fiber, kind: { heap, stack, factory: number, ...beginIt } }
}

/** Checks a priority and a policy; throws TypeError, RangeError. */
export function schedulingOf(operation: string, priority: number | undefined, name: Policy | undefined): { policy: number, priority: number } {
  if (priority !== undefined && typeof priority !== 'number') throw new TypeError(`${operation}: priority: ${typeof priority}, not a number`)
  const policy = name ?? (priority === 0 ? 'other' : 'fifo')
  if (!Object.hasOwn(policies, policy)) throw new TypeError(`${operation}: policy "${String(policy)}" is not "other", "fifo" or "rr"`)
  const given = priority ?? sched_get_priority_min(policies[policy])
  const most = policy === 'other' ? '0' : '1 to 99'
  if (!isPriority(given, policies[policy])) throw new RangeError(`${operation}: ${given} is no priority of "${policy}": it has ${most}`)
  return { policy: policies[policy], priority: given }
}

function begin(n: number, make: () => unknown): void {
  const worker = make()
  host.check(worker)
  madeByFactory.set(n, worker as { terminate(): void })
  host.adopt(worker, { ...buffers(), role: 'carrier', carrier: n, port: adopt(n) })
}

function size(option: string, bytes: number | undefined, min: number, max: number, unit: number): number {
  if (bytes === undefined) return 0
  if (typeof bytes !== 'number') throw new TypeError(`Thread.create: ${option}: ${typeof bytes}, not a number of bytes`)
  if (!(bytes >= min && bytes <= max)) throw new RangeError(`Thread.create: ${option}: ${bytes} is not a number of bytes from ${min} to ${max}`)
  return Math.ceil(bytes / unit)
}
