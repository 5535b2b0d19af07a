// Carriers: heaps that run threads, and the cache of parked ones.
//
// state           who writes it                                          next
//   REQUESTED     clone, when the cache is empty                         the spawner: BOOTING, REFUSED
//   BOOTING       the spawner: the Worker exists                         the carrier: RUNNING
//   RUNNING       the carrier, or clone when it takes it from the cache  exit: PARKED, DEAD
//   PARKED        exit, under tableLock: it is in the cache              clone, under tableLock: RUNNING
//   DEAD          the carrier that ends because the cache is full; the reaper
//
// A parked carrier sleeps on its own `job` word.  It enters the cache before its last thread's exit word is
// cleared, so that whoever joins and creates again finds it there; clone may put a job into the mailbox
// before the carrier has come to rest.  `next` names the assigned thread until it begins: if the carrier
// dies first, the reaper starts that thread elsewhere.

import { cas, exchange, load, peek, poke, pokef, resume, store, suspend } from '#atomics'
import { CLOCK_MONOTONIC, now } from './clock.ts'
import { host } from './host.ts'
import { carrierRecord, kernel, record, self } from './process.ts'
import { Carrier, CarrierState, PROCESS, Process, State, ThreadRecord } from './records.ts'
import { Spin } from './spin.ts'

const ASLEEP = -1
/** After so many threads a carrier turns its event loop once, so that finalizers and messages are seen to. */
const RUNS_PER_TURN = 256
/** And once when it has been parked for this long, ms. */
const IDLE = 1000

/** A parked carrier of the class, taken out of the cache; 0 if there is none. Under tableLock. */
export function take_locked(heap: number, stack: number, factory: number): number {
  let previous = 0
  let n = peek(kernel, PROCESS + Process.cache)
  while (n !== 0) {
    const c = carrierRecord(n)
    if (peek(kernel, c + Carrier.heap) === heap && peek(kernel, c + Carrier.stack) === stack && peek(kernel, c + Carrier.factory) === factory) {
      uncache_locked(n, previous)
      poke(kernel, c + Carrier.state, CarrierState.RUNNING)
      return n
    }
    previous = n
    n = peek(kernel, c + Carrier.link)
  }
  return 0
}

function uncache_locked(n: number, previous: number): void {
  const link = peek(kernel, carrierRecord(n) + Carrier.link)
  if (previous === 0) poke(kernel, PROCESS + Process.cache, link)
  else poke(kernel, carrierRecord(previous) + Carrier.link, link)
  poke(kernel, PROCESS + Process.cached, peek(kernel, PROCESS + Process.cached) - 1)
}

/** Takes carrier `n` out of the cache, if it is there. Under tableLock. */
export function evict_locked(n: number): boolean {
  let previous = 0
  for (let c = peek(kernel, PROCESS + Process.cache); c !== 0; previous = c, c = peek(kernel, carrierRecord(c) + Carrier.link)) {
    if (c !== n) continue
    uncache_locked(n, previous)
    return true
  }
  return false
}

/** Puts the calling carrier into the cache, or marks it DEAD if that is full. Under tableLock. */
export function park_locked(reusable: boolean): void {
  const c = carrierRecord(self.carrier)
  const cached = peek(kernel, PROCESS + Process.cached)
  if (!reusable || peek(kernel, c + Carrier.doomed) !== 0 || cached >= peek(kernel, PROCESS + Process.cacheLimit)) {
    poke(kernel, c + Carrier.state, CarrierState.DEAD)
    return
  }
  poke(kernel, c + Carrier.state, CarrierState.PARKED)
  poke(kernel, c + Carrier.link, peek(kernel, PROCESS + Process.cache))
  poke(kernel, PROCESS + Process.cache, self.carrier)
  poke(kernel, PROCESS + Process.cached, cached + 1)
}

