// What will happen when: a heap of events, the earliest first, and among equals the one that was announced first.

import type { Cpu, SimThread } from './machine.ts'

/** At `time`, the segment that `cpu` is in ends (if its version is still `version`), or the I/O of `thread` is complete. */
export interface Event { time: number, order: number, cpu: Cpu | null, version: number, thread: SimThread | null }

/** The events that are to come. */
export class Events {
  readonly #heap: Event[] = []
  #order = 0

  add(time: number, cpu: Cpu | null, version: number, thread: SimThread | null): void {
    const event = { time, order: this.#order++, cpu, version, thread }
    const heap = this.#heap
    let hole = heap.length
    heap.push(event)
    while (hole > 0) {
      const above = hole - 1 >> 1
      if (!before(event, heap[above])) break
      heap[hole] = heap[above]
      hole = above
    }
    heap[hole] = event
  }

  /** Takes off the next one; undefined if there is none. */
  next(): Event | undefined {
    const heap = this.#heap, first = heap[0], last = heap.pop()
    if (last === undefined || last === first) return first
    let hole = 0
    for (let child = 1; child < heap.length; child = 2 * hole + 1) {
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
      if (!before(heap[child], last)) break
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = last
    return first
  }
}

function before(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
