// What is changed in a module's bytes before it is compiled, for every model.  No other code is touched, so it runs as fast as before.
// (For M:1 and M:N, asyncify.ts goes on with the result, and asks for `more` pages at the memory's end, which the program cannot use;
// then the registers of a thread are exported, too: registers.ts.)
//
//   memory.size, memory.grow    calls of two functions added at the end: the memory is as large as it may become from the
//                               beginning, and what a program sees grow is a number at its very end, the break.  An
//                               engine may keep a stale size after another thread's growth, and trap; this cannot.
//   memory.atomic.wait, notify  calls of imports, which queue in the kernel's futex: a thread that waits there can be seen,
//                               told apart and stopped.  (And V8's baseline compiler in Node 20 spoils a local variable
//                               across the instruction itself.)
//
//   loop, and functions that may call themselves, if it shall be preempted: a look whether it is time, see preemption.ts
//   the memory itself, if it shall not be shared: it is one of its instance's own.  Atomic instructions stay what they are
//
// The imports that are added come after the module's own, so the numbers of all its other functions rise by three or four: calls,
// references, exports, elements, the start function, and the names that stack traces show.

import { Kind, Reader, Section, SHARED, Writer } from './bytes.ts'
import { rewrite, type Changes } from './instructions.ts'
import { registersOf, type Shown } from './registers.ts'
import { ProgramError } from './errors.ts'
import { bodies, countIn, find, importedOf, imports, memoryOf, sections, withGlobals, type Linear, type Part } from './sections.ts'
import { comparison, dueBody, LOOK, PREEMPT, recursive } from './preemption.ts'

/** The module that the added imports are of. */
export const FUTEX = 'pthreads:futex'

/** A module as it will be compiled, and what its memory must be. */
export interface Transformed extends Linear { bytes: Uint8Array }

export const PAGE = 65536
const OURS = 1, MOST = 65536
const I32 = 0x7f, I64 = 0x7e

// Functions that are added: imports, and then the module's own.
interface Added { module: string, name: string, takes: readonly number[], gives: readonly number[] }
const imported = (name: string, takes: readonly number[]): Added => ({ module: FUTEX, name, takes, gives: [I32] })
const WAITS = [imported('notify', [I32, I32, I32]), imported('wait32', [I32, I32, I64, I32]), imported('wait64', [I32, I64, I64, I32])]
const LOOKS: Added = { module: PREEMPT, name: LOOK, takes: [], gives: [] }
const OWN = [{ takes: [], gives: [I32] }, { takes: [I32], gives: [I32] }], DUE = { takes: [], gives: [] }

/** What is asked of {@link transform}. */
export interface Wanted {
  /** Pages at the memory's end that the program cannot use. */
  more?: number
  /** Loops look whether it is time: preemption.ts. */
  preempt?: boolean
  /** False: the memory is not shared. */
  shared?: boolean
}

/** What there is to know for the change of one module. */
interface Plan {
  readonly changes: Changes
  readonly imports: readonly Added[]
  readonly own: readonly { takes: readonly number[], gives: readonly number[] }[]
  /** How many types, and functions that are imported, it had. */
  readonly types: number
  readonly first: number
  /** Pages. */
  readonly maximum: number
  readonly limit: number
  readonly shared: boolean
  /** With preemption: its global, and the functions that look as they begin, by their place among those that are not imported. */
  readonly seen: number | undefined
  readonly recursive: readonly boolean[]
  /** What is exported besides. */
  readonly shown: readonly Shown[]
}

/** Where the break is, in a memory of `maximum` pages: its last page is not the program's. */
export function breakOf(maximum: number): number {
  return maximum * PAGE - 8
}

/** Where the beat is: see preemption.ts. */
export function beatOf(maximum: number): number {
  return maximum * PAGE - 4
}

/** The pages at the end of a memory of `maximum` pages that are not the program's: they begin with the address returned. */
export function reservedOf(maximum: number, more: number): number {
  return (maximum - more - OURS) * PAGE
}

/** Changes the module of `file`. Throws ProgramError for what is none, or none for us. */
export function transform(file: string, bytes: Uint8Array, wanted: Wanted = {}): Transformed {
  try {
    return transformed(file, bytes, wanted)
  } catch (error) {
    if (error instanceof RangeError) throw new ProgramError('ERR_WASM_INVALID', `${file}: not a valid WebAssembly module: ${error.message}`)
    throw error
  }
}

function transformed(file: string, bytes: Uint8Array, { more = 0, preempt = false, shared = true }: Wanted): Transformed {
  const parts = sections(file, bytes)
  const memory = memoryOf(file, bytes, parts)
  memory.maximum = Math.min(MOST, memory.maximum + more)
  const limit = memory.maximum - more - OURS
  if (limit < memory.initial) throw new ProgramError('ERR_WASM_MEMORY', `${file}: its memory begins with ${memory.initial} pages, of 65536 that there may be; ${more + OURS} must be left`)
  if (preempt) withGlobals(parts)
  const p = plan(bytes, parts, preempt, { maximum: memory.maximum, limit, shared, shown: more === 0 ? [] : registersOf(bytes, parts) })
  const w = new Writer(bytes.length + 1024)
  w.copy(bytes, 0, 8)
  for (const part of parts) {
    w.byte(part.id)
    w.sized(change(bytes, part, p) ?? bytes.subarray(part.from, part.to))
  }
  return { bytes: w.bytes, ...memory }
}

