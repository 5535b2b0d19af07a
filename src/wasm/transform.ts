// What is changed in a module's bytes before it is compiled, for every model.  No other code is touched, so it runs as fast as before.
// (For M:1 and M:N, asyncify.ts goes on with the result, and asks for `more` pages at the memory's end, which the program cannot use.)
//
//   memory.size, memory.grow    calls of two functions added at the end: the memory is as large as it may become from the
//                               beginning, and what a program sees grow is a number at its very end, the break.  An
//                               engine may keep a stale size after another thread's growth, and trap; this cannot.
//   memory.atomic.wait, notify  calls of imports, which queue in the kernel's futex: a thread that waits there can be seen,
//                               told apart and stopped.  (And V8's baseline compiler in Node 20 spoils a local variable
//                               across the instruction itself.)
//
// The imports that are added come after the module's own, so the numbers of all its other functions rise by three: calls,
// references, exports, elements, the start function, and the names that stack traces show.

import { Kind, Reader, Section, Writer } from './bytes.ts'
import { rewrite, type Changes } from './instructions.ts'
import { ProgramError } from './errors.ts'

/** The module that the added imports are of. */
export const FUTEX = 'pthreads:futex'

/** A module as it will be compiled, and what its memory must be, in pages. */
export interface Transformed { bytes: Uint8Array, initial: number, maximum: number, memory: { module: string, name: string } }

export const PAGE = 65536
const OURS = 1, MOST = 65536
const I32 = 0x7f, I64 = 0x7e
const ADDED: readonly { name: string, takes: readonly number[] }[] = [
  { name: 'notify', takes: [I32, I32, I32] }, { name: 'wait32', takes: [I32, I32, I64, I32] }, { name: 'wait64', takes: [I32, I64, I64, I32] },
]

/** Where the break is, in a memory of `maximum` pages: its last page is not the program's. */
export function breakOf(maximum: number): number {
  return maximum * PAGE - 8
}

/** The pages at the end of a memory of `maximum` pages that are not the program's: they begin with the address returned. */
export function reservedOf(maximum: number, more: number): number {
  return (maximum - more - OURS) * PAGE
}

interface Part { id: number, from: number, to: number }

/** Changes the module of `file`. Throws ProgramError for what is none, or none for us. */
export function transform(file: string, bytes: Uint8Array, more = 0): Transformed {
  try {
    return transformed(file, bytes, more)
  } catch (error) {
    if (error instanceof RangeError) throw new ProgramError('ERR_WASM_INVALID', `${file}: not a valid WebAssembly module: ${error.message}`)
    throw error
  }
}

function transformed(file: string, bytes: Uint8Array, more: number): Transformed {
  const parts = sections(file, bytes)
  const memory = memoryOf(file, bytes, parts)
  memory.maximum = Math.min(MOST, memory.maximum + more)
  const limit = memory.maximum - more - OURS
  if (limit < memory.initial) throw new ProgramError('ERR_WASM_MEMORY', `${file}: its memory begins with ${memory.initial} pages, of 65536 that there may be; ${more + OURS} must be left`)
  const types = countIn(bytes, parts, Section.TYPE), defined = countIn(bytes, parts, Section.FUNCTION)
  const imported = importedFunctions(bytes, parts)
  const first = imported + ADDED.length
  const changes: Changes = {
    function: index => index < imported ? index : index + ADDED.length,
    notify: imported, wait32: imported + 1, wait64: imported + 2, size: first + defined, grow: first + defined + 1,
  }
  const w = new Writer(bytes.length + 1024)
  w.copy(bytes, 0, 8)
  for (const part of parts) {
    w.byte(part.id)
    w.sized(change(bytes, part, changes, types, memory.maximum, limit) ?? bytes.subarray(part.from, part.to))
  }
  return { bytes: w.bytes, ...memory }
}

function sections(file: string, bytes: Uint8Array): Part[] {
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d)
    throw new ProgramError('ERR_WASM_INVALID', `${file}: not a WebAssembly file`)
  if (bytes[4] !== 1 || bytes[6] !== 0) throw new ProgramError('ERR_WASM_ABI', `${file}: a component or a version of WebAssembly that is not supported: a core module, version 1, is`)
  const parts: Part[] = []
  for (const r = new Reader(bytes, 8); r.at < r.end;) {
    const id = r.byte(), length = r.u32(), from = r.at
    r.pass(length)
    parts.push({ id, from, to: r.at })
  }
  return parts
}

function find(parts: readonly Part[], id: number): Part | undefined {
  return parts.find(part => part.id === id)
}

function countIn(bytes: Uint8Array, parts: readonly Part[], id: number): number {
  const part = find(parts, id)
  return part === undefined ? 0 : new Reader(bytes, part.from, part.to).u32()
}

interface Import { module: string, name: string, kind: number, flags: number, minimum: number, maximum: number, from: number, to: number }

