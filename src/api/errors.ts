// Errors of the face.

import { errnoNames } from '../kernel/errno.ts'
import { Reason } from '../kernel/death.ts'
import { self } from '../kernel/process.ts'
import { running } from '../ult/runnable.ts'

const meanings: Readonly<Record<string, string>> = {
  EPERM: 'not permitted', ESRCH: 'no such thread', EAGAIN: 'no more resources', ENOMEM: 'user memory is full', EBUSY: 'busy', EINVAL: 'invalid',
  ENOTSUP: 'not supported', ERANGE: 'too large', EOWNERDEAD: 'the holder has died', ENOTRECOVERABLE: 'the state is not recoverable',
  EDEADLK: 'this would be a deadlock', ENOSYS: 'not possible here', EOVERFLOW: 'value too large', ETIMEDOUT: 'timed out',
}

/** An operation of the library failed, for a reason that POSIX has a name for. */
export class ErrnoError extends Error {
  override readonly name = 'ErrnoError'
  /** The name: `EDEADLK`. */
  readonly code: string
  /** The number: 35. */
  readonly errno: number
  /** What was attempted: `mutex.lock`. */
  readonly operation: string
  /** The object that it was attempted on. */
  declare readonly object: object | undefined

  constructor(errno: number, operation: string, explanation?: string, object?: object) {
    const code = errnoNames[errno] ?? `E${errno}`
    super(`${code}: ${explanation ?? `${operation}: ${meanings[code] ?? 'failed'}`}`)
    this.code = code
    this.errno = errno
    this.operation = operation
    Object.defineProperty(this, 'object', { value: object, enumerable: false })
  }
}

const codes: Readonly<Record<number, string>> = {
  [Reason.CALLED_EXIT]: 'ERR_THREAD_CALLED_EXIT',
  [Reason.OUT_OF_MEMORY]: 'ERR_THREAD_OUT_OF_MEMORY',
  [Reason.TERMINATED]: 'ERR_THREAD_TERMINATED',
  [Reason.NEVER_STARTED]: 'ERR_THREAD_NEVER_STARTED',
}

/** A thread died without a result and without an error of its own: this is what its join throws. */
export class ThreadDeathError extends Error {
  override readonly name = 'ThreadDeathError'
  /** ERR_THREAD_CALLED_EXIT, _OUT_OF_MEMORY, _TERMINATED, _NEVER_STARTED or _DIED. */
  readonly code: string
  readonly tid: number
  /** What the thread gave to process.exit, if it called that. */
  readonly exitCode: number | undefined

  constructor(message: string, reason: number, tid: number, exitCode: number | undefined, cause: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = codes[reason] ?? 'ERR_THREAD_DIED'
    this.tid = tid
    this.exitCode = exitCode
  }
}

/**
 * Why a fiber did not sleep in `what`, and what to call instead: `yields` in a generator, `promises` in an asynchronous function or a callback, which
 * runs between the fibers of its carrier, or as one without a generator.
 */
export function frozen(what: string, yields: string | undefined, promises: string | undefined): string {
  const caller = self.slot === 0 ? null : running()
  const instead = caller?.body === undefined || caller.closing ? promises && `await ${promises}` : yields && `yield* ${yields}`
  return `${what} would block the carrier and all its fibers${instead === undefined ? '' : `; use ${instead}`}`
}
