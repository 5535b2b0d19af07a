// Stories of robust mutexes: a thread that holds one dies at any step, or comes to its end; exactly one other is told.

import assert from 'node:assert/strict'
import { add, load, store } from '#atomics'
import { reap, Reason } from '#internal/kernel/death.js'
import { kernel, record, self } from '#internal/kernel/process.js'
import { ThreadRecord } from '#internal/kernel/records.js'
import type { Story } from '#internal/lab/index.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { carrierOf, entryOf } from '#internal/lab/worker.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import { heirs } from '#internal/pthread/bequest.js'
import { PLAIN } from '#internal/kernel/clone.js'
import { create } from '#internal/pthread/thread.js'
import {
  ENOTRECOVERABLE, EOWNERDEAD, malloc, memory, Mutex, MutexAttr, pthread_mutex_consistent, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_trylock,
  pthread_mutex_unlock, pthread_mutexattr_init, pthread_mutexattr_setrobust, PTHREAD_MUTEX_ROBUST,
} from 'pthreads/posix'

interface Objects { mutex: number, inside: number, told: number, holds: number }

function setup(): Objects {
  const m = memory()
  const mutex = malloc(Mutex.size), attr = malloc(MutexAttr.size)
  pthread_mutexattr_init(m, attr)
  pthread_mutexattr_setrobust(m, attr, PTHREAD_MUTEX_ROBUST)
  assert.equal(pthread_mutex_init(m, mutex, attr), 0)
  return { mutex, inside: malloc(4), told: malloc(4), holds: malloc(4) }
}

const VICTIM = 0

function victim({ mutex, holds }: Objects): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  store(m, holds, 1)
  store(m, holds, 0)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}

function reaper(): void {
  becomeImpatient()
  awaitDeath(VICTIM)
  reap(carrierOf(VICTIM), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}

// Takes note of what it is told, and makes the state consistent.
function locked(objects: Objects, errno: number): void {
  const m = memory()
  if (errno === EOWNERDEAD) {
    add(m, objects.told, 1)
    assert.equal(pthread_mutex_consistent(m, objects.mutex), 0)
  } else assert.equal(errno, 0)
}

function survivor(objects: Objects): void {
  const { mutex, inside } = objects
  const m = memory()
  locked(objects, pthread_mutex_lock(m, mutex))
  assert.equal(add(m, inside, 1), 0, 'two threads are inside')
  add(m, inside, -1)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}
function survivor2(objects: Objects): void { survivor(objects) }

// Who died with the mutex was told of once, if only now; it can be locked, and no list names it.
function told(objects: Objects): void {
  const m = memory()
  locked(objects, pthread_mutex_trylock(m, objects.mutex))
  assert.equal(load(kernel, record(self.slot) + ThreadRecord.acquiring), 0)
  assert.equal(load(kernel, record(self.slot) + ThreadRecord.robust), objects.mutex)
  pthread_mutex_unlock(m, objects.mutex)
  const times = load(m, objects.told)
  assert.ok(times === 1 || (times === 0 && load(m, objects.holds) === 0), `the death was told ${times} times`)
}

export const dies: Story<Objects> = { setup, threads: [victim, survivor, reaper], mortal: [VICTIM], daemons: [2], after: told, clock: false }
export const waited: Story<Objects> = { setup, threads: [victim, survivor, survivor2, reaper], mortal: [VICTIM], daemons: [3], after: told, clock: false }

// A thread that ends with the mutex held.
const entries = {
  ends: (mutex: number): void => {
    const errno = pthread_mutex_lock(memory(), mutex)
    assert.ok(errno === 0 || errno === ENOTRECOVERABLE)
  },
}

function begin({ mutex }: Objects): void {
  assert.ok(create(entryOf('ends'), [mutex], { name: '', detached: true, kind: PLAIN, transfer: [] }) > 0)
}
function begins(objects: Objects): void {
  begin(objects)
  survivor(objects)
}

export const ends: Story<Objects> = {
  setup: () => {
    const objects = setup()
    store(memory(), objects.holds, 1)
    return objects
  },
  threads: [begins, survivor2], carriers: 1, entries, after: told, clock: false,
}

// Who is told does not repair: nobody gets the mutex any more.
function careless({ mutex, told }: Objects): void {
  const m = memory()
  const errno = pthread_mutex_lock(m, mutex)
  if (errno === ENOTRECOVERABLE) return
  if (errno === EOWNERDEAD) assert.equal(add(m, told, 1), 0, 'told twice')
  else assert.equal(errno, 0)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}
function begins2(objects: Objects): void {
  begin(objects)
  careless(objects)
}
function careless2(objects: Objects): void { careless(objects) }
function lost(objects: Objects): void {
  const errno = pthread_mutex_trylock(memory(), objects.mutex)
  assert.equal(errno, load(memory(), objects.told) === 1 ? ENOTRECOVERABLE : EOWNERDEAD)
}

export const repairedByNobody: Story<Objects> = { setup, threads: [begins2, careless, careless2], carriers: 1, entries, after: lost, clock: false }
