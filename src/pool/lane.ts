// Lanes: how tasks get to the threads of a pool, and their outcomes back.
//
// Each thread of a pool has a lane, a ring of entries in user memory.  The pool, which is one heap, writes tasks into it in the order of their
// indexes; the thread takes them in that order and writes the outcome into the same entry; the pool reads that, again in order.
//
// state of an entry                                               who leaves it, and to where
//   FREE      0   the pool's                                      the pool: POSTED
//   POSTED    1   a task, which nobody has begun                  the thread: TAKEN.  The pool, which wants it back: REVOKED
//   TAKEN     2   the thread runs it                              the thread: DONE.  The pool: ABORTING
//   ABORTING  3   it runs, and is asked to stop                   the thread: DONE.  The pool, which has waited long enough: KILLING
//   KILLING   4   the thread is about to be canceled or           the pool, when the thread has ended: FREE
//                 terminated
//   DONE      5   the outcome is in place                         the pool: FREE
//   REVOKED   6   the thread is to pass over it                   the pool, when head has passed it: FREE
//
// POSTED, TAKEN and ABORTING are left by compare and swap; the others have one writer.
//
// L1  An entry that is POSTED, or REVOKED and not passed, is the thread's to look at; what it says was stored before the state, and the state
//     before tail.  The pool writes an entry anew only when it is FREE.
// L2  Of the thread that takes an entry and the pool that wants it back, the swap decides: a task is run by one thread, or by none.
// L3  A thread that is to be canceled or terminated is told by the entry first: KILLING.  The pool does that to the entry that runs and to no
//     other, and a thread that finds it when it is done takes nothing any more, but ends.  So what was meant for one task never hits the next.
// L4  Outcomes are stored before DONE, DONE before `answers` counts; the pool reads `answers`, then looks at all lanes, then sleeps while
//     `answers` is what it has read: no outcome is left lying.
// L5  The pool writes the number of its sleep into `sleeping` before `answers` is read again, in the act of falling asleep; a thread counts, then
//     looks at `sleeping`, and wakes. Either the pool sees the count or the thread sees that it sleeps. A thread that has woken the pool
//     clears `sleeping`, if that is the same sleep still: so one wake does for all that is done until the pool runs. One that found nobody asleep leaves
//     it: the pool is about to fall asleep, and may have read `answers` after the thread had counted; then the next thread has to wake it.
// L6  The thread reads tail, finds nothing, sleeps while tail is what it has read; the pool stores tail, then wakes: kernel/futex.ts, I2.
//     While the pool posts many tasks in one go it sets `crowd`. A thread that finds no task then naps: it sets `naps`, sleeps for NAP, clears
//     `naps`, looks at tail again, then sleeps. The pool stores tail, then looks at `naps`: if that is 1 it need not wake, for the thread has yet to
//     look at tail. So on a core that they share there is no change over to the thread and back for each task. The pool wakes the thread when it has
//     posted what it had; NAP is for a caller that goes on computing. Not without a crowd: a sleep with a limit costs a virtual machine 10 us more.
// L7  The pool ends with the thread that made it.  That one, at its end, and a thread of the pool, at its own, swap into `fate`: who comes second
//     frees the lane.  The maker posts the end before it swaps, for then the lane may be gone; if it comes first it cancels the thread if a task runs,
//     and detaches it.  A maker that dies swaps nothing: the reaper wakes all sleepers, who then see that their maker is gone, and detach
//     themselves.  The pool's record goes with the last that uses it.
//
// A thread that dies leaves its entries as they are.  Its lane belongs to the pool alone then: what is DONE counts, what was POSTED goes to another
// lane, what was TAKEN has died.
//
// Messages.  The bytes are in the entry or in a block of user memory.  Who takes them makes `length` 0 before, and forgets the
// block before it frees it: whoever dies in between leaks, and nothing is freed twice.
//
// Reuse: the lane is freed when its thread has ended, by the pool or, L7, by the thread.
//
// Rejected: one port that all threads serve (src/port): its messages cannot be called back, so a pool could not give threads more than one task
// ahead, and each task would cost two wakes; its bound on messages is the process's.  One ring for all threads: they would fight for its head, and the death of
// one in the middle would need a reaper.  Outcomes in a ring of their own: two rings for one life, and one could be full.

