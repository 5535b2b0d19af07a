// call, calling: what a program exports, from TypeScript.

import { ensure } from '../api/attach.ts'
import { sourceOf, type Entry, type Routine } from '../pthread/entry.ts'
import type { Guest } from './guest.ts'
import { guestOf } from './guests.ts'
import * as visitor from './visitor.ts'

/** A function of C, as TypeScript sees it: integers of 32 bits and floating point are numbers, integers of 64 bits are bigints. */
export type Exported = (...args: (number | bigint)[]) => number | bigint | undefined

interface Callee { readonly guest: Guest, readonly name: string }
const callees = new WeakMap<Entry, Callee>()

/**
 * Calls a function that a program exports on the calling thread, which is suspended while C blocks; its value. The thread is one of the program's for so
 * long: pthread_self is its tid, and what it keeps in thread-local variables is there at its next call. In a generator that shares a carrier, what would
 * block returns EDEADLK: there it is {@link calling}. Throws TypeError for what is no entry of {@link Running.entry} and for other arguments than C takes;
 * ErrnoError ENOMEM if the program's memory has no room for its stack, EDEADLK in a handler that runs within a call of another program; ProgramError
 * ERR_WASM_ENDED if the program has ended, also while C runs: at the latest when that calls the library.
 */
export function call<F extends Routine>(entry: Entry<F>, ...args: Parameters<F>): ReturnType<F> {
  const { guest, name } = calleeOf(entry)
  return visitor.call(guest, name, args) as ReturnType<F>
}

/**
 * {@link call} for generators that are threads, `yield* calling(sum, at, n)`: C that blocks suspends only the calling thread, if the program was loaded for
 * m:1 or m:n.
 */
export function calling<F extends Routine>(entry: Entry<F>, ...args: Parameters<F>): Generator<unknown, ReturnType<F>> {
  const { guest, name } = calleeOf(entry)
  return visitor.calling(guest, name, args) as Generator<unknown, ReturnType<F>>
}

function calleeOf(entry: Entry): Callee {
  let callee = callees.get(entry)
  if (callee === undefined) {
    const [, id, name] = /^w(\d+)\n=(.*)$/.exec(sourceOf(entry) ?? '') ?? []
    if (id === undefined) throw new TypeError(`call: ${(entry as Entry | undefined)?.name ?? typeof entry} is no function of a program: see Running.entry`)
    ensure()
    callees.set(entry, callee = { guest: guestOf(Number(id)), name })
  }
  return callee
}
