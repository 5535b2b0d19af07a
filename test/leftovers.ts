// What a test may not leave behind: read from threads() and processInfo(), and, for what these do not tell, from the
// kernel's own tables.

import assert from 'node:assert/strict'
import { load, peek } from '#atomics'
import { held } from '#internal/kernel/handle.js'
import { requestTermination } from '#internal/kernel/mail.js'
import { arena, attached, bucketRecord, carrierRecord, kernel, placeRecord, record, self } from '#internal/kernel/process.js'
import { BUCKETS, Bucket, Carrier, CarrierState, Flag, IO, Io, Place, PROCESS, Process, SPAWNER, State, ThreadRecord } from '#internal/kernel/records.js'
import { snapshots } from '#internal/kernel/snapshot.js'
import { lastSlot } from '#internal/kernel/thread.js'
import { wmesgs } from '#internal/kernel/wmesg.js'
import { used } from '#internal/mem/arena.js'
import { holder } from '#internal/mem/lock.js'
import { forMessages } from '#internal/port/message.js'
import { forServers } from '#internal/port/server.js'
import { forCalls, SERVING } from '#internal/pthread/ring.js'
import { detach } from '#internal/pthread/thread.js'
import { processInfo, threads } from 'pthreads'

/** What the process holds at some moment: handles on objects of user memory, and bytes of it. */
export interface Baseline { readonly handles: number, readonly bytes: number }

/** What the process holds now. */
export function baseline(): Baseline {
  return { handles: held(), bytes: used(arena) }
}

/** How long the ends of detached threads, and promises that have settled, may take to show, ms. */
const PATIENCE = 8000
/** What an earlier test left is that test's failure alone. */
const reported = new Set<string>()
const LOCKS = ['tableLock', 'internLock', 'heapLock', 'handleLock', 'output'] as const

/**
 * Asserts that the process is as empty as before its first thread: none lives, no record is in use but the
 * caller's, nobody waits in a queue, no lock of the kernel is held, every Worker is parked or gone, and the free lists hold
 * the rest. With `since`: no more handles and bytes than then (fewer, when the collector finds what earlier tests dropped).
 * Turns the event loop while something is left that may yet go.
 */
export async function nothingLeft(since?: Baseline): Promise<void> {
  if (!attached()) return
  const late = performance.now() + PATIENCE
  let found = fresh(since)
  while (found.length !== 0 && performance.now() < late) {
    await turn()
    found = fresh(since)
  }
  if (found.length !== 0) await clean()
  assert.deepEqual(found, [])
}

const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 1))

// Ends the threads that a failed test left, so that the tests after it can be told apart from it and the file ends.
async function clean(): Promise<void> {
  for (let slot = 2; slot <= lastSlot(); slot++) {
    const t = record(slot)
    const serial = load(kernel, t + ThreadRecord.serial), state = load(kernel, t + ThreadRecord.state)
    if (state === State.FREE || (load(kernel, t + ThreadRecord.flags) & Flag.ASYNC) !== 0) continue
    if (state !== State.EXITED) requestTermination(slot, serial)
    if ((load(kernel, t + ThreadRecord.flags) & (Flag.DETACHED | Flag.JOINED)) === 0) detach(slot, serial)
  }
  for (const late = performance.now() + PATIENCE; threads().length > 1 && performance.now() < late;) await turn()
  for (const each of leftovers()) reported.add(each)
}

function fresh(since: Baseline | undefined): string[] {
  return leftovers(since).filter(each => !reported.has(each))
}

