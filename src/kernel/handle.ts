// Handles: how long an object in user memory lives.
//
// An object's first word counts who holds it: every heap that has a JavaScript handle for it, every message
// under way that names it.  At 0 its block is freed.  What a heap holds is written down in the handle table,
// so that the counts of a dead heap can be swept.  A heap takes handle records in batches, for the lock's sake.

import { add, peek, poke } from '#atomics'
import { free } from '../mem/arena.ts'
import { acquire, release } from '../mem/lock.ts'
import type { Address } from '../mem/memory.ts'
import { arena, HANDLES, handles, kernel, self, user } from './process.ts'
import { Handle, ObjectHead, PROCESS, Process } from './records.ts'

const RESERVED = -1
const BATCH = 64
const spare: number[] = []

const at = (h: number): Address => handles + h * Handle.size

/** Notes that this heap holds the object at `address`, whose count the caller has already raised. Returns the handle, 0 if the table is full. */
export function hold(address: Address): number {
  if (spare.length === 0 && !refill_slow()) return 0
  const h = spare.pop()!
  poke(kernel, at(h) + Handle.address, address)
  poke(kernel, at(h) + Handle.carrier, self.carrier)
  return h
}

/** Gives up handle `h`; frees the object if it was the last. */
export function letGo(h: number): void {
  const address = peek(kernel, at(h) + Handle.address)
  poke(kernel, at(h) + Handle.carrier, RESERVED)
  poke(kernel, at(h) + Handle.address, self.carrier)
  spare.push(h)
  if (spare.length >= 4 * BATCH) giveBack_slow()
  drop(address)
}

/** One more holds the object at `address`. */
export function retain(address: Address): void {
  add(user, address + ObjectHead.count, 1)
}

const finalizers: (((at: Address) => void) | undefined)[] = []

/** Says what is done before an object of that kind is freed; `at`: the object after its head. May run in any heap, and must not throw. */
export function finalize(kind: number, f: (at: Address) => void): void {
  finalizers[kind] = f
}

/** One less holds the object at `address`; the last frees it. */
export function drop(address: Address): void {
  if (add(user, address + ObjectHead.count, -1) !== 1) return
  finalizers[peek(user, address + ObjectHead.kind)]?.(address + ObjectHead.size)
  const name = peek(user, address + ObjectHead.name)
  if (name !== 0) free(arena, name, self.carrier)
  free(arena, address, self.carrier)
}

// A spare record is RESERVED, with the carrier whose list it is in as its address.
function refill_slow(): boolean {
  acquire(kernel, PROCESS + Process.handleLock, self.carrier)
  for (let i = 0; i < BATCH; i++) {
    let h = peek(kernel, PROCESS + Process.freeHandle)
    if (h !== 0) {
      poke(kernel, PROCESS + Process.freeHandle, peek(kernel, at(h) + Handle.address))
    } else {
      h = peek(kernel, PROCESS + Process.bumpHandle)
      if (h >= HANDLES) break
      poke(kernel, PROCESS + Process.bumpHandle, h + 1)
    }
    poke(kernel, at(h) + Handle.address, self.carrier)
    poke(kernel, at(h) + Handle.carrier, RESERVED)
    spare.push(h)
  }
  release(kernel, PROCESS + Process.handleLock)
  return spare.length !== 0
}

function giveBack_slow(): void {
  acquire(kernel, PROCESS + Process.handleLock, self.carrier)
  while (spare.length > BATCH) free_locked(spare.pop()!)
  release(kernel, PROCESS + Process.handleLock)
}

function free_locked(h: number): void {
  poke(kernel, at(h) + Handle.carrier, 0)
  poke(kernel, at(h) + Handle.address, peek(kernel, PROCESS + Process.freeHandle))
  poke(kernel, PROCESS + Process.freeHandle, h)
}

/** Drops everything that the dead carrier `n` held. */
export function sweep(n: number): void {
  const orphans: Address[] = []
  acquire(kernel, PROCESS + Process.handleLock, self.carrier)
  for (let h = peek(kernel, PROCESS + Process.bumpHandle) - 1; h > 0; h--) {
    const carrier = peek(kernel, at(h) + Handle.carrier)
    const address = peek(kernel, at(h) + Handle.address)
    if (carrier === n) orphans.push(address)
    else if (carrier !== RESERVED || address !== n) continue
    free_locked(h)
  }
  release(kernel, PROCESS + Process.handleLock)
  for (const address of orphans) drop(address)
}

/** Makes the free list again after the death of a heap that held its lock. */
export function mendHandles(): void {
  let free = 0
  for (let h = peek(kernel, PROCESS + Process.bumpHandle) - 1; h > 0; h--) {
    if (peek(kernel, at(h) + Handle.carrier) !== 0) continue
    poke(kernel, at(h) + Handle.address, free)
    free = h
  }
  poke(kernel, PROCESS + Process.freeHandle, free)
}

/** The objects that heaps hold: addresses of their heads. */
export function objects(): Set<Address> {
  const found = new Set<Address>()
  for (let h = peek(kernel, PROCESS + Process.bumpHandle) - 1; h > 0; h--)
    if (peek(kernel, at(h) + Handle.carrier) > 0) found.add(peek(kernel, at(h) + Handle.address))
  return found
}

/** How many handles heaps hold, for tests: 0 when nothing leaked. */
export function held(): number {
  let count = 0
  for (let h = peek(kernel, PROCESS + Process.bumpHandle) - 1; h > 0; h--) if (peek(kernel, at(h) + Handle.carrier) > 0) count++
  return count
}
