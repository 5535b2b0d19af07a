// The scheduler fair: whoever has had least of the processor runs next.
//
// Each task of SCHED_OTHER has a virtual runtime, its `key`: what it has run, plus what it was given when it came, so that newcomers and
// sleepers neither fall behind nor get ahead.  `floor` is the highest virtual runtime of a task that was given out, or what all that
// are held have at the least: it never falls.
//
//   runs      its virtual runtime grows by what it ran, LEAST at the least: a clock that stands still starves nobody
//   NEW       starts at the floor + ENTRY: an endless stream of newcomers raises the floor, and so passes nobody for ever
//   WOKEN     keeps its own, but gets no more credit for its sleep than BONUS: floor - BONUS at the least
//
// The tasks stand in a calendar: a ring of DAYS lists, each for a stretch WIDTH of virtual runtime, in the order in which they came.
// Day d is in list d modulo DAYS.  A task whose day lies beyond the ring stands in the last one, and is put
// where it belongs when its turn comes there.
//
// I1  floor <= key + BONUS for every task that is held.
// I2  So the day of every held task is one of the DAYS that begin with that of floor - BONUS, and a list holds one day's only.
// I3  Of tasks that are always runnable, no two are apart by more than the longest run between two calls of `pick`, and WIDTH.
// I4  No task waits for ever: all others together run, before it does, for no more than they are behind it, and WIDTH each; who is given turns
//     meanwhile runs for no more than AHEAD and a slice.
//
// Threads of SCHED_FIFO and SCHED_RR, and all that inherit a priority, run before, by the rules of priorities.ts: fairness is for
// those who asked for nothing.  A task that had a priority for a while pays for that time, too: it was the processor's all the same.
//
// Who is given somebody's turn (donate.ts) runs before all of the calendar, and pays for it, unless it is ahead of the floor by more than AHEAD.
// It waits for that among the urgent, below all that have a priority.
//
// A slice is PERIOD shared among those who wait, SHORTEST at the least.  A woken task preempts one that is ahead of it by more than
// GRAIN: it waited for something, and will most often not run for long.
//
// Rejected: a heap, exact to the last bit (190 ns for a pick and an enqueue among 100 tasks, on a busy machine, against 20: more than
// the whole switch may cost); weights (threads of SCHED_OTHER have one priority, 0, so there is nobody to give one to).

import { Lists } from './lists.ts'
import { Ready, sliceOf } from './priorities.ts'
import { Why, type Scheduler, type Task } from './scheduler.ts'

/** How long it takes, at best, until everybody who waits has run, ms. */
export const PERIOD = 20
/** The shortest slice, ms. */
export const SHORTEST = 1
/** By how much a woken task may be behind the floor, ms. */
export const BONUS = 5
/** By how much a task must be behind the running one to preempt it, ms. */
const GRAIN = 1
/** By how much a task that is given somebody's turn may be ahead of the floor, ms. */
export const AHEAD = PERIOD
/** What a newcomer has to its account, ms. */
const ENTRY = 0.05
/** What every run costs at the least, ms. */
const LEAST = 0.001

const DAYS_PER_MS = 8
/** How much virtual runtime a list of the calendar is for, ms. */
export const WIDTH = 1 / DAYS_PER_MS
const DAYS = 1024
const CALENDAR = 1024                                                     // the index of its first list, above those of Ready

class Fair implements Scheduler {
  readonly name = 'fair'
  readonly timed = true
  readonly grain = LEAST
  readonly #urgent = new Ready()
  readonly #calendar = new Lists(DAYS, CALENDAR)
  #floor = 0
  #earliest = day(-BONUS)
  #noon = (this.#earliest + 1) / DAYS_PER_MS + BONUS                     // from this floor on, `earliest` is another day

  get runnable(): number {
    return this.#urgent.size + this.#calendar.size
  }

  enqueue(task: Task, why: number): void {
    if (why === Why.NEW) task.key = this.#floor + ENTRY
    else if (why !== Why.PREEMPTED || task.priority === 0) this.#charge(task)
    if (task.priority > 0) {
      this.#urgent.enqueue(task, why)
    } else {
      task.charged = task.runtime
      this.#enter(task)
    }
  }

  pick(): Task | null {
    if (this.#urgent.size > 0) return this.#urgent.shift()
    const calendar = this.#calendar
    if (calendar.size === 0) return null
    for (;;) {
      const today = this.#day(calendar.after(this.#earliest & DAYS - 1))
      const task = calendar.shift(today & DAYS - 1)
      const due = task.key < (today + 1) / DAYS_PER_MS
      const floor = due ? task.key : today / DAYS_PER_MS                        // nobody is held with less
      if (floor > this.#floor) this.#rise(floor)
      if (due) return task
      this.#enter(task)
    }
  }

  remove(task: Task): void {
    if (this.#urgent.has(task)) this.#urgent.delete(task)
    else if (task.index >= 0) this.#calendar.delete(task)
  }

  slice(task: Task): number {
    return sliceOf(task, Math.max(SHORTEST, PERIOD / (this.#calendar.size + 1)))
  }

  preempts(woken: Task, running: Task): boolean {
    if (woken.priority !== running.priority) return woken.priority > running.priority
    return woken.priority === 0 && running.key + running.runtime - running.charged - woken.key > GRAIN
  }

  reprioritized(task: Task, anew = false): void {
    if (this.#urgent.has(task)) {
      if (task.priority > 0) {
        this.#urgent.reprioritized(task, anew)
      } else {
        this.#urgent.delete(task)
        this.#enter(task)
      }
    } else if (task.index >= 0 && task.priority > 0) {
      this.#calendar.delete(task)
      this.#urgent.enqueue(task, Why.YIELDED)
    }
  }

  donated(task: Task): void {
    if (task.priority !== 0 || !this.#calendar.has(task) || task.key > this.#floor + AHEAD) return
    this.#calendar.delete(task)
    this.#urgent.enqueue(task, Why.YIELDED)
  }

  // A preempted task of an urgent policy pays when its slice is over.
  #charge(task: Task): void {
    const ran = task.runtime - task.charged
    const key = task.key + (ran > LEAST ? ran : LEAST), least = this.#floor - BONUS
    task.key = key < least ? least : key
  }

  #enter(task: Task): void {
    const last = this.#earliest + DAYS - 1, its = day(task.key)
    this.#calendar.append(task, (its < last ? its : last) & DAYS - 1)
  }

  // The day whose tasks are in `list` (I2).
  #day(list: number): number {
    return this.#earliest + (list - this.#earliest & DAYS - 1)
  }

  #rise(floor: number): void {
    this.#floor = floor
    if (floor < this.#noon) return
    this.#earliest = day(floor - BONUS)
    this.#noon = (this.#earliest + 1) / DAYS_PER_MS + BONUS
  }
}

function day(key: number): number {
  return Math.floor(key * DAYS_PER_MS)
}

/** Fair: whoever has had least of the processor runs next. */
export const fair = (): Scheduler => new Fair()
