// The commands: what each does to a table, and where its keys stand, so that whoever owns them can be asked. Nothing here knows a thread.

import type { Arg } from './parser.ts'
import { array, bulk, failure, integer, isFailure, NIL, NO_MEMORY, OK, PONG, type Reply } from './reply.ts'
import type { Store } from './store.ts'

/**
 * Where the keys are. `none`: there are none. `first`: the first argument. `each`: all arguments. `pairs`: every other one, its value behind it.
 * `everywhere`: all keys that there are. `threads`: none, but every thread is asked.
 */
export type Keys = 'none' | 'first' | 'each' | 'pairs' | 'everywhere' | 'threads'

export interface Command {
  readonly name: string
  /** How many words, with the name; negative: at least so many. */
  readonly arity: number
  readonly keys: Keys
  readonly flags: readonly string[]
  /** What it does to a table that has all its keys. */
  readonly run: (store: Store, args: readonly Arg[], now: number) => Reply
  /** For `each`, where the answer says something about each key: the command that says it about one. */
  readonly single?: string
  /** One answer from those of several tables, for commands with `each`, `pairs`, `everywhere`. By default the sum. */
  readonly merge?: (replies: readonly Reply[], args: readonly Arg[]) => Reply
}

const WRITE = ['write'], READ = ['readonly'], FAST = ['fast']

const NOT_INTEGER = failure('ERR value is not an integer or out of range'), SYNTAX = failure('ERR syntax error')

const LIST: readonly Command[] = [
  { name: 'get', arity: 2, keys: 'first', flags: READ, run: (store, [, key], now) => bulk(store.get(key as string, now)) },
  { name: 'set', arity: -3, keys: 'first', flags: WRITE, run: set },
  { name: 'del', arity: -2, keys: 'each', flags: WRITE, run: (store, args, now) => integer(count(args, key => store.delete(key, now))) },
  { name: 'exists', arity: -2, keys: 'each', flags: READ, run: (store, args, now) => integer(count(args, key => store.deadline(key, now) !== undefined)) },
  { name: 'incr', arity: 2, keys: 'first', flags: WRITE, run: (store, [, key], now) => add(store, key as string, 1n, now) },
  { name: 'decr', arity: 2, keys: 'first', flags: WRITE, run: (store, [, key], now) => add(store, key as string, -1n, now) },
  { name: 'incrby', arity: 3, keys: 'first', flags: WRITE, run: (store, [, key, by], now) => add(store, key as string, int64(by), now) },
  { name: 'mget', arity: -2, keys: 'each', single: 'get', flags: READ, run: mget, merge: array },
  { name: 'mset', arity: -3, keys: 'pairs', flags: WRITE, run: mset, merge: firstFailure },
  { name: 'expire', arity: 3, keys: 'first', flags: WRITE, run: (store, args, now) => expire(store, args, 1000, now) },
  { name: 'pexpire', arity: 3, keys: 'first', flags: WRITE, run: (store, args, now) => expire(store, args, 1, now) },
  { name: 'persist', arity: 2, keys: 'first', flags: WRITE, run: persist },
  { name: 'ttl', arity: 2, keys: 'first', flags: READ, run: (store, [, key], now) => integer(left(store, key as string, 1000, now)) },
  { name: 'pttl', arity: 2, keys: 'first', flags: READ, run: (store, [, key], now) => integer(left(store, key as string, 1, now)) },
  { name: 'dbsize', arity: 1, keys: 'everywhere', flags: READ, run: store => integer(store.figures.keys) },
  { name: 'flushall', arity: -1, keys: 'everywhere', flags: WRITE, run: flush, merge: firstFailure },
  { name: 'flushdb', arity: -1, keys: 'everywhere', flags: WRITE, run: flush, merge: firstFailure },
  { name: 'ping', arity: -1, keys: 'none', flags: FAST, run: (_, args) => args.length > 2 ? wrongArity('ping') : args.length === 1 ? PONG : bulk(args[1]) },
  { name: 'echo', arity: 2, keys: 'none', flags: FAST, run: (_, [, text]) => bulk(text) },
  { name: 'select', arity: 2, keys: 'none', flags: FAST, run: (_, [, n]) => select(n) },
  { name: 'config', arity: -2, keys: 'none', flags: ['admin'], run: config },
  { name: 'command', arity: -1, keys: 'none', flags: FAST, run: describe },
]

