// How a task is stopped where it runs, and a thread that does not end.
//
//   asked       the entry says so (ABORTING); a task that listens has the grace to end by itself
//   canceled    (KILLING) as by Thread.cancel; the thread takes no other task
//   replaced    it has not ended within SOON, and tasks wait: its successor is hired, for a Worker takes longer to start than the rest of
//               the grace; it is given nothing before the place is free
//   terminated  the grace is over: the place is free
//
// Whoever is done in between has won: lane.ts, L3.

import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { condemn, listens, requestAbort } from './lane.ts'
import type { LaneEnd } from './lane-end.ts'
import type { Staff } from './staff.ts'

/** How long a canceled thread may take before another one is started in its place, ms. */
const SOON = 2
/** How long `init` and `dispose` may take when the pool is destroyed, ms. */
const PATIENCE = 1000

/** What the queue does meanwhile. */
export interface Queueing {
  /** Takes what is done out of the lane. */
  reap(lane: LaneEnd, time: number): void
  /** Takes what is not begun back into the queue. */
  recall(lane: LaneEnd): void
  /** Gives tasks to threads. */
  pump(): void
}

export class Stopping {
  readonly #grace: number
  readonly #staff: Staff
  readonly #queueing: Queueing
  /** Canceled ones that have not ended at once, and have no successor yet. */
  readonly #overdue = new Set<LaneEnd>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #isOver = false

  constructor(grace: number, staff: Staff, queueing: Queueing) {
    this.#grace = grace
    this.#staff = staff
    this.#queueing = queueing
  }

  /** Stops the task in entry `i` of the lane, if it runs. */
  stop(lane: LaneEnd, i: number): void {
    if (!requestAbort(lane.at, i)) return
    if (listens(lane.at)) lane.timer = setTimeout(() => { this.#kill(lane, i) }, this.#grace)
    else this.#kill(lane, i)
  }

  #kill(lane: LaneEnd, i: number): void {
    if (!condemn(lane.at, i)) return
    lane.leaving = true
    this.#queueing.reap(lane, now(CLOCK_MONOTONIC))
    this.#queueing.recall(lane)
    this.#staff.leave(lane)
    lane.cancel()
    if (this.#grace <= SOON) {
      lane.timer = setTimeout(() => { this.#terminate(lane) }, this.#grace)
    } else {
      lane.timer = setTimeout(() => {
        lane.timer = setTimeout(() => { this.#terminate(lane) }, this.#grace - SOON)
        this.#overdue.add(lane)
        this.#queueing.pump()
      }, SOON)
    }
    this.#queueing.pump()
  }

  #terminate(lane: LaneEnd): void {
    lane.thread.terminate()
    this.#overdue.delete(lane)
    this.#staff.vacate(lane, true)
    this.#queueing.pump()
  }

  /** Tasks wait: threads that will not end soon get their successors now. */
  replace(): void {
    if (this.#overdue.size === 0 || this.#staff.spare.isGettingReady) return
    for (const lane of this.#overdue) {
      this.#overdue.delete(lane)
      try {
        this.#staff.hire().before = lane
        this.#staff.spare.keep(lane.running)                              // the next one
      } catch { /* then later */ }
    }
  }

  /** The thread of `lane` has ended. */
  ended(lane: LaneEnd): void {
    this.#overdue.delete(lane)
  }

  /** All threads have been told to end and have no task that anybody wants: those that are still in `init` or `dispose` after a while are made to. */
  expel(): void {
    if (this.#isOver) return
    this.#timer ??= setTimeout(() => {
      for (const lane of this.#staff.alive) if (!lane.isCanceled) lane.cancel()
      this.#timer = setTimeout(() => {
        for (const lane of this.#staff.alive) this.#terminate(lane)
      }, this.#grace)
    }, Math.max(PATIENCE, this.#grace))
  }

  /** No thread is left, or nobody who may expel one. */
  over(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }
}
