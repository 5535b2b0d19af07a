// What will happen when: a heap of events, the earliest first, and among equals the one that was announced first.

import { BinaryHeap } from '../mem/binary-heap.ts'
import type { Cpu, SimThread } from './machine.ts'

/** At `time`, the segment that `cpu` is in ends (if its version is still `version`), or the I/O of `thread` is complete. */
export interface Event { time: number, order: number, cpu: Cpu | null, version: number, thread: SimThread | null }

/** The events that are to come. */
export class Events {
  readonly #heap = new BinaryHeap<Event>(before)
  #order = 0

  add(time: number, cpu: Cpu | null, version: number, thread: SimThread | null): void {
    this.#heap.push({ time, order: this.#order++, cpu, version, thread })
  }

  /** Takes off the next one; undefined if there is none. */
  next(): Event | undefined {
    return this.#heap.shift()
  }
}

function before(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
