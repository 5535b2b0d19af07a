// What every heap is told of a program that runs, and what can be done with it where its memory is not.

import { cas, exchange, poke, store } from '#atomics'
import { wake } from '../kernel/futex.ts'
import { user } from '../kernel/process.ts'
import type { Address } from '../mem/memory.ts'
import { entryId, mark, sourceOf, type Entry } from '../pthread/entry.ts'
import type { Module } from './engine.ts'
import { ProgramRecord } from './records.ts'
import type { Streams } from './streams.ts'

/** What every heap is told of a program. */
export interface About {
  readonly file: string
  readonly module: Module
  /** Address of its record in user memory. */
  readonly record: Address
  /** wasi-threads: its threads are made by wasi.thread-spawn. posix: through our headers. napi: as wasi-threads, but it is a library that JavaScript calls. */
  readonly abi: 'posix' | 'wasi-threads' | 'napi'
  /** Pages with which its memory begins, and those that there are. */
  readonly initial: number
  readonly maximum: number
  /** Its stacks can be taken down: its threads may be fibers. */
  readonly suspendable: boolean
  /** False: its memory is one heap's own, that of the carrier which all its threads share. */
  readonly shared: boolean
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** By the names that the program sees. */
  readonly dirs: Readonly<Record<string, string>>
  readonly streams: Streams
  /** What the functions that it exports take: signatures.ts. Absent: none of them can be called from outside. */
  readonly exports?: Readonly<Record<string, string>>
  /** The ports that it is given, by its names for them: where their blocks are in user memory. */
  readonly ports?: Readonly<Record<string, Address>>
  /** A word of user memory that is told if one of its threads dies outside of C: see Annex. */
  readonly bell?: Address
}

/** Values of a program's `ended`. */
export const RUNS = 0, ENDS = 1, ENDED = 2

/** Exit codes of a program in which something else than C failed, and of one whose thread was ended from outside. */
export const FAILED = 70, KILLED = 137

/** The program is over, unless it is already: then false. */
export function finish({ record }: About, code: number, signal: number): boolean {
  if (cas(user, record + ProgramRecord.ended, RUNS, ENDS) !== RUNS) return false
  poke(user, record + ProgramRecord.code, code & 255)
  poke(user, record + ProgramRecord.signal, signal)
  store(user, record + ProgramRecord.ended, ENDED)
  wake(user, record + ProgramRecord.ended, Infinity)
  makeReady(record)                                                       // who waits for it sees the end
  return true
}

/** The program with that record can be called, or has ended. */
export function makeReady(record: Address): void {
  if (exchange(user, record + ProgramRecord.ready, 1) === 0) wake(user, record + ProgramRecord.ready, Infinity)
}

/**
 * The entry of a part of the program in memory `id`: main, thread, spawned, wasi, exit, or an index of the table. `kind`: who finds it, see api/resolve.ts.
 */
export function entryOf(id: number, part: string, kind = 'w'): Entry {
  const entry = { name: part } as Entry
  mark(entry, `${kind}${id}\n${part}`)
  return entry
}

/** The number of that entry. */
export function entryIdOf(id: number, part: string, kind = 'w'): number {
  return entryId(sourceOf(entryOf(id, part, kind))!)
}
