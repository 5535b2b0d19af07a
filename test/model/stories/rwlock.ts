// Stories of the read-write lock.  `readers` and `writers` count who is inside.

import assert from 'node:assert/strict'
import { add, load, poke } from '#atomics'
import { reap, Reason } from '#internal/kernel/death.js'
import { kernel } from '#internal/kernel/process.js'
import { ActionRecord } from '#internal/kernel/records.js'
import { Kind, setAction } from '#internal/kernel/signal.js'
import type { Story } from '#internal/lab/index.js'
import { awaitDeath, setMortal } from '#internal/lab/turn.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { carrierOf, entryOf } from '#internal/lab/worker.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import { heirs } from '#internal/pthread/bequest.js'
import {
  CLOCK_MONOTONIC, EBUSY, ETIMEDOUT, malloc, memory, pthread_kill, pthread_rwlock_clockrdlock, pthread_rwlock_clockwrlock, PTHREAD_RWLOCK_PREFER_READER_NP,
  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, pthread_rwlock_rdlock, pthread_rwlock_tryrdlock, pthread_rwlock_trywrlock, pthread_rwlock_unlock,
  pthread_rwlock_wrlock, Rwlock, SIGUSR2,
} from 'pthreads/posix'

interface Objects { rwlock: number, readers: number, writers: number }

const setup = (): Objects => ({ rwlock: malloc(Rwlock.size), readers: malloc(4), writers: malloc(4) })
const ofKind = (kind: number) => (): Objects => {
  const objects = setup()
  poke(memory(), objects.rwlock + Rwlock.kind, kind)
  return objects
}

const soon = { tv_sec: 1, tv_nsec: 0 }

function inRead({ rwlock, readers, writers }: Objects): void {
  const m = memory()
  add(m, readers, 1)
  assert.equal(load(m, writers), 0, 'a reader is inside with a writer')
  add(m, readers, -1)
  assert.equal(pthread_rwlock_unlock(m, rwlock), 0)
}

function inWrite({ rwlock, readers, writers }: Objects): void {
  const m = memory()
  assert.equal(add(m, writers, 1), 0, 'two writers are inside')
  assert.equal(load(m, readers), 0, 'a writer is inside with a reader')
  add(m, writers, -1)
  assert.equal(pthread_rwlock_unlock(m, rwlock), 0)
}

function reader(objects: Objects): void {
  assert.equal(pthread_rwlock_rdlock(memory(), objects.rwlock), 0)
  inRead(objects)
}
function reader2(objects: Objects): void { reader(objects) }

function writer(objects: Objects): void {
  assert.equal(pthread_rwlock_wrlock(memory(), objects.rwlock), 0)
  inWrite(objects)
}
function writer2(objects: Objects): void { writer(objects) }

function impatientReader(objects: Objects): void {
  const errno = pthread_rwlock_clockrdlock(memory(), objects.rwlock, CLOCK_MONOTONIC, soon)
  if (errno === 0) inRead(objects)
  else assert.equal(errno, ETIMEDOUT)
}

function impatientWriter(objects: Objects): void {
  const errno = pthread_rwlock_clockwrlock(memory(), objects.rwlock, CLOCK_MONOTONIC, soon)
  if (errno === 0) inWrite(objects)
  else assert.equal(errno, ETIMEDOUT)
}

function triesToRead(objects: Objects): void {
  const errno = pthread_rwlock_tryrdlock(memory(), objects.rwlock)
  if (errno === 0) inRead(objects)
  else assert.equal(errno, EBUSY)
}

function triesToWrite(objects: Objects): void {
  const errno = pthread_rwlock_trywrlock(memory(), objects.rwlock)
  if (errno === 0) inWrite(objects)
  else assert.equal(errno, EBUSY)
}

