// The ring between threads that block and the I/O thread, which runs asynchronous functions for them (io.ts; runSync).
//
// A call is a record of a table; its state word is the truth about it.  A bit for each record, set by who submits and
// cleared by the I/O thread, says only where to look.  The result comes back in the record, and the caller sleeps on
// its state.
//
// state                meaning                                     who leaves it, and to where
//   FREE       0       nobody's                                    any caller: -n
//   -n                 carrier n writes it, or takes it back       that carrier: QUEUED, FREE.  If it died, the reaper: FREE
//   QUEUED     1       waits for the I/O thread                    the I/O thread: BEGUN.  The caller that gives up, the reaper for it: -n
//   BEGUN      2       the I/O thread runs it                      the I/O thread, the reaper for it: DONE.  The caller, or its reaper: ABANDONED
//   DONE       3       the result is in place                      the caller, or its reaper: FREE
//   ABANDONED  4       nobody wants the result                     the I/O thread, the reaper for it: FREE
//
// Everything but FREE -> -n, QUEUED and ABANDONED has one possible author, and those are left by compare and swap.
// There is one I/O thread at a time: the spawner launches it (WANTED -> LAUNCHED), and it or its reaper gives `io.state` up.
//
// I1  Whoever gives up a call frees it at once, unless it has begun; then the I/O thread frees it, or who settles its
//     calls when it has died.  So the last of the two frees, and nothing leaks.
// I2  A caller stores QUEUED, sets the bit, then looks at `bell`.  The I/O thread stores ASLEEP there, then looks at the
//     bits, then sleeps.  Either the caller sees ASLEEP and wakes it, or it sees the bit: no call is lost, and a batch
//     costs one wake, for only who changes `bell` from ASLEEP wakes.
// I3  A bit may be stale, for its call was taken back, or taken by an I/O thread that looked at the states.  It costs a look.
//     A QUEUED call may lack its bit only until its submitter has set it, or until an I/O thread begins its life: the first
//     thing that does is to look at all states.  So bits that were cleared by one that died are not missed.
// I4  A caller looks at `io.state` after it has stored QUEUED, who ends the I/O thread looks for QUEUED calls after it has
//     stored NONE: one of them wants another one.  Calls that had begun end with the thread's death, others do not notice it.
// I5  `io.last` is raised before a record above it becomes QUEUED.
// I6  The caller sleeps while the state is what it has seen, QUEUED or BEGUN; the step from one to the other wakes nobody.
//     DONE is stored before the wake, so the caller is queued and woken, or is refused and looks again.
//
// Parcels.  Room and block hold the arguments until the call has begun, then the result.  What bytes cannot hold is
// deposited with the spawner (kernel/mail.ts), both ways, under the number of the call, negated, and its ticket: so
// arguments survive the death of an I/O thread that has not begun with them.
//
// Reuse: after DONE the I/O thread uses the state's address as a key only.  A record that is used again has another
// ticket.  A carrier that dies between claiming a block of memory and noting it in the record loses that block.
//
// Rejected: a ring of slots with an index that submitters add to (one that dies between its addition and its store stops
// all behind it); a linked stack (whoever holds the chain that it took off may die, and a record that is used again while
// a stale link leads to it corrupts the chain; here nothing leads anywhere); a lock (it would do; the submitter would sleep
// when its holder is not running); a port for each caller (serializing costs more than everything here); more than one
// I/O thread (one event loop serves thousands of sockets; work that keeps a processor busy belongs into threads).

