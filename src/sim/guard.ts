// A user's scheduler in the simulator: whoever breaks a rule of src/ult/scheduler.ts hears which, and at what call.

import type { Scheduler, SchedulerFactory, Task } from '../ult/scheduler.ts'

/** Schedulers of `factory` that are watched; `from` is where they come from. They throw a TypeError when they lose, invent or duplicate a task. */
export function guarded(factory: SchedulerFactory, from: string): SchedulerFactory {
  return () => watch(factory(), from)
}

function watch(scheduler: Scheduler, from: string): Scheduler {
  const held = new Set<Task>()
  const broken = (call: string, what: string): never => {
    throw new TypeError(`${from}: after ${call}, ${what}`)
  }
  const counted = (call: string): void => {
    if (scheduler.runnable !== held.size) broken(call, `runnable is ${scheduler.runnable}, but it holds ${held.size}`)
  }
  const watched: Scheduler = Object.create(scheduler, {
    name: { value: scheduler.name },
    runnable: { get: () => scheduler.runnable },
    timed: { value: scheduler.timed },
  }) as Scheduler
  for (const call of ['reprioritized', 'donated', 'started', 'expired', 'blocked', 'unblocked', 'preempts'] as const) {
    const method = scheduler[call]
    if (method !== undefined) watched[call] = method.bind(scheduler) as never
  }
  return Object.assign(watched, {
    enqueue(task: Task, why: number, now: number): void {
      scheduler.enqueue(task, why, now)
      held.add(task)
      counted(`enqueue of tid ${task.tid}`)
    },
    pick(now: number): Task | null {
      const task = scheduler.pick(now)
      if (task === null && held.size > 0) broken('pick', `it gave out nobody, but holds ${held.size}`)
      if (task !== null && !held.delete(task)) broken('pick', `it gave out ${(task as Task | undefined)?.tid === undefined ? String(task) : `tid ${task.tid}`}, which it does not hold`)
      counted('pick')
      return task
    },
    remove(task: Task): void {
      scheduler.remove(task)
      held.delete(task)
      counted(`remove of tid ${task.tid}`)
    },
    slice(task: Task): number {
      const slice = scheduler.slice(task)
      if (typeof slice !== 'number' || !(slice >= 0)) broken(`slice of tid ${task.tid}`, `it is ${String(slice)}, not a number of ms`)
      return slice
    },
    ...scheduler.victim === undefined ? {} : {
      victim(): Task | null {
        return scheduler.victim?.() ?? null
      },
    },
  } satisfies Partial<Scheduler>)
}
