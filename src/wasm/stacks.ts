// Stacks of C as fibers.
//
// A call of C (Activation) is the body of a fiber, or a part of one: it runs until an import wants to block, takes its stack down
// into memory (Asyncify's unwinding), and yields what the trampoline shall wait for; resumed, it puts the stack up again (rewinding), and
// the import, called a second time, returns what the wait gave.
//
// State of the instance   who leaves it, and to where
//   NORMAL                an import that blocks: UNWINDS; an activation that is resumed: REWINDS
//   UNWINDS               the activation, when C has returned to it: NORMAL
//   REWINDS               the import that had blocked, when C has called it again: NORMAL
//
// S1  What takes a stack down is the last thing that its import does: no import is called while the instance unwinds, and none but
//     the one that had blocked while it rewinds.  So the request stands in `request` until the trampoline reads it.
// S2  A fiber is queued by the trampoline, when its stack lies in its own memory (commit after switch-out): who wakes it finds it whole.
// S3  The wait goes on in JavaScript (`sleeper`) as often as it has to; the stack is put up once, when it is over.  If it ends by an
//     exception (pthread_exit in a handler, a cancellation), the stack is not put up at all: no frame of C runs any more.
// S4  Stack pointer and thread-local base are globals of the instance: they are those of the thread `current`, which each
//     activation sets before it enters C, and saves when C has returned.
// S5  An import that itself calls C (pthread_once, cleanup handlers) does so by an activation of its own inside its sleeper.  The inner stack is taken down
//     first and put up first; `scratch` holds one at a time.
//
// C that is called from JavaScript without an activation (handlers of signals, what runs at the end of the program) cannot be taken
// down: what would block there returns EDEADLK.
//
// A stack is taken down into `scratch`, which a carrier has once, and copied from there: a fiber that sleeps keeps as much as it
// needed, some 100 bytes.  A fiber that has begun stays on its carrier.

import { peek, poke } from '#atomics'
import { self } from '../kernel/process.ts'
import { handover, request } from '../kernel/request.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { CHECK, YIELD } from '../ult/steps.ts'
import type { Global } from './engine.ts'

const NORMAL = 0, UNWINDS = 1, REWINDS = 2
const HEAD = 8

type Import = (...args: never[]) => unknown
type Steps = Iterator<unknown, unknown, number> & { throw?(error: unknown): IteratorResult<unknown, unknown> }
type Finish = (value: never) => unknown

/** A thread of C: what its registers are while it does not run. */
export class Registers {
  stack: number
  locals: number

  constructor(stack: number, locals: number) {
    this.stack = stack
    this.locals = locals
  }
}

/** What the import does with the value of a wait that was handed over; undefined: gives it to C. See {@link then}. */
let finish: Finish | undefined

/** Goes on with the value of a call that may have blocked: at once, or when the wait is over that was handed over. */
export function then<T>(value: T, f: (value: T) => unknown): unknown {
  if (handover.sleeper === undefined) return f(value)
  finish = f
  return 0
}

const SLEEPS: IteratorResult<unknown> = { done: false, value: request }

/** What the module exports for this. */
export interface Exports {
  readonly __stack_pointer: Global
  readonly __tls_base: Global
  readonly asyncify_start_unwind: (at: number) => void
  readonly asyncify_stop_unwind: () => void
  readonly asyncify_start_rewind: (at: number) => void
  readonly asyncify_stop_rewind: () => void
}

/** The stacks of one instance. */
export class Stacks {
  readonly #memory: Memory
  // Looked up once: the exports of an instance are a slow object.
  #pointer!: Global
  #locals!: Global
  #startUnwind!: (at: number) => void
  #stopUnwind!: () => void
  #startRewind!: (at: number) => void
  #stopRewind!: () => void
  readonly #scratch: Address
  readonly #end: Address
  #state: number = NORMAL
  #current: Registers | undefined
  #fixed = 0
  #asked: IteratorResult<unknown> | undefined
  #steps: Steps | undefined
  #finish: Finish | undefined
  #result: unknown = 0

  constructor(memory: Memory, scratch: Address, bytes: number) {
    this.#memory = memory
    this.#scratch = scratch
    this.#end = scratch + bytes
  }

