// What programs read of this process, as far as it has to be waited for, in the I/O thread: host/input.ts has it, whatever comes first is taken
// first.  What is not there yet is not waited for here: `Io.input` is counted up when something has come, and who waits asks again.

import { Input, isWritable } from '#host'
import { add } from '#atomics'
import { wake } from '../kernel/futex.ts'
import { kernel } from '../kernel/process.ts'
import { IO, Io } from '../kernel/records.ts'
import type { Address } from '../mem/memory.ts'

/** What is asked: up to `most` bytes; how many there are; whether a write would not wait. stop: the program has ended. */
export type Question = 'take' | 'look' | 'writable' | 'stop'

const inputs = new Map<string, Input>()

function came(): void {
  add(kernel, IO + Io.input, 1)
  wake(kernel, IO + Io.input, Infinity)
}

// Descriptors of this process stay what they are; others are whoever's that runs the program, who closes them when it has ended.
const keyOf = (program: Address, fd: number): string => fd <= 2 ? String(fd) : `${program} ${fd}`

/** Answers for the program with the record `program`: null, nothing yet. Throws what reading has thrown. */
export function answer(program: Address, question: Question, fd: number, most: number): Uint8Array | number | null {
  if (question === 'writable') return isWritable(fd) ? 1 : 0
  const key = keyOf(program, fd)
  let input = inputs.get(key)
  if (question === 'stop') {
    input?.stop()
    if (fd > 2) inputs.delete(key)
    return 0
  }
  if (input === undefined) inputs.set(key, input = new Input(fd, came))
  return (question === 'look' ? input.look() : input.take(most)?.slice()) ?? null
}