/** By name: the commands that know keys, and those that know nothing at all. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(LIST.map(command => [command.name, command]))

/** The command that `args` asks for, or the answer to what is none. */
export function commandOf(args: readonly Arg[], others: ReadonlyMap<string, Command>): Command | string {
  const name = typeof args[0] === 'string' ? args[0].toLowerCase() : ''
  const command = COMMANDS.get(name) ?? others.get(name)
  if (command === undefined) return unknown(args)
  const { arity } = command
  if (arity < 0 ? args.length < -arity : args.length !== arity) return wrongArity(command.name)
  if (command.keys === 'pairs' && args.length % 2 === 0) return wrongArity(command.name)
  if (command.keys === 'everywhere' && args.some(arg => typeof arg !== 'string')) return SYNTAX
  return keysAreShort(command.keys, args) ? command : failure('ERR a key is longer than 16383 bytes')
}

function keysAreShort(keys: Keys, args: readonly Arg[]): boolean {
  switch (keys) {
    case 'first': return typeof args[1] === 'string'
    case 'each': return args.every(arg => typeof arg === 'string')
    case 'pairs': return args.every((arg, i) => i % 2 === 0 || typeof arg === 'string')
    default: return true
  }
}

function unknown([name, ...args]: readonly Arg[]): string {
  let rest = ''
  for (let i = 0; i < args.length && rest.length < 128; i++) rest += `'${shown(args[i], 128 - rest.length)}' `
  return failure(`ERR unknown command '${shown(name)}', with args beginning with: ${rest}`)
}

// The beginning of an argument, as Redis shows it: up to a character 0.
function shown(arg: Arg, most = 128): string {
  const text = typeof arg === 'string' ? arg.slice(0, most) : Buffer.from(arg.subarray(0, most)).toString('latin1')
  return text.split('\0', 1)[0]
}

const wrongArity = (name: string): string => failure(`ERR wrong number of arguments for '${name}' command`)

function count(args: readonly Arg[], does: (key: string) => boolean): number {
  let n = 0
  for (let i = 1; i < args.length; i++) if (does(args[i] as string)) n++
  return n
}

/** The sum of answers that are integers; the first failure, if there is one. */
export function sum(replies: readonly Reply[]): Reply {
  return replies.find(isFailure) ?? integer(replies.reduce((n, reply) => n + Number((reply as string).slice(1)), 0))
}

function firstFailure(replies: readonly Reply[]): Reply {
  return replies.find(isFailure) ?? OK
}

function mget(store: Store, args: readonly Arg[], now: number): Reply {
  return array(args.slice(1).map(key => bulk(store.get(key as string, now))))
}

interface SetOptions { unit: 0 | 1 | 1000, time: Arg, only: '' | 'nx' | 'xx', get: boolean, keep: boolean }

function set(store: Store, args: readonly Arg[], now: number): Reply {
  const key = args[1] as string
  if (args.length === 3) return store.set(key, args[2], Infinity, now) ? OK : NO_MEMORY
  const options = optionsOf(args)
  const end = options === undefined ? SYNTAX : deadlineOf(options, now)
  if (options === undefined || typeof end === 'string') return end as string
  const old = store.deadline(key, now), answer = options.get ? bulk(store.get(key, now)) : undefined
  if (options.only === 'nx' && old !== undefined || options.only === 'xx' && old === undefined) return answer ?? NIL
  return store.set(key, args[2], options.keep ? old ?? Infinity : end, now) ? answer ?? OK : NO_MEMORY
}

// The words behind the value; undefined for what makes no sense.
function optionsOf(args: readonly Arg[]): SetOptions | undefined {
  const options: SetOptions = { unit: 0, time: '', only: '', get: false, keep: false }
  for (let i = 3; i < args.length; i++) {
    const word = typeof args[i] === 'string' ? (args[i] as string).toLowerCase() : ''
    if (word === 'ex' || word === 'px') {
      const unit = word === 'ex' ? 1000 : 1
      if (options.keep || i + 1 === args.length || options.unit !== 0 && options.unit !== unit) return undefined
      options.unit = unit
      options.time = args[++i]
    } else if (word === 'nx' || word === 'xx') {
      if (options.only !== '' && options.only !== word) return undefined
      options.only = word
    } else if (word === 'keepttl' && options.unit === 0) {
      options.keep = true
    } else if (word === 'get') {
      options.get = true
    } else {
      return undefined
    }
  }
  return options
}

function deadlineOf({ unit, time }: SetOptions, now: number): number | string {
  if (unit === 0) return Infinity
  const n = int64(time)
  if (n === undefined) return NOT_INTEGER
  const end = endOf(n, unit, now)
  return n <= 0n || end === undefined ? failure('ERR invalid expire time in \'set\' command') : end
}

