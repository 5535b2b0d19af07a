// Calls of what a program exports, by threads that are not its own: `call`, `calling`, and entries of threads.  visits.ts: how the program's end sees them.
//
// For the length of the call the caller is one of the program's threads: it has a block, with a stack and thread-local variables, pthread_self is what it is
// in TypeScript, and locks that it takes are its own.  The block stays its own, with what thread-local variables
// say, until it ends; then the next one from outside gets it.  A block is taken from the memory that the program has not yet grown into, for malloc is C,
// and to call it takes a stack.
//
// Of a thread that is one of the program's own already (a handler of TypeScript's that it runs), a call is a call.

import { add, cas, exchange, load, peek, poke } from '#atomics'
import { EDEADLK, ENOMEM, EPERM } from '../kernel/errno.ts'
import { self, user } from '../kernel/process.ts'
import { FIRST } from '../kernel/records.ts'
import { block, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Address } from '../mem/memory.ts'
import { ErrnoError } from '../api/errors.ts'
import { ThreadExit } from '../pthread/exit.ts'
import { local, type Ending } from '../pthread/local.ts'
import { RUNS, type About } from './about.ts'
import { SCRATCHES } from './asyncify.ts'
import { ProgramError } from './errors.ts'
import type { Guest } from './guest.ts'
import { EndOfThread } from './own.ts'
import { Block, GUARD, ProgramRecord, STACK_DEFAULT } from './records.ts'
import { Registers } from './stacks.ts'
import { PAGE, reservedOf } from './transform.ts'
import { signalName } from './trap.ts'
import { enter, hurry, leave, runs, visits } from './visits.ts'

/** What C takes and returns. */
export type Numeric = number | bigint
type Exported = (...args: Numeric[]) => Numeric | undefined

/** A thread from outside, in one program. */
export class Visit {
  readonly block: Address
  readonly registers: Registers
  /** For its Local. */
  readonly interrupted: () => void
  /** Calls that have not returned: a handler that runs in one may make another. */
  depth = 0

  constructor(block: Address, registers: Registers, about: About) {
    this.block = block
    this.registers = registers
    this.interrupted = () => {
      if (load(user, about.record + ProgramRecord.ended) === RUNS) return
      hurry()
      throw over(about)
    }
  }
}

/** Calls it on the calling thread, which is suspended where C blocks; a fiber's call returns EDEADLK there. */
export function call(guest: Guest, name: string, args: readonly Numeric[]): Numeric | undefined {
  const f = exported(guest, name, args)
  if (isOwn(guest)) return guest.outside(undefined, f, args)
  if (!isReady(guest)) block(untilReady(guest))
  const visit = arrive(guest)
  try {
    return guest.outside(visit, f, args)
  } catch (error) {
    if (self.carrier === FIRST && error instanceof ThreadExit) throw new ErrnoError(EPERM, 'call', `${guest.about.file}: pthread_exit in a call of the first thread, which cannot exit by itself`)
    throw error
  } finally {
    depart(guest, visit)
  }
}

/** Runs `f`, a handler of C, on the calling thread: one that is not the program's visits it for that. Of a program that has ended nothing is handled. */
export function handling(guest: Guest, f: () => unknown): unknown {
  if (guest.about.abi !== 'posix' || isOwn(guest) || (guest.visits.get(self.slot)?.depth ?? 0) > 0) return f()
  if (!runs(guest.about.record, guest.memory.id)) return undefined
  const visit = arrive(guest)
  try {
    return guest.outside(visit, f, [])
  } finally {
    depart(guest, visit)
  }
}

const isOwn = (guest: Guest): boolean => guest.visits.get(self.slot) === null && guest.isOwn

/** The same for generators that are threads: of a fiber, C that blocks suspends only that, if the program can run as fibers. */
export function* calling(guest: Guest, name: string, args: readonly Numeric[]): Generator<unknown, Numeric | undefined> {
  if (!self.fiber || guest.stacks === undefined || isOwn(guest)) return call(guest, name, args)
  const f = exported(guest, name, args)
  yield* untilReady(guest)
  const visit = arrive(guest)
  try {
    let result: Numeric | undefined
    yield* guest.activation(visit.registers, visit.block + Block.size, () => result = f(...args))
    return result
  } finally {
    depart(guest, visit)
  }
}

/** Ends the program as its exit(code) does. */
export function* exiting(guest: Guest, code: number): Generator<unknown, void> {
  try {
    yield* calling(guest, '__pthreads_leave', [code])
  } catch (error) {
    if (!(error instanceof ProgramError && error.code === 'ERR_WASM_ENDED')) throw error
  }
}

const NAMES: Readonly<Record<string, string>> = { i: 'number (an integer of 32 bits)', j: 'bigint (an integer of 64 bits)', f: 'number', d: 'number', v: 'value that TypeScript has not' }

function exported(guest: Guest, name: string, args: readonly Numeric[]): Exported {
  const { about } = guest
  if (!runs(about.record, guest.memory.id)) throw over(about)
  const f = guest.exported(name) as Exported | undefined
  if (f === undefined) throw new TypeError(`call: ${about.file} exports no function ${name}`)
  const takes = about.exports?.[name] ?? ''
  if (args.length !== takes.length) throw new TypeError(`call: ${name} takes ${takes.length} argument${takes.length === 1 ? '' : 's'}, not ${args.length}`)
  for (let i = 0; i < takes.length; i++) {
    if (typeof args[i] === (takes[i] === 'j' ? 'bigint' : 'number')) continue
    throw new TypeError(`call: ${name}: argument ${i + 1} is ${args[i] === null ? 'null' : `of type ${typeof args[i]}`}: C takes a ${NAMES[takes[i]]} there`)
  }
  return f
}

