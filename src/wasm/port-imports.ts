// Ports of C: src/port for threads whose bodies are bytes.  c/include/pthreads/port.h says what the functions do.
//
// A program has the ports that it was given (About.ports); a port_t is the index of one, from 1.  Each heap in which the program opens a port
// holds it from then on, until the heap lets go of the program.
//
// Of a message that was taken C keeps the number of its record and the record's use: no heap keeps anything.  Since C may write there
// what it likes, both are looked at before they are used.  A thread that has served a port stays where it is (ult/migration.ts): its
// messages and its server record name its carrier.

import { peek, poke } from '#atomics'
import { CLOCK_REALTIME } from '../kernel/clock.ts'
import { EAGAIN, EDEADLK, EINVAL, ENOMEM, EPERM } from '../kernel/errno.ts'
import { letGo } from '../kernel/handle.ts'
import { kernel, messageCount, messageRecord, self } from '../kernel/process.ts'
import { MessageRecord, ObjectHead } from '../kernel/records.ts'
import { block, freezes } from '../kernel/request.ts'
import { encode } from '../mem/codec.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { struct, i32 } from '../mem/struct.ts'
import { answer, answerUnread } from '../port/answer.ts'
import { Answer, discardBody, empty, free, INLINE, isAwaited, isServed, receive, refill, senderOf, serialOf, taken as tried, write, type Taken } from '../port/message.ts'
import { do_slow, send_slow, take_slow, tryPost, tryTake, type Outcome } from '../port/port.ts'
import { acquaint } from '../port/queue.ts'
import { close, join } from '../port/server.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { deadline } from '../pthread/timespec.ts'
import { toWasi, wasiErrno } from './errno.ts'
import type { Guest } from './guest.ts'
import { onForgotten } from './guests.ts'
import { holdBlock } from './ports.ts'
import { then } from './stacks.ts'
import { text, timespec } from './struct-c.ts'

/** port_message_t. */
const Taking = struct('port message of C', {
  length: i32('bytes of the body'),
  sender: i32('tid of who sent it'),
  awaited: i32('1: somebody waits for the answer'),
  record: i32('its record while it is to be answered; 0: nobody waits for that; -1: it was answered'),
  use: i32('the use of that record'),
})
const UNAWAITED = 0, ANSWERED = -1
const NO_PORT = -1, NO_HANDLE = -2

const BADF = wasiErrno('EBADF'), BADMSG = wasiErrno('EBADMSG'), NOENT = wasiErrno('ENOENT'), MSGSIZE = wasiErrno('EMSGSIZE'), PIPE = wasiErrno('EPIPE')
const ABORTED = wasiErrno('ECONNABORTED'), OWNERDEAD = wasiErrno('EOWNERDEAD')

// The handles of this heap on ports of programs, by the program's memory, by the port's index.
const held = new Map<number, Map<number, number>>()

onForgotten((id) => {
  for (const handle of held.get(id)?.values() ?? []) letGo(handle)
  held.delete(id)
})

