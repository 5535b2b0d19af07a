// The schedulers that have a name, and what a user's module must export to be one.

import { fair } from './fair.ts'
import { fifo, rr } from './priorities.ts'
import type { Scheduler, SchedulerFactory } from './scheduler.ts'

const NAMED: Readonly<Record<string, SchedulerFactory>> = { rr, fifo, fair }
/** The names of the schedulers that are here. */
export const SCHEDULERS: readonly string[] = Object.keys(NAMED)

const METHODS = ['enqueue', 'pick', 'remove', 'slice', 'preempts'] as const
const FLAGS = ['timed', 'byPriority'] as const
const UPCALLS = ['reprioritized', 'donated', 'started', 'expired', 'blocked', 'unblocked', 'victim'] as const

/** Whether `name` names a module, not a scheduler that is here: it has a slash, or ends as a module does. */
export function isSchedulerFile(name: string): boolean {
  return /[/\\]|\.[mc]?[jt]s$/.test(name)
}

/** The factory of the scheduler `name`. Throws a RangeError that says which there are. */
export function schedulerNamed(name: string): SchedulerFactory {
  if (!Object.hasOwn(NAMED, name)) throw new RangeError(`no scheduler "${name}": ${SCHEDULERS.join(', ')}, or a file such as ./mine.ts`)
  return NAMED[name]
}

/**
 * The factory that the module of `file` exports, as `default` or as `scheduler`, tried once. Throws a TypeError that says what is wrong with it.
 */
export function schedulerOf(module: Readonly<Record<string, unknown>>, file: string): SchedulerFactory {
  const factory = module.default ?? module.scheduler
  if (factory === undefined) throw new TypeError(`${file}: no scheduler: export a function that makes one, as default or as scheduler; the exports are ${Object.keys(module).join(', ') || 'none'}`)
  if (typeof factory !== 'function') throw new TypeError(`${file}: the scheduler is ${kind(factory)}, not a function that makes one`)
  const make = (): Scheduler => checkScheduler((factory as () => unknown)(), file)
  make()
  return make
}

/** `scheduler`, if it has all that one needs; `from` is where it comes from. Throws a TypeError that names what is missing. */
export function checkScheduler(scheduler: unknown, from: string): Scheduler {
  if (typeof scheduler !== 'object' || scheduler === null) throw new TypeError(`${from}: the factory returns ${kind(scheduler)}, not a scheduler`)
  const members = scheduler as Record<string, unknown>
  const wrong = [
    ...typeof members.name === 'string' ? [] : [`name is ${kind(members.name)}, not a string`],
    ...members.runnable === 0 ? [] : [`runnable is ${typeof members.runnable === 'number' ? members.runnable : kind(members.runnable)}, not 0, of a scheduler that holds nobody yet`],
    ...METHODS.filter(name => typeof members[name] !== 'function').map(name => `${name} is ${kind(members[name])}, not a function`),
    ...UPCALLS.filter(name => !['function', 'undefined'].includes(typeof members[name])).map(name => `${name} is ${kind(members[name])}, neither a function nor absent`),
    ...FLAGS.filter(name => !['boolean', 'undefined'].includes(typeof members[name])).map(name => `${name} is ${kind(members[name])}, neither true nor false`),
    ...members.grain === undefined || (typeof members.grain === 'number' && members.grain >= 0) ? [] : [`grain is ${typeof members.grain === 'number' ? members.grain : kind(members.grain)}, not a number of ms`],
  ]
  if (wrong.length > 0) throw new TypeError(`${from}: no scheduler: ${wrong.join('; ')}`)
  return scheduler as Scheduler
}

function kind(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
