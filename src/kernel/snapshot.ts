// Snapshots: copies of thread records that others go on writing, read without a lock.
//
// A copy is of one thread when the serial was the same before and after.  Of what a thread sleeps on it is of one
// sleep when the count of its sleeps was the same, too, and it stood in a queue both times.  A thread that is so
// busy that no copy succeeds is reported by the last one: its words are right one by one.

import { load, peek } from '#atomics'
import type { Address } from '../mem/memory.ts'
import { annex, kernel, record, user } from './process.ts'
import { Annex, State, ThreadRecord } from './records.ts'
import { lastSlot } from './thread.ts'

const TRIES = 8
const LONGEST_NAME = 4096

/** A copy of a record. */
export class Snapshot {
  readonly slot: number
  /** Whether it stood in a queue, asleep, while the copy was made: then the words about its sleep belong together. */
  readonly asleep: boolean
  readonly #words: Int32Array
  readonly #rest: Int32Array

  constructor(slot: number, words: Int32Array, rest: Int32Array, asleep: boolean) {
    this.slot = slot
    this.asleep = asleep
    this.#words = words
    this.#rest = rest
  }

  /** A word of the record. */
  word(field: number): number {
    return this.#words[field >>> 2]
  }

  /** A word of its annex. */
  rest(field: number): number {
    return this.#rest[field >>> 2]
  }

  /** A double of the record. */
  double(field: number): number {
    return new Float64Array(this.#words.buffer, field, 1)[0]
  }

  /** Whether the thread still sleeps the same sleep. */
  get sleepsOn(): boolean {
    const t = record(this.slot)
    return this.asleep && same(t, this.word(ThreadRecord.serial), this.word(ThreadRecord.sleeps))
      && peek(kernel, t + ThreadRecord.address) === this.word(ThreadRecord.address)                  // a requeue changes it
  }

  /** Whether the record is still the same thread's. */
  get lives(): boolean {
    return load(kernel, record(this.slot) + ThreadRecord.serial) === this.word(ThreadRecord.serial)
      && load(kernel, record(this.slot) + ThreadRecord.state) !== State.FREE
  }
}

// `bucket` alone does not do: the state is written last, and one that was woken is in no bucket before it is said to run.
function same(t: Address, serial: number, sleeps: number): boolean {
  return load(kernel, t + ThreadRecord.serial) === serial && load(kernel, t + ThreadRecord.sleeps) === sleeps && load(kernel, t + ThreadRecord.bucket) !== 0
    && load(kernel, t + ThreadRecord.state) === State.SLEEPING
}

/** A copy of the record in `slot`; undefined if nobody has it. */
export function snapshot(slot: number): Snapshot | undefined {
  const t = record(slot), a = annex(slot)
  for (let tries = 1; ; tries++) {
    const serial = load(kernel, t + ThreadRecord.serial), state = load(kernel, t + ThreadRecord.state)
    if (state === State.FREE) return undefined
    const sleeps = load(kernel, t + ThreadRecord.sleeps)
    const asleep = same(t, serial, sleeps)
    const words = kernel.i32.slice(t >>> 2, (t + ThreadRecord.room) >>> 2), rest = kernel.i32.slice(a >>> 2, (a + Annex.size) >>> 2)
    if (load(kernel, t + ThreadRecord.serial) !== serial || load(kernel, t + ThreadRecord.state) === State.FREE) continue
    const whole = load(kernel, t + ThreadRecord.sleeps) === sleeps && load(kernel, t + ThreadRecord.state) === state
    if (whole && asleep && !same(t, serial, sleeps)) continue
    if (whole || tries >= TRIES) return new Snapshot(slot, words, rest, whole && asleep)
  }
}

/** Copies of all records in use: threads and asynchronous acquisitions; the command's own is not among them. */
export function snapshots(): Snapshot[] {
  const all: Snapshot[] = []
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const copy = snapshot(slot)
    if (copy !== undefined) all.push(copy)
  }
  return all
}

/** The text at `address` of user memory, if it can be one: its owner may free it while we read. */
export function textAt(address: Address): string {
  if (address <= 0 || (address & 3) !== 0 || address + 4 > user.size) return ''
  const length = peek(user, address)
  if (length < 0 || length > LONGEST_NAME || address + 4 + 2 * length > user.size) return ''
  let text = ''
  for (let i = 0, at = address + 4; i < length; i++, at += 2) text += String.fromCharCode(user.u8[at] | user.u8[at + 1] << 8)
  return text
}