/** The imports. */
export function portImports(guest: Guest): Record<string, unknown> {
  const { memory: m, about } = guest
  const names = Object.keys(about.ports ?? {}), blocks = Object.values(about.ports ?? {})

  /** Where the port is; or NO_PORT, NO_HANDLE: see {@link refusal}. */
  const at = (port: number): Address => {
    const block = blocks[port - 1] as Address | undefined
    return block === undefined ? NO_PORT : holds(m.id, port, block) ? block + ObjectHead.size : NO_HANDLE
  }
  const bytes = (from: Address, size: number): Uint8Array => m.u8.slice(from >>> 0, (from >>> 0) + (size >>> 0))
  const until = (time: Address): number => time === 0 ? Infinity : deadline(timespec(m, time))

  const send = (port: number, from: Address, size: number, time: Address = 0): unknown => {
    const to = at(port), by = until(time)
    if (to < 0 || by < 0) return to < 0 ? refusal(to) : toWasi(EINVAL)
    const n = letter(bytes(from, size), false)
    return n < 0 ? toWasi(-n) : then(block(send_slow(to, n, by, CLOCK_REALTIME)), toWasi)
  }
  const ask = (port: number, from: Address, size: number, answer: Address, answered: Address, time: Address = 0): unknown => {
    const to = at(port), by = until(time)
    if (to < 0 || by < 0) return to < 0 ? refusal(to) : toWasi(EINVAL)
    const n = letter(bytes(from, size), true)
    if (n < 0) return toWasi(-n)
    const out: Outcome = { status: 0, value: undefined, server: 0, reason: 0, code: 0 }
    return then(block(do_slow(to, n, out, by, CLOCK_REALTIME)), errno => errno === 0 ? answerIs(m, out, answer, answered) : toWasi(errno))
  }
  const wait = (port: number, message: Address, body: Address, capacity: number, by?: number): unknown => {
    const from = at(port)
    if (from < 0) return refusal(from)
    const server = join(from)
    if (server < 0) return toWasi(-server)
    cancellationPoint()
    const n = tryTake(from, acquaint(from))
    if (n !== 0) return n < 0 ? toWasi(-n) : took(m, n, tried, message, body, capacity)
    if (by === undefined) return toWasi(EAGAIN)
    if (freezes()) return toWasi(EDEADLK)
    const out: Taken = { body: 0, sender: 0 }
    return then(block(take_slow(from, self.tid, out, by, CLOCK_REALTIME)), n => n < 0 ? toWasi(-n) : took(m, n, out, message, body, capacity))
  }
  return {
    port_open: (port: Address, name: Address) => {
      const i = names.indexOf(text(m, name))
      if (i >= 0) poke(m, port, i + 1)
      return i < 0 ? NOENT : 0
    },
    port_send: (port: number, from: Address, size: number) => send(port, from, size),
    port_timedsend: send,
    port_trysend: (port: number, from: Address, size: number) => {
      const to = at(port)
      if (to < 0) return refusal(to)
      const n = letter(bytes(from, size), false)
      if (n < 0) return toWasi(-n)
      const errno = tryPost(to, n)
      if (errno !== 0) free(n)
      return toWasi(errno)
    },
    port_do: (port: number, from: Address, size: number, answer: Address, answered: Address) => ask(port, from, size, answer, answered),
    port_timeddo: ask,
    port_wait: (port: number, message: Address, body: Address, capacity: number) => wait(port, message, body, capacity, Infinity),
    port_timedwait: (port: number, message: Address, body: Address, capacity: number, time: Address) => {
      const by = until(time)
      return by < 0 ? toWasi(EINVAL) : wait(port, message, body, capacity, by)
    },
    port_trywait: (port: number, message: Address, body: Address, capacity: number) => wait(port, message, body, capacity),
    port_reply: (message: Address, from: Address, size: number) => answering(m, message, n => answer(n, Answer.REPLIED, bytes(from, size), 'answer')),
    port_abort: (message: Address, why: Address) => answering(m, message, n => answer(n, Answer.ABORTED, new Error(text(m, why)), 'error')),
    port_forward: (message: Address, port: number, from: Address, size: number) => {
      const to = at(port)
      return to < 0 ? refusal(to) : forwarding(m, message, to, bytes(from, size))
    },
    port_close: (port: number) => {
      const to = at(port)
      if (to > 0) close(to)
      return to < 0 ? refusal(to) : 0
    },
  }
}

const refusal = (what: number): number => what === NO_PORT ? BADF : toWasi(ENOMEM)

function holds(memory: number, port: number, block: Address): boolean {
  let its = held.get(memory)
  if (its === undefined) held.set(memory, its = new Map())
  if (its.has(port)) return true
  const handle = holdBlock(block)
  if (handle !== 0) its.set(port, handle)
  return handle !== 0
}

// A message with that body; its number, or an errno negated.
function letter(body: Uint8Array, answered: boolean, sender = self.tid): number {
  const message = encode(body, 'body')
  let n = 0
  try {
    n = write(message, [], answered, sender)
  } finally {
    if (n <= 0) message.drop()
  }
  return n
}

