// The schedulers rr and fifo: priorities, by the rules of POSIX.1-2024 2.8.4.
//
// Both run the task of the highest priority, and among equals the one at the head of the list:
//
//   becomes runnable (NEW, WOKEN)       to the tail of its priority's list
//   yields, or its slice is over        to the tail
//   is preempted                        SCHED_FIFO, SCHED_RR: to the head, with what is left of its slice; SCHED_OTHER: to the tail
//   pthread_setschedparam               to the tail of the list of its new priority
//   is given somebody's turn            SCHED_OTHER: to the head (donate.ts).  SCHED_FIFO, SCHED_RR: stays where it is
//   pthread_setschedprio, inheritance   raised: to the tail.  Lowered: to the head, so that lending costs nothing.  The same: stays where it is
//
// A task of a higher priority preempts when it becomes runnable, one of the same never does.  Slices:
//
//              SCHED_FIFO   SCHED_RR      SCHED_OTHER
//   rr         none         RR_INTERVAL   SLICE          all share, but those who asked for SCHED_FIFO
//   fifo       none         RR_INTERVAL   none           all go on until they block or yield, but those who asked for SCHED_RR
//
// SCHED_OTHER's priority is 0, so its tasks run when no other can.  A real-time task that never blocks starves them: POSIX
// asks for no less.  Its preempted go to the tail, for on a carrier on which real-time tasks come and go the one at the
// head would have all the time that is left.

import { PRIORITY_MAX, RR_INTERVAL } from '../pthread/limits.ts'
import { Lists } from './lists.ts'
import { Why, type Scheduler, type Task } from './scheduler.ts'

const OTHER = 0, RR = 2

/** Slice of SCHED_OTHER under rr, ms. */
export const SLICE = 10

/** The tasks of each priority in the order in which they shall run. `charged` is the runtime at which a slice began, `order` what had been used of it. */
export class Ready {
  readonly #lists = new Lists(PRIORITY_MAX + 1)

  get size(): number {
    return this.#lists.size
  }

  has(task: Task): boolean {
    return this.#lists.has(task)
  }

  /** Puts `task` into the list of its priority, where `why` says. */
  enqueue(task: Task, why: number): void {
    if (why === Why.PREEMPTED && task.policy !== OTHER) {
      task.order = task.runtime - task.charged
      this.#lists.prepend(task, task.priority)
    } else {
      task.charged = task.runtime
      task.order = 0
      this.#lists.append(task, task.priority)
    }
  }

  /** Takes off the task that shall run; there is one. */
  shift(): Task {
    return this.#lists.shift(this.#lists.last)
  }

  /** Takes off `task`, which it has. */
  delete(task: Task): void {
    this.#lists.delete(task)
  }

  /** `task`, which it has, is given somebody's turn. */
  donated(task: Task): void {
    if (task.policy !== OTHER || task.priority !== 0) return
    this.#lists.delete(task)
    this.#lists.prepend(task, 0)
  }

  /** Puts `task`, which it has, where its priority as it is now wants it; `anew`: by pthread_setschedparam. */
  reprioritized(task: Task, anew: boolean): void {
    const before = this.#lists.of(task), { priority } = task
    if (priority === before && !anew) return
    this.#lists.delete(task)
    if (priority < before && !anew) this.#lists.prepend(task, priority)
    else this.enqueue(task, Why.YIELDED)
  }
}

/** The slice of `task` by its policy; `other` if that is SCHED_OTHER, ms. */
export function sliceOf(task: Task, other: number): number {
  if (task.policy === OTHER) return other
  return task.policy === RR ? Math.max(0, RR_INTERVAL - task.order) : Infinity
}

class Priorities implements Scheduler {
  readonly name: string
  readonly byPriority = true
  readonly #slice: number                                                 // of SCHED_OTHER
  readonly #ready = new Ready()

  constructor(name: string, slice: number) {
    this.name = name
    this.#slice = slice
  }

  get runnable(): number {
    return this.#ready.size
  }

  enqueue(task: Task, why: number): void {
    this.#ready.enqueue(task, why)
  }

  pick(): Task | null {
    return this.#ready.size === 0 ? null : this.#ready.shift()
  }

  remove(task: Task): void {
    if (this.#ready.has(task)) this.#ready.delete(task)
  }

  slice(task: Task): number {
    return sliceOf(task, this.#slice)
  }

  preempts(woken: Task, running: Task): boolean {
    return woken.priority > running.priority
  }

  reprioritized(task: Task, anew = false): void {
    if (this.#ready.has(task)) this.#ready.reprioritized(task, anew)
  }

  donated(task: Task): void {
    if (this.#ready.has(task)) this.#ready.donated(task)
  }
}

/** Round robin: all share in slices, but those that asked for SCHED_FIFO. */
export const rr = (): Scheduler => new Priorities('rr', SLICE)

/** First in, first out: each goes on until it blocks or yields, but those that asked for SCHED_RR. */
export const fifo = (): Scheduler => new Priorities('fifo', Infinity)
