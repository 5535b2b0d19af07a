// Creates that do not wait for the spawner's answer while it starts. Here the test plays the spawner, which refuses.

import assert from 'node:assert/strict'
import test from 'node:test'
import { load, peek, poke, store } from '#atomics'
import { clone, PLAIN, start, undo } from '#internal/kernel/clone.js'
import { refuse } from '#internal/kernel/death.js'
import { carrierRecord, kernel, record, SPAWNER_STARTS } from '#internal/kernel/process.js'
import { Carrier, CarrierState, PROCESS, Process, State, Status, ThreadRecord } from '#internal/kernel/records.js'
import { host, installHost } from '#internal/kernel/host.js'
import { dispose } from '#internal/kernel/thread.js'
import { memory } from 'pthreads/posix'

memory()
installHost({ ...host, processors: () => 2 })                              // as many creates may go unanswered
store(kernel, PROCESS + Process.spawner, SPAWNER_STARTS)
const nothing = (): void => undefined
const heirs = { disown: nothing, bequeath: nothing, clear: nothing, sweep: nothing, rung: nothing, argument: () => true }

function asked(): { slot: number, n: number, state: number } {
  const slot = clone(1, PLAIN, 0)
  assert.ok(slot > 0)
  const n = peek(kernel, record(slot) + ThreadRecord.carrier)
  return { slot, n, state: carrierRecord(n) + Carrier.state }
}

function freed(n: number): void {
  assert.equal(load(kernel, carrierRecord(n) + Carrier.state), CarrierState.FREE)
  assert.equal(peek(kernel, PROCESS + Process.freeCarrier), n)
  assert.equal(load(kernel, PROCESS + Process.count), 0)
  assert.equal(load(kernel, PROCESS + Process.live), 0)
}

test('refused before the thread is started: start says so', () => {
  const { slot, n, state } = asked()
  store(kernel, state, CarrierState.REFUSED)
  assert.equal(load(kernel, state), CarrierState.REFUSED)
  assert.equal(start(slot), false)
  refuse(n, heirs)                                                    // the spawner saw the mailbox after all
  undo(slot)
  freed(n)
})

test('refused after the thread is started: its join says so', () => {
  const { slot, n, state } = asked()
  assert.equal(start(slot), true)
  assert.equal(peek(kernel, carrierRecord(n) + Carrier.job), slot)
  store(kernel, state, CarrierState.REFUSED)
  refuse(n, heirs)
  assert.equal(load(kernel, record(slot) + ThreadRecord.state), State.EXITED)
  assert.equal(load(kernel, record(slot) + ThreadRecord.exit), 0)
  assert.equal(peek(kernel, record(slot) + ThreadRecord.status), Status.DIED)
  dispose(slot)
  freed(n)
  poke(kernel, PROCESS + Process.requests, 0)
})
