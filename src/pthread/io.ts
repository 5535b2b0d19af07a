// The I/O thread: one thread of the library that runs asynchronous functions for threads that block (ring.ts).
//
// It is launched by the spawner when the first call waits, and goes on until its Worker ends; nobody joins it, it does not
// count among the program's threads, and it keeps no process alive.  Its calls share one heap: they run one at a time,
// each up to its next await, and one that blocks stops them all.
//
// How it ends: as every thread may, by an exception in a callback, process.exit, a full heap, terminate.  Whoever notices
// calls threadEnded: the thread itself, or the reaper.

import { cas, load, peek, poke, store } from '#atomics'
import { eventually, locked, Reason, type Death } from '../kernel/death.ts'
import { EAGAIN } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import { launch_locked } from '../kernel/launch.ts'
import { callRecord, kernel, record, self } from '../kernel/process.ts'
import { CallRecord, Flag, IO, Io, Status, ThreadRecord } from '../kernel/records.ts'
import { routineNow, type Routine } from './entry.ts'
import { ThreadExit } from './exit.ts'
import { ABANDONED, arrive, BEGUN, complete, empty, entryOf, forCalls, freeCall, LAUNCHED, leave, NONE, QUEUED, receiveCall, rest, SERVING, settle, take, want, WANTED } from './ring.ts'

const LONGEST = 2 ** 31 - 1
/** After so many batches in a row the event loop turns once, so that timers and sockets are seen to. */
const BATCHES_PER_TURN = 16

/** What the I/O thread runs. Never ends by itself. */
export async function serveCalls(): Promise<void> {
  setInterval(() => undefined, LONGEST)                                   // a doorbell does not keep an event loop alive
  const { slot } = self
  const begin = (n: number): void => { perform(n, slot) }
  let batches = 0
  for (let calls = arrive(); self.slot === slot; calls = take()) {
    const rung = rest()                                                   // first: whoever is told its result finds us asleep, or about to be
    calls.forEach(begin)
    if (rung !== undefined) {
      batches = 0
      await rung
    } else if (++batches % BATCHES_PER_TURN === 0) await new Promise<void>((resolve) => { host.nextTurn(resolve) })
    else await Promise.resolve()                                          // who has ended already is told before we look again
  }
}

// Runs call `n`, which has begun.  Once the thread has ended its calls are others' business.
function perform(n: number, slot: number): void {
  const end = (status: number, value: unknown): void => { if (self.slot === slot) complete(n, status, value) }
  const threw = (error: unknown): void => {
    if (error instanceof ThreadExit) end(Status.RETURNED, error.value)
    else end(Status.THREW, error)
  }
  const returned = (value: unknown): void => { end(Status.RETURNED, value) }
  try {
    const args = receiveCall(n)
    const run = (routine: Routine): void => {
      const result: unknown = Reflect.apply(routine, undefined, args)
      if (isThenable(result)) result.then(returned, threw)
      else returned(result)
    }
    const routine = routineNow(entryOf(n))
    if (typeof routine === 'function') run(routine)
    else routine.then(run).catch(threw)
  } catch (error) {
    threw(error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * The I/O thread in slot `slot` has ended: calls that had begun end with that. Others stay, and get another thread, unless this one
 * never started. For the thread itself, or the reaper, which wakes all sleepers afterwards. Returns whether a caller is told.
 */
export function threadEnded(slot: number, death: Death, isReaper: boolean): boolean {
  const before = load(kernel, IO + Io.state)
  if (peek(kernel, IO + Io.slot) !== slot || before < LAUNCHED) return false   // it said so itself, and then it died
  let told = false
  forCalls((n, seen) => {
    if (seen === ABANDONED) freeCall(n)
    else if (seen === BEGUN) told = fail(n, peek(kernel, record(slot) + ThreadRecord.tid), death, isReaper) || told
  })
  store(kernel, IO + Io.state, NONE)                                      // LAUNCHED, SERVING -> NONE
  if (before !== SERVING) told = refuseAll(isReaper) || told
  let waits = false
  forCalls((_, seen) => waits ||= seen === QUEUED)                        // ring I4
  if (waits) want()
  return told
}

function fail(n: number, tid: number, { reason, code, error }: Death, isReaper: boolean): boolean {
  const c = callRecord(n)
  empty(n)
  poke(kernel, c + CallRecord.tid, tid)
  poke(kernel, c + CallRecord.status, Status.DIED)
  poke(kernel, c + CallRecord.reason, reason)
  poke(kernel, c + CallRecord.code, code)
  if (error !== undefined && reason !== Reason.OUT_OF_MEMORY) leave(n, error, 'error')
  return settle(n, isReaper)
}

// No thread will come: all that wait are told EAGAIN.
function refuseAll(isReaper: boolean): boolean {
  let told = false
  forCalls((n, seen) => {
    if (seen !== QUEUED || cas(kernel, callRecord(n) + CallRecord.state, QUEUED, BEGUN) !== QUEUED) return
    empty(n)
    poke(kernel, callRecord(n) + CallRecord.status, Status.NONE)
    poke(kernel, callRecord(n) + CallRecord.code, EAGAIN)
    told = settle(n, isReaper) || told
  })
  return told
}

/** For the spawner, when its doorbell has rung: launches the I/O thread if it is wanted. */
export function launchIfWanted(): void {
  if (load(kernel, IO + Io.state) !== WANTED) return
  let refused = false
  eventually(
    locked(() => {
      if (load(kernel, IO + Io.state) !== WANTED) return
      refused = !launch_locked(peek(kernel, IO + Io.entry), prepare, Flag.SYSTEM)
      if (refused) store(kernel, IO + Io.state, NONE)                     // WANTED -> NONE, before the calls are looked at: ring I4
    }),
    () => { if (refused) refuseAll(false) },
  )
}

function prepare(slot: number): boolean {
  poke(kernel, IO + Io.slot, slot)
  store(kernel, IO + Io.state, LAUNCHED)                                  // WANTED -> LAUNCHED
  return true
}
