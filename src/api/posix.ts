// pthreads/posix: the library under its POSIX names, on (memory, address).
//
//   import { malloc, memory, Mutex, pthread_mutex_init, pthread_mutex_lock } from 'pthreads/posix'
//   const m = memory(), mutex = malloc(Mutex.size)
//   pthread_mutex_init(m, mutex)                    // 0, or an error number
//
// Sizes of the objects: Mutex.size, Cond.size, Rwlock.size, Barrier.size, Spinlock.size, Sem.size, Once.size, and those of their
// attributes: Attr.size, MutexAttr.size, CondAttr.size, RwlockAttr.size, BarrierAttr.size.
// Addresses are numbers: they travel to threads as arguments, and every thread has the same `memory()`.

import { addMemory as add, joinMemory as join } from '../kernel/memories.ts'
import { arena, self, user } from '../kernel/process.ts'
import { free as freeBlock, malloc as allocate } from '../mem/arena.ts'
import type { Address, Memory, Storage } from '../mem/memory.ts'
import type { Entry } from '../pthread/entry.ts'
import { sem_unlink as unlink } from '../pthread/sem-open.ts'
import { pthread_create as create, pthread_self as current } from '../pthread/thread.ts'
import { ensure, holdProcess } from './attach.ts'

export * from '../pthread/index.ts'

/** The memory that every thread of the process has, and where {@link malloc} allocates. */
export function memory(): Memory {
  ensure()
  return user
}

/**
 * Makes a buffer of the program a memory in which objects can lie: a shared WebAssembly.Memory, or a SharedArrayBuffer. Other
 * threads {@link joinMemory} it by its id before they use it. Robust mutexes, and those with a protocol, can be in the first three.
 */
export function addMemory(storage: Storage): Memory {
  ensure()
  return add(storage)
}

/** The memory `id`, which another thread has added. */
export function joinMemory(id: number, storage: Storage): Memory {
  ensure()
  return join(id, storage)
}

/** Allocates `bytes` bytes of it, all 0, aligned to 16. Returns 0 when it is full (ENOMEM). */
export function malloc(bytes: number): Address {
  ensure()
  if (!(bytes >= 0 && bytes <= user.size)) return 0
  const address = allocate(arena, bytes, self.carrier)
  if (address !== 0) user.u8.fill(0, address, address + bytes)
  return address
}

/** Frees what {@link malloc} returned. */
export function free(address: Address): void {
  freeBlock(arena, address, self.carrier)
}

/**
 * Starts a thread that calls `routine` (of `load` or `thread`) with `arg`, and stores its pthread_t at `thread` of
 * `m`. `attr`: address of thread attributes in `m`, or 0. EAGAIN: too many threads, or the host refuses another
 * Worker; EINVAL: attributes not initialized, or no entry; ENOMEM. Throws TypeError for an `arg` that cannot travel.
 */
export function pthread_create(m: Memory, thread: Address, attr: Address, routine: Entry, arg?: unknown): number {
  ensure()
  const errno = create(m, thread, attr, routine, arg)
  if (errno === 0) holdProcess()
  return errno
}

/** The calling thread. */
export function pthread_self(): number {
  ensure()
  return current()
}

/**
 * Takes the name of a semaphore away: it is free for another semaphore at once. Who has the semaphore open goes on using it;
 * the last to close it frees it. ENOENT: no semaphore of that name; ENAMETOOLONG.
 */
export function sem_unlink(name: string): number {
  ensure()
  return unlink(name)
}
