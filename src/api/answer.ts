// What a question came to: the answer, or the error that says why there is none.

import { Reason } from '../kernel/death.ts'
import { EPIPE } from '../kernel/errno.ts'
import { self } from '../kernel/process.ts'
import { Answer } from '../port/message.ts'
import type { Outcome } from '../port/port.ts'
import { cause } from '../pthread/obituary.ts'
import { ErrnoError, ThreadDeathError } from './errors.ts'
import type { Port } from './port.ts'

/** What do_slow writes into. */
export function emptyOutcome(): Outcome {
  return { status: 0, value: undefined, server: 0, reason: 0, code: 0 }
}

/** The answer to what was asked of `port`; throws what it was aborted with, or what has kept it from being answered. */
export function resultOf<T, R>(port: Port<T, R>, errno: number, { status, value, server, reason, code }: Outcome): R {
  if (errno !== 0) throw port.unanswered(errno)
  const taker = (): string => `thread ${server}, which had taken the message to ${String(port)},`
  switch (status) {
    case Answer.REPLIED: return value as R
    case Answer.ABORTED: throw withCaller(value, server, String(port))
    case Answer.DIED: throw new ThreadDeathError(`${taker()} ${cause(reason, code)}`, reason, server, reason === Reason.CALLED_EXIT ? code : undefined, undefined)
    case Answer.ENDED: throw new ErrnoError(EPIPE, 'port.do', `${taker()} has ended without an answer`, port)
    default: throw port.unanswered(EPIPE)
  }
}

// An error's stack ends with where the answer was waited for.
function withCaller(error: unknown, server: number, port: string): unknown {
  if (!(error instanceof Error)) return error
  const site: { stack?: string } = {}
  Error.captureStackTrace(site, resultOf)
  const { stack = '' } = site
  Object.defineProperty(error, 'stack', {
    value: `${error.stack ?? String(error)}\n    --- thread ${server} answered to thread ${self.tid}, which asked ${port} ---\n${stack.slice(stack.indexOf('\n') + 1)}`,
    configurable: true, writable: true,
  })
  return error
}
