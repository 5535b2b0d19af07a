// What a heap knows of threads, by their slots.  Pages of an array are made as slots of them are first used, and stay.
//
// Rejected: a Map.  A Map whose entries come and go is copied into a new table again and again, and every old table refers to the next:
// once one of them has grown old, the engine takes all that ever stood in the later ones for living, until its next full collection.

const BITS = 10, PAGE = 1 << BITS

/** Values of type `T`, each of one slot. */
export class BySlot<T extends object> {
  /** How many there are. */
  size = 0
  readonly #pages: ((T | null)[] | undefined)[] = []

  get(slot: number): T | null {
    const page = this.#pages[slot >>> BITS]
    return page === undefined ? null : page[slot & PAGE - 1]
  }

  /** Adds `value`; there is none yet of `slot`. */
  add(slot: number, value: T): void {
    while (this.#pages.length <= slot >>> BITS) this.#pages.push(undefined)
    const page = this.#pages[slot >>> BITS] ??= new Array<T | null>(PAGE).fill(null)
    page[slot & PAGE - 1] = value
    this.size++
  }

  /** Removes what there is of `slot`. */
  delete(slot: number): void {
    this.#pages[slot >>> BITS]![slot & PAGE - 1] = null
    this.size--
  }

  /** Removes all. */
  clear(): void {
    for (const page of this.#pages) page?.fill(null)
    this.size = 0
  }

  /** Their slots, in order. */
  slots(): number[] {
    return this.#pages.flatMap((page, i) => page === undefined ? [] : page.flatMap((value, j) => value === null ? [] : [(i << BITS) + j]))
  }
}
