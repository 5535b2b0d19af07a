// The alarms of a carrier: its fibers that sleep until a time at most, the earliest first.  A binary heap; each fiber
// knows its position, so that one that is woken before leaves the heap at once.

import type { Fiber } from './fiber.ts'

export class Alarms {
  readonly #heap: Fiber[] = []

  /** When the first alarm is due; Infinity: there is none. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0].alarm
  }

  /** Sets the alarm of `fiber`, which has none. */
  set(fiber: Fiber, at: number): void {
    fiber.alarm = at
    this.#heap.push(fiber)
    this.#up(fiber, this.#heap.length - 1)
  }

  /** There is none any more. */
  forget(): void {
    this.#heap.length = 0
  }

  /** Takes the alarm of `fiber` back, if it has one. */
  clear(fiber: Fiber): void {
    const { position } = fiber
    if (position < 0) return
    fiber.position = -1
    const last = this.#heap.pop()!
    if (last === fiber) return
    this.#up(last, position)
    this.#down(last, last.position)
  }

  /** The fiber whose alarm is the first, if it is due, without its alarm. */
  due(now: number): Fiber | undefined {
    if (this.next > now) return undefined
    const first = this.#heap[0]
    this.clear(first)
    return first
  }

  #up(fiber: Fiber, i: number): void {
    for (; i > 0; i = i - 1 >> 1) {
      const parent = this.#heap[i - 1 >> 1]
      if (parent.alarm <= fiber.alarm) break
      this.#put(parent, i)
    }
    this.#put(fiber, i)
  }

  #down(fiber: Fiber, i: number): void {
    for (let child = 2 * i + 1; child < this.#heap.length; child = 2 * i + 1) {
      if (child + 1 < this.#heap.length && this.#heap[child + 1].alarm < this.#heap[child].alarm) child++
      if (this.#heap[child].alarm >= fiber.alarm) break
      this.#put(this.#heap[child], i)
      i = child
    }
    this.#put(fiber, i)
  }

  #put(fiber: Fiber, i: number): void {
    this.#heap[i] = fiber
    fiber.position = i
  }
}
