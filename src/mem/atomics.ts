// The atomics port: every atomic access of the library goes through here, under the import name `#atomics`,
// so that the lab can put a scheduler between any two of them.  All operations are sequentially consistent.
//
// `peek` and `poke` are plain accesses: for words that one thread writes and others only report, and for
// records that a lock or a hand-over already orders.  Aligned 32-bit accesses do not tear.
//
// The two memories of the process have operations in wasm (wasm-atomics.ts); others, and an engine without
// wasm, use the Atomics object.  The operations are variables of this module, one call site for each memory,
// because the compiler inlines a call of wasm only where it always sees the same function.

import { KERNEL, USER, wasm, type Address, type Memory } from './memory.ts'
import { operationsOn, type Operations } from './wasm-atomics.ts'

type Load = Operations['load']
type Store = Operations['store']
type Cas = Operations['cas']
type Modify = Operations['exchange']

let kernelLoad: Load, kernelStore: Store, kernelCas: Cas, kernelExchange: Modify, kernelAdd: Modify
let userLoad: Load, userStore: Store, userCas: Cas, userExchange: Modify, userAdd: Modify
let userCasOwned: Operations['casOwned'], userExchangeOwned: Operations['exchangeOwned']

function operations(m: Memory): Operations {
  if (m.wasm !== undefined && wasm !== undefined) return operationsOn(wasm, m.wasm)
  const { i32 } = m
  return {
    load: a => Atomics.load(i32, a >>> 2),
    store: (a, value) => { Atomics.store(i32, a >>> 2, value) },
    cas: (a, expected, value) => Atomics.compareExchange(i32, a >>> 2, expected, value),
    exchange: (a, value) => Atomics.exchange(i32, a >>> 2, value),
    add: (a, value) => Atomics.add(i32, a >>> 2, value),
    casOwned(a, expected, value, owner) {
      const seen = Atomics.compareExchange(i32, a >>> 2, expected, value)
      if (seen === expected) i32[(a >>> 2) + 1] = owner
      return seen
    },
    exchangeOwned(a, value, owner) {
      if (i32[(a >>> 2) + 1] !== owner || i32[(a >>> 2) + 3] !== 0) return -1
      i32[(a >>> 2) + 1] = 0
      return Atomics.exchange(i32, a >>> 2, value)
    },
  }
}

/** Makes `m` this heap's kernel or user memory for the operations below. */
export function bind(m: Memory): void {
  const { load, store, cas, exchange, add, casOwned, exchangeOwned } = operations(m)
  if (m.id === KERNEL) [kernelLoad, kernelStore, kernelCas, kernelExchange, kernelAdd] = [load, store, cas, exchange, add]
  if (m.id !== USER) return
  userLoad = load
  userStore = store
  userCas = cas
  userExchange = exchange
  userAdd = add
  userCasOwned = casOwned
  userExchangeOwned = exchangeOwned
}

export function load(m: Memory, a: Address): number {
  if (m.id === USER) return userLoad(a)
  if (m.id === KERNEL) return kernelLoad(a)
  return Atomics.load(m.i32, a >>> 2)
}

export function store(m: Memory, a: Address, value: number): void {
  if (m.id === USER) userStore(a, value)
  else if (m.id === KERNEL) kernelStore(a, value)
  else Atomics.store(m.i32, a >>> 2, value)
}

/** Compare and swap; returns what the word held. It was `expected` if and only if `value` was stored. */
export function cas(m: Memory, a: Address, expected: number, value: number): number {
  if (m.id === USER) return userCas(a, expected, value)
  if (m.id === KERNEL) return kernelCas(a, expected, value)
  return Atomics.compareExchange(m.i32, a >>> 2, expected, value)
}

/** Stores `value`, returns what the word held. */
export function exchange(m: Memory, a: Address, value: number): number {
  if (m.id === USER) return userExchange(a, value)
  if (m.id === KERNEL) return kernelExchange(a, value)
  return Atomics.exchange(m.i32, a >>> 2, value)
}

/** Adds `value`, returns what the word held before. */
export function add(m: Memory, a: Address, value: number): number {
  if (m.id === USER) return userAdd(a, value)
  if (m.id === KERNEL) return kernelAdd(a, value)
  return Atomics.add(m.i32, a >>> 2, value)
}

/**
 * {@link cas}; if it stored, then a plain store of `owner` into the second word. What a lock does, in one call: the
 * record at `a` has the words state, owner, any, depth.
 */
export function casOwned(m: Memory, a: Address, expected: number, value: number, owner: number): number {
  if (m.id === USER) return userCasOwned(a, expected, value, owner)
  const seen = cas(m, a, expected, value)
  if (seen === expected) poke(m, a + 4, owner)
  return seen
}

/**
 * What an unlock does, in one call: if the owner is `owner` and the depth 0, a plain store of 0 as the owner, then
 * {@link exchange}; else returns -1, and nothing is changed.
 */
export function exchangeOwned(m: Memory, a: Address, value: number, owner: number): number {
  if (m.id === USER) return userExchangeOwned(a, value, owner)
  if (peek(m, a + 4) !== owner || peek(m, a + 12) !== 0) return -1
  poke(m, a + 4, 0)
  return exchange(m, a, value)
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
