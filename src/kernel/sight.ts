// Sights: the one object that this heap has of each block that messages name to it.
//
// A heap holds a block (handle.ts) until its collector finds that nobody here uses the object any more. V8 tells that in a later turn of the event
// loop; a message may name the block before that turn, and then there is a new object, with a handle of its own. So the old handle is given up at
// that moment, and not when the collector tells: a heap would have two handles of one block, and as many as it likes if its loop does not turn for long.
//
// An object that no message has named yet is not shown: to show one is to make a WeakRef, which keeps it until the event loop turns.

import type { Address } from '../mem/memory.ts'
import { letGo } from './handle.ts'

/** That this heap holds `block` by `handle`, for an object; and the object, once messages may name it. */
export class Sight<T extends object> {
  readonly block: Address
  readonly handle: number
  object: WeakRef<T> | undefined

  constructor(block: Address, handle: number) {
    this.block = block
    this.handle = handle
  }
}

/** Objects of one kind. */
export class Sights<T extends object> {
  readonly #shown = new Map<Address, Sight<T>>()
  readonly #collected = new FinalizationRegistry<Sight<T>>((sight) => { this.#giveUp(sight) })

  /** `handle`, which holds `block`, is let go when `object` is collected. */
  add(object: T, block: Address, handle: number): Sight<T> {
    const sight = new Sight<T>(block, handle)
    this.#collected.register(object, sight, sight)
    return sight
  }

  /** From now on `object`, which that is the sight of, is what this heap has of its block. */
  show(object: T, sight: Sight<T>): void {
    if (sight.object !== undefined) return
    sight.object = new WeakRef(object)
    this.#shown.set(sight.block, sight)
  }

  /** The object that this heap has of `block`, if it was shown. */
  of(block: Address): T | undefined {
    const sight = this.#shown.get(block), here = sight?.object?.deref()
    if (sight !== undefined && here === undefined && this.#collected.unregister(sight)) this.#giveUp(sight)
    return here
  }

  /** Lets go of the handle at once: the caller has the object, and uses it no more. */
  remove(sight: Sight<T>): void {
    this.#collected.unregister(sight)
    this.#giveUp(sight)
  }

  #giveUp(sight: Sight<T>): void {
    if (this.#shown.get(sight.block) === sight) this.#shown.delete(sight.block)
    letGo(sight.handle)
  }
}
