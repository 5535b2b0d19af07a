// A walk over the instructions of a function body, to change a few of them: what names a function gets that function's new
// number, and what the memory does by itself is asked of us (transform.ts).  Everything else is copied as it is.

import { Reader, type Writer } from './bytes.ts'

/** What the walk asks for. */
export interface Changes {
  /** The new number of function `index`. */
  function(index: number): number
  /** Functions that stand for instructions: of the module itself, then imported ones. */
  readonly size: number
  readonly grow: number
  readonly notify: number
  readonly wait32: number
  readonly wait64: number
  /** What every round of a loop begins with. */
  readonly round?: Uint8Array | undefined
  /** Told of each global.set, in order; nothing is changed there. */
  sets?(global: number): void
}

const LOOP = 0x03, CALL = 0x10, RETURN_CALL = 0x12, REF_FUNC = 0xd2, GLOBAL_SET = 0x24, I32_CONST = 0x41
const MEMORY_SIZE = 0x3f, MEMORY_GROW = 0x40
const MISC = 0xfc, SIMD = 0xfd, ATOMIC = 0xfe
const NOTIFY = 0, WAIT32 = 1, WAIT64 = 2, FENCE = 3

// What follows an opcode of one byte: n nothing, b block type, l one number, L two, m memarg, t br_table, s select types, 4, 8 bytes.
const FORMS = new Map<number, string>()
for (let op = 0; op <= 0xff; op++) FORMS.set(op, 'n')
for (const op of [0x02, 0x03, 0x04, 0x06]) FORMS.set(op, 'b')
for (const op of [0x07, 0x08, 0x09, 0x0c, 0x0d, 0x14, 0x15, 0x18, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x41, 0x42, 0xd0, 0xd5, 0xd6]) FORMS.set(op, 'l')
for (const op of [0x11, 0x13]) FORMS.set(op, 'L')
for (let op = 0x28; op <= 0x3e; op++) FORMS.set(op, 'm')
FORMS.set(0x0e, 't')
FORMS.set(0x1c, 's')
FORMS.set(0x1f, 'T')
FORMS.set(0x43, '4')
FORMS.set(0x44, '8')

// 0xfc: how many numbers follow.
const MISC_NUMBERS: Readonly<Record<number, number>> = { 8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1 }

/** Copies the instructions from `r`, up to its end, to `w`, with the changes. */
export function rewrite(r: Reader, w: Writer, changes: Changes): void {
  while (r.at < r.end) {
    const from = r.at
    const op = r.byte()
    switch (op) {
      case CALL: case RETURN_CALL: case REF_FUNC:
        w.byte(op)
        w.u32(changes.function(r.u32()))
        break
      case MEMORY_SIZE: case MEMORY_GROW:
        r.passNumber()
        w.byte(CALL)
        w.u32(op === MEMORY_SIZE ? changes.size : changes.grow)
        break
      case ATOMIC:
        if (!replaceWait(r, w, changes)) w.copy(r.bytes, from, r.at)
        break
      case GLOBAL_SET:
        changes.sets?.(new Reader(r.bytes, r.at, r.end).u32())
        r.passNumber()
        w.copy(r.bytes, from, r.at)
        break
      default:
        passOver(op, r)
        w.copy(r.bytes, from, r.at)
        if (op === LOOP && changes.round !== undefined) w.copy(changes.round, 0, changes.round.length)
    }
  }
}

// True if it was a wait or a notify: a call with the offset as one more argument.
function replaceWait(r: Reader, w: Writer, { notify, wait32, wait64 }: Changes): boolean {
  const op = r.u32()
  if (op === FENCE) {
    r.pass(1)
    return false
  }
  const offset = memarg(r)
  if (op > WAIT64) return false
  w.byte(I32_CONST)
  w.s32(offset)
  w.byte(CALL)
  w.u32(op === NOTIFY ? notify : op === WAIT32 ? wait32 : wait64)
  return true
}

// Alignment, the memory's number if a bit says so, the offset.
function memarg(r: Reader): number {
  if ((r.u32() & 0x40) !== 0) r.passNumber()
  return r.u32()
}

function passOver(op: number, r: Reader): void {
  if (op === MISC) {
    for (let n = MISC_NUMBERS[r.u32()] ?? 0; n > 0; n--) r.passNumber()
    return
  }
  if (op === SIMD) return passOverSimd(r.u32(), r)
  switch (FORMS.get(op)) {
    case 'b': case 'l': return r.passNumber()
    case 'L':
      r.passNumber()
      return r.passNumber()
    case 'm': return void memarg(r)
    case 't': case 's': {
      for (let n = r.u32() + (op === 0x0e ? 1 : 0); n > 0; n--) r.passNumber()
      return
    }
    case 'T': return passOverTry(r)
    case '4': return r.pass(4)
    case '8': return r.pass(8)
    default:
  }
}

function passOverTry(r: Reader): void {
  r.passNumber()
  for (let n = r.u32(); n > 0; n--) {
    const kind = r.byte()
    if (kind < 2) r.passNumber()
    r.passNumber()
  }
}

function passOverSimd(op: number, r: Reader): void {
  if (op <= 11 || op === 92 || op === 93) memarg(r)
  else if (op === 12 || op === 13) r.pass(16)
  else if (op >= 21 && op <= 34) r.pass(1)
  else if (op >= 84 && op <= 91) {
    memarg(r)
    r.pass(1)
  }
}
