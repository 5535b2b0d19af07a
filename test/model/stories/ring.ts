// Stories of the ring between callers that block and the I/O thread, which is a thread of the story: its calls return at
// once, and it rests when it has found none, for in a story `rest` suspends it there and then.

import assert from 'node:assert/strict'
import { load, store } from '#atomics'
import { callRecord, kernel } from '#internal/kernel/process.js'
import { CallRecord, IO, Io, Status } from '#internal/kernel/records.js'
import { block } from '#internal/kernel/request.js'
import { CLOCK_MONOTONIC, now } from '#internal/kernel/clock.js'
import { ETIMEDOUT } from '#internal/kernel/errno.js'
import { encode } from '#internal/mem/codec.js'
import { arrive, call_slow, complete, entryOf, forCalls, LAUNCHED, receiveCall, rest, submit, take, type Result } from '#internal/pthread/ring.js'
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

function serve(): void {
  for (let calls = arrive(); ; calls = take()) {
    calls.forEach(perform)
    if (calls.length === 0) void rest()
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

const nothingLeft = (): void => {
  forCalls((n, state) => { assert.equal(state, 0, `call ${n}`) })
  for (let n = 1; n < 8; n++) assert.equal(load(kernel, callRecord(n) + CallRecord.length), 0)
}

export const one: Story = { setup, threads: [caller, serve], daemons: [1], after: nothingLeft, clock: false }
export const two: Story = { setup, threads: [caller, other, serve], daemons: [2], after: nothingLeft, clock: false }
export const repeated: Story = { setup, threads: [again, serve], daemons: [1], after: nothingLeft, clock: false }
export const timed: Story = { setup, threads: [hasty, serve], daemons: [1], after: nothingLeft }
