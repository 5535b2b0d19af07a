// A list to which many push and of which one takes all, and the bell that tells it to look.
//
//   head   0, or the latest item of a list, which leads to the one before it.  Who sends pushes, by compare and swap; the receiver takes all, by
//          exchange: no ABA, for nobody takes one, and whoever had seen a head that is gone finds another one, or the same at the end of the same list.
//   bell   counted up by 2 after a push, then notified.  Its lowest bit is for whoever has something else to tell.
//
// I1  An item belongs to who pushes it until its compare and swap, then to the receiver.
// I2  The receiver reads the bell, then takes, then waits while the bell is what it read.
//
// Nothing that is pushed is missed: a push comes before its count.  If the count came before the receiver read the bell, the item was in the list
// that it took after that (I2); if later, the wait does not begin, or is ended.
//
// Rejected: a lock (who dies with it stops all others); a ring of slots (its size is a bound, and who dies between claiming a slot and filling it stops all
// behind it).

import { add, cas, exchange, load, peek, poke, resume, suspendAsync } from '#atomics'
import type { Address, Memory } from './memory.ts'

/** Where the words are, and which word of an item leads to the one before it: an offset. */
export class Inbox {
  readonly #memory: Memory
  readonly #head: Address
  readonly #bell: Address
  readonly #link: number

  constructor(memory: Memory, head: Address, bell: Address, link: number) {
    this.#memory = memory
    this.#head = head
    this.#bell = bell
    this.#link = link
  }

  /** Gives the receiver an item, of which all but its link is written. */
  push(item: Address): void {
    const m = this.#memory
    for (let head = load(m, this.#head); ;) {
      poke(m, item + this.#link, head)
      const seen = cas(m, this.#head, head, item)
      if (seen === head) break
      head = seen
    }
    this.ring()
  }

  /** Has the receiver look. */
  ring(): void {
    add(this.#memory, this.#bell, 2)
    resume(this.#memory, this.#bell)
  }

  /** For the receiver: all items, in the order in which they were pushed. */
  take(): Address[] {
    const taken: Address[] = []
    for (let item = exchange(this.#memory, this.#head, 0); item !== 0; item = peek(this.#memory, item + this.#link)) taken.push(item)
    return taken.reverse()
  }

  /** The receiver: calls `look`, which takes, whenever there may be something, until `over` says, after a ring, that it is. Keeps no event loop alive. */
  async listen(over: () => boolean, look: () => void): Promise<void> {
    for (;;) {
      const seen = load(this.#memory, this.#bell)                         // I2
      if (over()) return
      look()
      await suspendAsync(this.#memory, this.#bell, seen)
    }
  }
}
