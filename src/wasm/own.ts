// What a thread of C has at its end: cleanup handlers and values of keys, which are in the program's memory (c/src/own.c), and its stack.

import { peek } from '#atomics'
import type { Address } from '../mem/memory.ts'
import type { Ending } from '../pthread/local.ts'
import type { Guest } from './guest.ts'
import { Cleanup } from './records.ts'

/** The end of a thread of `guest` whose block is at `block`, or that has none. */
export class EndOfThread implements Ending {
  readonly #guest: Guest
  readonly #block: Address

  constructor(guest: Guest, block: Address) {
    this.#guest = guest
    this.#block = block
  }

  cleanup(): (() => unknown) | undefined {
    const guest = this.#guest, { memory } = guest
    const at = guest.ask('__pthreads_unwound')
    if (at === 0) return undefined
    const routine = peek(memory, at + Cleanup.routine), argument = peek(memory, at + Cleanup.argument)
    return () => guest.callback(routine, argument)
  }

  destructors(): (() => unknown)[] {
    const guest = this.#guest, due: (() => unknown)[] = []
    if (!guest.keyed) return due
    for (let i = guest.ask('__pthreads_due', 0); i >= 0; i = guest.ask('__pthreads_due', i + 1)) due.push(() => destroy(guest, i))
    return due
  }

  last(): void {
    this.#guest.leave(this.#block)
  }
}

function destroy(guest: Guest, i: number): unknown {
  const value = guest.ask('__pthreads_take', i)
  return value === 0 ? undefined : guest.callback(guest.ask('__pthreads_destructor', i), value)
}
