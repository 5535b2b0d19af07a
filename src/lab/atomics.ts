// The atomics port under the lab: `#atomics` with --conditions=lab.  Exports what mem/atomics.ts exports, each operation
// a step of a virtual thread, before which another one may run.  Outside of a schedule the operations are the real ones.
//
// The two operations of mem/atomics.ts that are two accesses on the machine are two steps here.  Plain accesses are
// steps if the exploration says so; peeks and pokes of what a lock guards only multiply the schedules.

import * as real from '../mem/atomics.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { at, c } from './control.ts'
import { waitLater } from './promises.ts'
import { live, me, note, polled, resumeAll, sleep, step, written } from './turn.ts'
import { trace } from './trace.ts'

export { bind } from '../mem/atomics.ts'

/** Operations by number, as traces name them. */
export const operations = ['load', 'store', 'cas', 'exchange', 'add', 'or', 'and', 'peek', 'poke', 'suspend', 'resume'] as const
const LOAD = 0, STORE = 1, CAS = 2, EXCHANGE = 3, ADD = 4, OR = 5, AND = 6, PEEK = 7, POKE = 8, SUSPEND = 9, RESUME = 10
const STORES = 1, LOADS = 2                                             // what `plain` makes steps

let lastMemory = -1, lastAddress = -1, repeats = 0

/** A schedule begins: nothing was read before. */
export function forgetReads(): void {
  lastMemory = -1
}

// A read is a step, unless it only repeats what this thread has just read twice.
function stepToRead(m: Memory, a: Address, isStep: boolean): void {
  if (m.id !== lastMemory || a !== lastAddress) {
    lastMemory = m.id
    lastAddress = a
    repeats = 0
  } else if (++repeats > 1) {
    polled(m.id, a, repeats)
    return
  }
  if (isStep) step()
}

function stepToWrite(): void {
  lastMemory = -1
  step()
}

function did(what: number, m: Memory, a: Address, result: number, value = 0, expected = 0): number {
  note(what, m.id, a, result, what !== LOAD && what !== PEEK && (what !== CAS || result === expected))
  if (c[at.tracing] !== 0) trace(operations[what], m, a, result, value, expected)
  return result
}

export function load(m: Memory, a: Address): number {
  if (!live) return real.load(m, a)
  stepToRead(m, a, true)
  return repeats > 1 ? real.load(m, a) : did(LOAD, m, a, real.load(m, a))
}

export function store(m: Memory, a: Address, value: number): void {
  if (!live) return real.store(m, a, value)
  stepToWrite()
  real.store(m, a, value)
  written(m.id, a)
  did(STORE, m, a, 0, value)
}

export function cas(m: Memory, a: Address, expected: number, value: number): number {
  if (!live) return real.cas(m, a, expected, value)
  stepToWrite()
  const seen = real.cas(m, a, expected, value)
  if (seen === expected) written(m.id, a)
  return did(CAS, m, a, seen, value, expected)
}

export function exchange(m: Memory, a: Address, value: number): number {
  if (!live) return real.exchange(m, a, value)
  stepToWrite()
  const seen = real.exchange(m, a, value)
  written(m.id, a)
  return did(EXCHANGE, m, a, seen, value)
}

export function add(m: Memory, a: Address, value: number): number {
  if (!live) return real.add(m, a, value)
  stepToWrite()
  const seen = real.add(m, a, value)
  written(m.id, a)
  return did(ADD, m, a, seen, value)
}

export function or(m: Memory, a: Address, value: number): number {
  if (!live) return real.or(m, a, value)
  stepToWrite()
  const seen = real.or(m, a, value)
  written(m.id, a)
  return did(OR, m, a, seen, value)
}

export function and(m: Memory, a: Address, value: number): number {
  if (!live) return real.and(m, a, value)
  stepToWrite()
  const seen = real.and(m, a, value)
  written(m.id, a)
  return did(AND, m, a, seen, value)
}

function pokeStep(m: Memory, a: Address, value: number, isStep: boolean): void {
  if (isStep) stepToWrite()
  real.poke(m, a, value)
  written(m.id, a)
  did(POKE, m, a, 0, value)
}

export function casOwned(m: Memory, a: Address, expected: number, value: number, owner: number): number {
  if (!live) return real.casOwned(m, a, expected, value, owner)
  const seen = cas(m, a, expected, value)
  if (seen === expected) pokeStep(m, a + 4, owner, true)
  return seen
}

export function exchangeOwned(m: Memory, a: Address, value: number, owner: number): number {
  if (!live) return real.exchangeOwned(m, a, value, owner)
  if (peek(m, a + 4) !== owner || peek(m, a + 12) !== 0) return -1
  pokeStep(m, a + 4, 0, true)
  return exchange(m, a, value)
}

export function peek(m: Memory, a: Address): number {
  if (!live) return real.peek(m, a)
  stepToRead(m, a, c[at.plain] >= LOADS)
  return repeats > 1 ? real.peek(m, a) : did(PEEK, m, a, real.peek(m, a))
}

export function poke(m: Memory, a: Address, value: number): void {
  if (!live) return real.poke(m, a, value)
  lastMemory = -1
  pokeStep(m, a, value, c[at.plain] >= STORES)
}

export function peekf(m: Memory, a: Address): number {
  return real.peekf(m, a)
}

export function pokef(m: Memory, a: Address, value: number): void {
  real.pokef(m, a, value)
}

/** In a schedule the virtual thread is suspended, and time is virtual. */
export function suspend(m: Memory, a: Address, expected: number, ms: number): 'ok' | 'not-equal' | 'timed-out' {
  if (!live) return real.suspend(m, a, expected, ms)
  stepToWrite()
  const seen = real.load(m, a)
  did(SUSPEND, m, a, seen, expected)
  if (seen !== expected) return 'not-equal'
  return sleep(m.id, a, ms) ? 'ok' : 'timed-out'
}

/** In a schedule the promise is settled by the virtual thread's event loop. */
export function suspendAsync(m: Memory, a: Address, expected: number): Promise<unknown> | undefined {
  if (!live) return real.suspendAsync(m, a, expected)
  stepToWrite()
  const seen = real.load(m, a)
  did(SUSPEND, m, a, seen, expected)
  return seen === expected ? waitLater(me, m.id, a) : undefined
}

export function resume(m: Memory, a: Address, count = Infinity): number {
  if (!live) return real.resume(m, a, count)
  stepToWrite()
  return did(RESUME, m, a, resumeAll(m.id, a, count))
}