function* imports(bytes: Uint8Array, parts: readonly Part[]): Generator<Import> {
  const part = find(parts, Section.IMPORT)
  if (part === undefined) return
  const r = new Reader(bytes, part.from, part.to)
  for (let n = r.u32(); n > 0; n--) {
    const from = r.at
    const found = { module: r.name(), name: r.name(), kind: r.byte(), flags: 0, minimum: 0, maximum: 0, from, to: 0 }
    if (found.kind === Kind.FUNCTION) r.passNumber()
    else if (found.kind === Kind.GLOBAL) r.pass(2)
    else if (found.kind === Kind.TAG) {
      r.pass(1)
      r.passNumber()
    } else {
      if (found.kind === Kind.TABLE) r.pass(1)
      found.flags = r.byte()
      found.minimum = r.u32()
      if ((found.flags & 1) !== 0) found.maximum = r.u32()
    }
    found.to = r.at
    yield found
  }
}

function importedFunctions(bytes: Uint8Array, parts: readonly Part[]): number {
  let count = 0
  for (const { kind } of imports(bytes, parts)) if (kind === Kind.FUNCTION) count++
  return count
}

function memoryOf(file: string, bytes: Uint8Array, parts: readonly Part[]): { initial: number, maximum: number, memory: { module: string, name: string } } {
  for (const { module, name, kind, flags, minimum, maximum } of imports(bytes, parts)) {
    if (kind !== Kind.MEMORY) continue
    if ((flags & 2) === 0) throw new ProgramError('ERR_WASM_ABI', `${file}: its memory is not shared: it was built without threads (-pthread and --shared-memory build it with them)`)
    if (maximum <= minimum) {
      throw new ProgramError('ERR_WASM_MEMORY', `${file}: its memory cannot grow beyond the ${minimum} pages that it begins with: link it with a larger --max-memory`)
    }
    return { initial: minimum, maximum, memory: { module, name } }
  }
  throw new ProgramError('ERR_WASM_ABI', `${file}: it imports no memory: it was built without threads (--import-memory and --shared-memory build it with them)`)
}

// The section's new content; undefined: as it was.
function change(bytes: Uint8Array, { id, from, to }: Part, changes: Changes, types: number, maximum: number, limit: number): Uint8Array | undefined {
  const r = new Reader(bytes, from, to), w = new Writer(to - from + 256)
  const rest = (): Uint8Array => {
    w.copy(bytes, r.at, r.end)
    return w.bytes
  }
  const addTo = (count: number): void => { w.u32(r.u32() + count) }
  switch (id) {
    case Section.TYPE:
      addTo(ADDED.length + 2)
      rest()
      for (const takes of [...ADDED.map(({ takes }) => takes), [], [I32]]) w.byte(0x60, takes.length, ...takes, 1, I32)
      return w.bytes
    case Section.IMPORT:
      addTo(ADDED.length)
      changeImports(bytes, { id, from, to }, w, maximum)
      for (const [i, { name }] of ADDED.entries()) {
        w.name(FUTEX)
        w.name(name)
        w.byte(Kind.FUNCTION)
        w.u32(types + i)
      }
      return w.bytes
    case Section.FUNCTION:
      addTo(2)
      rest()
      w.u32(types + ADDED.length)
      w.u32(types + ADDED.length + 1)
      return w.bytes
    case Section.START:
      w.u32(changes.function(r.u32()))
      return w.bytes
    case Section.EXPORT: return changeExports(r, w, changes)
    case Section.ELEMENT: return changeElements(r, w, changes)
    case Section.CODE: return changeCode(r, w, changes, maximum, limit)
    case Section.CUSTOM: return r.name() === 'name' ? changeNames(r, w, changes) : undefined
    case 6: return changeGlobals(r, w, changes)
    default: return undefined
  }
}

function changeImports(bytes: Uint8Array, part: Part, w: Writer, maximum: number): void {
  for (const { module, name, kind, flags, minimum, from, to } of imports(bytes, [part])) {
    if (kind !== Kind.MEMORY) {
      w.copy(bytes, from, to)
      continue
    }
    w.name(module)
    w.name(name)
    w.byte(kind, flags)
    w.u32(minimum)
    w.u32(maximum)
  }
}

function changeExports(r: Reader, w: Writer, changes: Changes): Uint8Array {
  const count = r.u32()
  w.u32(count)
  for (let n = count; n > 0; n--) {
    w.name(r.name())
    const kind = r.byte()
    w.byte(kind)
    const index = r.u32()
    w.u32(kind === Kind.FUNCTION ? changes.function(index) : index)
  }
  return w.bytes
}

function changeGlobals(r: Reader, w: Writer, changes: Changes): Uint8Array {
  const count = r.u32()
  w.u32(count)
  for (let n = count; n > 0; n--) {
    w.byte(r.byte(), r.byte())
    constant(r, w, changes)
  }
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

function changeCode(r: Reader, w: Writer, changes: Changes, maximum: number, limit: number): Uint8Array {
  const count = r.u32()
  w.u32(count + 2)
  for (let n = count; n > 0; n--) {
    const length = r.u32()
    const body = new Reader(r.bytes, r.at, r.at + length), changed = new Writer(length + 64)
    r.pass(length)
    for (let groups = body.u32(); groups > 0; groups--) {
      body.passNumber()
      body.passNumber()
    }
    changed.copy(body.bytes, r.at - length, body.at)
    rewrite(body, changed, changes)
    w.sized(changed.bytes)
  }
  w.sized(sizeBody(maximum))
  w.sized(growBody(maximum, limit))
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
