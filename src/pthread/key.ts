// Thread-specific data.  POSIX.1-2024 pthread_key_create, _delete, pthread_getspecific, _setspecific.
//
// A key is a number of the process; the values are JavaScript values of one thread and live in its heap.  A
// carrier runs one thread at a time, so the heap keeps the values of the thread that runs, and forgets
// them at its end, after the destructors.
//
// A destructor is a function of this heap, or an entry, which every heap can find.  Keys that were deleted
// keep their values, unreachable, until the thread ends; their destructors do not run.

import { add, load, poke, store } from '#atomics'
import { EAGAIN, EINVAL } from '../kernel/errno.ts'
import { kernel, KEYS, keys } from '../kernel/process.ts'
import { PROCESS, Process } from '../kernel/records.ts'
import type { Address, Memory } from '../mem/memory.ts'

/** How many keys a process may make; a deleted key's number is not used again. */
export const PTHREAD_KEYS_MAX = KEYS - 1
export const PTHREAD_DESTRUCTOR_ITERATIONS = 4

/** A key: the number that POSIX calls pthread_key_t. */
export type Key = number
/** Called with a thread's value when it ends and the value is not null or undefined. May be asynchronous. */
export type Destructor = (value: never) => unknown

const MADE = 1, DELETED = 2

const destructors = new Map<Key, Destructor>()
let values = new Map<Key, unknown>()

/** Makes a key and stores it at `key`. EAGAIN when there are PTHREAD_KEYS_MAX. */
export function pthread_key_create(m: Memory, key: Address, destructor?: Destructor): number {
  const number = createKey(destructor)
  if (number === 0) return EAGAIN
  poke(m, key, number)
  return 0
}

/** A new key; 0 when there are too many. Numbers are not used again. */
export function createKey(destructor?: Destructor): Key {
  if (load(kernel, PROCESS + Process.keys) >= PTHREAD_KEYS_MAX) return 0
  const number = add(kernel, PROCESS + Process.keys, 1) + 1
  if (number > PTHREAD_KEYS_MAX) return 0
  store(kernel, keys + number * 4, MADE)
  if (destructor !== undefined) destructors.set(number, destructor)
  return number
}

/** Makes a key that another heap created known here with its destructor. */
export function adoptKey(key: Key, destructor: Destructor): void {
  destructors.set(key, destructor)
}

/** Deletes a key; its destructor does not run any more. EINVAL if it is none. */
export function pthread_key_delete(key: Key): number {
  if (!exists(key)) return EINVAL
  store(kernel, keys + key * 4, DELETED)
  destructors.delete(key)
  values.delete(key)
  return 0
}

function exists(key: Key): boolean {
  return key > 0 && key < KEYS && load(kernel, keys + key * 4) === MADE
}

/** The calling thread's value of `key`; undefined if it has none. */
export function pthread_getspecific(key: Key): unknown {
  return exists(key) ? values.get(key) : undefined
}

/** Sets the calling thread's value of `key`. EINVAL if there is no such key. */
export function pthread_setspecific(key: Key, value: unknown): number {
  if (!exists(key)) return EINVAL
  values.set(key, value)
  return 0
}

/** The destructors that are due, each with its value; the values are forgotten. Called until it returns none. */
export function dueDestructors(): (() => unknown)[] {
  if (values.size === 0) return []
  const due: (() => unknown)[] = []
  for (const [key, value] of values) {
    const destructor = destructors.get(key)
    if (destructor !== undefined && exists(key) && value !== null && value !== undefined) due.push(() => destructor(value as never))
  }
  values = new Map()
  return due
}
