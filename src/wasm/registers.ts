// Which globals of a module are a thread's registers: its stack pointer, and the base of its thread-local variables.
//
// A program of `pthreads cc` exports both.  A binary for wasi-threads does not; but its wasi_thread_start begins by setting them, in
// this order, to what the creator has left for the new thread: that is wasi-libc's, in assembler, and the same in every one.

import { Kind, Reader, Section, Writer } from './bytes.ts'
import { rewrite } from './instructions.ts'
import { bodies, find, importedOf, type Part } from './sections.ts'

/** A global, by the name under which it is to be exported. */
export interface Shown { readonly name: string, readonly global: number }

const NAMES = ['__stack_pointer', '__tls_base']

/** The registers that are not exported; none if the module exports them, or there is no telling. */
export function registersOf(bytes: Uint8Array, parts: readonly Part[]): Shown[] {
  const part = find(parts, Section.EXPORT), imported = importedOf(bytes, parts, Kind.FUNCTION)
  if (part === undefined) return []
  let start = -1
  const exported = new Set<string>()
  const r = new Reader(bytes, part.from, part.to)
  for (let n = r.u32(); n > 0; n--) {
    const name = r.name(), kind = r.byte(), index = r.u32()
    exported.add(name)
    if (name === 'wasi_thread_start' && kind === Kind.FUNCTION) start = index
  }
  if (start < imported) return []
  const found = new Set(globalsSet(bytes, parts, start - imported))
  return NAMES.map((name, i) => ({ name, global: [...found][i] })).filter(({ name, global }) => global !== undefined && !exported.has(name))
}

// The globals that the `index`-th function sets, in the order in which it does.
function globalsSet(bytes: Uint8Array, parts: readonly Part[], index: number): number[] {
  const part = find(parts, Section.CODE)
  if (part === undefined) return []
  const [code] = [...bodies(new Reader(bytes, part.from, part.to))].slice(index)
  const set: number[] = []
  const sets = (global: number): void => { set.push(global) }
  if (code !== undefined) rewrite(code.body, new Writer(), { function: i => i, size: 0, grow: 0, notify: 0, wait32: 0, wait64: 0, sets })
  return set
}
