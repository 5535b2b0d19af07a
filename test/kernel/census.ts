// What the kernel's tables hold, for programs that must leave nothing behind.

import assert from 'node:assert/strict'
import { load, peek } from '#atomics'
import { held } from '#internal/kernel/handle.js'
import { arena, bucketRecord, carrierRecord, kernel, record, self } from '#internal/kernel/process.js'
import { BUCKETS, Bucket, Carrier, CarrierState, Flag, PROCESS, Process, SPAWNER, State, ThreadRecord } from '#internal/kernel/records.js'
import { lastSlot } from '#internal/kernel/thread.js'
import { wmesgs } from '#internal/kernel/wmesg.js'
import { used } from '#internal/mem/arena.js'
import { holder } from '#internal/mem/lock.js'
import type { Thread, ThreadStats } from 'pthreads'

const pause = new Int32Array(new SharedArrayBuffer(4))
const PATIENCE = 8000

/** Returns as soon as `condition` holds, blocking; throws if it never does. For states that nobody can announce: being asleep, being gone. */
export function until(what: string | (() => string), condition: () => boolean): void {
  const late = performance.now() + PATIENCE
  while (!condition()) {
    if (performance.now() > late) throw new Error(`never came true: ${typeof what === 'string' ? what : what()}`)
    Atomics.wait(pause, 0, 0, 1)
  }
}

/** Returns when the thread sleeps on that. */
export function untilSleeps(thread: Thread, on: ThreadStats['waitsFor']): void {
  until(() => `${String(thread)} sleeps on ${on}; it sleeps on "${thread.stats.waitsFor}"`, () => thread.stats.waitsFor === on)
}

/** Returns when `count` threads stand in queues of the futex. */
export function untilQueued(count: number): void {
  until(() => `${count} threads sleep; ${sleepers().length} do`, () => sleepers().length === count)
}

function slotsWhere(is: (t: number) => boolean): number[] {
  const found: number[] = []
  for (let slot = 1; slot <= lastSlot(); slot++) {
    const t = record(slot)
    if (slot !== self.slot && load(kernel, t + ThreadRecord.state) !== State.FREE && is(t)) found.push(slot)
  }
  return found
}

/** Slots of the threads in queues. */
export function sleepers(): number[] {
  return slotsWhere(t => load(kernel, t + ThreadRecord.bucket) !== 0)
}

/** What a kernel with no threads but the caller should not hold, in words. */
export function leftovers(): string[] {
  const found: string[] = []
  const note = (what: string, n: number): void => void (n !== 0 && found.push(`${what}: ${n}`))
  note('threads that live', load(kernel, PROCESS + Process.live))
  note('threads that hold a record', load(kernel, PROCESS + Process.count))
  for (const slot of slotsWhere(t => (load(kernel, t + ThreadRecord.flags) & Flag.HOST) === 0)) {
    const t = record(slot)
    const kind = (load(kernel, t + ThreadRecord.flags) & Flag.ASYNC) !== 0 ? 'asynchronous wait' : 'thread'
    found.push(`${kind} ${peek(kernel, t + ThreadRecord.tid)}: state ${load(kernel, t + ThreadRecord.state)}, sleeps on "${wmesgs[peek(kernel, t + ThreadRecord.wmesg)]}"`)
  }
  for (let n = 0; n < BUCKETS; n++) {
    const b = bucketRecord(n)
    note(`bucket ${n} locked by carrier`, holder(kernel, b + Bucket.lock))
    note(`bucket ${n} begins with slot`, load(kernel, b + Bucket.head))
  }
  for (const lock of ['tableLock', 'internLock', 'heapLock', 'handleLock', 'output'] as const) note(`${lock} held by carrier`, holder(kernel, PROCESS + Process[lock]))
  let parked = 0
  for (let n = SPAWNER + 1; n < load(kernel, PROCESS + Process.bumpCarrier); n++) {
    const c = carrierRecord(n)
    const state = load(kernel, c + Carrier.state)
    if (state === CarrierState.FREE) continue
    if (state === CarrierState.PARKED) parked++
    else note(`carrier ${n}, which is neither free nor parked, has state`, state)
    note(`carrier ${n} runs slot`, load(kernel, c + Carrier.thread))
    note(`carrier ${n} shall run slot`, load(kernel, c + Carrier.next))
  }
  if (parked !== load(kernel, PROCESS + Process.cached)) found.push(`carriers parked: ${parked}, counted: ${load(kernel, PROCESS + Process.cached)}`)
  const cache = chain(PROCESS + Process.cache, n => carrierRecord(n) + Carrier.link)
  if (cache !== parked) found.push(`carriers parked: ${parked}, in the cache: ${cache}`)
  const freeCarriers = load(kernel, PROCESS + Process.bumpCarrier) - 1 - SPAWNER - parked
  if (found.length === 0 && chain(PROCESS + Process.freeCarrier, n => carrierRecord(n) + Carrier.link) !== freeCarriers) found.push('a carrier record is free and not in the list')
  const listed = chain(PROCESS + Process.freeThread, slot => record(slot) + ThreadRecord.link)
  if (found.length === 0 && listed !== lastSlot() - 1) found.push(`free thread records: ${lastSlot() - 1}, in the list: ${listed}`)
  return found
}

function chain(head: number, link: (n: number) => number): number {
  let length = 0
  for (let n = load(kernel, head); n !== 0 && length < 1e6; n = peek(kernel, link(n))) length++
  return length
}

/** Asserts that nothing is left of the threads, as soon as the reaper and the event loop are through. */
export async function nothingLeft(): Promise<void> {
  const late = performance.now() + PATIENCE
  while (leftovers().length !== 0 && performance.now() < late) await new Promise(resolve => setTimeout(resolve, 1))
  assert.deepEqual(leftovers(), [])
}

/** What is in use: compare two of them. */
export function inUse(): { handles: number, bytes: number, records: number, carriers: number } {
  return { handles: held(), bytes: used(arena), records: lastSlot(), carriers: load(kernel, PROCESS + Process.bumpCarrier) }
}
