// Preemption: loops of C look now and then whether it is time for something else.  Opt-in: it makes tight loops slower.
//
//   beat   a word at the end of the memory, where the program cannot see it.  The spawner, whom nobody blocks, adds 1 to it every so many
//          ms (kernel/beat.ts), for as long as the memory is known to it
//   seen   a global that each instance has: the beat at which its thread looked last; written by the instance
//
// P1  Every round of a loop, and every call of a function that may come to call itself, compares the two (`comparison`): a load of a
//     word that changes every few ms, a global, a branch that is not taken.  So no thread runs for longer than a straight line of code
//     without a comparison; recursion through pointers to functions, and what the engine does in one instruction (memory.copy), excepted.
// P2  If they differ, `seen` becomes the beat, and then the import `look` is called.  In this order: of the fibers of a carrier the one
//     that runs looks, not each one that comes after it in the same beat.
// P3  `look` ends the thread if the program has ended; runs handlers of signals, and acts upon a cancellation whose type is asynchronous;
//     then a fiber asks the trampoline (CHECK), whose scheduler says whether it goes on.
// P4  In C that cannot be taken down (stacks.ts: handlers of signals, the module's start function) the last part of P3 is left out.
//
// A beat that comes late, or two at once, only make somebody wait for longer.
//
// Rejected: a counter in each instance (a store in every round, on which the next one waits; and rounds are no measure of time); a word for each
// carrier (its address would have to be loaded too); a look at the clock (a call); to do it in binaryen (1:1, where loops look for signals
// only, needs no binaryen).

import type { Address } from '../mem/memory.ts'
import { Writer } from './bytes.ts'

/** The module and name of the import. */
export const PREEMPT = 'pthreads:preempt', LOOK = 'look'

const CONST = 0x41, LOAD = [0xfe, 0x10, 2, 0], GET = 0x23, SET = 0x24, NOT_EQUAL = 0x47, IF = [0x04, 0x40], CALL = 0x10, END = 0x0b

function constant(w: Writer, address: Address): void {
  w.byte(CONST)
  w.s32(address)
}

/** The instructions that compare the word at `beat` with global `seen`, and call function `due`. They leave the stack as it was. */
export function comparison(beat: Address, seen: number, due: number): Uint8Array {
  const w = new Writer()
  constant(w, beat)
  w.byte(...LOAD, GET)
  w.u32(seen)
  w.byte(NOT_EQUAL, ...IF, CALL)
  w.u32(due)
  w.byte(END)
  return w.bytes
}

/** The body of the function that is called when it is time (P2). */
export function dueBody(beat: Address, seen: number, look: number): Uint8Array {
  const w = new Writer()
  w.byte(0)
  constant(w, beat)
  w.byte(...LOAD, SET)
  w.u32(seen)
  w.byte(CALL)
  w.u32(look)
  w.byte(END)
  return w.bytes
}

/**
 * Which functions may come to call themselves. `calls`: whom each one calls by name. Tarjan's algorithm, without recursion: call graphs are deep.
 */
export function recursive(calls: readonly (readonly number[])[]): boolean[] {
  const order = new Int32Array(calls.length).fill(-1), low = new Int32Array(calls.length)
  const next = new Int32Array(calls.length)                               // which of its calls is to be followed
  const open: number[] = [], isOpen = new Uint8Array(calls.length), found = new Array<boolean>(calls.length).fill(false)
  let count = 0
  const enter = (path: number[], f: number): void => {
    order[f] = low[f] = count++
    open.push(f)
    isOpen[f] = 1
    path.push(f)
  }
  const leave = (path: number[], f: number): void => {
    path.pop()
    if (path.length > 0) low[path[path.length - 1]] = Math.min(low[path[path.length - 1]], low[f])
    if (low[f] !== order[f]) return
    const members = open.splice(open.lastIndexOf(f))
    for (const member of members) {
      isOpen[member] = 0
      found[member] = members.length > 1 || calls[member].includes(member)
    }
  }
  for (let root = 0; root < calls.length; root++) {
    if (order[root] >= 0) continue
    const path: number[] = []
    enter(path, root)
    while (path.length > 0) {
      const f = path[path.length - 1]
      if (next[f] === calls[f].length) leave(path, f)
      else {
        const called = calls[f][next[f]++]
        if (order[called] < 0) enter(path, called)
        else if (isOpen[called] === 1) low[f] = Math.min(low[f], order[called])
      }
    }
  }
  return found
}
