// A program in one heap: an instance of its module on the shared memory, made at the first of its threads that runs here and
// used by all later ones; only stack and thread-local variables change with the thread.  Of threads that share the heap each is an
// activation of C (stacks.ts).
//
// What leaves C by an exception:
//   ThreadExit, ThreadCancel    pthread_exit and cancellation: no frame of C runs any more, and the stack pointer stays where it
//                               was, so cleanup handlers and destructors, which may look at locals, run below the frames
//   a trap                      ends the program, as a signal would
//   the end of the program      a ThreadExit after which nothing of the thread runs
//
// Over 400 lines: each of the ways into C, and out of it, changes the same stack pointer, registers and table.

import { add, cas, load, peek, poke } from '#atomics'
import { placeOf } from '../kernel/crew.ts'
import { host } from '../kernel/host.ts'
import { kernel, record, self, user } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { deliveryPoint } from '../pthread/deliver.ts'
import type { Entry } from '../pthread/entry.ts'
import { endsNow, ThreadExit } from '../pthread/exit.ts'
import { local } from '../pthread/local.ts'
import { describe } from '../pthread/obituary.ts'
import { SIGABRT, SIGSEGV } from '../kernel/signo.ts'
import { entryIdOf, entryOf, FAILED, finish, KILLED, RUNS, type About } from './about.ts'
import { Block, GUARD, Luggage, ProgramRecord } from './records.ts'
import { SCRATCH, SCRATCHES } from './asyncify.ts'
import { BySlot } from '../ult/by-slot.ts'
import { Instance, type Exported } from './instance.ts'
import { EndOfThread } from './own.ts'
import { Activation, Registers, Stacks, STAYS, type Exports } from './stacks.ts'
import { breakOf, PAGE, reservedOf } from './transform.ts'
import { signalName, trapOf, type Trap } from './trap.ts'
import { handling, over, type Visit } from './visitor.ts'

/** What an instance imports, by module and name. */
export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>
type ImportsOf = (guest: Guest) => Imports

let importsOf: ImportsOf

/** Installs what makes the imports of an instance. */
export function installImports(make: ImportsOf): void {
  importsOf = make
}

/** A program in this heap. */
export class Guest {
  readonly memory: Memory
  readonly about: About
  #instance: Instance | undefined
  #callbacks = new Map<string, Callback>()
  #own: number[] | undefined
  /** Those of its threads that are fibers here, by slot. */
  #registers = new BySlot<Registers>()
  /** Threads from outside that have called it here, by slot: visitor.ts. */
  readonly visits = new BySlot<Visit>()
  readonly stacks: Stacks | undefined

  /** `suspends`: here, too, its stacks can be taken down. */
  constructor(memory: Memory, about: About, suspends = about.suspendable) {
    this.memory = memory
    this.about = about
    if (!suspends) return
    const bytes = SCRATCH * PAGE
    this.stacks = new Stacks(memory, reservedOf(about.maximum, SCRATCHES) + Math.max(0, placeOf(self.carrier)) * bytes, bytes)
  }

  /** The instance of this heap. */
  get instance(): Instance {
    if (this.#instance === undefined) {
      const instantiate = (): Instance => new Instance(this.about.module, this.imports())
      this.#instance = this.stacks === undefined ? instantiate() : this.stacks.fixed(instantiate)
      this.stacks?.attach(this.#instance.exports as unknown as Exports)
    }
    return this.#instance
  }

  /** What it imports. */
  protected imports(): Imports {
    return importsOf(this)
  }

  /** A function that the module exports; undefined if it does not. */
  exported(name: string): Exported | undefined {
    return this.instance.exported(name)
  }

  /** Runs main. */
  main(): unknown {
    local.ending = new EndOfThread(this, 0)
    const main = this.#running()
    return self.fiber ? this.#begin(main) : this.#guard(main)
  }

  #running(): () => void {
    const start = this.exported('_start') ?? this.exported('_initialize')!
    return () => {
      start()
      if (this.#isUnwinding()) return
      if (this.about.abi !== 'posix') this.end(0, 0)                      // wasi-threads: the process ends when main returns
      add(user, this.about.record + ProgramRecord.live, 1)                // a library: it lives until Running.exit
    }
  }

  /** Whether the calling thread is one of the program's own. */
  get isOwn(): boolean {
    this.#own ??= ['main', 'thread', 'spawned'].map(part => this.entryId(part))
    return this.#own.includes(peek(kernel, record(self.slot) + ThreadRecord.entry))
  }

  /** The calling thread stands on `block` for the first time: its registers. */
  stand(block: Address): Registers {
    const { memory } = this
    this.#enter(block)
    const registers = new Registers(peek(memory, block + Block.top), peek(memory, block + Block.tls))
    if (self.fiber && this.stacks !== undefined) this.#registers.add(self.slot, registers)
    return registers
  }

  // The calling thread's stack and thread-local variables are those of `block`.
  #enter(block: Address): void {
    const { memory, instance } = this
    this.stacks?.abandon()
    instance.stack = peek(memory, block + Block.top)
    instance.exported('__wasm_init_tls')!(peek(memory, block + Block.tls))
    instance.exported('__pthreads_enter')!(block, self.tid)
  }

