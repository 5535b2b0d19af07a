// WASI preview 1 for the threads of a program.
//
// Files, arguments, variables and random numbers are node:wasi's, which is uvwasi: it keeps paths inside the directories that it
// was given, symbolic links included.  (Rejected: @tybys/wasm-util, which opens absolute paths wherever they lead;
// @bjorn3/browser_wasi_shim, whose files are in memory: a file system of our own on top of it would have to keep the promise.)
// It has one table of file descriptors for each heap; a program has one.  So calls that concern files are made in one heap
// for all threads, that of the process's I/O thread, on the program's memory; a program without directories has no files,
// and needs none of that; nor does one whose memory is not shared: all its threads are in one heap.
//
// Here are: clocks, sleeps, yields and the end, which are the kernel's; standard output and error, which are written whole and
// wait for a slow reader; standard input, which blocks the thread that reads and no other. These three are streams.ts'.

import { wasiNames as namesOfHost, wasiOf } from '#host'
import { peek, poke } from '#atomics'
import { block } from '../kernel/request.ts'
import { Status } from '../kernel/records.ts'
import { encode } from '../mem/codec.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { clock_gettime } from '../pthread/clock.ts'
import { ThreadExit } from '../pthread/exit.ts'
import { call_slow, isIoThread, submit, type Result } from '../pthread/ring.ts'
import { sched_yield } from '../pthread/sched.ts'
import { clock_nanosleep } from '../pthread/sleep.ts'
import { TIMER_ABSTIME } from '../pthread/sleep.ts'
import { toWasi, wasiErrno } from './errno.ts'
import { onForgotten, type Guest } from './guest.ts'
import { then } from './stacks.ts'
import { readNow, write as writeStream } from './streams.ts'
import { long, noTime, putLong } from './struct-c.ts'

type Call = (...args: (number | bigint)[]) => number
type Calls = Record<string, Call>

const nodes = new Map<number, Calls>()

onForgotten((id) => { nodes.delete(id) })

// This heap's own: what has no state besides descriptors 0 to 2.
function nodeOf({ memory, about }: Guest, withDirs: boolean): Calls {
  let calls = nodes.get(memory.id)
  if (calls === undefined) nodes.set(memory.id, calls = wasiOf(memory.wasm!, { ...about, dirs: withDirs || !about.shared ? about.dirs : {} }))
  return calls
}

/** What the I/O thread does for the others: call `name`. */
export function perform(guest: Guest, name: string, args: (number | bigint)[]): number {
  return nodeOf(guest, true)[name](...args)
}

function remote(guest: Guest, name: string, args: (number | bigint)[]): number {
  const id = guest.entryId('wasi')
  const n = id < 0 || isIoThread() ? -1 : submit(id, encode([name, args], 'args'), [])
  if (n < 0) return wasiErrno('EAGAIN')
  const result: Result = { status: 0, value: undefined, reason: 0, code: 0, tid: 0 }
  return then(block(call_slow(n, result)), () => result.status === Status.RETURNED ? result.value as number : wasiErrno('EIO')) as number
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

function read({ memory: m, about }: Guest, vector: Address, count: number, got: Address): number {
  cancellationPoint()
  const reading = readInto(m, vector, count, got, function* (bytes) {
    yield* []
    return readNow(about, bytes)
  })
  return reading.next().value as number
}

type Reading = (bytes: Uint8Array) => Generator<unknown, number>

/** Reads into the vector's buffers until one is not filled, by `some`. */
export function* readInto(m: Memory, vector: Address, count: number, got: Address, some: Reading): Generator<unknown, number> {
  let total = 0
  for (const part of buffers(m, vector, count)) {
    if (part.length === 0) continue
    try {
      const own = new Uint8Array(part.length)
      const length = yield* some(own)
      part.set(own.subarray(0, length))
      total += length
      if (length < part.length) break
    } catch (error) {
      if (error instanceof ThreadExit) throw error
      if (total === 0) return failed(error)
      break
    }
  }
  poke(m, got, total)
  return 0
}

const CLOCK = 0
const SUBSCRIPTION = 48, EVENT = 32

// Sleeps until the first of the clocks; descriptors are always ready: reading from them blocks.
function poll(m: Memory, subscriptions: Address, events: Address, count: number, stored: Address): number {
  if (count === 0) return wasiErrno('EINVAL')
  let first = Infinity, chosen = -1
  for (let i = 0; i < count && first > 0; i++) {
    const s = subscriptions + i * SUBSCRIPTION
    const wait = m.u8[s + 8] === CLOCK ? waitOf(m, s) : 0
    if (wait < first) [first, chosen] = [wait, i]
  }
  const tell = (): number => {
    const s = subscriptions + chosen * SUBSCRIPTION
    m.u8.fill(0, events, events + EVENT)
    m.u8.copyWithin(events, s, s + 8)
    m.u8[events + 10] = m.u8[s + 8]
    poke(m, stored, 1)
    return 0
  }
  return first > 0 ? then(clock_nanosleep(1, 0, { tv_sec: Math.floor(first / 1000), tv_nsec: Math.round(first % 1000 * 1e6) % 1e9 }), tell) as number : tell()
}

// ms from now.
function waitOf(m: Memory, s: Address): number {
  const timeout = long(m, s + 24) / 1e6
  if ((peek(m, s + 40) & TIMER_ABSTIME) === 0) return timeout
  const t = noTime()
  clock_gettime(peek(m, s + 16), t)
  return Math.max(0, timeout - t.tv_sec * 1000 - t.tv_nsec / 1e6)
}

const FILES = /^(fd_|path_|sock_)/

/** The imports of module wasi_snapshot_preview1; `names` are those that the program imports. */
export function wasiImports(guest: Guest, names: readonly string[]): Record<string, unknown> {
  const { memory: m, about } = guest
  const hasFiles = Object.keys(about.dirs).length !== 0
  const own: Record<string, unknown> = {
    proc_exit: (code: number) => guest.end(code, 0),
    sched_yield: () => toWasi(sched_yield()),
    clock_time_get: (clock: number, _precision: bigint, at: Address) => {
      const t = noTime()
      const errno = clock_gettime(clock, t)
      if (errno === 0) putLong(m, at, t.tv_sec * 1e9 + t.tv_nsec)
      return toWasi(errno)
    },
    poll_oneoff: (subscriptions: Address, events: Address, count: number, stored: Address) => poll(m, subscriptions, events, count, stored),
    proc_raise: () => wasiErrno('ENOSYS'),
  }
  for (const name of names) {
    if (name in own) continue
    const elsewhere = (args: (number | bigint)[]): number =>
      hasFiles && about.shared && FILES.test(name) && Number(args[0]) > 2 ? remote(guest, name, args) : nodeOf(guest, false)[name](...args)
    own[name] = name === 'fd_write'
      ? (...args: number[]) => args[0] === 1 || args[0] === 2 ? write(guest, args[0], args[1], args[2], args[3]) : elsewhere(args)
      : name === 'fd_read' ? (...args: number[]) => args[0] === 0 ? read(guest, args[1], args[2], args[3]) : elsewhere(args)
      : (...args: (number | bigint)[]) => elsewhere(args)
  }
  return own
}

/** The functions of WASI preview 1. */
export function wasiNames(): string[] {
  return namesOfHost()
}
