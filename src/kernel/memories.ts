// Memories besides the two of the process: a C program's linear memory, or any shared buffer that a program keeps
// objects in.
//
// A memory has the same id in every heap, which is half of a futex key.  The heap that adds it gets the id; each other heap that
// uses it joins it.  Every one of them tells the spawner, on its line, before it uses the memory: what a heap has sent is read
// before it is buried, so the reaper has every memory in which a dead thread may hold something.
//
// A link names an object in one word, for lists that go through several memories: the address, which is aligned to 4, and in its
// two low bits which memory: the process's own or one of the first three that were added.

import { add } from '#atomics'
import { KERNEL, Memory, USER, type Address, type Storage } from '../mem/memory.ts'
import { needSpawner } from './clone.ts'
import { announce, ask, renounce } from './mail.ts'
import { kernel, user } from './process.ts'
import { PROCESS, Process } from './records.ts'

const LINKABLE = 4
const known = new Map<number, Memory>()

/** The memory with that id; undefined if this heap has not joined it. */
export function memoryOf(id: number): Memory | undefined {
  return id === USER ? user : id === KERNEL ? kernel : known.get(id)
}

/** Adds a memory to the process; the other heaps {@link joinMemory} it by its id. With `about`, they can also {@link lookUpMemory}. */
export function addMemory(storage: Storage, about?: unknown): Memory {
  const id = add(kernel, PROCESS + Process.memories, 1) + 1
  needSpawner()
  announce(id, storage, about)
  return knowMemory(id, storage)
}

/**
 * An id for a memory that one heap has for itself, and will {@link keepMemory}; others may {@link lookUpMemory} what is said of it. When that heap dies
 * nobody repairs what its threads held there: nobody is left who could wait for it.
 */
export function namePrivateMemory(about: unknown): number {
  const id = add(kernel, PROCESS + Process.memories, 1) + 1
  needSpawner()
  announce(id, undefined, about)
  return id
}

/**
 * Joins the memory `id`; returns it, and what was said of it when it was added. Blocks until the spawner has answered. Without a memory: it is private; without
 * anything: it was removed.
 */
export function lookUpMemory(id: number): { memory: Memory | undefined, about: unknown } {
  const { storage, about } = ask(id)
  return { memory: storage === undefined ? undefined : joinMemory(id, storage), about }
}

/** The private memory `id` is this heap's. */
export function keepMemory(id: number, storage: Storage): Memory {
  return knowMemory(id, storage)
}

/** The memory `id`, which another heap has added. */
export function joinMemory(id: number, storage: Storage): Memory {
  const there = memoryOf(id)
  if (there !== undefined) return there
  needSpawner()
  announce(id, storage)
  return knowMemory(id, storage)
}

/** No thread uses the memory `id` any more: its id is not given again, and this heap and the spawner let go of it; others {@link forgetMemory} it. */
export function removeMemory(id: number): void {
  renounce(id)
  forgetMemory(id)
}

/** This heap lets go of the memory. */
export function forgetMemory(id: number): void {
  known.delete(id)
}

/** For the spawner, which is told of it. */
export function knowMemory(id: number, storage: Storage): Memory {
  let memory = known.get(id)
  if (memory === undefined) known.set(id, memory = new Memory(id, storage))
  return memory
}

/** Whether objects of the memory can be named by links. */
export function isLinkable(m: Memory): boolean {
  return m.id >= USER && m.id < USER + LINKABLE && memoryOf(m.id) !== undefined
}

/** The link that names the object at `a`. */
export function linkTo(m: Memory, a: Address): number {
  return a | m.id - USER
}

/** The memory of what the link names; undefined if this heap has not joined it. */
export function memoryIn(link: number): Memory | undefined {
  return memoryOf((link & 3) + USER)
}

/** Its address there. */
export function addressIn(link: number): Address {
  return (link & ~3) >>> 0
}
