// Reads of standard input that have to be waited for: the I/O thread is asked (input.ts), and as long as it has nothing the reader sleeps.

import { load, poke } from '#atomics'
import { kernel, user } from '../kernel/process.ts'
import { IO, Io } from '../kernel/records.ts'
import type { Sleeper } from '../kernel/request.ts'
import { isIoThread } from '../pthread/ring.ts'
import type { About } from './about.ts'
import { ask, Failure, untilInput, type Caller } from './calls.ts'
import { wasiErrno } from './errno.ts'
import type { Guest } from './guest.ts'
import { answer, type Question } from './input.ts'
import { ProgramRecord } from './records.ts'

/** Waits for input; gives up to `most` bytes to `scatter`, none at the end. Returns 0, or WASI's error negated. */
export function* read_slow(guest: Guest, most: number, scatter: (bytes: Uint8Array) => void): Sleeper<number> {
  for (;;) {
    const seen = load(kernel, IO + Io.input)
    const bytes = yield* askInput(guest, 'take', guest.about.streams.input as number, most)
    if (bytes instanceof Failure) return -bytes.errno
    if (bytes !== null) {
      scatter(bytes as Uint8Array)
      return 0
    }
    if ((yield* untilInput(seen, Infinity)) !== 0) return -wasiErrno('EINTR')
  }
}

/** Asks the I/O thread about descriptor `fd` of this process: see input.ts. */
export function* askInput(guest: Guest, question: Question, fd: number, most: number): Sleeper<unknown> {
  const { record } = guest.about
  poke(user, record + ProgramRecord.asked, 1)
  return isIoThread() ? answer(record, question, fd, most) : yield* ask(guest, 'input', [record, question, fd, most])
}

/** The program has ended: what it was waiting for is left to others. */
export function* leaveInput({ record, streams: { input } }: About, caller: Caller): Sleeper<void> {
  if (typeof input === 'number') yield* ask(caller, 'input', [record, 'stop', input, 0])
}
