// Tasks that wait for a thread: first the highest priority, and among equals who came first.
//
// Those of priority 0 stand in a row, the others in a heap.  One that is settled while it waits stays where it is, and is passed over; when
// these are more than the others they are taken out.

import { BinaryHeap } from '../mem/binary-heap.ts'

/** So many settled ones may stay in any case. */
const FEW = 64

/** What the queue needs to know of a task. */
export interface Queued {
  readonly priority: number
  /** Nobody wants it any more: it is passed over. */
  settled: boolean
}

class Fifo<T> {
  #items: (T | undefined)[] = []
  #first = 0
  #before: T[] = []                                                       // the last one is first

  push(item: T): void {
    this.#items.push(item)
  }

  unshift(item: T): void {
    this.#before.push(item)
  }

  shift(): T | undefined {
    if (this.#before.length !== 0) return this.#before.pop()
    if (this.#first === this.#items.length) return undefined
    const item = this.#items[this.#first]
    this.#items[this.#first++] = undefined
    if (this.#first === this.#items.length) {
      this.#items = []
      this.#first = 0
    } else if (this.#first === 4096) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    return item
  }

  keep(wanted: (item: T) => boolean): void {
    this.#before = this.#before.filter(wanted)
    this.#items = this.#items.slice(this.#first).filter(item => wanted(item!))
    this.#first = 0
  }
}

interface Ranked<T> { readonly task: T, readonly order: number }

function isBefore(a: Ranked<Queued>, b: Ranked<Queued>): boolean {
  return a.task.priority > b.task.priority || (a.task.priority === b.task.priority && a.order < b.order)
}

export class TaskQueue<T extends Queued> {
  readonly #plain = new Fifo<T>()
  readonly #others = new BinaryHeap<Ranked<T>>(isBefore)
  #size = 0
  #prioritized = 0
  /** Settled ones that still stand here. */
  #gone = 0
  #last = 0
  #before = 0

  /** How many wait; {@link forget} tells of those that are settled. */
  get size(): number {
    return this.#size
  }

  /** How many of them have another priority than 0. */
  get prioritized(): number {
    return this.#prioritized
  }

  push(task: T): void {
    this.#count(task, 1)
    if (task.priority === 0) this.#plain.push(task)
    else this.#others.push({ task, order: ++this.#last })
  }

  /** Puts a task back that was taken: before its equals. */
  unshift(task: T): void {
    this.#count(task, 1)
    if (task.priority === 0) this.#plain.unshift(task)
    else this.#others.push({ task, order: --this.#before })
  }

  /** Takes the first; undefined: there is none. */
  shift(): T | undefined {
    for (let task = this.#next(); task !== undefined; task = this.#next()) {
      if (task.settled) {
        this.#gone--
        continue
      }
      this.#count(task, -1)
      return task
    }
    return undefined
  }

  #next(): T | undefined {
    const first = this.#others.first?.task
    if (first !== undefined && first.priority > 0) return this.#others.shift()?.task
    return this.#plain.shift() ?? this.#others.shift()?.task
  }

  /** A task that waits was settled: it does not count any more. */
  forget(task: T): void {
    this.#count(task, -1)
    if (++this.#gone <= FEW || this.#gone <= this.#size) return
    const wanted = (each: T): boolean => !each.settled
    this.#plain.keep(wanted)
    this.#others.keep(({ task }) => wanted(task))
    this.#gone = 0
  }

  #count(task: T, n: number): void {
    this.#size += n
    if (task.priority !== 0) this.#prioritized += n
  }
}
