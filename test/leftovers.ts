// What a test may not leave behind, read from the kernel's own tables.

import assert from 'node:assert/strict'
import { load } from '#atomics'
import { held } from '#internal/kernel/handle.js'
import { requestTermination } from '#internal/kernel/mail.js'
import { arena, attached, bucketRecord, kernel, record, self } from '#internal/kernel/process.js'
import { BUCKETS, Bucket, Flag, PROCESS, Process, State, ThreadRecord } from '#internal/kernel/records.js'
import { lastSlot } from '#internal/kernel/thread.js'
import { wmesgs } from '#internal/kernel/wmesg.js'
import { used } from '#internal/mem/arena.js'
import { holder } from '#internal/mem/lock.js'
import { detach } from '#internal/pthread/thread.js'

/** What the process holds at some moment: handles on objects of user memory, and bytes of it. */
export interface Baseline { readonly handles: number, readonly bytes: number }

/** What the process holds now. */
export function baseline(): Baseline {
  return { handles: held(), bytes: used(arena) }
}

/** How long the ends of detached threads, and promises that have settled, may take to show, ms. */
const PATIENCE = 5000
/** What an earlier test left is that test's failure alone. */
const reported = new Set<string>()
const LOCKS = ['tableLock', 'internLock', 'heapLock', 'handleLock', 'output'] as const

/**
 * Asserts that the process is as empty as before its first thread: none lives, no record is in use but the
 * caller's, nobody waits in a queue, no lock of the kernel is held. With `since`: no more handles and bytes than then
 * (fewer, when the collector finds what earlier tests dropped).
 * Turns the event loop while something is left that may yet go.
 */
export async function nothingLeft(since?: Baseline): Promise<void> {
  if (!attached()) return
  const late = performance.now() + PATIENCE
  let found = fresh(since)
  while (found.length !== 0 && performance.now() < late) {
    await new Promise(resolve => setTimeout(resolve, 1))
    found = fresh(since)
  }
  if (found.length !== 0) await clean()
  assert.deepEqual(found, [])
}

// Ends the threads that a failed test left, so that the tests after it can be told apart from it and the file ends.
async function clean(): Promise<void> {
  for (let slot = 2; slot <= lastSlot(); slot++) {
    const t = record(slot)
    const serial = load(kernel, t + ThreadRecord.serial), state = load(kernel, t + ThreadRecord.state)
    if (state === State.FREE || (load(kernel, t + ThreadRecord.flags) & Flag.ASYNC) !== 0) continue
    if (state !== State.EXITED) requestTermination(slot, serial)
    if ((load(kernel, t + ThreadRecord.flags) & (Flag.DETACHED | Flag.JOINED)) === 0) detach(slot, serial)
  }
  await new Promise(resolve => setTimeout(resolve, 100))
  for (const each of leftovers()) reported.add(each)
}

function fresh(since: Baseline | undefined): string[] {
  return leftovers(since).filter(each => !reported.has(each))
}

/** Everything that is left, in words. */
export function leftovers(since?: Baseline): string[] {
  const found: string[] = []
  const note = (count: number, what: string): void => { if (count !== 0) found.push(`${count} ${what}`) }
  note(load(kernel, PROCESS + Process.live), 'threads live')
  note(load(kernel, PROCESS + Process.count), 'threads hold a record')
  for (let slot = 1; slot <= lastSlot(); slot++) if (slot !== self.slot) found.push(...inUse(slot))
  for (let n = 0; n < BUCKETS; n++) {
    const b = bucketRecord(n)
    if (load(kernel, b + Bucket.count) !== 0 || load(kernel, b + Bucket.head) !== 0) found.push(`bucket ${n} has ${load(kernel, b + Bucket.count)} waiters`)
    note(holder(kernel, b + Bucket.lock), `holds the lock of bucket ${n}`)
  }
  for (const lock of LOCKS) note(holder(kernel, PROCESS + Process[lock]), `holds ${lock}`)
  if (since !== undefined) {
    const now = baseline()
    note(Math.max(0, now.handles - since.handles), 'handles more than before')
    note(Math.max(0, now.bytes - since.bytes), 'bytes of user memory more than before')
  }
  return found
}

function inUse(slot: number): string[] {
  const t = record(slot)
  const state = load(kernel, t + ThreadRecord.state)
  if (state === State.FREE) return []
  const kind = (load(kernel, t + ThreadRecord.flags) & Flag.ASYNC) === 0 ? 'thread' : 'asynchronous wait'
  const does = state === State.SLEEPING ? `sleeps on ${wmesgs[load(kernel, t + ThreadRecord.wmesg)]}` : state === State.EXITED ? 'was neither joined nor detached' : 'is there'
  return [`${kind} ${load(kernel, t + ThreadRecord.tid)} ${does}`]
}
