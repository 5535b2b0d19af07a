// The end of a program in all heaps: its threads are ended and buried, its memory is given up.

import { load, or, peek, poke, resume, suspendAsync } from '#atomics'
import { EAGAIN } from '../kernel/errno.ts'
import { rouse, SIGNAL } from '../kernel/futex.ts'
import { host } from '../kernel/host.ts'
import { requestTermination } from '../kernel/mail.ts'
import { removeMemory } from '../kernel/memories.ts'
import { annex, arena, kernel, record, self, user } from '../kernel/process.ts'
import { Annex, Flag, State, Status, ThreadRecord } from '../kernel/records.ts'
import { settle, wait, type Sleeper } from '../kernel/request.ts'
import { prod } from '../kernel/signal.ts'
import { closeAsync, lastSlot, openAsync } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { free } from '../mem/arena.ts'
import type { Address } from '../mem/memory.ts'
import { ErrnoError } from '../api/errors.ts'
import { cancelThread } from '../pthread/cancel.ts'
import { cause, describe } from '../pthread/obituary.ts'
import { join_slow, type Outcome } from '../pthread/thread.ts'
import { entryIdOf, finish, KILLED, type About } from './about.ts'
import { ProgramRecord } from './records.ts'

/**
 * Ends the threads of a program that has ended, by the numbers of its entries, and waits until they are gone, but for the one with `serial` in slot `own`:
 * `died` awaits that. It may have gone long ago, and the slot be another's.
 */
export async function endThreads(entries: readonly number[], own = 0, serial = 0, died: Promise<void> | undefined = undefined): Promise<void> {
  const threads = threadsOf(new Set(entries))
  for (const [slot, its] of threads) if (peek(kernel, record(slot) + ThreadRecord.state) !== State.EXITED) terminate(slot, its)
  await died
  for (const [slot, its] of threads) if (slot !== own || its !== serial) await bury(slot, its)   // one after the other: each takes a thread record
}

/**
 * Ends the program when one of its threads has died outside of C, by process.exit, of a full heap, by force: what it held stays held, so the others might
 * wait for ever. Until `stop` is called.
 */
export function mourn(about: About, memory: number): { stop(): void } {
  const word = about.record + ProgramRecord.bereft
  let over = false
  const listen = async (): Promise<void> => {
    while (!over && load(user, word) === 0) await suspendAsync(user, word, 0)
    if (!over && finish(about, KILLED, 0)) host.writeError(`${about.file}: ${wordsOf(memory)}; the program is ended\n`)
  }
  void listen()
  return {
    stop() {
      over = true
      or(user, word, 1)
      resume(user, word)
    },
  }
}

// Who has died, as far as it is still known: a detached thread has been told of, and is gone, and a visitor is somebody else's.
function wordsOf(memory: number): string {
  for (const [slot] of threadsOf(new Set(PARTS.map(part => entryIdOf(memory, part))))) {
    const t = record(slot)
    if (peek(kernel, t + ThreadRecord.status) === Status.DIED) return `${describe(slot)} ${cause(peek(kernel, t + ThreadRecord.reason), peek(kernel, annex(slot) + Annex.code))}`
  }
  return 'one of its threads, or one that called it, has died'
}

/** The entries of its threads. */
export const PARTS = ['main', 'thread', 'spawned', 'exit']

/** Gives up the memory of a program that has no threads, and its record. */
export function giveUp(at: Address, memory: number): void {
  poke(user, at + ProgramRecord.memory, 0)
  removeMemory(memory)
  free(arena, at, self.carrier)
}

/** Runs `sleeper` for a promise. */
export async function asThread<T>(sleeper: Sleeper<T>): Promise<T> {
  const slot = openAsync()
  if (slot < 0) throw new ErrnoError(EAGAIN, 'Program.run', 'there is no thread record left to wait with')
  try {
    return await settle(slot, sleeper)
  } finally {
    closeAsync(slot)
  }
}

/** The outcome of a thread that nobody else joins; undefined: somebody does, or it is gone. */
export async function joined(slot: number, serial: number): Promise<Outcome | undefined> {
  const out: Outcome = { status: 0, value: undefined, reason: 0, code: 0 }
  const errno = await asThread(join_slow(slot, serial, 0, out))
  return errno === 0 ? out : undefined
}

function threadsOf(entries: ReadonlySet<number>): [number, number][] {
  const found: [number, number][] = []
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    if (peek(kernel, t + ThreadRecord.state) !== State.FREE && (peek(kernel, t + ThreadRecord.flags) & Flag.ASYNC) === 0
      && entries.has(peek(kernel, t + ThreadRecord.entry))) found.push([slot, peek(kernel, t + ThreadRecord.serial)])
  }
  return found
}

// A fiber ends when it runs next, see Guest: at once if it sleeps, and one that is about to sleep, whatever for, sees SIGNAL in its attention and goes
// on (futex I7). Another thread ends at once.
function terminate(slot: number, serial: number): void {
  if ((peek(kernel, record(slot) + ThreadRecord.flags) & Flag.FIBER) === 0) return requestTermination(slot, serial)
  cancelThread(slot, serial)
  or(kernel, record(slot) + ThreadRecord.attention, SIGNAL)
  prod(slot, SIGNAL)
  rouse(slot)
}

// Waits for the end of a thread and gives up its record, if nobody else does. A detached one gives it up itself.
async function bury(slot: number, serial: number): Promise<void> {
  if (await joined(slot, serial) === undefined) await asThread(untilGone(slot, serial))
}

function* untilGone(slot: number, serial: number): Sleeper<void> {
  const t = record(slot)
  while (peek(kernel, t + ThreadRecord.serial) === serial && load(kernel, t + ThreadRecord.exit) !== 0) yield wait(kernel, t + ThreadRecord.exit, 1, wmesg.join)
}