// Reads again while it reads: a writer that waits in between must not bar it.
function readsTwice(objects: Objects): void {
  const m = memory()
  assert.equal(pthread_rwlock_rdlock(m, objects.rwlock), 0)
  reader(objects)
  assert.equal(pthread_rwlock_unlock(m, objects.rwlock), 0)
}

// Nobody is inside, nobody is due, and the next ones get in.
function free({ rwlock }: Objects): void {
  const m = memory()
  assert.equal(pthread_rwlock_tryrdlock(m, rwlock), 0, 'a reader is kept out of a free lock')
  assert.equal(pthread_rwlock_unlock(m, rwlock), 0)
  assert.equal(pthread_rwlock_trywrlock(m, rwlock), 0, 'a writer is kept out of a free lock')
  assert.equal(pthread_rwlock_unlock(m, rwlock), 0)
}

export const two: Story<Objects> = { setup, threads: [reader, writer], after: free, clock: false }
export const phases: Story<Objects> = { setup, threads: [writer, reader, writer2], after: free, clock: false }
export const readers: Story<Objects> = { setup, threads: [writer, reader, reader2], after: free, clock: false }
export const tries: Story<Objects> = { setup, threads: [writer, reader, triesToRead, triesToWrite], after: free, clock: false }
export const givesUpReading: Story<Objects> = { setup, threads: [writer, impatientReader, writer2], after: free }
export const givesUpWriting: Story<Objects> = { setup, threads: [reader, impatientWriter, reader2], after: free }
export const readersFirst: Story<Objects> = {
  setup: ofKind(PTHREAD_RWLOCK_PREFER_READER_NP), threads: [readsTwice, writer, reader2], after: free, clock: false,
}
export const writersFirst: Story<Objects> = {
  setup: ofKind(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP), threads: [writer, reader, writer2], after: free, clock: false,
}

// Deaths on the way in.  Who dies inside leaves the lock held: that is not meant here.
const VICTIM = 0

function dyingReader(objects: Objects): void {
  setMortal(true)
  assert.equal(pthread_rwlock_rdlock(memory(), objects.rwlock), 0)
  setMortal(false)
  inRead(objects)
}

function dyingWriter(objects: Objects): void {
  setMortal(true)
  assert.equal(pthread_rwlock_wrlock(memory(), objects.rwlock), 0)
  setMortal(false)
  inWrite(objects)
}

function reaper(): void {
  becomeImpatient()
  awaitDeath(VICTIM)
  reap(carrierOf(VICTIM), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}

export const deadReader: Story<Objects> = { setup, threads: [dyingReader, writer, writer2, reaper], daemons: [3], after: free, clock: false }
export const deadWriter: Story<Objects> = { setup, threads: [dyingWriter, reader, writer2, reaper], daemons: [3], after: free, clock: false }

// Signals interrupt who waits.  Handlers throw for a writer that is to be thrown out.
class ThrownOut extends Error {}
const entries = {
  counts: (): void => undefined,
  throws: (): never => { throw new ThrownOut() },
}
const handledBy = (handler: keyof typeof entries) => (): Objects => {
  setAction(SIGUSR2, (a) => {
    poke(kernel, a + ActionRecord.kind, Kind.ENTRY)
    poke(kernel, a + ActionRecord.handler, entryOf(handler))
  })
  return setup()
}
function signals(): void {
  for (const thread of [1, 2]) assert.equal(pthread_kill(thread, SIGUSR2), 0)
}
export const interrupted: Story<Objects> = { setup: handledBy('counts'), threads: [reader, writer, writer2, signals], after: free, entries, clock: false }

function thrown(objects: Objects): void {
  try {
    writer(objects)
  } catch (error) {
    if (!(error instanceof ThrownOut)) throw error
  }
}
function signalsFirst(): void { assert.equal(pthread_kill(1, SIGUSR2), 0) }
export const thrownOut: Story<Objects> = { setup: handledBy('throws'), threads: [thrown, reader, reader2, signalsFirst], after: free, entries, clock: false }
