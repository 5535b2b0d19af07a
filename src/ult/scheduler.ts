// What a scheduler of user-level threads is: the rules by which a carrier chooses whom to run next.
//
// A scheduler is an object with seven members, made by a factory: one for each carrier, used by that carrier
// alone, so that it needs no lock and no atomics.  The runtime (M:1, M:N) and the simulator call the same one.
//
// State of a task           who moves it on, and to where
//   outside  not runnable   the runtime, by `enqueue`: queued
//   queued   may run        the scheduler, by `pick`: running.  The runtime, by `remove`: outside
//   running  picked         the runtime: outside when it blocks or ends, queued when it yields, or was preempted
//
// I1  Between two calls the scheduler holds the tasks that are queued, each once; `runnable` says how many.
// I2  `pick` returns null if and only if it holds none: a carrier then sleeps until somebody is enqueued.
// I3  The links and numbers of a task (`next` to `index`) belong to the scheduler that holds it, or held it last.
//     Nobody else writes them, so a list or a heap costs no object per task.
// I4  A task moves to another carrier only while it is outside, so two schedulers never hold it.
//
// Calls never nest: a scheduler calls nothing of the runtime's, and waits for nothing.

/** Why a task is runnable. */
export const Why = {
  /** it has never run on this carrier */
  NEW: 0,
  /** it ran here, was blocked, and what it waited for has come */
  WOKEN: 1,
  /** it ran, and lets others go first */
  YIELDED: 2,
  /** it ran until its slice was over */
  EXPIRED: 3,
  /** it ran, and had to make way for a task that `preempts` it */
  PREEMPTED: 4,
} as const
export type Why = typeof Why[keyof typeof Why]

/** A user-level thread, as a scheduler sees it. */
export interface Task {
  readonly tid: number
  /** 0 SCHED_OTHER, 1 SCHED_FIFO, 2 SCHED_RR; the runtime writes it. */
  policy: number
  /** 0 to 99, with what it inherits from those who wait for it: 0 is SCHED_OTHER's; the runtime writes it, and calls `reprioritized` if the task is queued. */
  priority: number
  /** How long it has run, ms; the runtime adds to it when the task stops running, before it enqueues it again. */
  runtime: number
  /** A link of the scheduler's; null outside. */
  next: Task | null
  /** A link of the scheduler's; null outside. */
  prev: Task | null
  /** A number of the scheduler's. */
  key: number
  /** A number of the scheduler's. */
  order: number
  /** A number of the scheduler's. */
  charged: number
  /** A number of the scheduler's; -1 while it does not hold the task. */
  index: number
}

/** A task with nothing in it: what a fiber of the runtime and a thread of the simulator are to their schedulers. */
export class PlainTask implements Task {
  readonly tid: number
  policy = 0
  priority = 0
  runtime = 0.5                                                           // a fraction first: the engine then keeps it as one in every task
  next: Task | null = null
  prev: Task | null = null
  key = 0.5
  order = 0
  charged = 0.5
  index = -1

  constructor(tid: number) {
    this.tid = tid
    this.runtime = this.key = this.charged = 0
  }
}

/**
 * The rules of one carrier. Times are in ms, of a clock that never goes back; the runtime reads it, and hands it to every call
 * that may need it. Only the members without a question mark are required.
 */
export interface Scheduler {
  /** What reports call it. */
  readonly name: string
  /** How many tasks it holds (I1). */
  readonly runnable: number
  /**
   * True if it decides by `now` and `runtime`: both are then exact at every call, for which the clock is read once per switch (50 ns).
   * Otherwise they may lag behind by as much as a slice, but for `runtime` of a task that is enqueued as EXPIRED or PREEMPTED.
   */
  readonly timed?: boolean
  /**
   * Of a scheduler that is timed: runs that are not longer than this, in ms, are the same to it. Then the clock is read at every sixth switch only
   * while all that run have runs that are brief (charge.ts), and `now` and `runtime` lag behind by no more than this. Default 0.
   */
  readonly grain?: number
  /**
   * True if it lets only a task of a higher priority preempt: while no thread has a priority, nobody looks for woken ones at each verb. Otherwise
   * `preempts` is asked at the first verb of `fiber` that the running task calls after another was woken, by whomever. Default false.
   */
  readonly byPriority?: boolean

  /** Takes in `task`, which is runnable from now on; `why` is one of {@link Why}. */
  enqueue(task: Task, why: number, now: number): void
  /** Gives out the task that shall run now, and holds it no longer; null if it holds none. */
  pick(now: number): Task | null
  /** Holds `task` no longer: it ends, or moves to another carrier. Nothing happens if it does not hold it. */
  remove(task: Task): void
  /**
   * How long `task`, which it gave out last, may run, from then on, before it is enqueued as EXPIRED, ms; Infinity: until it blocks or yields.
   * Asked when it begins, or whenever the runtime looks whether its time is over.
   */
  slice(task: Task): number
  /** Whether `woken`, which has just been enqueued, shall run before `running` goes on: `running` is then enqueued as PREEMPTED. */
  preempts(woken: Task, running: Task): boolean

  /**
   * The priority or the policy of `task`, which it holds, has changed. `anew`: by pthread_setschedparam, by whose rules the task
   * is the last of its priority from now on; else by pthread_setschedprio or by inheritance. Of a task that runs it hears otherwise: if
   * somebody else shall run now, the task is enqueued, as YIELDED after pthread_setschedparam, else as PREEMPTED.
   */
  reprioritized?(task: Task, anew?: boolean): void
  /**
   * Somebody who ran, here or elsewhere, sleeps until `task`, which it holds, unlocks what it has locked, and gives its turn to it: it may run next,
   * if that is just to the others.
   */
  donated?(task: Task, now: number): void
  /** Activation: `task` runs, at the start of a slice. */
  started?(task: Task, now: number): void
  /** Activation: the slice of `task` is over; `enqueue` with EXPIRED follows, unless it is alone. */
  expired?(task: Task, now: number): void
  /** Activation: `task`, which ran, sleeps, or has ended. */
  blocked?(task: Task, now: number): void
  /** Activation: what `task` waited for has come; `enqueue` with WOKEN follows. */
  unblocked?(task: Task, now: number): void
  /**
   * A preference: which of its tasks should be the one that moves away, when another processor takes some; null: none in particular. It goes on
   * holding a task that it names until `remove`. The simulator asks; carriers do not, whose threads stay where they have started.
   */
  victim?(): Task | null
}

/** Makes the scheduler of one carrier. A module that `--scheduler FILE` names exports one, as `default` or as `scheduler`. */
export type SchedulerFactory = () => Scheduler