function plan(bytes: Uint8Array, parts: readonly Part[], preempt: boolean, rest: Pick<Plan, 'maximum' | 'limit' | 'shared' | 'shown'>): Plan {
  const first = importedOf(bytes, parts, Kind.FUNCTION)
  const own = first + WAITS.length + countIn(bytes, parts, Section.FUNCTION)
  const common = { notify: first, wait32: first + 1, wait64: first + 2 }
  const types = countIn(bytes, parts, Section.TYPE)
  const at = (imports: readonly Added[]): ((index: number) => number) => index => index < first ? index : index + imports.length
  if (!preempt) {
    const changes = { ...common, function: at(WAITS), size: own, grow: own + 1 }
    return { ...rest, changes, imports: WAITS, own: OWN, types, first, seen: undefined, recursive: [] }
  }
  const imports = [...WAITS, LOOKS]
  const seen = importedOf(bytes, parts, Kind.GLOBAL) + countIn(bytes, parts, Section.GLOBAL)
  const changes = { ...common, function: at(imports), size: own + 1, grow: own + 2, round: comparison(beatOf(rest.maximum), seen, own + 3) }
  return { ...rest, changes, imports, own: [...OWN, DUE], types, first, seen, recursive: recursive(callsIn(bytes, parts, first)) }
}

// Whom each function of the module's own calls by name, or refers to.
function callsIn(bytes: Uint8Array, parts: readonly Part[], first: number): number[][] {
  const part = find(parts, Section.CODE)
  if (part === undefined) return []
  const all: number[][] = []
  for (const { body } of bodies(new Reader(bytes, part.from, part.to))) {
    const calls: number[] = []
    const note = (index: number): number => {
      calls.push(index - first)
      return index
    }
    rewrite(body, new Writer(), { function: note, size: 0, grow: 0, notify: 0, wait32: 0, wait64: 0 })
    all.push(calls)
  }
  return all.map(calls => calls.filter(f => f >= 0 && f < all.length))
}

// The section's new content; undefined: as it was.
function change(bytes: Uint8Array, { id, from, to }: Part, p: Plan): Uint8Array | undefined {
  const r = new Reader(bytes, from, to), w = new Writer(to - from + 256)
  const { changes, types } = p
  const rest = (): Uint8Array => {
    w.copy(bytes, r.at, r.end)
    return w.bytes
  }
  const addTo = (count: number): void => { w.u32(r.u32() + count) }
  switch (id) {
    case Section.TYPE:
      addTo(p.imports.length + p.own.length)
      rest()
      for (const { takes, gives } of [...p.imports, ...p.own]) w.byte(0x60, takes.length, ...takes, gives.length, ...gives)
      return w.bytes
    case Section.IMPORT:
      addTo(p.imports.length)
      changeImports(bytes, { id, from, to }, w, p)
      for (const [i, { module, name }] of p.imports.entries()) {
        w.name(module)
        w.name(name)
        w.byte(Kind.FUNCTION)
        w.u32(types + i)
      }
      return w.bytes
    case Section.FUNCTION:
      addTo(p.own.length)
      rest()
      for (let i = 0; i < p.own.length; i++) w.u32(types + p.imports.length + i)
      return w.bytes
    case Section.START:
      w.u32(changes.function(r.u32()))
      return w.bytes
    case Section.EXPORT: return changeExports(r, w, changes, p.shown)
    case Section.ELEMENT: return changeElements(r, w, changes)
    case Section.CODE: return changeCode(r, w, p)
    case Section.CUSTOM: return r.name() === 'name' ? changeNames(r, w, changes) : undefined
    case Section.GLOBAL: return changeGlobals(r, w, changes, p.seen === undefined ? 0 : 1)
    default: return undefined
  }
}

function changeImports(bytes: Uint8Array, part: Part, w: Writer, { maximum, shared }: Plan): void {
  for (const { module, name, kind, flags, minimum, from, to } of imports(bytes, [part])) {
    if (kind !== Kind.MEMORY) {
      w.copy(bytes, from, to)
      continue
    }
    w.name(module)
    w.name(name)
    w.byte(kind, shared ? flags : flags & ~SHARED)
    w.u32(minimum)
    w.u32(maximum)
  }
}

function changeExports(r: Reader, w: Writer, changes: Changes, shown: readonly Shown[]): Uint8Array {
  const count = r.u32()
  w.u32(count + shown.length)
  for (let n = count; n > 0; n--) {
    w.name(r.name())
    const kind = r.byte()
    w.byte(kind)
    const index = r.u32()
    w.u32(kind === Kind.FUNCTION ? changes.function(index) : index)
  }
  for (const { name, global } of shown) {
    w.name(name)
    w.byte(Kind.GLOBAL)
    w.u32(global)
  }
  return w.bytes
}

