// The programs of this heap, by the numbers of their memories: a heap meets a program when the first of its threads, handlers or calls runs there.

import { cas, peek, poke } from '#atomics'
import { ErrnoError } from '../api/errors.ts'
import { ENOMEM } from '../kernel/errno.ts'
import { forgetMemory, keepMemory, lookUpMemory } from '../kernel/memories.ts'
import { self, user } from '../kernel/process.ts'
import type { Memory, WasmMemory } from '../mem/memory.ts'
import type { About } from './about.ts'
import { engine } from './engine.ts'
import { ProgramError } from './errors.ts'
import { Guest } from './guest.ts'
import { ProgramRecord } from './records.ts'
import { breakOf } from './transform.ts'

const guests = new Map<number, Guest>()

/** The program that lives in memory `id`, in this heap; `make` makes it if the heap has not met it yet. */
export function guestOf(id: number, make = (memory: Memory, about: About): Guest => new Guest(memory, about)): Guest {
  let guest = guests.get(id)
  if (guest === undefined) {
    forgetEnded()
    const { memory, about } = lookUpMemory(id)
    if (about === undefined) throw new ProgramError('ERR_WASM_ENDED', 'the program has ended')
    guests.set(id, guest = make(memory ?? ownMemory(id, about as About), about as About))
  }
  return guest
}

// A memory that is not shared is made where the program begins, and nobody else has it.
function ownMemory(id: number, { file, record, initial, maximum }: About): Memory {
  const home = cas(user, record + ProgramRecord.home, 0, self.carrier)
  if (home !== 0) throw new Error(`${file}: its memory is not shared: only carrier ${home} can run its threads and handlers`)
  const memory = keepMemory(id, newMemory(file, maximum, false))
  poke(memory, breakOf(maximum), initial)
  return memory
}

/** A memory of so many pages for the program `file`. Throws ErrnoError: ENOMEM. */
export function newMemory(file: string, maximum: number, shared: boolean, verb = 'Program.start'): WasmMemory {
  try {
    return new engine.Memory({ initial: maximum, maximum, shared })
  } catch (error) {
    throw new ErrnoError(ENOMEM, verb, `${file}: the host refuses ${maximum / 16} MiB of memory: ${(error as Error).message}`)
  }
}

// Programs that have ended would keep their memories.
function forgetEnded(): void {
  for (const [id, { about }] of guests) {
    if (peek(user, about.record + ProgramRecord.memory) !== id) forgetGuest(id)
  }
}

/** This heap lets go of the program in memory `id`. */
export function forgetGuest(id: number): void {
  guests.delete(id)
  forgetMemory(id)
  for (const f of forgetters) f(id)
}

const forgetters: ((id: number) => void)[] = []

/** Adds what else lets go of the program in a memory. */
export function onForgotten(f: (id: number) => void): void {
  forgetters.push(f)
}
