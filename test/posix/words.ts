// Words of user memory, and lists of them, as the threads of the tests use them.

import { memory } from 'pthreads/posix'

export const m = memory()

export const add = (address: number, n: number): number => Atomics.add(m.i32, address >>> 2, n)
export const read = (address: number): number => Atomics.load(m.i32, address >>> 2)
export const write = (address: number, n: number): void => { Atomics.store(m.i32, address >>> 2, n) }

/** Appends `n` to the list at `list`: its length, then its elements. */
export const note = (list: number, n: number): void => { write(list + 4 + 4 * add(list, 1), n) }
