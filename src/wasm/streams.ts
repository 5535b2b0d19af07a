// Standard input, output and errors of a program: file descriptors of this process, or what who runs the program gives and takes itself.
//
// Input that is given as bytes lies in user memory; `position` says how much of it has been read. Who reads takes by compare and swap.
//
// Output that is taken lies in user memory as pieces, one for each call that wrote:
//
//   pieces, bell   the list and the bell of mem/inbox.ts: who writes pushes, the heap that runs the program takes
//   untaken        bytes of pieces that are written and not taken
//   room           counted up after a take, then woken: who finds ROOM bytes untaken sleeps on it before it writes
//
// No wakeup of a writer is lost: it reads `room`, then `untaken`, then sleeps while `room` is what it read; a taker lowers `untaken` before it counts
// `room` up.
//
// Where nobody can sleep (a handler of a signal in a fiber, what is flushed when the last thread ends) pieces are written without regard to ROOM.

import { add, cas, load, peek, poke } from '#atomics'
import { inputKind, readSome, writeWhole, type InputKind } from '#host'
import { EDEADLK, ENOMEM } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { exclusively } from '../kernel/output.ts'
import { arena, self, user } from '../kernel/process.ts'
import { block, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { free, malloc } from '../mem/arena.ts'
import { Inbox } from '../mem/inbox.ts'
import type { Address } from '../mem/memory.ts'
import type { About } from './about.ts'
import { toWasi, wasiErrno } from './errno.ts'
import { Piece, ProgramRecord } from './records.ts'
import { then } from './stacks.ts'

/** A file descriptor of this process, or, in `TAKEN`'s place, who runs the program. */
export type Stream = number
/** Output that who runs the program takes. */
export const TAKEN = -1

/** Bytes in user memory. */
export interface Given { readonly at: Address, readonly length: number }
/** What descriptors 0, 1 and 2 of a program are. */
export interface Streams { readonly input: number | Given, readonly output: readonly [Stream, Stream] }

/** Those of this process. */
export const STANDARD: Streams = { input: 0, output: [1, 2] }

const ROOM = 2 ** 20

/** Keeps `bytes` as input; undefined: user memory is full. */
export function give(bytes: Uint8Array): Given | undefined {
  const at = malloc(arena, Math.max(1, bytes.length), self.carrier)
  if (at === 0) return undefined
  user.u8.set(bytes, at)
  return { at, length: bytes.length }
}

/** No program reads the input of `streams` any more. */
export function takeBack({ input }: Streams): void {
  if (typeof input !== 'number') free(arena, input.at, self.carrier)
}

/** Whether its input has to be waited for: else it is there, or lies in a file. */
export function waitsForInput({ streams: { input } }: About): boolean {
  return typeof input === 'number' && kindOf(input) !== 'file'
}

const kinds = new Map<number, InputKind>()

/** What descriptor `fd` of this process is; those above 2 may be others tomorrow. */
export function kindOf(fd: number): InputKind {
  let kind = kinds.get(fd)
  if (kind === undefined) {
    kind = inputKind(fd)
    if (fd <= 2) kinds.set(fd, kind)
  }
  return kind
}

/** Reads into `bytes` what need not be waited for; returns how many there were. 0: the end. */
export function readNow(about: About, bytes: Uint8Array): number {
  const { input } = about.streams
  return typeof input === 'number' ? readSome(input, bytes) : take(about, input, bytes)
}

function take({ record }: About, input: Given, bytes: Uint8Array): number {
  for (;;) {
    const from = load(user, record + ProgramRecord.position), to = Math.min(input.length, from + bytes.length)
    if (cas(user, record + ProgramRecord.position, from, to) !== from) continue
    bytes.set(user.u8.subarray(input.at + from, input.at + to))
    return to - from
  }
}

/** Writes all of `bytes` to descriptor `fd`, 1 or 2, then calls `written`. Returns 0 or WASI's error, as imports do that block. */
export function write(about: About, fd: number, bytes: Uint8Array, written: () => void): number {
  const to = about.streams.output[fd - 1]
  if (to === TAKEN) return leave(about.record, fd, bytes, written)
  try {
    exclusively(() => { writeWhole(to, bytes) })
  } catch (error) {
    return wasiErrno((error as { code?: string }).code ?? 'EIO')
  }
  written()
  return 0
}

function leave(at: Address, fd: number, bytes: Uint8Array, written: () => void): number {
  return then(block(roomy(at)), (errno) => {
    if (errno !== 0 && errno !== EDEADLK) return toWasi(errno)
    const pushed = push(at, fd, bytes)
    if (pushed === 0) written()
    return toWasi(pushed)
  }) as number
}

/** Whether a writer to the program's output that is taken would not wait. */
export function hasRoom({ record }: About): boolean {
  return load(user, record + ProgramRecord.untaken) < ROOM
}

function* roomy(at: Address): Sleeper<number> {
  for (;;) {
    const room = load(user, at + ProgramRecord.room)
    if (load(user, at + ProgramRecord.untaken) < ROOM) return 0
    yield wait(user, at + ProgramRecord.room, room, wmesg.futex)
  }
}

function push(at: Address, fd: number, bytes: Uint8Array): number {
  const piece = malloc(arena, Piece.size + bytes.length, self.carrier)
  if (piece === 0) return ENOMEM
  poke(user, piece + Piece.fd, fd)
  poke(user, piece + Piece.length, bytes.length)
  user.u8.set(bytes, piece + Piece.size)
  add(user, at + ProgramRecord.untaken, bytes.length)
  inboxOf(at).push(piece)
  return 0
}

const inboxOf = (at: Address): Inbox => new Inbox(user, at + ProgramRecord.pieces, at + ProgramRecord.bell, Piece.next)

/** Who takes what a program writes. */
export type Taker = (bytes: Uint8Array) => void

/** Gives what the program with the record `at` writes to `takers`, in the event loop, in order. */
export class Output {
  readonly #at: Address
  readonly #takers: readonly (Taker | undefined)[]
  #over = false
  #failed: { error: unknown } | undefined

  constructor(at: Address, takers: readonly (Taker | undefined)[]) {
    this.#at = at
    this.#takers = takers
    if (takers.some(taker => taker !== undefined)) void inboxOf(at).listen(() => this.#over, () => { this.#take() })
  }

  #take(): void {
    for (const [fd, bytes] of takeAll(this.#at)) {
      try {
        if (this.#failed === undefined) this.#takers[fd - 1]?.(bytes)
      } catch (error) {
        this.#failed = { error }
      }
    }
  }

  /** The program's threads are gone: gives what is left, and throws what a taker threw first. The record is not used any more. */
  finish(): void {
    this.#over = true
    this.#take()
    inboxOf(this.#at).ring()
    if (this.#failed !== undefined) throw this.#failed.error
  }
}

function takeAll(at: Address): [number, Uint8Array][] {
  const taken: [number, Uint8Array][] = []
  let bytes = 0
  for (const piece of inboxOf(at).take()) {
    const length = peek(user, piece + Piece.length)
    taken.push([peek(user, piece + Piece.fd), user.u8.slice(piece + Piece.size, piece + Piece.size + length)])
    bytes += length
    free(arena, piece, self.carrier)
  }
  if (bytes === 0) return taken
  add(user, at + ProgramRecord.untaken, -bytes)
  add(user, at + ProgramRecord.room, 1)
  wake(user, at + ProgramRecord.room, Infinity)
  return taken
}
