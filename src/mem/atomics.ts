// The atomics port: every atomic access of the library goes through here, under the import name `#atomics`,
// so that the lab can put a scheduler between any two of them.  All operations are sequentially consistent.
//
// `peek` and `poke` are plain accesses: for words that one thread writes and others only report, and for
// records that a lock or a hand-over already orders.  Aligned 32-bit accesses do not tear.

import type { Address, Memory } from './memory.ts'

export function load(m: Memory, a: Address): number {
  return Atomics.load(m.i32, a >>> 2)
}

export function store(m: Memory, a: Address, value: number): void {
  Atomics.store(m.i32, a >>> 2, value)
}

/** Compare and swap; returns what the word held. It was `expected` if and only if `value` was stored. */
export function cas(m: Memory, a: Address, expected: number, value: number): number {
  return Atomics.compareExchange(m.i32, a >>> 2, expected, value)
}

/** Stores `value`, returns what the word held. */
export function exchange(m: Memory, a: Address, value: number): number {
  return Atomics.exchange(m.i32, a >>> 2, value)
}

/** Adds `value`, returns what the word held before. */
export function add(m: Memory, a: Address, value: number): number {
  return Atomics.add(m.i32, a >>> 2, value)
}

/** Sets the bits of `value`, returns what the word held before. */
export function or(m: Memory, a: Address, value: number): number {
  return Atomics.or(m.i32, a >>> 2, value)
}

/** Keeps the bits of `value` only, returns what the word held before. */
export function and(m: Memory, a: Address, value: number): number {
  return Atomics.and(m.i32, a >>> 2, value)
}

export function peek(m: Memory, a: Address): number {
  return m.i32[a >>> 2]
}

export function poke(m: Memory, a: Address, value: number): void {
  m.i32[a >>> 2] = value
}

export function peekf(m: Memory, a: Address): number {
  return m.f64[a >>> 3]
}

export function pokef(m: Memory, a: Address, value: number): void {
  m.f64[a >>> 3] = value
}

/** Suspends the operating system's thread while the word is `expected`. Only the kernel sleeps so, on park words and lock words. */
export function suspend(m: Memory, a: Address, expected: number, ms: number): 'ok' | 'not-equal' | 'timed-out' {
  return Atomics.wait(m.i32, a >>> 2, expected, ms)
}

/** The same for a thread that must not block: a promise, or undefined when the word is not `expected`. */
export function suspendAsync(m: Memory, a: Address, expected: number): Promise<unknown> | undefined {
  const r = Atomics.waitAsync(m.i32, a >>> 2, expected)
  return r.async ? r.value : undefined
}

/** Resumes up to `count` threads that {@link suspend} put to sleep at this word. */
export function resume(m: Memory, a: Address, count = Infinity): number {
  return Atomics.notify(m.i32, a >>> 2, count)
}