  /** The thread of slot `slot`, which visited it, has ended. */
  forgetVisit(slot: number): void {
    this.visits.delete(slot)
    if (this.#registers.get(slot) !== null) this.#registers.delete(slot)
  }

  /** Calls C for the calling thread, at once: on the registers of `visit`, or, without one, as they are in place. */
  outside<A, T>(visit: Visit | undefined, f: (...args: A[]) => T, args: readonly A[]): T {
    const { stacks, instance } = this
    const registers = visit?.registers ?? this.#registers.get(self.slot) ?? undefined
    if (registers !== undefined && stacks !== undefined) stacks.adopt(registers)
    if (visit !== undefined && visit.depth === 1 && stacks === undefined) {
      instance.stack = visit.registers.stack
      instance.locals = visit.registers.locals
    }
    const before = instance.stack
    try {
      return self.fiber && stacks !== undefined ? stacks.fixed(() => f(...args)) : f(...args)
    } catch (error) {
      instance.stack = before
      return this.failed(error)
    }
  }

  /** A call of C by the calling fiber, which visits it: to be yielded from. */
  activation(registers: Registers, low: Address, f: () => unknown): Activation {
    return new Activation(this.stacks!, this, registers, low, f)
  }

  #isUnwinding(): boolean {
    return this.stacks?.unwinds === true
  }

