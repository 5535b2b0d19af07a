// Stories of the ring between callers that block and the I/O thread, which is an asynchronous thread of the story: its calls
// return at once, and it rests when it has found none.

import assert from 'node:assert/strict'
import { load, or, store, suspend } from '#atomics'
import { reap, Reason } from '#internal/kernel/death.js'
import { callRecord, kernel, record, self, SPAWNER_READY } from '#internal/kernel/process.js'
import { CallRecord, Flag, IO, Io, PROCESS, Process, Status, ThreadRecord } from '#internal/kernel/records.js'
import { block } from '#internal/kernel/request.js'
import { CLOCK_MONOTONIC, now } from '#internal/kernel/clock.js'
import { ETIMEDOUT } from '#internal/kernel/errno.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { carrierOf } from '#internal/lab/worker.js'
import { encode } from '#internal/mem/codec.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import { heirs } from '#internal/pthread/bequest.js'
import { arrive, call_slow, complete, entryOf, forCalls, LAUNCHED, receiveCall, rest, submit, take, WANTED, type Result } from '#internal/pthread/ring.js'
import type { Story } from '#internal/lab/index.js'

const ENTRY = 7

function setup(): object {
  store(kernel, IO + Io.entry, 1)
  store(kernel, IO + Io.state, LAUNCHED)                                  // nobody asks the spawner for one
  return {}
}

function perform(n: number): void {
  assert.equal(entryOf(n), ENTRY)
  const [value] = receiveCall(n) as [number]
  complete(n, Status.RETURNED, 2 * value)
}

async function serve(): Promise<void> {
  for (let calls = arrive(); ; calls = take()) {
    calls.forEach(perform)
    if (calls.length === 0) await rest()
  }
}

function call(value: number, until = Infinity): void {
  const n = submit(ENTRY, encode([value], 'args', []), [])
  assert.ok(n > 0)
  const result: Result = { status: 0, value: undefined, reason: 0, code: 0, tid: 0 }
  const errno = block(call_slow(n, result, until))
  if (errno === ETIMEDOUT && until !== Infinity) return
  assert.deepEqual([errno, result.status, result.value], [0, Status.RETURNED, 2 * value])
}

function caller(): void { call(1) }
function other(): void { call(2) }
function again(): void {
  call(3)
  call(4)
}
function hasty(): void {
  call(5, now(CLOCK_MONOTONIC) + 1)
  call(6)
}

// Death of a caller, and of the I/O thread, at any step: the reaper is a thread of the story.

const MORTAL = 0

function reaper(): void {
  becomeImpatient()
  awaitDeath(MORTAL)
  reap(carrierOf(MORTAL), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}

// The first thread of the story is the I/O thread; there is a spawner, which another thread plays.
function setupMortal(): object {
  store(kernel, PROCESS + Process.spawner, SPAWNER_READY)
  or(kernel, record(1) + ThreadRecord.flags, Flag.SYSTEM | Flag.DETACHED)
  store(kernel, PROCESS + Process.live, load(kernel, PROCESS + Process.live) - 1)
  store(kernel, PROCESS + Process.count, load(kernel, PROCESS + Process.count) - 1)
  store(kernel, IO + Io.slot, 1)
  return setup()
}

// The I/O thread that comes when the first one is dead and a call waits.
async function successor(): Promise<void> {
  for (;;) {
    const seen = load(kernel, PROCESS + Process.doorbell)
    if (load(kernel, IO + Io.state) === WANTED) break
    suspend(kernel, PROCESS + Process.doorbell, seen, Infinity)
  }
  store(kernel, IO + Io.slot, self.slot)
  store(kernel, IO + Io.state, LAUNCHED)
  await serve()
}

// It is told that the I/O thread died, or its call was not noticed by it.
function bereaved(): void {
  const n = submit(ENTRY, encode([8], 'args', []), [])
  const result: Result = { status: 0, value: undefined, reason: 0, code: 0, tid: 0 }
  assert.equal(block(call_slow(n, result)), 0)
  if (result.status === Status.DIED) assert.equal(result.reason, Reason.TERMINATED)
  else assert.deepEqual([result.status, result.value], [Status.RETURNED, 16])
}

const nothingLeft = (): void => {
  forCalls((n, state) => { assert.equal(state, 0, `call ${n}`) })
  for (let n = 1; n < 8; n++) assert.equal(load(kernel, callRecord(n) + CallRecord.length), 0)
}

export const one: Story = { setup, threads: [caller, serve], daemons: [1], after: nothingLeft, clock: false }
export const two: Story = { setup, threads: [caller, other, serve], daemons: [2], after: nothingLeft, clock: false }
export const repeated: Story = { setup, threads: [again, serve], daemons: [1], after: nothingLeft, clock: false }
export const timed: Story = { setup, threads: [hasty, serve], daemons: [1], after: nothingLeft }
export const callerDies: Story = { setup, threads: [caller, other, serve, reaper], mortal: [MORTAL], daemons: [2, 3], after: nothingLeft, clock: false }
export const ioDies: Story = {
  setup: setupMortal, threads: [serve, bereaved, successor, reaper], mortal: [MORTAL], daemons: [0, 2, 3], after: nothingLeft, clock: false,
}