import { add, cas, exchange, load, or, peek, poke, resume, store, suspendAsync } from '#atomics'
import { needSpawner, ring } from '../kernel/clone.ts'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EAGAIN, ENOMEM } from '../kernel/errno.ts'
import { ANY, ANY_EPOCH, CANCEL, SIGNAL, wake } from '../kernel/futex.ts'
import { collect, deposit, discard } from '../kernel/mail.ts'
import { callBits, callCount, callRecord, kernel, record, self } from '../kernel/process.ts'
import { CallRecord, Flag, IO, Io, Status, ThreadRecord } from '../kernel/records.ts'
import { wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { encode, type Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { entryId } from './entry.ts'
import { dropParcel, extrasOf, isFull, open, put } from './parcel.ts'
import { transferListOf } from './transfer.ts'

/** States of a call, and of the I/O thread. */
export const FREE = 0, QUEUED = 1, BEGUN = 2, DONE = 3, ABANDONED = 4
export const NONE = 0, WANTED = 1, LAUNCHED = 2, SERVING = 3
const AWAKE = 0, ASLEEP = 1
const ROOM = CallRecord.size - CallRecord.room

const { state, block, room } = CallRecord

/** The source of the entry that the I/O thread runs; its function is given in every carrier. */
export const IO_SOURCE = 's\nio'

// The caller ----------------------------------------------------------------------------------------------------

/** Gives the I/O thread a call; returns its number, -EAGAIN: there are too many, or -ENOMEM. Throws what postMessage throws. */
export function submit(entry: number, message: Message, transfer: readonly object[]): number {
  if (peek(kernel, IO + Io.entry) === 0) {
    const id = entryId(IO_SOURCE)
    if (id < 0) return id
    poke(kernel, IO + Io.entry, id)
  }
  const extras = message.extras.length === 0 ? undefined : [...message.extras]
  const n = claim()
  if (n === 0) return -EAGAIN
  const c = callRecord(n)
  if (!put(c + block, c + room, ROOM, message)) {
    store(kernel, c + state, FREE)                                        // -n -> FREE
    return -ENOMEM
  }
  poke(kernel, c + CallRecord.caller, self.carrier)
  poke(kernel, c + CallRecord.ticket, add(kernel, IO + Io.tickets, 1) + 1)
  poke(kernel, c + CallRecord.entry, entry)
  if (extras !== undefined) {
    needSpawner()                                                         // the post office
    try {
      deposit(-n, peek(kernel, c + CallRecord.ticket), extras, transfer)
    } catch (error) {
      dropParcel(c + block, c + room)
      store(kernel, c + state, FREE)                                      // -n -> FREE
      throw error
    }
  }
  store(kernel, c + state, QUEUED)                                        // -n -> QUEUED
  or(kernel, callBits + 4 * (n >>> 5), 1 << (n & 31))
  if (load(kernel, IO + Io.bell) === ASLEEP && cas(kernel, IO + Io.bell, ASLEEP, AWAKE) === ASLEEP) resume(kernel, IO + Io.bell)   // I2
  if (load(kernel, IO + Io.state) === NONE) want()                        // I4
  return n
}

// A free record; the one with the carrier's number nearly always is.
function claim(): number {
  const first = self.carrier % callCount
  for (let i = 0; i < callCount; i++) {
    const n = (first + i) % callCount
    const word = callRecord(n) + state
    if (n === 0 || load(kernel, word) !== FREE || cas(kernel, word, FREE, -self.carrier) !== FREE) continue
    for (let last = load(kernel, IO + Io.last); last < n; last = load(kernel, IO + Io.last)) cas(kernel, IO + Io.last, last, n)   // I5
    return n
  }
  return 0
}

/** Has the spawner launch the I/O thread, if there is none. */
export function want(): void {
  if (cas(kernel, IO + Io.state, NONE, WANTED) !== NONE) return
  needSpawner()
  ring()
}

/** What became of a call. */
export interface Result {
  /** Status.RETURNED, THREW, DIED, or NONE: it could not be run, `code` is the errno. */
  status: number
  value: unknown
  reason: number
  code: number
  /** Tid of the I/O thread. */
  tid: number
}

/**
 * Waits for the end of call `n` and takes its result into `out`: returns 0. ETIMEDOUT: it is given up, its result is
 * thrown away; so it is when the caller is canceled here. `by`: what may interrupt it; 0: neither handlers nor cancellation.
 */
export function* call_slow(n: number, out: Result, until = Infinity, by = SIGNAL | CANCEL): Sleeper<number> {
  const word = callRecord(n) + state
  for (;;) {
    const seen = load(kernel, word)
    if (seen === DONE) break
    let result = 0
    try {
      result = yield wait(kernel, word, seen, wmesg.call, until, CLOCK_MONOTONIC, ANY, ANY_EPOCH, by)   // I6
    } catch (error) {
      if (!giveUp(n)) freeCall(n)
      throw error
    }
    if (result !== 0 && giveUp(n)) return result
  }
  receiveResult(n, out)
  return 0
}

// False: it is done, the result is the caller's.
function giveUp(n: number): boolean {
  const word = callRecord(n) + state
  for (;;) {
    const seen = load(kernel, word)
    if (seen === DONE) return false
    if (seen === BEGUN && cas(kernel, word, BEGUN, ABANDONED) === BEGUN) return true
    if (seen !== QUEUED || cas(kernel, word, QUEUED, -self.carrier) !== QUEUED) continue
    freeCall(n)
    return true
  }
}

function receiveResult(n: number, out: Result): void {
  const c = callRecord(n)
  out.status = peek(kernel, c + CallRecord.status)
  out.reason = peek(kernel, c + CallRecord.reason)
  out.code = peek(kernel, c + CallRecord.code)
  out.tid = peek(kernel, c + CallRecord.tid)
  try {
    if (isFull(c + block)) out.value = receive(n)
  } finally {
    freeCall(n)                                                               // DONE -> FREE
  }
}

function receive(n: number): unknown {
  const c = callRecord(n)
  return open(c + block, c + room, extrasOf(c + block, c + room) === 0 ? undefined : collect(-n, peek(kernel, c + CallRecord.ticket)))
}

/** Gives up the record, and whatever is in it; for its last owner. */
export function freeCall(n: number): void {
  empty(n)
  store(kernel, callRecord(n) + state, FREE)                              // -n, DONE, ABANDONED -> FREE
}

/** Gives up the message that is in it. */
export function empty(n: number): void {
  const c = callRecord(n)
  dropParcel(c + block, c + room, isFull(c + block) ? () => { discard(-n, peek(kernel, c + CallRecord.ticket)) } : undefined)
}

// The I/O thread ------------------------------------------------------------------------------------------------

/** The calling thread is the I/O thread from now on. Returns the calls that wait, as {@link take}. */
export function arrive(): number[] {
  store(kernel, IO + Io.bell, AWAKE)
  store(kernel, IO + Io.state, SERVING)                                   // LAUNCHED -> SERVING
  const found: number[] = []
  for (let n = 1, last = load(kernel, IO + Io.last); n <= last; n++) begin(n, found)                      // I3
  return batch(found)
}

/** The calls that are queued; they have begun now. In the order in which they were submitted. */
export function take(): number[] {
  const found: number[] = []
  for (let at = callBits, end = endOfBits(); at < end; at += 4) {
    if (load(kernel, at) === 0) continue
    for (let bits = exchange(kernel, at, 0); bits !== 0; bits &= bits - 1) begin((at - callBits) * 8 + 31 - Math.clz32(bits & -bits), found)
  }
  return batch(found)
}

function endOfBits(): Address {
  return callBits + 4 * ((load(kernel, IO + Io.last) >>> 5) + 1)
}

function begin(n: number, found: number[]): void {
  const word = callRecord(n) + state
  if (load(kernel, word) === QUEUED && cas(kernel, word, QUEUED, BEGUN) === QUEUED) found.push(n)
}

function batch(found: number[]): number[] {
  if (found.length === 0) return found
  poke(kernel, IO + Io.batches, peek(kernel, IO + Io.batches) + 1)
  poke(kernel, IO + Io.largest, Math.max(peek(kernel, IO + Io.largest), found.length))
  const ticket = (n: number): number => peek(kernel, callRecord(n) + CallRecord.ticket)
  return found.length === 1 ? found : found.sort((a, b) => ticket(a) - ticket(b) | 0)
}

/** Settles when calls may wait; undefined: at once. */
export function rest(): Promise<unknown> | undefined {
  store(kernel, IO + Io.bell, ASLEEP)                                     // I2
  for (let at = callBits, end = endOfBits(); at < end; at += 4) {
    if (load(kernel, at) === 0) continue
    store(kernel, IO + Io.bell, AWAKE)
    return undefined
  }
  return suspendAsync(kernel, IO + Io.bell, ASLEEP)
}

/** The entry of call `n`, which has begun. */
export function entryOf(n: number): number {
  return peek(kernel, callRecord(n) + CallRecord.entry)
}

/** The arguments of call `n`, which has begun. */
export function receiveCall(n: number): unknown[] {
  return receive(n) as unknown[]
}

/** Ends call `n`, which has begun: it returned `value`, or threw it. */
export function complete(n: number, status: number, value: unknown): void {
  const c = callRecord(n)
  empty(n)                                                                // arguments that could not be read
  if (load(kernel, c + state) === BEGUN) {
    poke(kernel, c + CallRecord.tid, self.tid)
    poke(kernel, c + CallRecord.status, status)
    poke(kernel, c + CallRecord.code, ENOMEM)
    const failure = leave(n, value, status === Status.THREW ? 'error' : 'result')
    if (failure !== undefined) {
      poke(kernel, c + CallRecord.status, Status.THREW)
      if (leave(n, failure, 'error') !== undefined && leave(n, new Error(String(failure)), 'error') !== undefined) poke(kernel, c + CallRecord.status, Status.NONE)
    }
  }
  settle(n)
}

/** The end of a call that has begun: BEGUN -> DONE, ABANDONED -> FREE. Returns whether somebody waits for it; the reaper wakes all, later. */
export function settle(n: number, isReaper = false): boolean {
  const word = callRecord(n) + state
  poke(kernel, IO + Io.completed, peek(kernel, IO + Io.completed) + 1)
  if (cas(kernel, word, BEGUN, DONE) !== BEGUN) {
    freeCall(n)
    return false
  }
  if (!isReaper) wake(kernel, word, 1)
  return true
}

/** Leaves a call's result or error; returns what went wrong. */
export function leave(n: number, value: unknown, root: string): unknown {
  const c = callRecord(n)
  try {
    const transfer = transferListOf(value)
    const message = encode(value, root, transfer)
    const extras = message.extras.length === 0 ? undefined : [...message.extras]
    if (!put(c + block, c + room, ROOM, message)) {
      message.drop()
      return new Error('ENOMEM: user memory is full, the result of the call does not fit')
    }
    if (extras !== undefined) deposit(-n, peek(kernel, c + CallRecord.ticket), extras, transfer)
    return undefined
  } catch (error) {
    dropParcel(c + block, c + room)
    return error
  }
}

// The reaper, and reports ---------------------------------------------------------------------------------------

/** For the reaper: carrier `gone` has died; its calls are given up. */
export function sweepCalls(gone: number): void {
  forCalls((n, seen) => {
    const its = seen !== FREE && seen !== ABANDONED && peek(kernel, callRecord(n) + CallRecord.caller) === gone
    if (seen === -gone || (its && seen > 0 && !giveUp(n))) freeCall(n)
  })
}

/** Calls `f` with each call record that was ever used, and its state. */
export function forCalls(f: (n: number, seen: number) => void): void {
  for (let n = 1, last = load(kernel, IO + Io.last); n <= last; n++) f(n, load(kernel, callRecord(n) + state))
}

/** Whether the calling thread is the I/O thread. */
export function isIoThread(): boolean {
  return self.slot !== 0 && (peek(kernel, record(self.slot) + ThreadRecord.flags) & Flag.SYSTEM) !== 0
}

/** Figures about the ring. */
export interface IoInfo {
  /** Calls made. */
  readonly submitted: number
  /** Calls that came to an end in the I/O thread, whether or not somebody still waited. */
  readonly completed: number
  /** Calls that wait for the I/O thread, or that it runs. */
  readonly inFlight: number
  /** How often the I/O thread found calls, and the most that it found at once. */
  readonly batches: number
  readonly largestBatch: number
}

/** The figures of this moment. */
export function ioInfo(): IoInfo {
  let inFlight = 0
  forCalls((_, seen) => { if (seen === QUEUED || seen === BEGUN || seen === ABANDONED) inFlight++ })
  const word = (field: number): number => load(kernel, IO + field) >>> 0
  return { submitted: word(Io.tickets), completed: word(Io.completed), inFlight, batches: word(Io.batches), largestBatch: word(Io.largest) }
}
