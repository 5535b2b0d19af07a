// The sections of a module's bytes, as far as its change has to know them.

import { Kind, Reader, Section, SHARED } from './bytes.ts'
import { ProgramError } from './errors.ts'

const TAGS = 13

/** A section. */
export interface Part { id: number, from: number, to: number }

/** The sections of a module. */
export function sections(file: string, bytes: Uint8Array): Part[] {
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

/** The first section of that kind. */
export function find(parts: readonly Part[], id: number): Part | undefined {
  return parts.find(part => part.id === id)
}

/** How many entries a section has; 0 if there is none. */
export function countIn(bytes: Uint8Array, parts: readonly Part[], id: number): number {
  const part = find(parts, id)
  return part === undefined ? 0 : new Reader(bytes, part.from, part.to).u32()
}

interface Import { module: string, name: string, kind: number, flags: number, minimum: number, maximum: number, from: number, to: number }

/** What is imported. */
export function* imports(bytes: Uint8Array, parts: readonly Part[]): Generator<Import> {
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

/** How many things of that kind are imported. */
export function importedOf(bytes: Uint8Array, parts: readonly Part[], wanted: number): number {
  let count = 0
  for (const { kind } of imports(bytes, parts)) if (kind === wanted) count++
  return count
}

/** A memory: how large it is at first and at last, in pages, and what it is called. */
export interface Linear { initial: number, maximum: number, memory: { module: string, name: string } }

/** The memory that it imports. Throws ProgramError if that is none for threads. */
export function memoryOf(file: string, bytes: Uint8Array, parts: readonly Part[]): Linear {
  for (const { module, name, kind, flags, minimum, maximum } of imports(bytes, parts)) {
    if (kind !== Kind.MEMORY) continue
    if ((flags & SHARED) === 0) throw new ProgramError('ERR_WASM_ABI', `${file}: its memory is not shared: it was built without threads (-pthread and --shared-memory build it with them)`)
    if (maximum <= minimum) {
      throw new ProgramError('ERR_WASM_MEMORY', `${file}: its memory cannot grow beyond the ${minimum} pages that it begins with: link it with a larger --max-memory`)
    }
    return { initial: minimum, maximum, memory: { module, name } }
  }
  throw new ProgramError('ERR_WASM_ABI', `${file}: it imports no memory: it was built without threads (--import-memory and --shared-memory build it with them)`)
}

/** Adds a section of globals, which is empty (the last byte of the version is 0), if there is none. */
export function withGlobals(parts: Part[]): void {
  if (find(parts, Section.GLOBAL) !== undefined) return
  const after = parts.findIndex(({ id }) => id > Section.GLOBAL && id !== TAGS)
  parts.splice(after < 0 ? parts.length : after, 0, { id: Section.GLOBAL, from: 7, to: 8 })
}

/** The functions' bodies in a code section, each from its first instruction on, and where it begins. */
export function* bodies(r: Reader): Generator<{ body: Reader, from: number }> {
  for (let n = r.u32(); n > 0; n--) {
    const length = r.u32(), from = r.at
    const body = new Reader(r.bytes, from, from + length)
    r.pass(length)
    for (let groups = body.u32(); groups > 0; groups--) {
      body.passNumber()
      body.passNumber()
    }
    yield { body, from }
  }
}