// Message `n` was taken, or `out` says what.
function took(m: Memory, n: number, out: Taken, at: Address, to: Address, capacity: number): number {
  const isRecord = n !== INLINE, awaited = isRecord && isAwaited(n)
  let { body, sender } = out
  if (isRecord) {
    sender = senderOf(n)
    try {
      body = receive(n)
    } catch (error) {
      answerUnread(n, error)
      return unread(m, at, sender)
    }
    if (!awaited) free(n)
  }
  const bytes = bytesOf(body)
  if (bytes === undefined) {
    if (awaited) answer(n, Answer.ABORTED, new TypeError(`it is taken by a thread of C, to which a body is bytes or text, not ${typeof body}`), 'error')
    return unread(m, at, sender)
  }
  poke(m, at + Taking.length, bytes.length)
  poke(m, at + Taking.sender, sender)
  poke(m, at + Taking.awaited, awaited ? 1 : 0)
  poke(m, at + Taking.record, awaited ? n : UNAWAITED)
  poke(m, at + Taking.use, awaited ? serialOf(n) : 0)
  return store(m, to, capacity, bytes)
}

// A message that C cannot read; nobody is to answer it.
function unread(m: Memory, at: Address, sender: number): number {
  poke(m, at + Taking.length, 0)
  poke(m, at + Taking.sender, sender)
  poke(m, at + Taking.awaited, 0)
  poke(m, at + Taking.record, ANSWERED)
  return BADMSG
}

const encoder = new TextEncoder()

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return encoder.encode(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}

function store(m: Memory, to: Address, capacity: number, bytes: Uint8Array): number {
  const fits = bytes.length <= capacity >>> 0
  m.u8.set(fits ? bytes : bytes.subarray(0, capacity >>> 0), to >>> 0)
  return fits ? 0 : MSGSIZE
}

function answerIs(m: Memory, { status, value }: Outcome, to: Address, size: Address): number {
  if (status === Answer.DIED) return OWNERDEAD
  if (status !== Answer.REPLIED && status !== Answer.ABORTED) return PIPE
  const bytes = bytesOf(status === Answer.ABORTED ? String(value) : value ?? '')
  if (bytes === undefined) return BADMSG
  const capacity = peek(m, size)
  poke(m, size, bytes.length)
  return store(m, to, capacity, bytes) || (status === Answer.ABORTED ? ABORTED : 0)
}

const NOBODY = -1

// Whether the message at `at` is to be answered by the calling thread: 0, or an errno, or NOBODY waits for it.
function due(m: Memory, at: Address): number {
  const n = peek(m, at + Taking.record), use = peek(m, at + Taking.use)
  if (n === UNAWAITED) return NOBODY
  if (n < 0 || n >= messageCount) return EINVAL
  if (serialOf(n) === use && peek(kernel, messageRecord(n) + MessageRecord.server) !== self.tid) return EPERM
  if (isServed(n, use)) return 0
  discardBody(n, use)
  return NOBODY
}

function answering(m: Memory, at: Address, give: (n: number) => number): number {
  const state = due(m, at), errno = state === 0 ? give(peek(m, at + Taking.record)) : Math.max(0, state)
  return answered(m, at, errno)
}

function answered(m: Memory, at: Address, errno: number): number {
  if (errno === 0) poke(m, at + Taking.record, ANSWERED)
  return toWasi(errno)
}

function forwarding(m: Memory, at: Address, to: Address, body: Uint8Array): unknown {
  const state = due(m, at)
  if (state > 0) return toWasi(state)
  if (peek(m, at + Taking.record) === UNAWAITED) {
    const n = letter(body, false, peek(m, at + Taking.sender))
    return n < 0 ? toWasi(-n) : then(block(send_slow(to, n)), errno => answered(m, at, errno))
  }
  if (state === NOBODY) return answered(m, at, 0)
  const n = peek(m, at + Taking.record), message = encode(body, 'body'), errno = refill(n, message, [])
  if (errno === 0) return then(block(send_slow(to, n, Infinity, CLOCK_REALTIME, empty)), result => answered(m, at, result))
  message.drop()
  return toWasi(errno)
}
