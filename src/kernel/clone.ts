// clone: a thread record, a carrier to run it, and the start.
//
// Two steps, for the library must place the thread's arguments in between:
//   clone    takes a record and a carrier: from the cache, or a new one that the spawner starts
//   start    puts the thread into the carrier's mailbox; from here on it runs
// Any thread may clone, whatever the others do: nothing here needs the first heap's event loop.

import { add, cas, load, or, peek, poke, resume } from '#atomics'
import { acquire, release } from '../mem/lock.ts'
import { allocate_locked as allocateCarrier_locked, assign, free_locked as freeCarrier_locked, take_locked } from './carrier.ts'
import { EAGAIN, ENOSYS } from './errno.ts'
import { block, wait, type Sleeper } from './request.ts'
import { wake } from './futex.ts'
import { channel, host } from './host.ts'
import { installLine } from './mail.ts'
import { buffers, carrierRecord, kernel, record, self, SPAWNER_NONE, SPAWNER_READY, SPAWNER_STARTS } from './process.ts'
import { Carrier, CarrierState, Flag, PROCESS, Process, SPAWNER, ThreadRecord } from './records.ts'
import { allocate_locked, count_locked, free_locked } from './thread.ts'
import { wmesg } from './wmesg.ts'

/** Which carriers may run a thread. A thread with limits of its own needs a Worker that was born with them. */
export interface Class {
  /** MiB; 0: the host's default. */
  heap: number
  /** KiB; 0: the host's default. */
  stack: number
  /** Number of the factory that makes its Workers; 0: the library's own. */
  factory: number
  /** Starts a Worker of the factory as carrier `n`; absent where this heap has not got the factory. */
  begin?: (n: number) => void
}

/** The class of threads that ask for nothing. */
export const PLAIN: Class = { heap: 0, stack: 0, factory: 0 }

/**
 * Makes thread record and carrier. Returns the slot, or -EAGAIN: the table is full or the host refuses another
 * Worker; -ENOSYS: only the heap that loaded the factory can start its Workers. Blocks only while a Worker is
 * being made, and not for that while the spawner itself is starting.
 */
export function clone(entry: number, kind: Class, flags: number): number {
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const count = peek(kernel, PROCESS + Process.count)
  const slot = count < peek(kernel, PROCESS + Process.threads) ? allocate_locked(flags) : 0
  if (slot === 0) {
    release(kernel, PROCESS + Process.tableLock)
    return -EAGAIN
  }
  const cached = take_locked(kind.heap, kind.stack, kind.factory)
  const n = cached !== 0 ? cached : allocateCarrier_locked(kind.heap, kind.stack, kind.factory)
  count_locked(flags, 1)
  const t = record(slot)
  poke(kernel, t + ThreadRecord.entry, entry)
  poke(kernel, t + ThreadRecord.carrier, n)
  if (n !== 0) poke(kernel, carrierRecord(n) + Carrier.next, slot)
  release(kernel, PROCESS + Process.tableLock)
  if (cached === 0) {
    let errno = EAGAIN
    try {
      if (n !== 0) errno = begin_slow(n, kind)
    } finally {
      if (errno !== 0) undo(slot)
    }
    if (errno !== 0) return -errno
  }
  return slot
}

/**
 * Lets the cloned thread `slot` run. Returns false if its carrier has died meanwhile, or was refused: the caller must {@link undo}
 * it. From STARTED on, the reaper looks after the thread; before, its creator does, or the reaper when that one dies.
 */
export function start(slot: number): boolean {
  const t = record(slot)
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const n = peek(kernel, t + ThreadRecord.carrier)
  if (n !== 0) or(kernel, t + ThreadRecord.flags, Flag.STARTED)
  release(kernel, PROCESS + Process.tableLock)
  if (n === 0) return false
  unanswered.delete(n)
  assign(n, slot)
  return load(kernel, carrierRecord(n) + Carrier.state) !== CarrierState.REFUSED || !takeBack(n, slot)
}

// We did not wait for the answer, and the host refuses the Worker.  The spawner writes REFUSED and then looks into the
// mailbox, we fill the mailbox and then look for REFUSED: one of us sees the other, and who gets to `next` first deals with it.
function takeBack(n: number, slot: number): boolean {
  const c = carrierRecord(n)
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const ours = peek(kernel, c + Carrier.next) === slot
  if (ours) {
    poke(kernel, c + Carrier.next, 0)
    poke(kernel, record(slot) + ThreadRecord.carrier, 0)
    freeCarrier_locked(n)
  }
  release(kernel, PROCESS + Process.tableLock)
  return ours
}

