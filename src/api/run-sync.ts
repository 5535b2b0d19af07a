// runSync: pthread/ring.ts for TypeScript.

import { Reason } from '../kernel/death.ts'
import { EAGAIN, EDEADLK, ENOMEM, ENOSYS, ETIMEDOUT } from '../kernel/errno.ts'
import { self } from '../kernel/process.ts'
import { Status } from '../kernel/records.ts'
import { block } from '../kernel/request.ts'
import { encode } from '../mem/codec.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { entryId, sourceOf, type Entry, type Routine } from '../pthread/entry.ts'
import { cause } from '../pthread/obituary.ts'
import { call_slow, isIoThread, submit, type Result } from '../pthread/ring.ts'
import { ensure } from './attach.ts'
import { ErrnoError, ThreadDeathError } from './errors.ts'
import { after } from './later.ts'

/** How a call is to be made. */
export interface CallOptions {
  /** How long to wait for the result, ms; then ErrnoError ETIMEDOUT. The function goes on, and its result is thrown away. Default: for ever. */
  timeout?: number
  /** Objects in the arguments that move to the function instead of being copied: ArrayBuffers, MessagePorts. */
  transfer?: readonly object[]
}

const NONE: readonly object[] = []
const OPTIONS = new Set(['timeout', 'transfer'])

/**
 * Calls the entry's function in the process's I/O thread, waits until it has returned, or until the promise that it has
 * returned is settled, and returns the result. So a thread that blocks uses what is asynchronous: `fetch`, streams, timers.
 * Blocks the calling thread, the first one too; handlers of signals run meanwhile, and it is a cancellation point. A call
 * that is given up goes on, and its result is thrown away.
 *
 * There is one I/O thread, with one heap and one event loop. It starts with the first call and keeps no process alive. All calls
 * share it, and a module's variables there; a function that computes for long, or blocks, stops them all: use a thread.
 *
 * Throws what the function throws, with its class, message, code, cause and stack; TypeError for what is no entry, and for
 * arguments that cannot travel, naming the path; ThreadDeathError if the I/O thread dies (the next call starts another one);
 * ErrnoError ETIMEDOUT; EAGAIN when there are too many calls, or no Worker to be had; ENOMEM when user memory is full; EDEADLK in
 * the I/O thread itself: await the function there; ENOSYS for an entry of a factory.
 */
export function runSync<F extends Routine>(entry: Entry<F>, ...args: Parameters<F>): Awaited<ReturnType<F>>
export function runSync<F extends Routine>(options: CallOptions, entry: Entry<F>, ...args: Parameters<F>): Awaited<ReturnType<F>>
export function runSync(first: CallOptions | Entry, ...rest: unknown[]): unknown {
  const source = sourceOf(first)
  if (source !== undefined) return call(source, (first as Entry).name, rest, Infinity, NONE)
  const entry = rest.shift()
  const sourceOfSecond = sourceOf(entry)
  const isObject = typeof first === 'object' && first !== null
  if (!isObject || sourceOfSecond === undefined) throw notAnEntry(isObject ? entry : first)
  for (const key of Object.keys(first)) if (!OPTIONS.has(key)) throw new TypeError(`runSync: unknown option "${key}"`)
  const { timeout, transfer = NONE } = first as CallOptions
  if (!Array.isArray(transfer)) throw new TypeError('runSync: transfer is not an array')
  ensure()
  return call(sourceOfSecond, (entry as Entry).name, rest, after(timeout), transfer)
}

function notAnEntry(what: unknown): TypeError {
  const name = typeof what === 'function' ? what.name === '' ? 'the function' : `"${what.name}"` : what === null ? 'null' : typeof what
  return new TypeError(`runSync: ${name} is not an entry; the I/O thread finds its function by module and name: use load(...) or thread(import.meta, ...)`)
}

function call(source: string, name: string, args: unknown[], until: number, transfer: readonly object[]): unknown {
  ensure()
  if (isIoThread()) throw new ErrnoError(EDEADLK, 'runSync', `runSync: "${name}" is called from the I/O thread, which would wait for itself; await the function instead`)
  if (source.startsWith('f')) throw new ErrnoError(ENOSYS, 'runSync', `runSync: "${name}" was loaded from a factory; the I/O thread runs functions that were loaded by URL`)
  cancellationPoint()
  const id = entryId(source)
  const message = encode(args, 'args', transfer)
  let n = id
  try {
    if (id > 0) n = submit(id, message, transfer)
  } finally {
    if (n < 0) message.drop()
  }
  if (n < 0) throw refused(-n, name)
  const result: Result = { status: 0, value: undefined, reason: 0, code: 0, tid: 0 }
  if (block(call_slow(n, result, until)) === ETIMEDOUT) throw new ErrnoError(ETIMEDOUT, 'runSync', `runSync: "${name}" did not end in time`)
  switch (result.status) {
    case Status.RETURNED: return result.value
    case Status.THREW: throw withCaller(result.value, result.tid, name)
    case Status.DIED: {
      const { tid, reason, code, value } = result
      throw new ThreadDeathError(`the I/O thread, which ran "${name}", ${cause(reason, code)}`, reason, tid, reason === Reason.CALLED_EXIT ? code : undefined, value)
    }
    default: throw refused(result.code, name)
  }
}

// An error's stack ends with where the call was made.
function withCaller(error: unknown, tid: number, name: string): unknown {
  if (!(error instanceof Error)) return error
  const site: { stack?: string } = {}
  Error.captureStackTrace(site, runSync)
  const { stack = '' } = site
  Object.defineProperty(error, 'stack', {
    value: `${error.stack ?? String(error)}\n    --- the I/O thread, ${tid}, ran "${name}" for thread ${self.tid} ---\n${stack.slice(stack.indexOf('\n') + 1)}`,
    configurable: true, writable: true,
  })
  return error
}

function refused(errno: number, name: string): ErrnoError {
  switch (errno) {
    case EAGAIN: return new ErrnoError(errno, 'runSync', `runSync: "${name}" cannot be run: there are too many calls under way, or the host refuses a Worker`)
    case ENOMEM: return new ErrnoError(errno, 'runSync', `runSync: user memory is full: the arguments or the result of "${name}" do not fit`)
    default: return new ErrnoError(errno, 'runSync')
  }
}
