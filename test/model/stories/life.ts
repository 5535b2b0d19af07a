// Stories of threads: create, run, exit, join, detach, over a cache of parked carriers. A parked carrier is a thread of
// the lab that runs the kernel's own `serve`.

import assert from 'node:assert/strict'
import { add, load } from '#atomics'
import { detach, create, join } from '#internal/pthread/thread.js'
import { PLAIN } from '#internal/kernel/clone.js'
import { EINVAL, ESRCH } from '#internal/kernel/errno.js'
import { kernel, record } from '#internal/kernel/process.js'
import { PROCESS, Process, Status, ThreadRecord } from '#internal/kernel/records.js'
import type { Story } from '#internal/lab/index.js'
import { entryOf } from '#internal/lab/worker.js'
import { malloc, memory } from 'pthreads/posix'

interface Objects { ran: number }
const setup = (): Objects => ({ ran: malloc(8) })

const entries = {
  work: (ran: number, n: number): number => {
    add(memory(), ran, 1)
    return n + 1
  },
}

interface Outcome { status: number, value: unknown, reason: number, code: number }

function begin({ ran }: Objects, n: number, detached = false): { slot: number, serial: number } {
  const slot = create(entryOf('work'), [ran, n], { name: '', detached, kind: PLAIN, transfer: [] })
  assert.ok(slot > 0, `create: ${slot}`)
  return { slot, serial: kernel.i32[(record(slot) + ThreadRecord.serial) >>> 2] }
}

function finish({ slot, serial }: { slot: number, serial: number }): unknown {
  const out: Outcome = { status: 0, value: undefined, reason: 0, code: 0 }
  assert.equal(join(slot, serial, out), 0)
  assert.equal(out.status, Status.RETURNED, 'its end is not yet known')
  return out.value
}

function createAndJoin(objects: Objects): void {
  assert.equal(finish(begin(objects, 41)), 42)
  assert.equal(load(memory(), objects.ran), 1)
}

// The second thread finds the first one's carrier in the cache: there is no other.
function twice(objects: Objects): void {
  assert.equal(finish(begin(objects, 1)), 2)
  assert.equal(finish(begin(objects, 2)), 3)
}

function detaches(objects: Objects): void {
  const { slot, serial } = begin(objects, 1)
  const errno = detach(slot, serial)
  assert.equal(errno, 0)
  assert.ok([EINVAL, ESRCH].includes(detach(slot, serial)))
}

// What must be left: nothing but the threads of the story, every carrier parked or about to.
const nothingLeft = (threads: number) => (): void => {
  assert.equal(kernel.i32[(PROCESS + Process.count) >>> 2], threads, 'threads hold a record')
  assert.equal(kernel.i32[(PROCESS + Process.live) >>> 2], threads, 'threads live')
}

function one(objects: Objects): void { assert.equal(finish(begin(objects, 41)), 42) }
function other(objects: Objects): void { assert.equal(finish(begin(objects, 7)), 8) }

export const joined: Story<Objects> = { setup, threads: [createAndJoin], after: nothingLeft(1), carriers: 1, entries, clock: false }
export const reused: Story<Objects> = { setup, threads: [twice], after: nothingLeft(1), carriers: 1, entries, clock: false }
export const detached: Story<Objects> = { setup, threads: [detaches], after: nothingLeft(1), carriers: 1, entries, clock: false }
export const crowd: Story<Objects> = { setup, threads: [one, other], after: nothingLeft(2), carriers: 2, entries, clock: false }
