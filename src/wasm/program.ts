// class Program: a WebAssembly program with threads, from TypeScript.
//
//   const program = await Program.load('philosophers.wasm')
//   const { code } = await program.run({ args: ['5', '1000'] })

import { peek, poke } from '#atomics'
import { readWhole } from '#host'
import { PLAIN } from '../kernel/clone.ts'
import { placeCount } from '../kernel/crew.ts'
import { EAGAIN, ENOMEM } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import { requestBeat } from '../kernel/mail.ts'
import { addMemory, namePrivateMemory } from '../kernel/memories.ts'
import { arena, attached, kernel, record, self, user } from '../kernel/process.ts'
import { Status, ThreadRecord } from '../kernel/records.ts'
import { wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { free } from '../mem/arena.ts'
import type { Address } from '../mem/memory.ts'
import { configure, ensure, holdProcess, type Model } from '../api/attach.ts'
import { entryOf } from '../api/entry.ts'
import { ErrnoError } from '../api/errors.ts'
import type { Port } from '../api/port.ts'
import { cause } from '../pthread/obituary.ts'
import type { Entry, Routine } from '../pthread/entry.ts'
import { create, sharesByDefault } from '../pthread/thread.ts'
import { ENDED, entryIdOf, FAILED, finish, KILLED, type About } from './about.ts'
import type { Exported } from './call.ts'
import { compile, newRecord, type Compiled } from './compile.ts'
import { asThread, endThreads, giveUp, joined, mourn, PARTS } from './ending.ts'
import { engine, type Module } from './engine.ts'
import './entry.ts'
import { ProgramError } from './errors.ts'
import { newMemory } from './guests.ts'
import { checkImports } from './imports.ts'
import { givePorts, type Given } from './ports.ts'
import { leaveInput } from './reading.ts'
import { ProgramRecord } from './records.ts'
import { signaturesOf } from './signatures.ts'
import { give, Output, TAKEN, takeBack, type Streams, type Taker } from './streams.ts'
import { signalName } from './trap.ts'
import { beatOf, breakOf } from './transform.ts'
import { dismiss } from './visits.ts'

export { ProgramError } from './errors.ts'

/** For what a program is loaded. */
export interface LoadOptions {
  /**
   * 1:1 (default): its threads have Workers of their own. m:1, m:n: its threads are fibers, on the carriers that the process has (`configure`); the
   * module is changed for that, once: the result is kept on disk.
   */
  model?: Model
  /**
   * Loops look every so many ms (1 to 60000) whether it is time for something else; default: never. Then handlers of signals run in loops, an asynchronous
   * cancellation ends them, and threads that share a carrier let others run when their scheduler says so (rr: after 10 ms). Loops are slower for it.
   */
  preempt?: number | undefined
  /**
   * False: its memory is not shared, but one carrier's own, so no other thread can read it (m:1 only; not with `preempt`). Calls that concern files
   * then hold up all its threads. Default: true.
   */
  sharedMemory?: boolean
}

/** How a program is run. */
export interface RunOptions {
  /** What follows the program's name in argv. */
  args?: readonly string[]
  /** The environment; nothing of this process's is in it by itself. */
  env?: Readonly<Record<string, string>>
  /** Directories that the program may use, by the names that it gives them. */
  dirs?: Readonly<Record<string, string>>
  /** What it reads as standard input: a file descriptor of this process (default: 0), or the text or bytes themselves. */
  stdin?: number | string | Uint8Array
  /**
   * Where its output goes: a file descriptor of this process (default: 1), or a function that is given it, piece by piece, in the event loop of who runs the
   * program. A writer that is a mebibyte ahead of the function waits. What a function throws, `ended` rejects with.
   */
  stdout?: number | Taker
  /** The same for its errors; default: 2. What the library says of a program that fails goes to this process's stderr. */
  stderr?: number | Taker
  /** Ports for its threads, by the names under which they open them: c/include/pthreads/port.h. */
  ports?: Readonly<Record<string, Port>>
  /**
   * How its threads run; default: what it was loaded for. {@link Program.run} changes the module if it has to. If nothing of the library has been used yet,
   * this configures the process; else Error if the process is configured otherwise.
   */
  model?: Model
  /** How many carriers m:n has (default: one for each processor); as `model`. */
  carriers?: number
}

/** How a program came to its end. */
export interface Exit {
  /** 0 to 255; 128 and the signal's number after a trap or an abort, which were printed, and where nobody reads what it writes. */
  readonly code: number
  /** SIGSEGV, SIGFPE, SIGILL, SIGABRT or SIGPIPE. */
  readonly signal?: string
}

/** A program that is running. */
export interface Running {
  /** Its memory: length and views never change; what the program has not yet grown into is 0. Throws Error if it is not shared. */
  readonly memory: Uint8Array
  /** Resolves at its end, when all its threads have ended, and calls from outside have returned. */
  readonly ended: Promise<Exit>
  /**
   * A function that the program exports, as an entry: of threads, `Thread.create(running.entry('sum'), at, n)`, of the tasks of a pool, or for {@link call}. It
   * travels between threads. It can be called when the constructors of the program have run: who is earlier waits. Throws TypeError if the program exports no
   * such function; Error if it is one for wasi-threads: what makes a thread there is part of its own C library.
   */
  entry<F extends Routine = Exported>(name: string): Entry<F>
  /** Ends it as its exit(code) does: handlers of atexit run, in a thread of their own. A library ends only so. ErrnoError EAGAIN if there can be no thread. */
  exit(code?: number): void
}

/** A compiled program; it can run many times, at the same time too. */
export class Program {
  readonly file: string
  /** Whether what was made of it for m:1 and m:n is on disk for the next time; under 1:1 there is nothing to keep. */
  readonly kept: boolean
  /** Whether it has no main: it is started, and does what threads of TypeScript call. */
  readonly isLibrary: boolean
  readonly #whole: Uint8Array
  // By whether its stacks can be taken down.
  readonly #forms = new Map<boolean, Compiled>()
  readonly #abi: About['abi']
  readonly #exports: About['exports']
  readonly #suspendable: boolean
  readonly #preempt: number | undefined
  readonly #shared: boolean

  private constructor(file: string, whole: Uint8Array, compiled: Compiled, suspendable: boolean, preempt: number | undefined, shared: boolean) {
    this.file = file
    this.kept = compiled.kept
    this.#whole = whole
    this.#forms.set(suspendable, compiled)
    this.#abi = abiOf(file, compiled.module)
    this.#exports = this.#abi === 'posix' ? signaturesOf(file, whole) : undefined
    this.isLibrary = !engine.Module.exports(compiled.module).some(({ name }) => name === '_start')
    this.#suspendable = suspendable
    this.#preempt = preempt
    this.#shared = shared
  }

  /**
   * Reads and compiles a program: what `pthreads cc` makes, or a binary for wasi-threads. `source`: its file, or its bytes. Throws ProgramError for what
   * is none, naming what is wrong; RangeError for options that are none; the file system's errors.
   */
  static async load(source: string | URL | Uint8Array, { model = '1:1', preempt, sharedMemory: shared = true }: LoadOptions = {}): Promise<Program> {
    if (preempt !== undefined && !(Number.isInteger(preempt) && preempt >= 1 && preempt <= 60_000)) throw new RangeError(`Program.load: preempt: ${String(preempt)} is not a whole number of ms from 1 to 60000`)
    if (!shared && model !== 'm:1') throw new RangeError(`Program.load: sharedMemory: false is for m:1: under ${model} threads are in different Workers`)
    if (!shared && preempt !== undefined) throw new RangeError('Program.load: preempt with sharedMemory: false: nobody can tell a loop that its time is over')
    checkModel('load', model)
    const inMemory = source instanceof Uint8Array
    const file = inMemory ? 'the program' : nameOf(source)
    const whole = inMemory ? source : readWhole(source)
    const suspendable = model !== '1:1'
    const wanted = { preempt: preempt !== undefined, shared }
    const compiled = await compile(file, whole, suspendable, wanted)
    return new Program(file, whole, compiled, suspendable, preempt, shared)
  }

  /** Runs it to its end. Rejects with ErrnoError when there is no memory for it, or no thread; with TypeError if it is a library. */
  async run(options: RunOptions = {}): Promise<Exit> {
    if (this.isLibrary) throw new TypeError(`Program.run: ${this.file} is a library: it has no main to run; start it, and call what it exports`)
    const { model } = options
    checkModel('run', model)
    const suspendable = model === undefined ? this.#suspendable : model !== '1:1'
    if (!this.#forms.has(suspendable)) {
      const wanted = { preempt: this.#preempt !== undefined, shared: this.#shared }
      this.#forms.set(suspendable, await compile(this.file, this.#whole, suspendable, wanted))
    }
    return await this.start(options).ended
  }

  /** Starts it; the calling thread goes on. Throws as {@link run}, and Error if it was neither loaded for the model nor run under it. */
  start(options: RunOptions = {}): Running {
    const { ports = {}, model } = options
    checkModel('start', model)
    const suspendable = model === undefined ? this.#suspendable : model !== '1:1'
    const compiled = this.#forms.get(suspendable)
    if (compiled === undefined) throw new Error(`Program.start: ${this.file} was not loaded for ${model} (run changes it, or load: model)`)
    this.#settle(suspendable, options)
    const given = givePorts(this.file, ports)
    try {
      return this.#launch(compiled, suspendable, given, options)
    } catch (error) {
      given.takeBack()
      throw error
    }
  }

  #launch(compiled: Compiled, suspendable: boolean, given: Given, options: RunOptions): Running {
    const { args = [], env = {}, dirs = {} } = options
    const wasm = this.#shared ? newMemory(this.file, compiled.maximum, true) : undefined
    const at = newRecord('Program.start', this.file)
    const streams = streamsOf(this.file, at, options)
    const about: About = {
      file: this.file, module: compiled.module, record: at, abi: this.#abi, initial: compiled.initial, maximum: compiled.maximum, suspendable,
      shared: this.#shared, args: [this.file, ...args], env, dirs, streams,
      ports: given.blocks, bell: at + ProgramRecord.bereft, ...this.#exports !== undefined && { exports: this.#exports },
    }
    const memory = wasm === undefined ? undefined : addMemory(wasm, about)
    const number = memory === undefined ? namePrivateMemory(about) : memory.id
    if (memory !== undefined) poke(memory, breakOf(compiled.maximum), compiled.initial)
    if (this.#preempt !== undefined) requestBeat(number, beatOf(compiled.maximum), this.#preempt)
    poke(user, at + ProgramRecord.memory, number)
    const id = entryIdOf(number, 'main')
    const slot = id < 0 ? id : create(id, [], { name: 'main', detached: false, kind: PLAIN, transfer: [], fiber: suspendable })
    if (slot < 0) {
      takeBack(streams)
      giveUp(at, number)
      throw new ErrnoError(-slot, 'Program.start', `${this.file}: ${slot === -EAGAIN ? 'there are too many threads, or the host refuses another Worker' : 'no thread can be made'}`)
    }
    holdProcess()
    const takers = [options.stdout, options.stderr].map(to => typeof to === 'function' ? to : undefined)
    const ended = this.#end(about, number, slot, peek(kernel, record(slot) + ThreadRecord.serial), takers, given)
    return {
      ended,
      entry: <F extends Routine>(name: string) => exportOf(about, number, name) as Entry<F>,
      exit: (code = 0) => {
        const exit = entryIdOf(number, 'exit'), how = { name: 'exit', detached: true, kind: PLAIN, transfer: [], fiber: suspendable }
        if (peek(user, at + ProgramRecord.memory) !== number || (exit > 0 && create(exit, [code], how) > 0)) return
        throw new ErrnoError(EAGAIN, 'Running.exit', `${about.file}: no thread can be made that ends it`)
      },
      get memory() {
        if (memory === undefined) throw new Error(`Running.memory: ${about.file}: its memory is not shared`)
        return memory.u8
      },
    }
  }

  // The process is as the options want it, or becomes so.
  #settle(suspendable: boolean, { model, carriers }: RunOptions): void {
    const count = model === 'm:1' ? 1 : carriers
    if (!attached() && (model ?? carriers) !== undefined) configure({ ...(model !== undefined && { model }), ...(count !== undefined && { carriers: count }) })
    ensure()
    const there = placeCount() - 1
    if (suspendable && !sharesByDefault()) throw new Error(`Program.start: ${this.file} ${model === undefined ? 'was loaded' : 'is to run'} for threads that share carriers; the process's model is 1:1 (configure: model)`)
    if (suspendable && count !== undefined && count !== there) throw new Error(`Program.start: ${this.file} is to have ${count} carrier${count === 1 ? '' : 's'}; the process has ${there} (configure: carriers)`)
    if (!this.#shared && there !== 1) throw new Error(`Program.start: ${this.file} was loaded for m:1; the process has ${there} carriers (configure: model)`)
    if (!this.#shared && !suspendable) throw new Error(`Program.start: ${this.file} was loaded with a memory of its own, for m:1`)
  }

  async #end(about: About, memory: number, main: number, serial: number, takers: readonly (Taker | undefined)[], given: Given): Promise<Exit> {
    const { record: at } = about
    const output = new Output(at, takers)
    const died = this.#watchMain(about, main, serial), mourned = mourn(about, memory)
    await asThread(untilEnded(at))
    mourned.stop()
    const code = peek(user, at + ProgramRecord.code), signal = peek(user, at + ProgramRecord.signal)
    await asThread(dismiss(memory))
    await endThreads(PARTS.map(part => entryIdOf(memory, part)), main, serial, died)
    if (peek(user, at + ProgramRecord.asked) !== 0) await asThread(leaveInput(about, { entryId: part => entryIdOf(memory, part) }))
    try {
      output.finish()
    } finally {
      takeBack(about.streams)
      given.takeBack()
      giveUp(at, memory)
    }
    return signal === 0 ? { code } : { code, signal: signalName(signal) }
  }

  // main's thread may die of what the program cannot say: a full heap.
  async #watchMain(about: About, slot: number, serial: number): Promise<void> {
    const out = await joined(slot, serial)
    if (out?.status !== Status.DIED && out?.status !== Status.THREW) return
    if (peek(user, about.record + ProgramRecord.ended) === ENDED) return
    host.writeError(`${this.file}: thread "main" ${out.status === Status.DIED ? cause(out.reason, out.code) : `failed: ${String((out.value as Error | undefined)?.stack ?? out.value)}`}\n`)
    finish(about, out.status === Status.DIED ? KILLED : FAILED, 0)
  }
}

function exportOf(about: About, memory: number, name: string): Entry {
  if (about.exports === undefined) throw new Error(`Running.entry: ${about.file} was not compiled by pthreads cc: only its own C library makes threads in it`)
  const all = Object.keys(about.exports)
  if (all.includes(`__wrap_${name}`)) return entryOf(`w${memory}\n=__wrap_${name}`) as unknown as Entry  // the shim's
  const names = all.map(name => name.replace(/^__wrap_/, '')).filter(name => !name.startsWith('_'))
  if (!names.includes(name)) throw new TypeError(`Running.entry: ${about.file} exports no function ${String(name)}: ${names.length === 0 ? 'none at all (see --export of pthreads cc)' : `it exports ${names.join(', ')}`}`)
  return entryOf(`w${memory}\n=${name}`) as unknown as Entry
}

function checkModel(verb: string, model: Model | undefined): void {
  if (model !== undefined && !['1:1', 'm:1', 'm:n'].includes(model)) throw new RangeError(`Program.${verb}: model "${String(model)}" is not "1:1", "m:1" or "m:n"`)
}

// `at`: the program's record, given back if there is no room for its input.
function streamsOf(file: string, at: Address, { stdin = 0, stdout = 1, stderr = 2 }: RunOptions): Streams {
  const bytes = typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin
  const input = typeof bytes === 'number' ? bytes : give(bytes)
  if (input !== undefined) return { input, output: [to(stdout), to(stderr)] }
  free(arena, at, self.carrier)
  throw new ErrnoError(ENOMEM, 'Program.start', `${file}: its input has no room in user memory (see configure: memory)`)
}

const to = (where: number | Taker): number => typeof where === 'number' ? where : TAKEN

function nameOf(source: string | URL): string {
  const path = source instanceof URL ? source.pathname : source
  return path.slice(path.lastIndexOf('/') + 1)
}

function abiOf(file: string, module: Module): About['abi'] {
  checkImports(file, module)
  const exported = new Set(engine.Module.exports(module).map(({ name }) => name))
  if (exported.has('__pthreads_enter') && (exported.has('_start') || exported.has('_initialize'))) return 'posix'
  if (!exported.has('_start')) throw new ProgramError('ERR_WASM_ABI', `${file}: it exports no _start: it is a library that pthreads cc has not made, not a program`)
  if (!exported.has('wasi_thread_start') && engine.Module.imports(module).some(({ module: from }) => from === 'wasi'))
    throw new ProgramError('ERR_WASM_ABI', `${file}: it imports wasi.thread-spawn and exports no wasi_thread_start`)
  return 'wasi-threads'
}

function* untilEnded(at: Address): Sleeper<void> {
  for (;;) {
    const state = peek(user, at + ProgramRecord.ended)
    if (state === ENDED) return
    yield wait(user, at + ProgramRecord.ended, state, wmesg['exit of all'])
  }
}
