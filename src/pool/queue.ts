// Tasks that wait for a thread: first the highest priority, and among equals who came first.

/** What the queue needs to know of a task. */
export interface Queued {
  readonly priority: number
  /** Nobody wants it any more: it is passed over. */
  settled: boolean
}

class Fifo<T> {
  #items: (T | undefined)[] = []
  #first = 0
  readonly #before: T[] = []                                              // the last one is first

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
}

export class TaskQueue<T extends Queued> {
  readonly #plain = new Fifo<T>()
  readonly #others = new Map<number, Fifo<T>>()
  /** Priorities other than 0 that ever were, the highest first. */
  #priorities: number[] = []
  #size = 0
  #prioritized = 0

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
    else this.#fifo(task.priority).push(task)
  }

  /** Puts a task back that was taken: before its equals. */
  unshift(task: T): void {
    this.#count(task, 1)
    if (task.priority === 0) this.#plain.unshift(task)
    else this.#fifo(task.priority).unshift(task)
  }

  /** Takes the first; undefined: there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined
    if (this.#prioritized === 0) return this.#take(this.#plain)
    for (const priority of this.#priorities) {
      if (priority < 0) break
      const task = this.#take(this.#others.get(priority)!)
      if (task !== undefined) return task
    }
    const task = this.#take(this.#plain)
    if (task !== undefined) return task
    for (const priority of this.#priorities) {
      const task = priority < 0 ? this.#take(this.#others.get(priority)!) : undefined
      if (task !== undefined) return task
    }
    return undefined
  }

  /** A task that waits was settled: it does not count any more. */
  forget(task: T): void {
    this.#count(task, -1)
  }

  #take(fifo: Fifo<T>): T | undefined {
    for (let task = fifo.shift(); task !== undefined; task = fifo.shift()) {
      if (task.settled) continue
      this.#count(task, -1)
      return task
    }
    return undefined
  }

  #count(task: T, n: number): void {
    this.#size += n
    if (task.priority !== 0) this.#prioritized += n
  }

  #fifo(priority: number): Fifo<T> {
    let fifo = this.#others.get(priority)
    if (fifo === undefined) {
      this.#others.set(priority, fifo = new Fifo())
      this.#priorities = [...this.#others.keys()].sort((a, b) => b - a)
    }
    return fifo
  }
}
