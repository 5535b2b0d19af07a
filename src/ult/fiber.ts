// A fiber in the heap of the carrier that runs it: what its record in kernel memory cannot hold.

import type { Clock } from '../kernel/clock.ts'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { record } from '../kernel/process.ts'
import type { Routine } from '../pthread/entry.ts'
import type { Cleanup, Ending, Local, Reads } from '../pthread/local.ts'
import type { Address } from '../mem/memory.ts'
import { PlainTask } from './scheduler.ts'

/** What a fiber does. Only the trampoline of its carrier moves it on. */
export const Phase = {
  /** queued, and has not run */
  NEW: 0,
  /** queued in the scheduler */
  READY: 1,
  /** the one that runs */
  RUNS: 2,
  /** switched out in a queue of the futex */
  SLEEPS: 3,
  /** waits for a promise */
  AWAITS: 4,
  /** is no more */
  ENDED: 5,
  /** queued in the scheduler, and its body just goes on: `value` is 0, `throws` and `slept` are false */
  YIELDED: 6,
  /** as YIELDED, but it is offered to other carriers, too, one of which may have it by now: see migration.ts */
  LENT: 7,
  /** came from another carrier, and has not run here */
  COMES: 8,
} as const

/** One step of a fiber's code. */
export type Body = Generator<unknown, unknown, unknown>

/** A body that can go on at another carrier: all that it consists of can be had from shared memory. */
export interface Nomad extends Body {
  /** Writes what it needs at `at`; false: it must stay for now. It has yielded. */
  pack(at: Address): boolean
  /** Goes on from what stands at `at`. */
  unpack(at: Address): void
  /** Another carrier has it: nothing is left of thread `slot` here. */
  gone(slot: number): void
}

/** The function of a thread whose body is a {@link Nomad}: `arrive` makes the body of one that comes from another carrier. */
export type Settler = Routine & { readonly arrive?: (at: Address) => Nomad }

export class Fiber extends PlainTask implements Local {
  readonly slot: number
  /** The address of its record. */
  readonly at: Address
  phase = 0
  body: Body | undefined = undefined
  /** `body` is no generator of the language's, but behaves as one: a stack of WebAssembly. */
  foreign = false
  /** Its function has come to its end; `body` does what is left to do. */
  closing = false
  /** What `body` is given when the fiber runs again, and whether that is thrown into it. */
  value: unknown = undefined
  throws = false
  /** It was taken of what is offered to all: until it begins it may be given back. */
  offered = false
  /** It slept, and has not yet been asked how the sleep ended. */
  slept = false
  /** ETIMEDOUT if it took itself off its queue. */
  result = 0
  /** Until when it sleeps, on `clock`; and when to look, ms on CLOCK_MONOTONIC. */
  deadline = 0.5
  alarm = 0.5
  clock: Clock = CLOCK_MONOTONIC
  /** Where it stands in the heap of alarms, or -1. */
  position = -1
  /** Counts promises, so that one that settles too late is nobody's. */
  ticket = 0
  /** How many of its runs were brief, one after another: see charge.ts. */
  brief = 0
  /** A signal is pending for it, of which its body has not heard. */
  told = false
  /** The switches that it asked for, and those that befell it; its record has them too. */
  voluntary = 0
  involuntary = 0

  cleanup: Cleanup[] | undefined = undefined
  values: Map<number, unknown> | undefined = undefined
  handle: object | undefined = undefined
  held: Set<object> | undefined = undefined
  reads: Reads | undefined = undefined
  ending: Ending | undefined = undefined
  declare ports?: Map<number, number> | undefined

  constructor(tid: number, slot: number) {
    super(tid)
    this.slot = slot
    this.at = record(slot)
    this.deadline = this.alarm = 0                                        // a fraction first: see PlainTask
  }
}
