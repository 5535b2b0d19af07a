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
// A stack is taken down into `scratch`, which a carrier has once, and moved from there, right-sized: to the low end of the thread's own stack, which is
// free then, or, if there is no room (or no such stack: main's), into JavaScript's heap.
//
// A thread that waits for nothing but its turn can go on at another carrier (ult/migration.ts): all that it is stands in the program's memory and
// in its luggage; frames that lie in JavaScript's heap go along in user memory, and who claims the thread frees that.  (A carrier that dies
// between the two leaks it.)  One that has slept can when its sleep is over: `sleeper` has come to its end, and what the import is to return goes along.
//
// S6  While frames lie in a thread's stack, nothing of the thread runs C there but handlers, and should one of them need more than the rest of the
//     stack, the GUARD above the frames says so.
//
// What touches the globals of the instance is in stack-code.ts, in WebAssembly: a switch by sched_yield is three calls of C from JavaScript and none back.
//
// Over 400 lines: an activation and the stacks of its instance are two halves of one state machine, and are read together.

import { peek, poke } from '#atomics'
import { arena, kernel, self, user } from '../kernel/process.ts'
import { handover, request } from '../kernel/request.ts'
import { free, malloc } from '../mem/arena.ts'
import type { Address, Memory } from '../mem/memory.ts'
import type { Nomad } from '../ult/fiber.ts'
import { CHECK, LEND, lending, YIELD } from '../ult/steps.ts'
import type { Global } from './engine.ts'
import { GUARD, Luggage } from './records.ts'
import { HEAD, POINTER } from './stack-code.ts'

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

/** What the module exports for this: see stack-code.ts. */
export interface Exports {
  readonly __stack_pointer: Global
  readonly __tls_base: Global
  readonly stack_attach: (scratch: Address, bytes: number) => void
  readonly stack_begin: (pointer: number, locals: number) => void
  readonly stack_rise: (pointer: number, locals: number, from: Address, bytes: number, result: number) => void
  readonly stack_leave: () => void
  readonly stack_fall: (to: Address) => number
  readonly stack_close: () => void
  readonly stack_unwinds: () => number
  readonly stack_shut: () => number
  readonly stack_reopen: (open: number) => void
}

/** The stacks of one instance. */
export class Stacks {
  readonly #memory: Memory
  // Looked up once: the exports of an instance are a slow object.
  #pointer!: Global
  #locals!: Global
  #begin!: Exports['stack_begin']
  #rise!: Exports['stack_rise']
  #leave!: Exports['stack_leave']
  #fall!: Exports['stack_fall']
  #close!: Exports['stack_close']
  #unwinds: Exports['stack_unwinds'] | undefined
  #shut: Exports['stack_shut'] | undefined
  #reopen: Exports['stack_reopen'] | undefined
  readonly #scratch: Address
  readonly #bytes: number
  #current: Registers | undefined
  #fixed = 0
  // What the import that leaves waits for; none: sched_yield's own code left.
  #asked: IteratorResult<unknown> | undefined
  #steps: Steps | undefined
  #finish: Finish | undefined
  #stays = true

  constructor(memory: Memory, scratch: Address, bytes: number) {
    this.#memory = memory
    this.#scratch = scratch
    this.#bytes = bytes
  }