import { add, cas, load, peek, peekf, poke, pokef, resume, store, suspendAsync } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { wake } from '../kernel/futex.ts'
import { arena, carrierRecord, kernel, record, self, user } from '../kernel/process.ts'
import { Carrier, CarrierState, State, ThreadRecord } from '../kernel/records.ts'
import { wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { free, malloc } from '../mem/arena.ts'
import { decode, releaseMessage, type Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { EntryRecord, LaneRecord, PoolRecord } from './records.ts'

export const FREE = 0, POSTED = 1, TAKEN = 2, ABORTING = 3, KILLING = 4, DONE = 5, REVOKED = 6

/** Values of a lane's `fate`. */
const LIVING = 0, ENDED = 1, ORPHANED = 2

/** How long a thread naps, ms. */
const NAP = 0.2

/** How many entries a lane has. */
export const ENTRIES = 128
/** Bytes of a lane. */
export const LANE_SIZE = LaneRecord.size + ENTRIES * EntryRecord.size
const ROOM = EntryRecord.size - EntryRecord.room

/** Where entry `i` of the lane is. */
export function entryAt(lane: Address, i: number): Address {
  return lane + LaneRecord.size + (i & ENTRIES - 1) * EntryRecord.size
}

/** Allocates `size` bytes, all 0, or 0: user memory is full. */
export function allocate(size: number): Address {
  const at = malloc(arena, size, self.carrier)
  if (at !== 0) user.i32.fill(0, at >>> 2, (at + size) >>> 2)
  return at
}

/** Frees a lane. */
export function release(at: Address): void {
  free(arena, at, self.carrier)
}

/** Allocates a pool's record, which the caller uses, or 0: user memory is full. */
export function allocatePool(): Address {
  const at = allocate(PoolRecord.size)
  if (at === 0) return 0
  const { slot, carrier } = self                                          // between fibers, where no thread runs, the carrier makes it
  poke(user, at + PoolRecord.maker, slot !== 0 ? slot : -carrier)
  poke(user, at + PoolRecord.makerSerial, slot !== 0 ? peek(kernel, record(slot) + ThreadRecord.serial) : peek(kernel, carrierRecord(carrier) + Carrier.serial))
  store(user, at + PoolRecord.users, 1)
  return at
}

/** A lane uses the pool's record. */
export function joinPool(pool: Address): void {
  add(user, pool + PoolRecord.users, 1)
}

/** A lane uses the pool's record no more. */
export function leavePool(pool: Address): void {
  if (add(user, pool + PoolRecord.users, -1) === 1) free(arena, pool, self.carrier)
}

/** Nor does who made the pool. */
export function leaveAsMaker(pool: Address): void {
  if (cas(user, pool + PoolRecord.left, 0, 1) === 0) leavePool(pool)
}

// Messages ------------------------------------------------------------------------------------------------------

/** Puts a message into entry `e`; false: user memory is full, and the message is the caller's still. */
export function put(e: Address, message: Message, mail: number): boolean {
  const { size } = message
  const block = size <= ROOM ? 0 : malloc(arena, size, self.carrier)
  if (block === 0 && size > ROOM) return false
  message.place(user, block === 0 ? e + EntryRecord.room : block)
  poke(user, e + EntryRecord.block, block)
  poke(user, e + EntryRecord.mail, mail)
  poke(user, e + EntryRecord.length, size)
  return true
}

/** Takes the message out of entry `e`; `extras` are what came beside it. Undefined if there is none. */
export function open(e: Address, extras?: readonly unknown[]): unknown {
  if (peek(user, e + EntryRecord.length) === 0) return undefined
  poke(user, e + EntryRecord.length, 0)
  const block = peek(user, e + EntryRecord.block)
  if (block === 0) return decode(user, e + EntryRecord.room, extras)
  try {
    return decode(user, block, extras)
  } finally {
    poke(user, e + EntryRecord.block, 0)
    free(arena, block, self.carrier)
  }
}

/** Gives up the message in entry `e`, if there is one. */
export function discard(e: Address): void {
  const block = peek(user, e + EntryRecord.block)
  if (peek(user, e + EntryRecord.length) !== 0) {
    poke(user, e + EntryRecord.length, 0)
    releaseMessage(user, block === 0 ? e + EntryRecord.room : block)
  }
  poke(user, e + EntryRecord.block, 0)
  if (block !== 0) free(arena, block, self.carrier)
}

// The pool ------------------------------------------------------------------------------------------------------

/** Posts entry `i` of the lane, whose message is in place: FREE -> POSTED. True: the thread naps, and is to be woken by {@link nudge}, soon. */
export function post(lane: Address, i: number, entry: number): boolean {
  const e = entryAt(lane, i)
  poke(user, e + EntryRecord.entry, entry)
  poke(user, e + EntryRecord.threw, 0)
  store(user, e + EntryRecord.state, POSTED)                              // L1
  store(user, lane + LaneRecord.tail, i + 1 | 0)
  if (load(user, lane + LaneRecord.naps) === 1) return true               // L6
  wake(user, lane + LaneRecord.tail, 1)
  return false
}

/** Wakes the thread from its nap. */
export function nudge(lane: Address): void {
  wake(user, lane + LaneRecord.tail, 1)
}

/** From now on the pool posts many tasks, or no more of them. */
export function setCrowd(pool: Address, crowd: boolean): void {
  store(user, pool + PoolRecord.crowd, crowd ? 1 : 0)
}

/** Takes entry `i` back, if the thread has not begun it: POSTED -> REVOKED. */
export function revoke(lane: Address, i: number): boolean {
  return cas(user, entryAt(lane, i) + EntryRecord.state, POSTED, REVOKED) === POSTED
}

/** Asks the thread to stop the task in entry `i`: TAKEN -> ABORTING. False: it does not run it. */
export function requestAbort(lane: Address, i: number): boolean {
  if (cas(user, entryAt(lane, i) + EntryRecord.state, TAKEN, ABORTING) !== TAKEN) return false
  add(user, lane + LaneRecord.abort, 1)
  resume(user, lane + LaneRecord.abort)
  return true
}

/** Whether the task that runs has asked for its signal. */
export function listens(lane: Address): boolean {
  return load(user, lane + LaneRecord.listens) === 1
}

/** From now on the thread may be canceled or terminated: ABORTING -> KILLING. False: the task in entry `i` is done. */
export function condemn(lane: Address, i: number): boolean {
  return cas(user, entryAt(lane, i) + EntryRecord.state, ABORTING, KILLING) === ABORTING
}

/** The state of entry `i`. */
export function stateOf(lane: Address, i: number): number {
  return load(user, entryAt(lane, i) + EntryRecord.state)
}

/** Whether the thread has passed entry `i`. */
export function isPassed(lane: Address, i: number): boolean {
  return (load(user, lane + LaneRecord.head) - i | 0) > 0
}

/** Entry `i` is the pool's again: DONE, REVOKED -> FREE; after the thread's end any. */
export function vacate(lane: Address, i: number): void {
  store(user, entryAt(lane, i) + EntryRecord.state, FREE)
}

/** How often threads have counted. */
export function answersOf(pool: Address): number {
  return load(user, pool + PoolRecord.answers)
}

/** Sleeps until threads have counted further than `seen`: a promise, or undefined if they have. */
export function untilTold(pool: Address, seen: number): Promise<unknown> | undefined {
  const number = peek(user, pool + PoolRecord.sleeps) % (2 ** 30) + 1
  poke(user, pool + PoolRecord.sleeps, number)
  store(user, pool + PoolRecord.sleeping, number)                         // L5
  const told = suspendAsync(user, pool + PoolRecord.answers, seen)
  if (told === undefined) store(user, pool + PoolRecord.sleeping, 0)
  return told
}

/** The thread that made the pool has ended. False: so has the lane's thread, before. */
export function orphan(lane: Address): boolean {
  return cas(user, lane + LaneRecord.fate, LIVING, ORPHANED) === LIVING
}

// The thread ----------------------------------------------------------------------------------------------------

/** Waits until entry `i` is there, or the thread that made the pool is gone. */
export function* posted_slow(lane: Address, i: number, pool: Address): Sleeper<void> {
  if (load(user, pool + PoolRecord.crowd) === 1) {
    store(user, lane + LaneRecord.naps, 1)
    yield wait(user, lane + LaneRecord.tail, i, wmesg.port, now(CLOCK_MONOTONIC) + NAP)
    store(user, lane + LaneRecord.naps, 0)
  }
  while (load(user, lane + LaneRecord.tail) === i && !isMakerGone(pool)) yield wait(user, lane + LaneRecord.tail, i, wmesg.port)   // L6
}

/** Whether the thread that made the pool has ended. */
export function isMakerGone(pool: Address): boolean {
  const by = peek(user, pool + PoolRecord.maker)
  if (by < 0) return isCarrierGone(-by, peek(user, pool + PoolRecord.makerSerial))
  const maker = record(by), state = peek(kernel, maker + ThreadRecord.state)
  return state === State.EXITED || state === State.FREE || peek(kernel, maker + ThreadRecord.serial) !== peek(user, pool + PoolRecord.makerSerial)
}

function isCarrierGone(n: number, serial: number): boolean {
  const c = carrierRecord(n), state = peek(kernel, c + Carrier.state)
  return state === CarrierState.DEAD || state === CarrierState.FREE || peek(kernel, c + Carrier.serial) !== serial
}

/** The thread, which serves the lane, has ended: frees it if nobody else will. */
export function leave(lane: Address, pool: Address): void {
  const isGone = isMakerGone(pool)
  if (cas(user, lane + LaneRecord.fate, LIVING, ENDED) === LIVING && !isGone) return
  if (isGone) leaveAsMaker(pool)                                          // it may have died
  for (let i = 0; i < ENTRIES; i++) discard(entryAt(lane, i))
  release(lane)
  leavePool(pool)
}

/** Takes entry `i`: POSTED -> TAKEN. False: it was revoked. */
export function take(lane: Address, i: number, time: number): boolean {
  const e = entryAt(lane, i)
  pokef(user, e + EntryRecord.started, time)
  poke(user, lane + LaneRecord.listens, 0)
  return cas(user, e + EntryRecord.state, POSTED, TAKEN) === POSTED
}

/** Whether the task in entry `i`, which the caller runs, is to stop. */
export function isAborted(lane: Address, i: number): boolean {
  return load(user, entryAt(lane, i) + EntryRecord.state) !== TAKEN
}

/** The task has asked for its signal. What was asked before is seen by {@link isAborted}. */
export function listen(lane: Address): void {
  store(user, lane + LaneRecord.listens, 1)
}

/** The outcome is in entry `i`: TAKEN, ABORTING -> DONE. False: KILLING, the thread has to end. */
export function finish(lane: Address, i: number, threw: boolean, time: number): boolean {
  const e = entryAt(lane, i), word = e + EntryRecord.state
  poke(user, e + EntryRecord.threw, threw ? 1 : 0)
  pokef(user, e + EntryRecord.ended, time)
  return cas(user, word, TAKEN, DONE) === TAKEN || cas(user, word, ABORTING, DONE) === ABORTING
}

/** The thread has passed entry `i`. */
export function pass(lane: Address, i: number): void {
  store(user, lane + LaneRecord.head, i + 1 | 0)
}

/** Something is done: tells the pool. */
export function tell(pool: Address): void {
  add(user, pool + PoolRecord.answers, 1)                                 // L5
  const sleep = load(user, pool + PoolRecord.sleeping)
  if (sleep !== 0 && resume(user, pool + PoolRecord.answers) !== 0) cas(user, pool + PoolRecord.sleeping, sleep, 0)
}

/** When entry `i` was taken, ms. */
export function startedAt(lane: Address, i: number): number {
  return peekf(user, entryAt(lane, i) + EntryRecord.started)
}

/** When it was done, ms. */
export function endedAt(lane: Address, i: number): number {
  return peekf(user, entryAt(lane, i) + EntryRecord.ended)
}
