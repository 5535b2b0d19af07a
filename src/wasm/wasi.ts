// WASI preview 1 for the threads of a program.
//
// Files, arguments, variables and random numbers are node:wasi's, which is uvwasi: it keeps paths inside the directories that it
// was given, symbolic links included.  (Rejected: @tybys/wasm-util, which opens absolute paths wherever they lead;
// @bjorn3/browser_wasi_shim, whose files are in memory: a file system of our own on top of it would have to keep the promise.)
// It has one table of file descriptors for each heap; a program has one.  So calls that concern files are made in one heap
// for all threads, that of the process's I/O thread, on the program's memory (calls.ts, files.ts); a program without directories has no files,
// and needs none of that; nor does one whose memory is not shared: all its threads are in one heap.
//
// Here are: clocks, yields and the end, which are the kernel's; sleeps and what a descriptor is ready for (poll.ts); descriptors 0 to 2, which are
// streams.ts' until the program closes or replaces them: then they are among its files.

import { standardOf, wasiNames as namesOfHost } from '#host'
import { load, or, peek, poke } from '#atomics'
import { user } from '../kernel/process.ts'
import { block } from '../kernel/request.ts'
import { SIGPIPE } from '../kernel/signo.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { clock_gettime } from '../pthread/clock.ts'
import { sched_yield } from '../pthread/sched.ts'
import { SIG_DFL, SIG_IGN, sigaction, type SigAction } from '../pthread/sigaction.ts'
import { raise } from '../pthread/signal.ts'
import type { About } from './about.ts'
import { fileCall, lengthOf, told } from './calls.ts'
import { toWasi, wasiErrno } from './errno.ts'
import type { Guest } from './guest.ts'
import { onForgotten } from './guests.ts'
import { pollOneoff } from './poll.ts'
import { read_slow } from './reading.ts'
import { ProgramRecord } from './records.ts'
import { then } from './stacks.ts'
import { readNow, TAKEN, waitsForInput, write as writeStream } from './streams.ts'
import { noTime, putLong } from './struct-c.ts'

type Call = (...args: (number | bigint)[]) => number
type Calls = Record<string, Call>

const nodes = new Map<number, Calls>()

onForgotten((id) => { nodes.delete(id) })

// This heap's own: what has no state besides descriptors 0 to 2.
function nodeOf({ memory, about }: Guest): Calls {
  let calls = nodes.get(memory.id)
  if (calls === undefined) nodes.set(memory.id, calls = standardOf(memory.wasm!, descriptorsOf(about), about))
  return calls
}

function descriptorsOf({ streams: { input, output } }: About): (number | undefined)[] {
  return [input, ...output].map(fd => typeof fd === 'number' && fd !== TAKEN ? fd : undefined)
}

function failed(error: unknown): number {
  return wasiErrno((error as { code?: string }).code ?? 'EIO')
}

// The parts of a vector of buffers.
function* buffers(m: Memory, at: Address, count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    const from = peek(m, at + i * 8) >>> 0
    yield m.u8.subarray(from, from + (peek(m, at + i * 8 + 4) >>> 0))
  }
}

function write({ memory: m, about }: Guest, fd: number, vector: Address, count: number, written: Address): number {
  const parts = [...buffers(m, vector, count)]
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return writeStream(about, fd, bytes, () => { poke(m, written, at) })
}

/** The longest read at once. */
const MOST = 2 ** 20

function read(guest: Guest, vector: Address, count: number, got: Address): number {
  const { memory: m, about } = guest
  cancellationPoint()
  const most = Math.min(MOST, lengthOf(m, vector, count))
  const scatter = (bytes: Uint8Array): void => {
    let at = 0
    for (const part of buffers(m, vector, count)) {
      part.set(bytes.subarray(at, at + part.length))
      at = Math.min(bytes.length, at + part.length)
    }
    poke(m, got, bytes.length)
  }
  if (most === 0) {
    scatter(NOTHING)
    return 0
  }
  try {
    if (waitsForInput(about)) return then(block(read_slow(guest, most, scatter)), told) as number
    const bytes = new Uint8Array(most)
    scatter(bytes.subarray(0, readNow(about, bytes)))
    return 0
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error
    return failed(error)
  }
}

const NOTHING = new Uint8Array(0)