/** Takes back a clone that was not started; its carrier, if it still has one, returns to the cache's care. */
export function undo(slot: number): void {
  const asked = peek(kernel, record(slot) + ThreadRecord.carrier)
  if (unanswered.delete(asked)) block(made(asked))
  acquire(kernel, PROCESS + Process.tableLock, self.carrier)
  const n = peek(kernel, record(slot) + ThreadRecord.carrier)
  count_locked(peek(kernel, record(slot) + ThreadRecord.flags), -1)
  free_locked(slot)
  if (n !== 0) {
    const c = carrierRecord(n)
    poke(kernel, c + Carrier.next, 0)
    const state = peek(kernel, c + Carrier.state)
    if (state === CarrierState.REFUSED || state === CarrierState.REQUESTED) freeCarrier_locked(n)   // it has no Worker
    else reinstate_locked(n)
  }
  const live = peek(kernel, PROCESS + Process.live)
  release(kernel, PROCESS + Process.tableLock)
  if (live === 0) wake(kernel, PROCESS + Process.live, Infinity)
}

function reinstate_locked(n: number): void {
  const c = carrierRecord(n)
  poke(kernel, c + Carrier.state, CarrierState.PARKED)
  poke(kernel, c + Carrier.link, peek(kernel, PROCESS + Process.cache))
  poke(kernel, PROCESS + Process.cache, n)
  poke(kernel, PROCESS + Process.cached, peek(kernel, PROCESS + Process.cached) + 1)
}

// Has a Worker made for carrier n and waits until it exists; 0 or an errno.
function begin_slow(n: number, kind: Class): number {
  if (kind.factory !== 0) {
    needSpawner()
    if (kind.begin === undefined) {
      poke(kernel, carrierRecord(n) + Carrier.state, CarrierState.REFUSED)
      return ENOSYS
    }
    try {
      kind.begin(n)
    } catch (error) {
      poke(kernel, carrierRecord(n) + Carrier.state, CarrierState.REFUSED)
      throw error
    }
    cas(kernel, carrierRecord(n) + Carrier.state, CarrierState.REQUESTED, CarrierState.BOOTING)
    return 0
  }
  request(n)
  if (load(kernel, PROCESS + Process.spawner) === SPAWNER_READY || hostModule !== undefined || hasty === host.processors()) return block(made(n))
  hasty++
  unanswered.add(n)
  return 0
}

// While the spawner is starting, the first creates, as many as there are processors, do not wait for its answer: their Workers
// start together.  A host that refuses those says so in start, or at join.
let hasty = 0
const unanswered = new Set<number>()

/** Makes sure that there is a spawner; the first heap starts it, at the first clone. */
export function needSpawner(): void {
  if (load(kernel, PROCESS + Process.spawner) !== SPAWNER_NONE || cas(kernel, PROCESS + Process.spawner, SPAWNER_NONE, SPAWNER_STARTS) !== SPAWNER_NONE) return
  const [port1, port2] = channel()
  installLine(port1)
  host.startSpawner({ ...buffers(), role: 'spawner', carrier: SPAWNER, port: port2, hostModule })
}

let hostModule: string | undefined

/** A module that replaces the host's verbs in the spawner and in carriers: how tests make a host refuse. */
export function substituteHost(url: string | undefined): void {
  hostModule = url
}

/** Asks the spawner for a Worker for carrier `n`. */
export function request(n: number): void {
  needSpawner()
  const c = carrierRecord(n)
  for (;;) {
    const head = load(kernel, PROCESS + Process.requests)
    poke(kernel, c + Carrier.request, head)
    if (cas(kernel, PROCESS + Process.requests, head, n) === head) break
  }
  ring()
}

/** Rings the spawner's doorbell. */
export function ring(): void {
  add(kernel, PROCESS + Process.doorbell, 1)
  resume(kernel, PROCESS + Process.doorbell)
}

/** Waits until there is a Worker for carrier `n`, or none is to be had: returns 0 or an errno. */
export function* made(n: number): Sleeper<number> {
  const state = carrierRecord(n) + Carrier.state
  while (load(kernel, state) === CarrierState.REQUESTED) yield wait(kernel, state, CarrierState.REQUESTED, wmesg.start)
  return load(kernel, state) === CarrierState.REFUSED ? peek(kernel, carrierRecord(n) + Carrier.errno) : 0
}