/** A new carrier record of the class, for thread `slot`; 0 when the table is full. Under tableLock. */
export function allocate_locked(heap: number, stack: number, factory: number): number {
  let n = peek(kernel, PROCESS + Process.freeCarrier)
  if (n !== 0) {
    poke(kernel, PROCESS + Process.freeCarrier, peek(kernel, carrierRecord(n) + Carrier.link))
  } else {
    n = peek(kernel, PROCESS + Process.bumpCarrier)
    if (n >= peek(kernel, PROCESS + Process.carriers)) return 0
    poke(kernel, PROCESS + Process.bumpCarrier, n + 1)
  }
  const c = carrierRecord(n)
  const serial = peek(kernel, c + Carrier.serial)
  kernel.i32.fill(0, c >>> 2, (c + Carrier.size) >>> 2)
  poke(kernel, c + Carrier.serial, serial + 1)
  poke(kernel, c + Carrier.heap, heap)
  poke(kernel, c + Carrier.stack, stack)
  poke(kernel, c + Carrier.factory, factory)
  store(kernel, c + Carrier.state, CarrierState.REQUESTED)
  return n
}

/** Gives a carrier record back. Under tableLock. */
export function free_locked(n: number): void {
  const c = carrierRecord(n)
  poke(kernel, c + Carrier.state, CarrierState.FREE)
  poke(kernel, c + Carrier.link, peek(kernel, PROCESS + Process.freeCarrier))
  poke(kernel, PROCESS + Process.freeCarrier, n)
}

/** Puts thread `slot` into the mailbox of carrier `n`, and wakes it. */
export function assign(n: number, slot: number): void {
  const job = carrierRecord(n) + Carrier.job
  if (exchange(kernel, job, slot) === ASLEEP) resume(kernel, job, 1)
}

/**
 * For the reaper: the creator of thread `slot` died in {@link assign}, maybe before it. Carrier `n` gets the thread if it has not
 * taken it yet. The mailbox is read first: a carrier that has emptied it has cleared `next` before.
 */
export function reassign(n: number, slot: number): void {
  const c = carrierRecord(n)
  const found = load(kernel, c + Carrier.job)
  if (load(kernel, c + Carrier.next) !== slot) return
  if (found === slot) resume(kernel, c + Carrier.job)
  else assign(n, slot)
}

/** Runs a thread to its end and returns true, or false: it goes on in the event loop, and calls {@link serve} when it has ended. */
export type Run = (slot: number) => boolean
let run: Run

/** Installs what runs a thread: the library above. */
export function installRun(f: Run): void {
  run = f
}

/** The life of a carrier: takes threads from its mailbox and runs them. Returns to the event loop while one of them needs it. */
export function serve(): void {
  const c = carrierRecord(self.carrier)
  for (;;) {
    if (load(kernel, c + Carrier.state) === CarrierState.DEAD) host.quit()
    const slot = awaitJob(c)
    if (slot === 0) {
      host.nextTurn(serve)
      return
    }
    begin(c, slot)
    if (!run(slot)) return
    if (peek(kernel, c + Carrier.runs) % RUNS_PER_TURN === 0) {
      host.nextTurn(serve)
      return
    }
  }
}

let idled = false
const spin = new Spin()

// The slot of the next thread, or 0 when it is time for a turn of the event loop.
function awaitJob(c: number): number {
  const job = c + Carrier.job
  let left = spin.begin()
  while (left !== 0 && load(kernel, job) <= 0) if (--left === 0) left = spin.more()
  spin.end(left !== 0)
  for (;;) {
    const slot = load(kernel, job)
    if (slot > 0) {
      poke(kernel, c + Carrier.thread, slot)
      poke(kernel, c + Carrier.next, 0)                                  // before the mailbox is empty: see reassign
      store(kernel, job, 0)
      idled = false
      return slot
    }
    if (slot === 0 && cas(kernel, job, 0, ASLEEP) !== 0) continue
    if (suspend(kernel, job, ASLEEP, idled ? Infinity : IDLE) === 'timed-out' && !idled) {
      idled = true
      return 0
    }
  }
}

function begin(c: number, slot: number): void {
  const t = record(slot)
  self.slot = slot
  self.tid = peek(kernel, t + ThreadRecord.tid)
  poke(kernel, t + ThreadRecord.carrier, self.carrier)
  poke(kernel, c + Carrier.runs, peek(kernel, c + Carrier.runs) + 1)
  pokef(kernel, t + ThreadRecord.started, now(CLOCK_MONOTONIC))
  store(kernel, t + ThreadRecord.state, State.RUNNING)
}