  // The calling fiber's code, which begins with the registers as they are.
  #begin(f: () => unknown): Activation {
    return this.#threadOf(0, this.#register(), f)
  }

  #register(): Registers {
    const { registers } = this.stacks!
    this.#registers.add(self.slot, registers)
    return registers
  }

  /** For activations. */
  check(): void {
    if (peek(user, this.about.record + ProgramRecord.ended) !== RUNS) this.#quit()
  }

  /** What loops call now and then: see preemption.ts. Throws if the thread ends here. */
  look(): void {
    this.check()
    deliveryPoint()
  }

  /** Runs the thread whose block is at `block`. */
  thread(block: Address): unknown {
    this.#enter(block)
    local.ending = new EndOfThread(this, block)
    const registers = self.fiber ? this.#register() : undefined
    deliveryPoint()                                                       // a handler could not run before: it had no stack
    return registers === undefined ? this.#guard(this.#routineOf(block)) : this.#threadOf(block, registers, this.#routineOf(block))
  }

  /** Goes on with a thread that comes from another carrier, with its luggage at `at`. `part`: what it runs, see entry.ts. */
  arrive(part: string, at: Address): Activation {
    const block = peek(kernel, at + Luggage.block)
    const f = part === 'main' ? this.#running() : part === 'spawned' ? this.#spawning(0) : this.#routineOf(block)
    const registers = new Registers(0, 0), activation = this.#threadOf(block, registers, f)
    this.#registers.add(self.slot, registers)
    local.ending = new EndOfThread(this, block)
    activation.unpack(at)
    return activation
  }

  #routineOf(block: Address): () => unknown {
    return this.#calling(peek(this.memory, block + Block.routine), peek(this.memory, block + Block.argument))
  }

  // It may go on at other carriers, unless the program's memory is one heap's own, or the thread is an addon's, which knows the heap that it is in.
  #threadOf(block: Address, registers: Registers, f: () => unknown): Activation {
    const { shared, abi } = this.about
    return new Activation(this.stacks!, this, registers, block === 0 ? 0 : block + Block.size, f, shared && abi !== 'napi' ? block : STAYS)
  }

  /** For activations. */
  left(slot: number): void {
    this.#registers.delete(slot)
  }

  /** Runs a thread of wasi-threads, which has its stack from its creator, and sets it and its thread-local base itself. */
  spawned(argument: number): unknown {
    local.ending = new EndOfThread(this, 0)
    const { tid } = self
    if (!self.fiber) return this.#guard(() => this.exported('wasi_thread_start')!(tid, argument))
    this.stacks!.abandon()
    return this.#begin(this.#spawning(argument))
  }

  // When its stack is put up again it takes nothing of its arguments.
  #spawning(argument: number): () => void {
    const start = this.exported('wasi_thread_start')!, { tid } = self
    return () => {
      start(tid, argument)
      this.stacks!.learn()
    }
  }

  /** Calls function `index` of the table: a callback of C, whatever its type. In a fiber it cannot wait for anybody. */
  call(index: number, ...args: number[]): number {
    const f = this.#calling(index, ...args)
    return self.fiber ? this.#fixed(() => this.#guard(f)) : this.#guard(f)
  }

  /** {@link call}, in a fiber as a generator that is yet to be run, and that can wait. */
  callback(index: number, ...args: number[]): number | Activation {
    const f = this.#calling(index, ...args)
    return self.fiber ? new Activation(this.stacks!, this, this.#registers.get(self.slot)!, 0, f) : this.#guard(f)
  }

  #calling(index: number, ...args: number[]): () => number {
    const f = this.instance.table.get(index)
    if (f === null) return () => this.#trapped(NO_FUNCTION)
    return args.length === 1 ? withOne(f, args[0]) : () => Number(f(...args) ?? 0)
  }

  // Calls C for the calling fiber, at once.
  #fixed<T>(f: () => T): T {
    const registers = this.#registers.get(self.slot)
    if (registers !== null) this.stacks!.adopt(registers)
    return this.stacks!.fixed(f)
  }

  #guard<T>(f: () => T): T {
    try {
      return f()
    } catch (error) {
      return this.failed(error)
    }
  }

  /** C has left by the exception `error`. */
  failed(error: unknown): never {
    if (error instanceof ThreadExit) throw error
    const trap = trapOf(error)
    if (trap !== undefined) this.#trapped(this.#isUnwinding() ? { ...trap, signal: SIGSEGV, reason: TOO_DEEP } : trap)
    this.threw(error)
    throw error
  }

  /** An import that C called has thrown something else, which ends the program: nobody knows what C was about to do. */
  protected threw(error: unknown): void {
    if (peek(user, this.about.record + ProgramRecord.ended) === RUNS)
      host.writeError(`${this.about.file}: ${describe(self.slot)} failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
    this.end(FAILED, 0)
  }

  /** The calling thread has used more than its stack. */
  overflowed(): never {
    return this.#trapped({ signal: SIGSEGV, reason: 'the thread has used more than its stack: see pthread_attr_setstacksize', where: [] })
  }

  // After the program's end nothing is told: what has ended it may have spoilt its memory.
  #trapped({ signal, reason, where }: Trap): never {
    this.check()
    const lines = where.map(frame => `\n    in ${frame}`).join('')
    host.writeError(`${this.about.file}: ${describe(self.slot)}: ${reason} (${signalName(signal)})${lines}\n`)
    this.end(128 + signal, signal)
  }

  /** Ends the program: nothing of the calling thread runs any more, the others are ended by who started the program. */
  end(code: number, signal: number): never {
    this.finish(code, signal)
    return this.#quit()
  }

  /** The program is over, unless it is already. */
  finish(code: number, signal: number): void {
    finish(this.about, code, signal)
  }

  // Nothing of the calling thread runs any more; a visitor's call does not go on.
  #quit(): never {
    if ((this.visits.get(self.slot)?.depth ?? 0) > 0) throw over(this.about)
    endsNow()
    local.cleanup = local.values = local.ending = undefined
    if (this.#registers.get(self.slot) !== null) this.#registers.delete(self.slot)
    throw new ThreadExit(undefined)
  }

  /** The calling thread has learned that another has died: ends the program. */
  bereaved(message: string): never {
    if (peek(user, this.about.record + ProgramRecord.ended) === RUNS) host.writeError(`${this.about.file}: ${describe(self.slot)}: ${message}\n`)
    return this.end(KILLED, 0)
  }

  /** Prints a message of ours about the calling thread, and ends the program by SIGABRT. */
  fail(message: string): never {
    this.check()
    host.writeError(`${this.about.file}: ${describe(self.slot)}: ${message}\n`)
    this.end(128 + SIGABRT, SIGABRT)
  }

  /** Whether a thread of the program has had a value of a key. */
  get keyed(): boolean {
    const specific = this.instance.constant('__pthreads_specific', 0)
    return specific !== 0 && peek(this.memory, specific) !== 0
  }

  /** What function `name`, which cannot wait, returns to the calling thread. */
  ask(name: string, ...args: number[]): number {
    const f = this.exported(name)
    if (f === undefined) return 0
    const ask = (): number => this.#guard(() => Number(f(...args)))
    return self.fiber ? this.#fixed(ask) : ask()
  }

  /** The last thing that a thread does: its stack is free, and the last of all threads ends the program. */
  leave(block: Address): void {
    const { memory } = this
    try {
      if (block !== 0 && peek(memory, block + Block.guard) !== GUARD)
        this.overflowed()
      const leave = (): unknown => this.#guard(() => this.exported('__pthreads_leave')?.(0))
      const isLast = add(user, this.about.record + ProgramRecord.live, -1) === 1
      if (isLast && self.fiber) this.#fixed(leave)
      else if (isLast) leave()
    } catch (error) {
      if (!(error instanceof ThreadExit)) throw error
    }
    if (this.#registers.get(self.slot) !== null) this.#registers.delete(self.slot)
    if (block === 0) return
    const blocks = this.instance.constant('__pthreads_blocks', 0)
    for (let first = load(memory, blocks); ;) {
      poke(memory, block + Block.next, first)
      const seen = cas(memory, blocks, first, block)
      if (seen === first) return
      first = seen
    }
  }

  /** Calls `f` with the address of `bytes` bytes of the calling thread's stack. */
  onStack<T>(bytes: number, f: (address: Address) => T): T {
    const { instance } = this, before = instance.stack
    const address = before - bytes & ~15
    instance.stack = address
    const result = f(address >>> 0)
    instance.stack = before
    return result
  }

  /** The entry that calls function `index` of the table, in whatever heap. */
  handler(index: number): Entry {
    return this.#callback(String(index)).entry
  }

  /** The function of that entry in this heap. */
  routine(part: string): (first: number, info?: unknown) => unknown {
    return this.#callback(part).routine
  }

  #callback(part: string): Callback {
    let made = this.#callbacks.get(part)
    if (made === undefined) {
      const entry = this.entry(part)
      const routine = (first: number, info: unknown): unknown => handling(this, () => this.#invoke(Number(part), first, info))
      this.#callbacks.set(part, made = { entry, routine })
    }
    return made
  }

  // A handler gets the signal, with SA_SIGINFO also what is known of it: see signals.ts.
  #invoke(index: number, first: number, info: unknown): unknown {
    return info === undefined ? this.call(index, first) : this.onStack(64, (at) => {
      writeInfo(this.memory, at, info as Parameters<InfoWriter>[2])
      return this.call(index, first, at, 0)
    })
  }

  /** With what the sources of its entries begin. */
  protected get kind(): string {
    return 'w'
  }

  /** The entry of a part of the program, see about.ts. */
  entry(part: string): Entry {
    return entryOf(this.memory.id, part, this.kind)
  }

  /** The number of that entry. */
  entryId(part: string): number {
    return entryIdOf(this.memory.id, part, this.kind)
  }

  /** The address of the word that says how many pages the program thinks it has. */
  get break(): Address {
    return breakOf(this.about.maximum)
  }
}

// What a thread runs: nothing but this stays alive with it.
function withOne(f: (argument: number) => unknown, argument: number): () => number {
  return () => Number(f(argument) ?? 0)
}

const NO_FUNCTION: Trap = { signal: SIGSEGV, reason: 'a call through a pointer that is no function', where: [] }
const TOO_DEEP = `the stack is too deep to be put aside while the thread waits: more than ${SCRATCH * PAGE / 2 ** 20} MiB (1:1 has no such limit)`

interface Callback { readonly entry: Entry, readonly routine: (first: number, info?: unknown) => unknown }

type InfoWriter = (m: Memory, at: Address, info: never) => void
let writeInfo: InfoWriter

/** Installs what writes a siginfo_t. */
export function installInfo(write: InfoWriter): void {
  writeInfo = write
}