/** Everything that is left, in words. */
export function leftovers(since?: Baseline): string[] {
  const found: string[] = []
  const note = (count: number, what: string): void => { if (count !== 0) found.push(`${count} ${what}`) }
  const { parked, threads: alive } = processInfo()
  const io = ioThread()
  forCalls((n, state) => { if (state !== 0) found.push(`call ${n} has state ${state}`) })
  forMessages((n, state) => { found.push(`message ${n} has state ${state}`) })
  forServers((_, tid) => { if (tid !== self.tid) found.push(`thread ${tid} serves a port still`) })
  note(load(kernel, PROCESS + Process.live), 'threads live')
  note(load(kernel, PROCESS + Process.count), 'threads hold a record')
  for (const { tid, name, state, waitsFor } of threads()) {
    if (tid === self.tid || tid === io?.tid) continue
    found.push(`thread ${tid} "${name}" ${waitsFor === undefined ? state === 'exited' ? 'was neither joined nor detached' : `is ${state}` : `sleeps on ${waitsFor.object}`}`)
  }
  for (const each of snapshots()) {
    if ((each.word(ThreadRecord.flags) & Flag.ASYNC) === 0) continue
    found.push(`asynchronous wait ${each.word(ThreadRecord.tid)} ${each.asleep ? `sleeps on ${wmesgs[each.word(ThreadRecord.wmesg)]}` : 'is there'}`)
  }
  const nobodyDied = load(kernel, PROCESS + Process.losses) === 0         // the dead may leave a count too high: see futex.ts
  for (let n = 0; n < BUCKETS; n++) {
    const b = bucketRecord(n)
    if (load(kernel, b + Bucket.head) !== 0 || (nobodyDied && load(kernel, b + Bucket.count) !== 0)) found.push(`bucket ${n} has ${load(kernel, b + Bucket.count)} waiters`)
    note(holder(kernel, b + Bucket.lock), `holds the lock of bucket ${n}`)
  }
  for (const lock of LOCKS) note(holder(kernel, PROCESS + Process[lock]), `holds ${lock}`)
  found.push(...carriersLeft(parked, io?.carrier))
  if (found.length === 0 && alive <= 1) {
    const listed = chain(PROCESS + Process.freeThread, slot => record(slot) + ThreadRecord.link)
    const own = (self.slot <= lastSlot() ? 1 : 0) + (io === undefined ? 0 : 1)
    if (listed !== lastSlot() - own) found.push(`free thread records: ${lastSlot() - own}, in the list: ${listed}`)
  }
  if (since !== undefined) {
    const now = baseline()
    note(Math.max(0, now.handles - since.handles), 'handles more than before')
    note(Math.max(0, now.bytes - since.bytes), 'bytes of user memory more than before')
  }
  return found
}

// The I/O thread goes on until the process ends.
function ioThread(): { tid: number, carrier: number } | undefined {
  const t = record(peek(kernel, IO + Io.slot))
  if (load(kernel, IO + Io.state) < SERVING) return undefined
  return { tid: peek(kernel, t + ThreadRecord.tid), carrier: peek(kernel, t + ThreadRecord.carrier) }
}

// Workers that are neither parked nor gone, and what does not fit together.
function carriersLeft(counted: number, io: number | undefined): string[] {
  const found: string[] = []
  let parked = 0, fibers = 0
  const last = load(kernel, PROCESS + Process.bumpCarrier) - 1
  for (let n = SPAWNER + 1; n <= last; n++) {
    const c = carrierRecord(n)
    const state = load(kernel, c + Carrier.state)
    const place = load(kernel, c + Carrier.place) - 1
    if (state === CarrierState.FREE || n === io) continue
    if (place >= 0) fibers++
    if (place >= 0 && load(kernel, placeRecord(place) + Place.fibers) !== 0) found.push(`carrier ${n} has fibers: ${load(kernel, placeRecord(place) + Place.fibers)}`)
    if (state === CarrierState.PARKED) parked++
    else if (place >= 0) continue                                         // a carrier of fibers stays
    else found.push(`carrier ${n}, which is neither free nor parked, has state ${state}`)
    if (load(kernel, c + Carrier.thread) !== 0 || load(kernel, c + Carrier.next) !== 0) found.push(`carrier ${n} has a thread`)
  }
  const cached = chain(PROCESS + Process.cache, n => carrierRecord(n) + Carrier.link)
  if (parked !== counted || parked !== cached) found.push(`carriers parked: ${parked}, counted: ${counted}, in the cache: ${cached}`)
  const free = chain(PROCESS + Process.freeCarrier, n => carrierRecord(n) + Carrier.link)
  const expected = last - SPAWNER - parked - fibers - (io === undefined ? 0 : 1)
  if (found.length === 0 && free !== expected) found.push(`carriers free: ${expected}, in the list: ${free}`)
  return found
}

function chain(head: number, link: (n: number) => number): number {
  let length = 0
  for (let n = load(kernel, head); n !== 0 && length < 1e6; n = peek(kernel, link(n))) length++
  return length
}