  /** The instance exists, with these exports. */
  attach(exports: Exports): void {
    const { __stack_pointer: pointer, __tls_base: locals, stack_begin, stack_rise, stack_leave, stack_fall, stack_close } = exports
    const { stack_unwinds, stack_shut, stack_reopen } = exports
    this.#pointer = pointer
    this.#locals = locals
    this.#begin = stack_begin
    this.#rise = stack_rise
    this.#leave = stack_leave
    this.#fall = stack_fall
    this.#close = stack_close
    this.#unwinds = stack_unwinds
    this.#shut = stack_shut
    this.#reopen = stack_reopen
    exports.stack_attach(this.#scratch, this.#bytes)
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

  /** The thread whose registers are in place has set its thread-local base itself. */
  learn(): void {
    this.#current!.locals = this.#locals.value
  }

  /** Calls `f`, which calls C that cannot be taken down. */
  fixed<T>(f: () => T): T {
    const { open } = handover, opened = this.#shut?.() ?? 0
    handover.open = false
    this.#fixed++
    try {
      return f()
    } finally {
      this.#fixed--
      handover.open = open
      this.#reopen?.(opened)
    }
  }

  /** The import `f`, which may block: its thread is suspended then, if it is a fiber. It must return what {@link then} does, or `block`. */
  blocking(f: Import): Import {
    const g = f as (...args: unknown[]) => unknown
    return (...args: unknown[]) => {
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
      return this.#leaves(SLEEPS, sleeper, finish)
    }
  }

  /**
   * An import that is a generator: `steps` of a fiber; `otherwise` of threads, and where the stack cannot be taken down. `calls`: it calls C (S6).
   */
  stepping(steps: (...args: never[]) => Steps, otherwise: Import, calls = false): Import {
    const make = steps as (...args: unknown[]) => Steps, g = otherwise as (...args: unknown[]) => unknown
    return (...args: unknown[]) => {
      if (!this.#mayLeave()) return g(...args)
      const s = make(...args)
      const step = s.next(0)
      if (step.done === true) return step.value
      this.#stays = !calls
      return this.#leaves(step, s, undefined)
    }
  }

  /** The import that lets others run, where its own code does not. */
  yielding(otherwise: () => number): Import {
    return () => this.#mayLeave() ? this.#leaves(YIELD, undefined, undefined) : otherwise()
  }

  /** The import that loops call: others run if it is time. `look` may throw. */
  looking(look: () => void): Import {
    return () => {
      look()
      return this.#mayLeave() ? this.#leaves(CHECK, undefined, undefined) : 0
    }
  }

  #mayLeave(): boolean {
    return self.fiber && this.#fixed === 0
  }

  #leaves(asked: IteratorResult<unknown>, steps: Steps | undefined, f: Finish | undefined): number {
    this.#asked = asked
    this.#steps = steps
    this.#finish = f
    this.#leave()
    return 0
  }

  /** For activations: C is called next, for the first time. */
  begin({ registers: r }: Activation): void {
    if (this.#current === r) r.stack = this.#pointer.value
    this.#current = r
    this.#begin(r.stack, r.locals)
  }

  /** For activations: C is called next, which puts up the stack that `from` keeps; its import returns `result`. */
  rise(from: Activation, result: number): void {
    const { registers: r, low, bytes } = from
    this.#current = r
    if (from.moved) {
      if (peek(this.#memory, low + bytes) !== GUARD) from.host.overflowed()
      this.#rise(r.stack, r.locals, low, bytes, result)
    } else {
      this.#memory.i32.set(from.frames!, this.#scratch + HEAD >>> 2)
      this.#rise(r.stack, r.locals, 0, bytes, result)
    }
  }

  /** For activations: C has returned. Whether its stack was taken down; then `into` keeps it, and what it waits for. */
  left(into: Activation): boolean {
    const { low, registers: r } = into
    const n = this.#fall(this.#stays ? low : 0)
    const stack = r.stack = peek(this.#memory, this.#scratch + POINTER)
    if (n === -1) return false
    if (low !== 0 && stack >>> 0 < low) into.host.overflowed()
    into.asked = this.#asked ?? YIELD
    into.steps = this.#steps
    into.finish = this.#finish
    this.#steps = this.#asked = this.#finish = undefined
    this.#stays = true
    if (n >= 0) {
      into.bytes = n
      into.moved = true
      into.frames = undefined
    } else {
      into.bytes = -2 - n
      into.moved = false
      const at = this.#scratch + HEAD
      into.frames = this.#memory.i32.slice(at >>> 2, at + into.bytes >>> 2)
    }
    return true
  }

  /** For activations: C does not go on, because of an exception. Its registers stay as they are. */
  closed(r: Registers): void {
    this.#close()
    r.stack = peek(this.#memory, this.#scratch + POINTER)
    this.#steps = this.#asked = this.#finish = undefined
    this.#stays = true
  }

  /** A stack is being taken down; if C traps then, `scratch` is full. */
  get unwinds(): boolean {
    return this.#unwinds?.() === 1
  }
}

/** Whose C an activation runs. */
export interface Host {
  /** Throws if no more C is to run. */
  check(): void
  /** C has left by this exception. */
  failed(error: unknown): never
  /** A thread has used more than its stack. */
  overflowed(): never
  /** Another carrier has thread `slot` now. */
  left(slot: number): void
}

/** In place of the block of a thread: it stays at its carrier. */
export const STAYS = -1

/** A call of C that may be taken down and put up: the body of a fiber, or a generator that one yields from. */
export class Activation implements Nomad {
  readonly #stacks: Stacks
  readonly #call: () => unknown
  readonly host: Host
  readonly registers: Registers
  /** Where the thread's stack ends, if its frames may lie there; else 0. */
  readonly low: Address
  /** The block of a thread that may go on at another carrier, 0 if it has none; or {@link STAYS}. */
  readonly #block: Address
  #begun = false
  #result = 0
  /** What it waits for; how the wait goes on, and what the import does with its value. */
  asked: IteratorResult<unknown> = SLEEPS
  steps: Steps | undefined = undefined
  finish: Finish | undefined = undefined
  /** Its frames, so many bytes: in the thread's stack if they were moved there, else these. */
  bytes = 0
  moved = false
  frames: Int32Array | undefined = undefined

  /** `call` calls C. */
  constructor(stacks: Stacks, host: Host, registers: Registers, low: Address, call: () => unknown, block: Address = STAYS) {
    this.#stacks = stacks
    this.#call = call
    this.host = host
    this.registers = registers
    this.low = low
    this.#block = block
  }

  pack(at: Address): boolean {
    if (this.#block === STAYS || this.steps !== undefined) return false
    const frames = this.moved ? 0 : malloc(arena, Math.max(4, this.bytes), self.carrier)
    if (!this.moved) {
      if (frames === 0) return false
      user.i32.set(this.frames!, frames >>> 2)
    }
    poke(kernel, at + Luggage.block, this.#block)
    poke(kernel, at + Luggage.stack, this.registers.stack)
    poke(kernel, at + Luggage.locals, this.registers.locals)
    poke(kernel, at + Luggage.bytes, this.bytes)
    poke(kernel, at + Luggage.result, this.#result)
    poke(kernel, at + Luggage.frames, frames)
    return true
  }

  unpack(at: Address): void {
    this.registers.stack = peek(kernel, at + Luggage.stack)
    this.registers.locals = peek(kernel, at + Luggage.locals)
    this.bytes = peek(kernel, at + Luggage.bytes)
    this.#result = peek(kernel, at + Luggage.result)
    this.#begun = true
    const frames = peek(kernel, at + Luggage.frames)
    this.moved = frames === 0
    this.frames = this.moved ? undefined : user.i32.slice(frames >>> 2, frames + this.bytes >>> 2)
    if (!this.moved) free(arena, frames, self.carrier)
  }

  gone(slot: number): void {
    this.host.left(slot)
  }

  next(value?: unknown): IteratorResult<unknown, unknown> {
    this.#enter()
    if (!this.#begun) {
      this.#begun = true
      this.#stacks.begin(this)
      return this.#run()
    }
    const { steps } = this
    if (steps !== undefined) return this.#goOn(steps.next(value as number))
    const result = this.#result
    this.#result = 0
    return this.#return(result)
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
      this.host.check()
    } catch (error) {
      this.#abandon(error)
      throw error
    }
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
    const result = (f === undefined ? step.value : f(step.value as never)) as number
    if (!lending.woken || lending.left <= 0 || this.#block === STAYS) return this.#return(result)
    this.steps = this.finish = undefined
    this.#result = Number(result)
    return LEND
  }

  #return(result: number): IteratorResult<unknown, unknown> {
    this.#stacks.rise(this, result)
    return this.#run()
  }

  #run(): IteratorResult<unknown, unknown> {
    const stacks = this.#stacks
    try {
      const value = this.#call()
      if (!stacks.left(this)) return { done: true, value: Number(value ?? 0) }
      return lending.left > 0 && this.asked === YIELD && this.#block !== STAYS ? LEND : this.asked
    } catch (error) {
      stacks.closed(this.registers)
      return this.host.failed(error)
    }
  }
}