const isReady = ({ about: { record: at } }: Guest): boolean => load(user, at + ProgramRecord.ready) !== 0

function* untilReady(guest: Guest): Sleeper<void> {
  const { record: at } = guest.about
  while (!isReady(guest)) yield wait(user, at + ProgramRecord.ready, 0, wmesg.futex)
}

/** The program has ended, and so does the call. */
export function over({ file, record: at }: About): ProgramError {
  const signal = peek(user, at + ProgramRecord.signal), code = peek(user, at + ProgramRecord.code)
  const how = peek(user, at + ProgramRecord.memory) === 0 ? '' : signal === 0 ? ` with ${code}` : ` by ${signalName(signal)}`
  return new ProgramError('ERR_WASM_ENDED', `${file}: the program has ended${how}`)
}

function arrive(guest: Guest): Visit {
  const { about, memory } = guest
  if (self.slot === 0) throw new Error(`call: ${about.file}: no thread runs here: what a thread has left in the event loop cannot call C`)
  const { slot } = self
  let visit = guest.visits.get(slot)
  if (visit !== null && visit.depth > 0) {
    visit.depth++
    return visit
  }
  if (visits()) throw new ErrnoError(EDEADLK, 'call', `${about.file}: called by a handler that runs within a call of another program`)
  if (!enter(about.record, memory.id)) throw over(about)
  add(user, about.record + ProgramRecord.live, 1)
  try {
    visit ??= settle(guest)
  } catch (error) {
    add(user, about.record + ProgramRecord.live, -1)
    leave()
    throw error
  }
  local.interrupted = visit.interrupted
  visit.depth = 1
  return visit
}

function depart(guest: Guest, visit: Visit): void {
  if (visit.depth > 1) {
    visit.depth--
    return
  }
  const { about, memory } = guest
  try {
    if (add(user, about.record + ProgramRecord.live, -1) === 1) last(guest, visit)
    if (peek(memory, visit.block + Block.guard) !== GUARD && runs(about.record, memory.id)) guest.overflowed()
  } finally {
    local.interrupted = undefined
    visit.depth = 0
    leave()
  }
}

// main has ended by pthread_exit, and so have all others.
function last(guest: Guest, visit: Visit): void {
  try {
    guest.outside(visit, guest.exported('__pthreads_leave') as Exported, [0])
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
  }
}

// The calling thread's first visit.
function settle(guest: Guest): Visit {
  const { slot } = self
  const block = take(guest)
  const visit = new Visit(block, guest.stand(block), guest.about)
  guest.visits.add(slot, visit)
  local.ending = new EndOfVisit(guest, block, local.ending)
  return visit
}

// The end of a visitor: what it has in this program, then what it has in those that it visited earlier.
class EndOfVisit implements Ending {
  readonly #guest: Guest
  readonly #block: Address
  readonly #own: EndOfThread
  readonly #earlier: Ending | undefined

  constructor(guest: Guest, block: Address, earlier: Ending | undefined) {
    this.#guest = guest
    this.#block = block
    this.#own = new EndOfThread(guest, block)
    this.#earlier = earlier
  }

  get #runs(): boolean {
    return runs(this.#guest.about.record, this.#guest.memory.id)
  }

  cleanup(): (() => unknown) | undefined {
    return (this.#runs ? this.#own.cleanup() : undefined) ?? this.#earlier?.cleanup()
  }

  destructors(): (() => unknown)[] {
    return [...this.#runs ? this.#own.destructors() : [], ...this.#earlier?.destructors() ?? []]
  }

  last(): void {
    const guest = this.#guest
    guest.forgetVisit(self.slot)
    if (enter(guest.about.record, guest.memory.id)) {
      give(guest, this.#block, this.#block)
      leave()
    }
    this.#earlier?.last()
  }
}

// A block that somebody has left, or a new one.
function take(guest: Guest): Address {
  const { memory: m, about } = guest
  const first = exchange(user, about.record + ProgramRecord.spare, 0)
  if (first === 0) return make(guest)
  const rest = peek(m, first + Block.next)
  if (rest !== 0) {
    let last = rest
    while (peek(m, last + Block.next) !== 0) last = peek(m, last + Block.next)
    give(guest, rest, last)
  }
  return first
}

function give({ memory: m, about }: Guest, first: Address, last: Address): void {
  const head = about.record + ProgramRecord.spare
  for (let seen = load(user, head); ;) {
    poke(m, last + Block.next, seen)
    const found = cas(user, head, seen, first)
    if (found === seen) return
    seen = found
  }
}

// Block, stack, thread-local variables, as c/src/thread.c makes them.
function make(guest: Guest): Address {
  const { memory: m, about, instance } = guest
  const bytes = instance.constant('__tls_size', 0), align = Math.max(16, instance.constant('__tls_align', 64))
  const pages = Math.ceil((Block.size + STACK_DEFAULT + bytes + 2 * align) / PAGE)
  const limit = reservedOf(about.maximum, about.suspendable ? SCRATCHES : 0) / PAGE
  for (let before = load(m, guest.break); ;) {
    if (before + pages > limit) throw new ErrnoError(ENOMEM, 'call', `${about.file}: its memory is full: there is no room for a stack (see --max-memory of pthreads cc)`)
    const seen = cas(m, guest.break, before, before + pages)
    if (seen !== before) {
      before = seen
      continue
    }
    const block = before * PAGE, tls = Math.floor((block + pages * PAGE - bytes) / align) * align
    poke(m, block + Block.tls, tls)
    poke(m, block + Block.top, tls & -16)
    poke(m, block + Block.guard, GUARD)
    return block
  }
}