  /** The instance exists, with these exports. */
  attach(exports: Exports): void {
    const { __stack_pointer: pointer, __tls_base: locals, asyncify_start_unwind, asyncify_stop_unwind, asyncify_start_rewind, asyncify_stop_rewind } = exports
    this.#pointer = pointer
    this.#locals = locals
    this.#startUnwind = asyncify_start_unwind
    this.#stopUnwind = asyncify_stop_unwind
    this.#startRewind = asyncify_start_rewind
    this.#stopRewind = asyncify_stop_rewind
  }

  /** The registers as they are, for a thread that begins here. */
  get registers(): Registers {
    return this.#current = new Registers(this.#pointer.value, this.#locals.value)
  }

  /** The registers of thread `r` are in place from now on (S4). */
  adopt(r: Registers): void {
    if (this.#current === r) return
    this.#current = r
    this.#pointer.value = r.stack
    this.#locals.value = r.locals
  }

  /** Nobody's are in place: somebody changes them. */
  abandon(): void {
    this.#current = undefined
  }

  /** Those of `r` are what they are now that C has returned. */
  save(r: Registers): void {
    if (this.#current === r) r.stack = this.#pointer.value
  }

  /** Calls `f`, which calls C that cannot be taken down. */
  fixed<T>(f: () => T): T {
    const { open } = handover
    handover.open = false
    this.#fixed++
    try {
      return f()
    } finally {
      this.#fixed--
      handover.open = open
    }
  }

  /** The import `f`, which may block: its thread is suspended then, if it is a fiber. It must return what {@link then} does, or `block`. */
  blocking(f: Import): Import {
    const g = f as (...args: unknown[]) => unknown
    return (...args: unknown[]) => {
      if (this.#state === REWINDS) return this.#arrive()
      if (!this.#mayLeave()) return g(...args)
      handover.open = true
      finish = undefined
      let value: unknown
      try {
        value = g(...args)
      } finally {
        handover.open = false
      }
      const { sleeper } = handover
      if (sleeper === undefined) return value
      handover.sleeper = undefined
      return this.#leave(SLEEPS, sleeper, finish)
    }
  }

  /** An import that is a generator: `steps` of a fiber; `otherwise` of threads, and where the stack cannot be taken down. */
  stepping(steps: (...args: never[]) => Steps, otherwise: Import): Import {
    const make = steps as (...args: unknown[]) => Steps, g = otherwise as (...args: unknown[]) => unknown
    return (...args: unknown[]) => {
      if (this.#state === REWINDS) return this.#arrive()
      if (!this.#mayLeave()) return g(...args)
      const s = make(...args)
      const step = s.next(0)
      return step.done === true ? step.value : this.#leave(step, s, undefined)
    }
  }

  /** The import that lets others run. */
  yielding(otherwise: () => number, first: () => void): Import {
    return () => {
      if (this.#state === REWINDS) return this.#arrive()
      if (!this.#mayLeave()) return otherwise()
      first()
      return this.#leave(YIELD, undefined, undefined)
    }
  }

  /** The import that loops call: others run if it is time. `look` may throw. */
  looking(look: () => void): Import {
    return () => {
      if (this.#state === REWINDS) return this.#arrive()
      look()
      return this.#mayLeave() ? this.#leave(CHECK, undefined, undefined) : 0
    }
  }

  #mayLeave(): boolean {
    return self.fiber && this.#fixed === 0
  }

  #leave(asked: IteratorResult<unknown>, steps: Steps | undefined, f: Finish | undefined): number {
    this.#asked = asked
    this.#steps = steps
    this.#finish = f
    poke(this.#memory, this.#scratch, this.#scratch + HEAD)
    poke(this.#memory, this.#scratch + 4, this.#end)
    this.#state = UNWINDS
    this.#startUnwind(this.#scratch)
    return 0
  }

  #arrive(): unknown {
    this.#state = NORMAL
    this.#stopRewind()
    return this.#result
  }

  /** For activations: C has returned. Whether its stack was taken down; then `into` keeps it, and what it waits for. */
  left(into: Activation): boolean {
    if (this.#state !== UNWINDS) return false
    this.#stopUnwind()
    this.#state = NORMAL
    into.asked = this.#asked!
    into.steps = this.#steps
    into.finish = this.#finish
    this.#steps = this.#asked = this.#finish = undefined
    const { i32 } = this.#memory
    const from = this.#scratch + HEAD >>> 2, count = (peek(this.#memory, this.#scratch) >>> 2) - from
    if (into.frames.length < count) into.frames = new Int32Array(count)
    into.count = count
    if (count > WORDS) into.frames.set(i32.subarray(from, from + count))
    else for (let i = 0; i < count; i++) into.frames[i] = i32[from + i]
    return true
  }

  /** For activations: C is called next, which puts up the stack that `from` keeps; its import returns `result`. */
  returning(from: Activation, result: unknown): void {
    const { i32 } = this.#memory
    const { frames, count } = from
    const to = this.#scratch + HEAD >>> 2
    if (count > WORDS) i32.set(count === frames.length ? frames : frames.subarray(0, count), to)
    else for (let i = 0; i < count; i++) i32[to + i] = frames[i]
    poke(this.#memory, this.#scratch, this.#scratch + HEAD + count * 4)
    poke(this.#memory, this.#scratch + 4, this.#end)
    this.#result = result
    this.#state = REWINDS
    this.#startRewind(this.#scratch)
  }

  /** A stack is being taken down; if C traps then, `scratch` is full. */
  get unwinds(): boolean {
    return this.#state === UNWINDS
  }
}

// Up to so many words a loop copies faster than the engine does.
const WORDS = 64
const NOTHING = new Int32Array(0)

/** A call of C that may be taken down and put up: the body of a fiber, or a generator that one yields from. */
export class Activation implements Generator<unknown, unknown, unknown> {
  readonly #stacks: Stacks
  readonly #registers: Registers
  readonly #call: () => unknown
  readonly #check: () => void
  #begun = false
  /** What it waits for; how the wait goes on, and what the import does with its value. */
  asked: IteratorResult<unknown> = SLEEPS
  steps: Steps | undefined = undefined
  finish: Finish | undefined = undefined
  /** The stack: so many words. */
  frames: Int32Array = NOTHING
  count = 0

  /** `call` calls C; `check` throws if it must not any more. */
  constructor(stacks: Stacks, registers: Registers, call: () => unknown, check: () => void) {
    this.#stacks = stacks
    this.#registers = registers
    this.#call = call
    this.#check = check
  }

  next(value?: unknown): IteratorResult<unknown, unknown> {
    this.#enter()
    if (!this.#begun) {
      this.#begun = true
      return this.#run()
    }
    const { steps } = this
    return steps === undefined ? this.#return(0) : this.#goOn(steps.next(value as number))
  }

  throw(error: unknown): IteratorResult<unknown, unknown> {
    this.#enter()
    if (this.steps?.throw === undefined) throw error
    return this.#goOn(this.steps.throw(error))
  }

  return(value: unknown): IteratorResult<unknown, unknown> {
    return { done: true, value }
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.steps = undefined
  }

  get [Symbol.toStringTag](): string {
    return 'Generator'
  }

  #enter(): void {
    try {
      this.#check()
    } catch (error) {
      this.#abandon(error)
      throw error
    }
    this.#stacks.adopt(this.#registers)
  }

  // The program is over: the wait is taken back.
  #abandon(error: unknown): void {
    const { steps } = this
    this.steps = undefined
    try {
      steps?.throw?.(error)
      steps?.return?.()
    } catch {
      return
    }
  }

  #goOn(step: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    if (step.done !== true) return step
    const { finish: f } = this
    return this.#return(f === undefined ? step.value : f(step.value as never))
  }

  #return(result: unknown): IteratorResult<unknown, unknown> {
    this.#stacks.returning(this, result)
    return this.#run()
  }

  #run(): IteratorResult<unknown, unknown> {
    let value: unknown
    try {
      value = this.#call()
    } finally {
      this.#stacks.save(this.#registers)
    }
    return this.#stacks.left(this) ? this.asked : { done: true, value }
  }
}
