// Named semaphores.  POSIX.1-2024 sem_open, _close, _unlink.
//
// A name belongs to the process: all its threads find the same semaphore under it, other processes do not.  The
// semaphores form a list in user memory, under the kernel's nameLock.
//
// opens   linked      meaning                                       who leaves it, and to where
//  any    yes         the name leads here                           sem_unlink: not linked
//  > 0    no          still used by who opened it                   the last sem_close: freed
//
// A semaphore that is linked stays, with its value, when all have closed it.  Every open counts, of whichever thread; a
// thread that ends closes nothing, as POSIX has it.  So the list holds what was opened and not closed, and what was made
// and not unlinked, and nothing else.
//
// A change is one store: of the list's head, of a next, of a count; a heap that dies in the middle leaks one block at most.
//
// Rejected: the table of interned strings (never forgets); a place in kernel memory (names are of any length).

import { peek, poke } from '#atomics'
import { EEXIST, EINVAL, ENAMETOOLONG, ENOENT, ENOMEM, ENOSYS } from '../kernel/errno.ts'
import { arena, kernel, self, user } from '../kernel/process.ts'
import { PROCESS, Process } from '../kernel/records.ts'
import { free, malloc } from '../mem/arena.ts'
import { acquire, release } from '../mem/lock.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { getText, putText } from '../mem/text.ts'
import { NamedSem } from './records.ts'
import { sem_init, SEM_VALUE_MAX } from './sem.ts'

/** Flags of sem_open. */
export const O_CREAT = 0o100, O_EXCL = 0o200
/** The longest name, the slash not counted. */
export const NAME_MAX = 255
const ACCESS = 0o3                                       // O_RDONLY, O_WRONLY, O_RDWR: a semaphore is always both

const { next, name: nameOf, opens, linked, sem } = NamedSem

/**
 * Opens the semaphore `name` and stores its address, the same at every open, at `address` of `m`. With O_CREAT it is made, with
 * `value`, if there is none of that name; with O_EXCL too, EEXIST if there is. `_mode` says which users may open it: all
 * threads of the process are the same user. ENOENT: none of that name; EINVAL: no name, flag or value; ENAMETOOLONG; ENOMEM.
 * ENOSYS: `m` is not the memory of the process, where named semaphores are.
 *
 * A name is a slash and characters other than slashes; the slash may be left out. Other processes have names of their own.
 */
export function sem_open(m: Memory, address: Address, name: string, oflag: number, _mode = 0, value = 0): number {
  if (m.id !== user.id) return ENOSYS
  if ((oflag & ~(O_CREAT | O_EXCL | ACCESS)) !== 0 || !fits(m, address, 4)) return EINVAL
  const key = keyOf(name)
  if (typeof key === 'number') return key
  const [errno, node] = underLock(() => open_locked(key, oflag, value))
  if (errno === 0) poke(m, address, node + sem)
  return errno
}

/** Closes what {@link sem_open} opened, once. EINVAL if there is no open named semaphore at `address`. */
export function sem_close(m: Memory, address: Address): number {
  if (m.id !== user.id) return EINVAL
  return underLock(() => {
    const node = address - sem
    const at = placeOf(other => other === node)
    const count = at === 0 ? 0 : peek(user, node + opens)
    if (count === 0) return EINVAL
    poke(user, node + opens, count - 1)
    if (count === 1 && peek(user, node + linked) === 0) remove_locked(at)
    return 0
  })
}

/**
 * Takes the name away: it is free for another semaphore at once. Who has the semaphore open goes on using it; the last to
 * close it frees it. ENOENT: no semaphore of that name; ENAMETOOLONG.
 */
export function sem_unlink(name: string): number {
  const key = keyOf(name)
  if (typeof key === 'number') return key === EINVAL ? ENOENT : key
  return underLock(() => {
    const at = find_locked(key)
    if (at === 0) return ENOENT
    const node = nodeAt(at)
    poke(user, node + linked, 0)
    if (peek(user, node + opens) === 0) remove_locked(at)
    return 0
  })
}

// The name without its slash, or an errno.
function keyOf(name: string): string | number {
  if (typeof name !== 'string') return EINVAL
  const key = name.startsWith('/') ? name.slice(1) : name
  if (new TextEncoder().encode(key).length > NAME_MAX) return ENAMETOOLONG
  return key === '' || key.includes('/') || key.includes('\0') ? EINVAL : key
}

function underLock<T>(f: () => T): T {
  acquire(kernel, PROCESS + Process.nameLock, self.carrier)
  try {
    return f()
  } finally {
    release(kernel, PROCESS + Process.nameLock)
  }
}

function open_locked(key: string, oflag: number, value: number): readonly [number, Address] {
  const at = find_locked(key)
  if (at !== 0) {
    if ((oflag & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) return [EEXIST, 0]
    const node = nodeAt(at)
    poke(user, node + opens, peek(user, node + opens) + 1)
    return [0, node]
  }
  if ((oflag & O_CREAT) === 0) return [ENOENT, 0]
  if (!(value >= 0 && value <= SEM_VALUE_MAX)) return [EINVAL, 0]
  const node = malloc(arena, NamedSem.size, self.carrier)
  const text = node === 0 ? 0 : putText(arena, key, self.carrier)
  if (text === 0) {
    if (node !== 0) free(arena, node, self.carrier)
    return [ENOMEM, 0]
  }
  poke(user, node + nameOf, text)
  poke(user, node + opens, 1)
  poke(user, node + linked, 1)
  poke(user, node + next, peek(kernel, PROCESS + Process.names))
  sem_init(user, node + sem, 0, value)
  poke(kernel, PROCESS + Process.names, node)
  return [0, node]
}

// A place is where the list names a node: 0 none, HEAD the list's head, else the address of a next.
const HEAD = -1

function nodeAt(place: number): Address {
  return place === HEAD ? peek(kernel, PROCESS + Process.names) : peek(user, place)
}

function placeOf(wanted: (node: Address) => boolean): number {
  for (let place = HEAD, node = nodeAt(HEAD); node !== 0; place = node + next, node = nodeAt(place)) if (wanted(node)) return place
  return 0
}

function find_locked(key: string): number {
  return placeOf(node => peek(user, node + linked) === 1 && getText(user, peek(user, node + nameOf)) === key)
}

function remove_locked(place: number): void {
  const node = nodeAt(place)
  const after = peek(user, node + next)
  if (place === HEAD) poke(kernel, PROCESS + Process.names, after)
  else poke(user, place, after)
  free(arena, peek(user, node + nameOf), self.carrier)
  free(arena, node, self.carrier)
}