/** Whether descriptor `fd`, 0 to 2, of the program is not this process's any more. */
export function isMoved({ about: { record } }: Guest, fd: number): boolean {
  return (load(user, record + ProgramRecord.moved) & 1 << fd) !== 0
}

function move({ about: { record } }: Guest, fd: number): void {
  or(user, record + ProgramRecord.moved, 1 << fd)
}

const FILES = /^(fd_|path_|sock_)/

/** The imports of module wasi_snapshot_preview1; `names` are those that the program imports. */
export function wasiImports(guest: Guest, names: readonly string[]): Record<string, unknown> {
  const { memory: m } = guest
  const own: Record<string, unknown> = {
    proc_exit: (code: number) => guest.end(code, 0),
    sched_yield: () => toWasi(sched_yield()),
    clock_time_get: (clock: number, _precision: bigint, at: Address) => {
      const t = noTime()
      const errno = clock_gettime(clock, t)
      if (errno === 0) putLong(m, at, t.tv_sec * 1e9 + t.tv_nsec)
      return toWasi(errno)
    },
    poll_oneoff: pollOneoff(guest),
    proc_raise: () => wasiErrno('ENOSYS'),
  }
  for (const name of names) own[name] ??= importOf(guest, name)
  return own
}

function importOf(guest: Guest, name: string): Call {
  const standard = (...args: (number | bigint)[]): number => nodeOf(guest)[name](...args)
  if (!FILES.test(name)) return standard
  const mayHave = hasFiles(guest)
  const end = name === 'fd_write' ? (result: number) => piped(guest, told(result)) : told
  const file = (...args: (number | bigint)[]): number => mayHave ? then(block(fileCall(guest, name, args)), end) as number : wasiErrno('EBADF')
  if (!name.startsWith('fd_')) return mayHave ? file : standard
  if (name === 'fd_renumber') return (from, to) => mayHave ? renumber(guest, Number(from), Number(to)) : standard(from, to)
  const its = STANDARD[name]
  return (...args: (number | bigint)[]) => {
    const fd = args[0] as number
    if (fd >>> 0 > 2 || isMoved(guest, fd)) return fd >>> 0 > 2 && !mayHave ? standard(...args) : file(...args)
    return its === undefined ? standard(...args) : its(guest, args as number[], file)
  }
}

/** Whether the program can have other descriptors than 0 to 2. */
export function hasFiles({ about }: Guest): boolean {
  return Object.keys(about.dirs).length !== 0
}

// What concerns descriptors 0 to 2 while they are this process's; `file`: the same call where files are.
const STANDARD: Readonly<Record<string, (guest: Guest, args: number[], file: Call) => number>> = {
  fd_read: (guest, [fd, vector, count, got]) => fd === 0 ? read(guest, vector, count, got) : wasiErrno('EBADF'),
  fd_write: (guest, [fd, vector, count, put]) => fd === 0 ? wasiErrno('EBADF') : then(write(guest, fd, vector, count, put), errno => piped(guest, errno)) as number,
  fd_close: (guest, [fd], file) => {
    move(guest, fd)
    return hasFiles(guest) ? file(fd) : 0
  },
}

const PIPE = wasiErrno('EPIPE')

// Who writes what nobody reads gets SIGPIPE, which by default ends the program; one for wasi-threads knows no signals.
function piped(guest: Guest, errno: number): number {
  if (errno !== PIPE || guest.about.abi !== 'posix') return errno
  const action: SigAction = {}
  sigaction(guest.memory, SIGPIPE, null, action)
  if (action.sa_handler === SIG_DFL) guest.end(128 + SIGPIPE, SIGPIPE)
  if (action.sa_handler !== SIG_IGN) raise(SIGPIPE)
  return errno
}

// Another descriptor can be made one of 0 to 2, none of these, while it is this process's, another.
function renumber(guest: Guest, from: number, to: number): number {
  if (from >>> 0 <= 2 && !isMoved(guest, from)) return from === to ? 0 : wasiErrno('ENOTSUP')
  return then(block(fileCall(guest, 'fd_renumber', [from, to])), (result) => {
    if (result === 0 && to >>> 0 <= 2) move(guest, to)
    return told(result)
  }) as number
}

/** The functions of WASI preview 1. */
export function wasiNames(): string[] {
  return namesOfHost()
}
