// Thread-specific data.  POSIX.1-2024 pthread_key_create, _delete, pthread_getspecific, _setspecific.
//
// A key is a number of the process; the values are JavaScript values of one thread and live in its heap.  They
// are forgotten at its end, after the destructors (local.ts).
//
// The table of keys in kernel memory has two words a key: generation * 2, + 1 while the key is made, and the
// destructor.  A key's number holds its generation, so values of a deleted key are never seen under a new one.
//
// A destructor that is an entry (load, thread) runs in every thread; a plain function stays in the heap that
// created the key.

import { add, cas, load, poke, store } from '#atomics'
import { EAGAIN, EINVAL } from '../kernel/errno.ts'
import { kernel, KEYS, keys } from '../kernel/process.ts'
import { PROCESS, Process } from '../kernel/records.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { entryId, routineOf, sourceOf, type Entry } from './entry.ts'
import { local } from './local.ts'

/** How many keys there may be at a time. */
export const PTHREAD_KEYS_MAX = KEYS - 1
export const PTHREAD_DESTRUCTOR_ITERATIONS = 4

/** A key: the number that POSIX calls pthread_key_t. */
export type Key = number
/** Called with a thread's value when it ends and the value is not null or undefined. May be asynchronous. */
export type Destructor = (value: never) => unknown

const GENERATIONS = 0x7fff
const destructors = new Map<Key, Destructor>()

const wordOf = (key: Key): Address => keys + (key & (KEYS - 1)) * 8
const made = (key: Key): number => (key >>> 16) * 2 + 1

/** Makes a key and stores it at `key`. EAGAIN when there are PTHREAD_KEYS_MAX; EINVAL if no word can be there. */
export function pthread_key_create(m: Memory, key: Address, destructor?: Destructor | Entry): number {
  if (!fits(m, key, 4)) return EINVAL
  const number = createKey(destructor)
  if (number === 0) return EAGAIN
  poke(m, key, number)
  return 0
}

/** A new key; 0 when there are too many. */
export function createKey(destructor?: Destructor | Entry): Key {
  const source = sourceOf(destructor)
  const entry = source === undefined ? 0 : entryId(source)
  if (entry < 0) return 0
  for (let tries = 0; tries < KEYS; tries++) {
    const index = add(kernel, PROCESS + Process.keys, 1) & (KEYS - 1)
    const word = keys + index * 8
    const old = load(kernel, word)
    if (index === 0 || (old & 1) !== 0 || cas(kernel, word, old, old + 1) !== old) continue
    store(kernel, word + 4, entry)
    const key = (old >>> 1) * KEYS + index
    if (entry === 0 && typeof destructor === 'function') destructors.set(key, destructor)
    return key
  }
  return 0
}

/** Deletes a key, for all threads; its destructor does not run any more. EINVAL if it is none. */
export function pthread_key_delete(key: Key): number {
  if (!exists(key)) return EINVAL
  const next = ((key >>> 16) + 1 & GENERATIONS) * 2
  if (cas(kernel, wordOf(key), made(key), next) !== made(key)) return EINVAL
  destructors.delete(key)
  local.values?.delete(key)
  return 0
}

function exists(key: Key): boolean {
  return key > 0 && load(kernel, wordOf(key)) === made(key)
}

/** The calling thread's value of `key`; undefined if it has none. */
export function pthread_getspecific(key: Key): unknown {
  return exists(key) ? local.values?.get(key) : undefined
}

/** Sets the calling thread's value of `key`. EINVAL if there is no such key. */
export function pthread_setspecific(key: Key, value: unknown): number {
  if (!exists(key)) return EINVAL
  local.values ??= new Map<Key, unknown>()
  local.values.set(key, value)
  return 0
}

/** One round of destructors: calls, each of which clears its key's value first, if there still is one. */
export function dueDestructors(): (() => unknown)[] {
  const due: (() => unknown)[] = local.ending?.destructors() ?? []
  for (const [key, value] of local.values ?? []) {
    if (value === null || value === undefined || !exists(key)) continue
    const destructor = destructorOf(key)
    if (destructor !== undefined) due.push(() => destroy(key, destructor))
  }
  return due
}

function destroy(key: Key, destructor: Destructor): unknown {
  const value = local.values?.get(key)
  if (value === null || value === undefined || !exists(key)) return undefined
  local.values?.delete(key)
  return destructor(value as never)
}

function destructorOf(key: Key): Destructor | undefined {
  const entry = load(kernel, wordOf(key) + 4)
  if (entry === 0) return destructors.get(key)
  const f = routineOf(entry)
  return typeof f === 'function' ? f : value => f.then(g => g(value))
}
