// Tasks for the tests of schedulers.

import { PlainTask, type Scheduler, type Task } from '#internal/ult/scheduler.js'

export const OTHER = 0, FIFO = 1, RR = 2

/** A task as the runtime would make it. */
export function task(tid: number, policy = OTHER, priority = 0): PlainTask {
  return Object.assign(new PlainTask(tid), { policy, priority })
}

/** Enqueues the tasks one after the other. */
export function put(scheduler: Scheduler, why: number, ...tasks: Task[]): void {
  for (const task of tasks) scheduler.enqueue(task, why, 0)
}

/** The tids of all that it holds, in the order in which it gives them out. */
export function drain(scheduler: Scheduler): number[] {
  const tids: number[] = []
  for (let task = scheduler.pick(0); task !== null; task = scheduler.pick(0)) tids.push(task.tid)
  return tids
}
