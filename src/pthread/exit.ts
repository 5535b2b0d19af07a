// pthread_exit, and the exceptions that end a thread.  POSIX.1-2024.

import { and, or } from '#atomics'
import { CANCEL } from '../kernel/futex.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { ENDING, DISABLED } from './cancel-word.ts'

/** What pthread_exit throws; the start routine catches it. Program code that catches everything should let it pass. */
export class ThreadExit {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/** What a cancellation throws. */
export class ThreadCancel extends ThreadExit {
  constructor() {
    super(undefined)
  }
}

/** The calling thread has begun to end: it cannot be canceled any more. */
export function endsNow(): void {
  const t = record(self.slot)
  or(kernel, t + ThreadRecord.cancel, ENDING | DISABLED)
  and(kernel, t + ThreadRecord.attention, ~CANCEL)
}

/** Ends the calling thread with `value` as its result. `finally` blocks, cleanup handlers, then the key destructors run. */
export function pthread_exit(value?: unknown): never {
  endsNow()
  throw new ThreadExit(value)
}
