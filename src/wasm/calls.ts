// Calls that a program's threads make of the host by the I/O thread, where the process has one of what each heap would have another:
// descriptors of files, input that was read and not taken.
//
// A call is short, nothing of it waits, and neither a signal nor a cancellation ends it: what it has done is told.  So between two of them a
// thread that has to wait sleeps, in the kernel, and is interrupted, canceled and timed out there as in any other wait.  It sleeps until `Io.input`
// is another than before its call, or, where nobody counts that up (named pipes, output), for a while: 1 ms, then twice that, up to LONGEST.
//
// What a generator here returns for C is 0, or WASI's error negated: `told` makes it what an import returns.

import { load, peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { EAGAIN, EINTR } from '../kernel/errno.ts'
import { ANY, ANY_EPOCH, CANCEL, SIGNAL } from '../kernel/futex.ts'
import { kernel } from '../kernel/process.ts'
import { IO, Io, Status } from '../kernel/records.ts'
import { REPORT, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { encode } from '../mem/codec.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { call_slow, isIoThread, submit, type Result } from '../pthread/ring.ts'
import { toWasi, wasiErrno } from './errno.ts'
import { Files, OPENED, WAITS } from './files.ts'
import type { Guest } from './guest.ts'
import { onForgotten } from './guests.ts'

const LONGEST = 20
const INTERRUPTED = wasiErrno('EINTR')

const files = new Map<number, Files>()

onForgotten((id) => {
  files.get(id)?.close()
  files.delete(id)
})

/** What the I/O thread does for the others. */
export function perform(guest: Guest, name: string, args: readonly (number | bigint)[]): number | number[] {
  const { id } = guest.memory
  let its = files.get(id)
  if (its === undefined) files.set(id, its = new Files(guest))
  return name === 'poll' ? its.poll(args as number[]) : its.call(name, args)
}

/** A call that could not be made, or failed: WASI's error. */
export class Failure {
  readonly errno: number

  constructor(errno: number) {
    this.errno = errno
  }
}

/** Who has entries in the I/O thread: see entry.ts. */
export interface Caller { entryId(part: string): number }

/** A call of part `part` of the program; returns its result, or a {@link Failure}. */
export function* ask(caller: Caller, part: string, args: readonly unknown[]): Sleeper<unknown> {
  const id = caller.entryId(part)
  if (id < 0) return new Failure(toWasi(-id))
  for (let pause = 1; ; pause = longer(pause)) {
    const message = encode(args, 'args'), n = submit(id, message, [])
    if (n < 0) {
      message.drop()
      if (n !== -EAGAIN) return new Failure(toWasi(-n))
      yield* nap(pause, 0)                                                // so many calls are under way: each of them is short
      continue
    }
    const result: Result = { status: 0, value: undefined, reason: 0, code: 0, tid: 0 }
    yield* call_slow(n, result, Infinity, 0)
    switch (result.status) {
      case Status.RETURNED: return result.value
      case Status.THREW: return new Failure(wasiErrno((result.value as { code?: string } | undefined)?.code ?? 'EIO'))
      case Status.NONE: return new Failure(toWasi(result.code))
      default: return new Failure(wasiErrno('EIO'))
    }
  }
}

/** What the import returns whose generator `block` has run, or refused with an errno of the library's. */
export const told = (result: number): number => result > 0 ? toWasi(result) : -result

/** The call `name` that concerns files, made where the program's descriptors are. */
export function* make(guest: Guest, name: string, args: readonly (number | bigint)[]): Sleeper<unknown> {
  return !guest.about.shared || isIoThread() ? perform(guest, name, args) : yield* ask(guest, 'wasi', [name, args])
}

/** The same for the calling thread, which waits as often as it has to. */
export function* fileCall(guest: Guest, name: string, args: readonly (number | bigint)[]): Sleeper<number> {
  if (name === 'fd_write') return yield* writeFile(guest, args as number[])
  for (let pause = 1; ; pause = longer(pause)) {
    const result = yield* make(guest, name, args)
    if (result instanceof Failure) return -result.errno
    if (result === OPENED) return yield* writerOf(guest, peek(guest.memory, Number(args[8])))
    if (result !== WAITS) return -(result as number)
    if ((yield* nap(pause)) !== 0) return -INTERRUPTED
  }
}

// A pipe takes what it has room for: all of it is written, unless something goes wrong or a handler runs after a part.
function* writeFile(guest: Guest, args: readonly number[]): Sleeper<number> {
  const { memory: m } = guest, [, vector, count, put] = args
  const total = lengthOf(m, vector, count)
  let done = 0, errno = 0
  for (let pause = 1; errno === 0;) {
    const result = yield* make(guest, 'fd_write', [...args.slice(0, 4), done])
    if (result === WAITS) {
      if ((yield* nap(pause)) !== 0) errno = INTERRUPTED
      pause = longer(pause)
      continue
    }
    errno = result instanceof Failure ? result.errno : result as number
    if (errno !== 0) break
    const more = peek(m, put) >>> 0
    done += more
    pause = 1
    if (more === 0 || done >= total) break
  }
  poke(m, put, done)
  return done > 0 ? 0 : -errno
}

/** How many bytes a vector of buffers has. */
export function lengthOf(m: Memory, vector: Address, count: number): number {
  let total = 0
  for (let i = 0; i < count; i++) total += peek(m, vector + i * 8 + 4) >>> 0
  return total
}

// The pipe `fd` is open for reading, and nobody writes it yet.
function* writerOf(guest: Guest, fd: number): Sleeper<number> {
  let there = false
  try {
    for (let pause = 1; ; pause = longer(pause)) {
      if ((yield* nap(pause)) !== 0) return -INTERRUPTED
      const result = yield* make(guest, 'writer', [fd])
      if (result === OPENED) continue
      there = result === 0
      return result instanceof Failure ? -result.errno : -(result as number)
    }
  } finally {
    if (!there) yield* make(guest, 'fd_close', [fd])
  }
}

/** The next pause after one of `pause` ms. */
export const longer = (pause: number): number => Math.min(LONGEST, 2 * pause)

/** Sleeps for so many ms, or less; `by`: what may end it earlier. Returns EINTR if a handler ran that says so, else 0. */
export function* nap(ms: number, by = SIGNAL | CANCEL | REPORT): Sleeper<number> {
  return yield* untilInput(load(kernel, IO + Io.input), now(CLOCK_MONOTONIC) + ms, by)
}

/** Sleeps while `Io.input` is `seen`, until `until`: as {@link nap}. */
export function* untilInput(seen: number, until: number, by = SIGNAL | CANCEL | REPORT): Sleeper<number> {
  return (yield wait(kernel, IO + Io.input, seen, wmesg.call, until, CLOCK_MONOTONIC, ANY, ANY_EPOCH, by)) === EINTR ? EINTR : 0
}
