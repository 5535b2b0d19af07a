// The parts of the simulated machine: processors, what runs on them, and what threads wait for.
//
// A unit is what a scheduler of threads belongs to: a processor of the kernel's under 1:1, a carrier under M:1 and M:N.  A carrier
// is itself a kernel thread, and has to get onto a processor; the units of 1:1 are fixed to theirs.

import { rr } from '../ult/priorities.ts'
import { PlainTask, type Scheduler } from '../ult/scheduler.ts'
import type { Category } from './tally.ts'
import type { SchedulerFactory } from '../ult/scheduler.ts'
import type { CostTable } from './costs.ts'

/** How I/O is done: the carrier sleeps in the kernel; calls are made asynchronous; or the kernel makes upcalls. */
export type Io = 'blocking' | 'async' | 'upcalls'

/** The machine and the model. */
export interface Setting {
  cpus: number
  model: '1:1' | 'm:1' | 'm:n'
  carriers: number
  scheduler: SchedulerFactory
  io: Io
  donate: boolean
  migrate: boolean
  seed: number
  costs: CostTable
}

/** What a thread does next; the cycles it takes are on top of what the machine makes it pay. */
export type Step =
  | { do: 'compute', cycles: number, as?: Category }
  | { do: 'yield' }
  | { do: 'send', to: Channel }
  | { do: 'receive', from: Channel }
  | { do: 'lock', lock: Lock }
  | { do: 'unlock', lock: Lock }
  | { do: 'io', cycles: number }
  | { do: 'fork', count: number, make(): Program }
  | { do: 'join' }                                                        // all that it has forked

/** A thread's program: yields steps. */
export type Program = Generator<Step, void, void>

/** A queue of messages between threads. */
export class Channel {
  readonly capacity: number
  /** Cache lines of a message. */
  readonly lines: number
  /** On which processor each message that waits was sent. */
  readonly messages: number[] = []
  readonly receivers: SimThread[] = []
  readonly senders: SimThread[] = []

  constructor(lines: number, capacity = Infinity) {
    this.lines = lines
    this.capacity = capacity
  }
}

/** A mutex: whoever comes first takes it when it is free. */
export class Lock {
  holder: SimThread | null = null
  /** The processor that had it last. */
  cpu = -1
  readonly waiters: SimThread[] = []
  /** Since when somebody has waited for a holder that does not run; -1: nobody does. */
  stalledSince = -1
}

/** A thread of the program. */
export class SimThread extends PlainTask {
  readonly program: Program
  readonly parent: SimThread | null
  state: 'ready' | 'running' | 'blocked' | 'ended' = 'blocked'
  unit: Unit
  started = false
  /** Where it ran last; -1: nowhere. */
  cpu = -1
  step: Step | null = null
  /** Cycles until its step takes effect, and whose account they go to. */
  left = 0
  as: Category = 'compute'
  /** Priority without what it inherits. */
  readonly own: number
  readonly held: Lock[] = []
  waitsFor: Lock | null = null
  children = 0
  joins = false

  /** Whether it makes headway: it is running, and its unit has a processor. */
  get runs(): boolean {
    return this.state === 'running' && this.unit.state === 'on'
  }

  constructor(tid: number, program: Program, unit: Unit, parent: SimThread | null, priority: number) {
    super(tid)
    this.program = program
    this.unit = unit
    this.parent = parent
    this.own = this.priority = priority
    this.policy = priority > 0 ? 1 : 0
  }
}

/** What threads are scheduled on; a kernel thread. */
export class Unit extends PlainTask {
  readonly scheduler: Scheduler
  /** The processor that it cannot leave. */
  readonly bound: Cpu | null
  /** Where it is, or was last. */
  cpu: Cpu
  running: SimThread | null = null
  last: SimThread | null = null
  /** Threads of its scheduler that other units may take. */
  readonly takeable = new Set<SimThread>()
  /** Cycles that it has to pay before it goes on. */
  debt = 0
  sliceEnd = 0
  /** idle: no thread is runnable. queued: waits for a processor. blocked: in the kernel, for a thread's I/O. */
  state: 'idle' | 'queued' | 'on' | 'blocked' = 'idle'
  preempted = false

  constructor(index: number, scheduler: Scheduler, cpu: Cpu, bound: boolean) {
    super(index)
    this.scheduler = scheduler
    this.cpu = cpu
    this.bound = bound ? cpu : null
  }
}

/** A processor. */
export class Cpu {
  readonly index: number
  /** The kernel's, of the units that want this processor. */
  readonly units: Scheduler = rr()
  on: Unit | null = null
  lastUnit: Unit | null = null
  sliceEnd = 0
  /** Since when the time of what runs is not accounted. */
  since = 0
  /** Of the segment that it is in: an event of an older one is void. */
  version = 0
  /** Cycles of use, and of these those that served the program. */
  busy = 0
  useful = 0

  constructor(index: number) {
    this.index = index
  }
}
