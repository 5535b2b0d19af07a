// What leaves in an order of its own: of what is in it, always the one that comes before the others.  A binary heap.
//
// Who needs to take out one that is not the first has a heap of his own (ult/alarms.ts: each fiber knows its position).

export class BinaryHeap<T> {
  #items: T[] = []
  readonly #before: (a: T, b: T) => boolean

  /** `before`: whether `a` leaves before `b`; of any two, one does. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  /** The one that leaves next; undefined: there is none. */
  get first(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    for (let up = at - 1 >> 1; at > 0 && this.#before(item, items[up]); up = at - 1 >> 1) {
      items[at] = items[up]
      at = up
    }
    items[at] = item
  }

  /** Takes the first. */
  shift(): T | undefined {
    const items = this.#items, first = items[0], last = items.pop()
    if (items.length === 0) return first
    let at = 0
    for (let down = 1; down < items.length; down = 2 * at + 1) {
      if (down + 1 < items.length && this.#before(items[down + 1], items[down])) down++
      if (!this.#before(items[down], last!)) break
      items[at] = items[down]
      at = down
    }
    items[at] = last!
    return first
  }

  /** Only those that are `wanted` stay. */
  keep(wanted: (item: T) => boolean): void {
    this.#items = this.#items.filter(wanted).sort((a, b) => this.#before(a, b) ? -1 : 1)   // what is sorted is a heap
  }
}