// `more`: numbers that begin with 0.
function changeGlobals(r: Reader, w: Writer, changes: Changes, more: number): Uint8Array {
  const count = r.u32()
  w.u32(count + more)
  for (let n = count; n > 0; n--) {
    w.byte(r.byte(), r.byte())
    constant(r, w, changes)
  }
  for (let n = more; n > 0; n--) w.byte(I32, 1, 0x41, 0, 0x0b)
  return w.bytes
}

// An expression of constants, with its end.
function constant(r: Reader, w: Writer, changes: Changes): void {
  const { at } = r
  for (let op = r.byte(); op !== 0x0b; op = r.byte()) {
    if (op === 0x41 || op === 0x42 || op === 0x23 || op === 0xd0 || op === 0xd2) r.passNumber()
    else if (op === 0x43) r.pass(4)
    else if (op === 0x44) r.pass(8)
    else if (op === 0xfd) {
      r.passNumber()
      r.pass(16)
    }
  }
  rewrite(new Reader(r.bytes, at, r.at), w, changes)
}

function changeElements(r: Reader, w: Writer, changes: Changes): Uint8Array {
  const count = r.u32()
  w.u32(count)
  for (let n = count; n > 0; n--) {
    const flags = r.u32()
    w.u32(flags)
    if ((flags & 1) === 0) {
      if ((flags & 2) !== 0) w.u32(r.u32())
      constant(r, w, changes)
    }
    if ((flags & 3) !== 0) w.byte(r.byte())
    const items = r.u32()
    w.u32(items)
    for (let i = items; i > 0; i--) {
      if ((flags & 4) !== 0) constant(r, w, changes)
      else w.u32(changes.function(r.u32()))
    }
  }
  return w.bytes
}

function changeCode(r: Reader, w: Writer, p: Plan): Uint8Array {
  const { changes, maximum } = p
  w.u32(new Reader(r.bytes, r.at, r.end).u32() + p.own.length)
  let n = 0
  for (const { body, from } of bodies(r)) {
    const changed = new Writer(body.end - body.at + 64)
    changed.copy(body.bytes, from, body.at)
    if (p.recursive[n++]) changed.copy(changes.round!, 0, changes.round!.length)
    rewrite(body, changed, changes)
    w.sized(changed.bytes)
  }
  w.sized(sizeBody(maximum))
  w.sized(growBody(maximum, p.limit))
  if (p.seen !== undefined) w.sized(dueBody(beatOf(maximum), p.seen, p.first + WAITS.length))
  return w.bytes
}

const LOAD = [0xfe, 0x10, 2, 0], CAS = [0xfe, 0x48, 2, 0]

// () -> pages
function sizeBody(maximum: number): Uint8Array {
  const w = new Writer()
  w.byte(0)
  w.byte(0x41)
  w.s32(breakOf(maximum))
  w.byte(...LOAD, 0x0b)
  return w.bytes
}

// (more) -> pages before, or -1.  Locals: 0 more, 1 before, 2 after.  The pages from `limit` are ours.
function growBody(maximum: number, limit: number): Uint8Array {
  const w = new Writer()
  const address = (): void => {
    w.byte(0x41)
    w.s32(breakOf(maximum))
  }
  w.byte(1, 2, I32, 0x03, 0x40)                                           // loop
  address()
  w.byte(...LOAD, 0x22, 1, 0x20, 0, 0x6a, 0x22, 2)                        // after = (before = load) + more
  w.byte(0x41)
  w.s32(limit)
  w.byte(0x4b, 0x20, 2, 0x20, 1, 0x49, 0x72)                              // after > most || after < before
  w.byte(0x04, 0x40, 0x41, 0x7f, 0x0f, 0x0b)                              // return -1
  address()
  w.byte(0x20, 1, 0x20, 2, ...CAS, 0x20, 1, 0x47, 0x0d, 0, 0x0b)          // another was faster: again
  w.byte(0x20, 1, 0x0b)
  return w.bytes
}

// The name section: the function names, and the names of their locals, go by number.
function changeNames(r: Reader, w: Writer, changes: Changes): Uint8Array {
  w.name('name')
  while (r.at < r.end) {
    const id = r.byte(), length = r.u32(), from = r.at
    r.pass(length)
    if (id === 2) continue                                                // names of locals: nobody reads them here
    w.byte(id)
    if (id !== 1) {
      w.sized(r.bytes.subarray(from, r.at))
      continue
    }
    const names = new Reader(r.bytes, from, r.at), changed = new Writer(length + 64)
    const count = names.u32()
    changed.u32(count)
    for (let n = count; n > 0; n--) {
      changed.u32(changes.function(names.u32()))
      changed.name(names.name())
    }
    w.sized(changed.bytes)
  }
  return w.bytes
}