function add(store: Store, key: string, by: bigint | undefined, now: number): Reply {
  if (by === undefined) return NOT_INTEGER
  const old = store.get(key, now)
  const before = old === undefined ? 0n : int64(old)
  if (before === undefined) return NOT_INTEGER
  const after = before + by
  if (BigInt.asIntN(64, after) !== after) return failure('ERR increment or decrement would overflow')
  const deadline = old === undefined ? Infinity : store.deadline(key, now)!
  return store.set(key, String(after), deadline, now) ? `:${after}\r\n` : NO_MEMORY
}

// An integer of 64 bits as it is written; undefined for anything else.
function int64(arg: Arg): bigint | undefined {
  if (typeof arg !== 'string' || arg.length > 20 || !/^(0|-?[1-9][0-9]*)$/.test(arg)) return undefined
  const n = BigInt(arg)
  return BigInt.asIntN(64, n) === n ? n : undefined
}

function mset(store: Store, args: readonly Arg[], now: number): Reply {
  for (let i = 1; i < args.length; i += 2) if (!store.set(args[i] as string, args[i + 1], Infinity, now)) return NO_MEMORY
  return OK
}

function expire(store: Store, args: readonly Arg[], unit: number, now: number): Reply {
  const time = int64(args[2])
  if (time === undefined) return NOT_INTEGER
  const deadline = endOf(time, unit, now), key = args[1] as string
  if (deadline === undefined) return failure(`ERR invalid expire time in '${unit === 1 ? 'pexpire' : 'expire'}' command`)
  return integer(Number(deadline > now ? store.expireAt(key, deadline, now) : store.delete(key, now)))
}

// Undefined for what is past any calendar.
function endOf(time: bigint, unit: number, now: number): number | undefined {
  const ms = time * BigInt(unit), end = now + Number(ms)
  return BigInt.asIntN(64, ms) !== ms || end > Number.MAX_SAFE_INTEGER ? undefined : end
}

function persist(store: Store, [, key]: readonly Arg[], now: number): Reply {
  const deadline = store.deadline(key as string, now)
  if (deadline === undefined || deadline === Infinity) return integer(0)
  return integer(Number(store.expireAt(key as string, Infinity, now)))
}

// Time to live, rounded; -1 for ever, -2 if it is not there.
function left(store: Store, key: string, unit: number, now: number): number {
  const deadline = store.deadline(key, now)
  return deadline === undefined ? -2 : deadline === Infinity ? -1 : Math.round((deadline - now) / unit)
}

// There is one table, 0.
function select(n: Arg): Reply {
  const index = int64(n)
  if (index === undefined) return NOT_INTEGER
  if (BigInt.asIntN(32, index) !== index) return failure('ERR value is out of range, value must between -2147483648 and 2147483647')
  return index === 0n ? OK : failure('ERR DB index is out of range')
}

// SYNC and ASYNC say when the memory is free again, which is the engine's affair here.
function flush(store: Store, args: readonly Arg[]): Reply {
  if (args.length > 2 || args.length === 2 && !/^a?sync$/i.test(String(args[1]))) return SYNTAX
  store.clear()
  return OK
}

const SETTINGS: ReadonlyMap<string, string> = new Map([['save', ''], ['appendonly', 'no'], ['databases', '1'], ['maxmemory-policy', 'noeviction']])

// What redis-benchmark and clients ask at their start: nothing is ever saved.
function config(_: Store, args: readonly Arg[]): Reply {
  const what = String(args[1]).toLowerCase()
  if (what === 'resetstat' && args.length === 2) return OK
  if (what !== 'get' || args.length < 3) return failure(`ERR CONFIG ${shown(args[1])}: only GET and RESETSTAT are known here`)
  const wanted = new Set(args.slice(2).map(arg => String(arg).toLowerCase()))
  const found = [...SETTINGS].filter(([name]) => wanted.has(name) || wanted.has('*'))
  return array(found.flat().map(bulk))
}

function describe(_: Store, args: readonly Arg[]): Reply {
  const what = String(args[1] ?? '').toLowerCase()
  if (what === 'count') return integer(COMMANDS.size)
  if (what === 'docs') return '*0\r\n'
  if (what === 'info') return array(args.slice(2).map(name => described(COMMANDS.get(String(name).toLowerCase()))))
  if (what !== '') return failure(`ERR unknown subcommand '${shown(args[1])}'`)
  return array([...COMMANDS.values()].map(described))
}

const POSITIONS = { none: [0, 0, 0], threads: [0, 0, 0], everywhere: [0, 0, 0], first: [1, 1, 1], each: [1, -1, 1], pairs: [1, -1, 2] }

function described(command: Command | undefined): Reply {
  if (command === undefined) return '*-1\r\n'
  const { name, arity, flags, keys } = command
  return array([bulk(name), integer(arity), array(flags.map(flag => `+${flag}\r\n`)), ...POSITIONS[keys].map(integer)])
}
