// The process's table of shapes (mem/shapes.ts): each has a record of its own, in the order of their numbers.
//
// length of a record     meaning                                   who leaves it, and to where
//   0     FREE           nobody's                                  any carrier: -n, by compare and swap
//   -n    TAKEN          carrier n writes it                       that carrier: its length.  If it dies the record is lost
//   > 0   WRITTEN        the names are there, for ever             nobody
//
// Two carriers may add the same names at the same time: then these have two numbers, which both mean them.

import { cas, load, store } from '#atomics'
import type { ShapeTable } from '../mem/shapes.ts'
import { kernel, self, shapeRecord } from './process.ts'
import { ShapeRecord, SHAPES } from './records.ts'

const ROOM = ShapeRecord.size - ShapeRecord.names
const FREE = 0

function text(n: number): string | undefined {
  if (n < 1 || n >= SHAPES) return undefined
  const length = load(kernel, shapeRecord(n) + ShapeRecord.length)
  if (length <= 0) return undefined
  const from = shapeRecord(n) + ShapeRecord.names
  return String.fromCharCode(...kernel.u8.subarray(from, from + length))
}

function add(names: string): number {
  if (names.length > ROOM || /[\u0100-\uffff]/.test(names)) return 0
  for (let n = 1; n < SHAPES; n++) {
    const word = shapeRecord(n) + ShapeRecord.length
    if (load(kernel, word) === FREE && cas(kernel, word, FREE, -self.carrier) === FREE) {              // FREE -> TAKEN
      for (let i = 0; i < names.length; i++) kernel.u8[shapeRecord(n) + ShapeRecord.names + i] = names.charCodeAt(i)
      store(kernel, word, names.length)                                   // TAKEN -> WRITTEN
      return n
    }
    if (text(n) === names) return n
  }
  return 0
}

/** For {@link installShapes}. */
export const shapeTable: ShapeTable = { add, text }
