// What the functions that a module exports take.

import { Kind, Reader, Section } from './bytes.ts'
import { find, importedOf, sections, type Part } from './sections.ts'

const FUNCTION = 0x60
const LETTERS: Readonly<Record<number, string>> = { 0x7f: 'i', 0x7e: 'j', 0x7d: 'f', 0x7c: 'd' }

/** A letter for each parameter, by the names of the functions: i and j integers of 32 and 64 bits, f and d floating point, v what is no number. */
export function signaturesOf(file: string, bytes: Uint8Array): Record<string, string> {
  const parts = sections(file, bytes), imported = importedOf(bytes, parts, Kind.FUNCTION)
  const types = typesOf(bytes, parts), functions = numbers(bytes, find(parts, Section.FUNCTION))
  const found: Record<string, string> = {}
  const part = find(parts, Section.EXPORT)
  if (part === undefined) return found
  const r = new Reader(bytes, part.from, part.to)
  for (let n = r.u32(); n > 0; n--) {
    const name = r.name(), kind = r.byte(), index = r.u32()
    if (kind === Kind.FUNCTION && index >= imported) found[name] = types[functions[index - imported]]
  }
  return found
}

function typesOf(bytes: Uint8Array, parts: readonly Part[]): string[] {
  const part = find(parts, Section.TYPE), types: string[] = []
  if (part === undefined) return types
  const r = new Reader(bytes, part.from, part.to)
  for (let n = r.u32(); n > 0; n--) {
    if (r.byte() !== FUNCTION) throw new RangeError('a type that is no function\'s')
    let letters = ''
    for (let i = r.u32(); i > 0; i--) letters += LETTERS[r.byte()] ?? 'v'
    types.push(letters)
    r.pass(r.u32())
  }
  return types
}

function numbers(bytes: Uint8Array, part: Part | undefined): number[] {
  if (part === undefined) return []
  const r = new Reader(bytes, part.from, part.to)
  return Array.from({ length: r.u32() }, () => r.u32())
}
