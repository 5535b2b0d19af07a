// Up to 1,024 lists of tasks, and which of them hold somebody: the ready queues of the schedulers.
//
// A list is doubly linked through its tasks.  Bit l of the map is set if and only if list l is not empty, bit w of
// the summary if and only if word w of the map is not 0: so the first or the last list that holds somebody is found in a few
// instructions, however many there are.  A task's `index` is its list, plus what the owner of several such sets asks for.

import type { Task } from './scheduler.ts'

const NONE = -1

/** Numbered lists of tasks. Every operation takes constant time and allocates nothing. */
export class Lists {
  size = 0
  readonly #first: number
  readonly #heads: (Task | null)[]
  readonly #tails: (Task | null)[]
  readonly #map: Int32Array
  #summary = 0

  /** `count` lists; the tasks in the first of them have the index `first`. */
  constructor(count: number, first = 0) {
    this.#first = first
    this.#heads = new Array<Task | null>(count).fill(null)
    this.#tails = new Array<Task | null>(count).fill(null)
    this.#map = new Int32Array(count + 31 >>> 5)
  }

  /** Which list holds `task`; below 0 or too large if none does. */
  of(task: Task): number {
    return task.index - this.#first
  }

  /** Whether a list holds `task`. */
  has(task: Task): boolean {
    const list = task.index - this.#first
    return list >= 0 && list < this.#heads.length
  }

  /** Makes `task` the last of `list`. */
  append(task: Task, list: number): void {
    const tail = this.#tails[list]
    this.#tails[list] = task
    task.prev = tail
    task.index = this.#first + list
    this.size++
    if (tail !== null) {
      tail.next = task
      return
    }
    this.#heads[list] = task
    this.#mark(list)
  }

  /** Makes `task` the first of `list`. */
  prepend(task: Task, list: number): void {
    const head = this.#heads[list]
    this.#heads[list] = task
    task.next = head
    task.index = this.#first + list
    this.size++
    if (head !== null) {
      head.prev = task
      return
    }
    this.#tails[list] = task
    this.#mark(list)
  }

  /** Takes off the first task of `list`, which is not empty. */
  shift(list: number): Task {
    const task = this.#heads[list] as Task
    const next = task.next
    this.#heads[list] = next
    task.index = NONE
    this.size--
    if (next !== null) {
      next.prev = null
      task.next = null
      return task
    }
    this.#tails[list] = null
    this.#unmark(list)
    return task
  }

  /** Takes off `task`, which is in a list. */
  delete(task: Task): void {
    const list = task.index - this.#first, { next, prev } = task
    if (prev === null) this.#heads[list] = next
    else prev.next = next
    if (next === null) this.#tails[list] = prev
    else next.prev = prev
    if (this.#heads[list] === null) this.#unmark(list)
    task.next = task.prev = null
    task.index = NONE
    this.size--
  }

  /** The last list that is not empty; there is one. */
  get last(): number {
    const word = 31 - Math.clz32(this.#summary)
    return (word << 5) + 31 - Math.clz32(this.#map[word])
  }

  /** The first list from `list` on that is not empty, going round after the last one; there is one. */
  after(list: number): number {
    const word = list >>> 5
    const rest = this.#map[word] & -1 << (list & 31)
    if (rest !== 0) return (word << 5) + lowest(rest)
    const later = this.#summary & (word === 31 ? 0 : -1 << word + 1)
    const found = lowest(later !== 0 ? later : this.#summary)
    return (found << 5) + lowest(this.#map[found])
  }

  #mark(list: number): void {
    this.#map[list >>> 5] |= 1 << (list & 31)
    this.#summary |= 1 << (list >>> 5)
  }

  #unmark(list: number): void {
    if ((this.#map[list >>> 5] &= ~(1 << (list & 31))) === 0) this.#summary &= ~(1 << (list >>> 5))
  }
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}
