// From a file's bytes to a compiled program with a record, before anything of it runs.

import { poke } from '#atomics'
import { ENOMEM } from '../kernel/errno.ts'
import { arena, self, user } from '../kernel/process.ts'
import { malloc } from '../mem/arena.ts'
import type { Address } from '../mem/memory.ts'
import { ErrnoError } from '../api/errors.ts'
import { asyncify } from './asyncify.ts'
import { engine, type Module } from './engine.ts'
import { ProgramError } from './errors.ts'
import { ProgramRecord } from './records.ts'
import { transform, type Wanted } from './transform.ts'

/** A module that has been changed for us and compiled; the limits of its memory are in pages. `kept`: what took long is on disk for the next time. */
export interface Compiled { readonly module: Module, readonly initial: number, readonly maximum: number, readonly kept: boolean }

/** Changes the module of `file` and compiles it; `suspendable`: for threads that share carriers. Throws ProgramError. */
export async function compile(file: string, whole: Uint8Array, suspendable: boolean, wanted: Omit<Wanted, 'more'> = {}): Promise<Compiled> {
  const { bytes, initial, maximum, kept } = suspendable ? await asyncify(file, whole, wanted) : { ...transform(file, whole, wanted), kept: true }
  let module: Module
  try {
    module = await engine.compile(bytes)
  } catch (error) {
    throw new ProgramError('ERR_WASM_INVALID', `${file}: not a valid WebAssembly module: ${(error as Error).message.replace(/^[\w.]+\(\): /, '')}`)
  }
  if (suspendable && !engine.Module.exports(module).some(({ name }) => name === '__stack_pointer'))
    throw new ProgramError('ERR_WASM_ABI', `${file}: its threads cannot share carriers: it does not export __stack_pointer, and no wasi_thread_start sets it`)
  return { module, initial, maximum, kept }
}

/** A new record of a program, with one thread; `verb` is named if user memory is full. */
export function newRecord(verb: string, file: string): Address {
  const at = malloc(arena, ProgramRecord.size, self.carrier)
  if (at === 0) throw new ErrnoError(ENOMEM, verb, `${file}: user memory is full (see configure: memory)`)
  user.i32.fill(0, at >>> 2, (at + ProgramRecord.size) >>> 2)
  poke(user, at + ProgramRecord.live, 1)
  return at
}
