// Stories of death: a thread dies at any of its steps, as a Worker that is terminated does, and the kernel's own reaper
// cleans up after it. What the survivors need is there in any case; they must get it.

import assert from 'node:assert/strict'
import { load } from '#atomics'
import { reap, Reason } from '#internal/kernel/death.js'
import { bucketRecord, kernel } from '#internal/kernel/process.js'
import { Bucket, BUCKETS, PROCESS, Process } from '#internal/kernel/records.js'
import type { Story } from '#internal/lab/index.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { carrierOf } from '#internal/lab/worker.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import { heirs } from '#internal/pthread/bequest.js'
import { Cond, malloc, memory, Mutex, pthread_mutex_lock, pthread_mutex_unlock, Sem, sem_post, sem_wait } from 'pthreads/posix'

interface Objects { sem: number, mutex: number, cond: number }
const setup = (): Objects => ({ sem: malloc(Sem.size), mutex: malloc(Mutex.size), cond: malloc(Cond.size) })
const VICTIM = 0

function victim({ sem }: Objects): void { sem_post(memory(), sem) }
function waiter({ sem }: Objects): void { sem_wait(memory(), sem) }
function poster({ sem }: Objects): void { sem_post(memory(), sem) }

// Waits, and gives back what it got: dead in between, it has taken a unit along, and there is another.
function guest({ sem }: Objects): void {
  sem_wait(memory(), sem)
  sem_post(memory(), sem)
}
function host({ sem }: Objects): void {
  sem_post(memory(), sem)
  sem_post(memory(), sem)
}

function reaper(): void {
  becomeImpatient()
  awaitDeath(VICTIM)
  reap(carrierOf(VICTIM), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}

function clean(): void {
  for (let n = 0; n < BUCKETS; n++) {
    assert.equal(load(kernel, bucketRecord(n) + Bucket.lock), 0, `bucket ${n} is locked`)
    assert.equal(load(kernel, bucketRecord(n) + Bucket.head), 0, `somebody is queued in bucket ${n}`)
  }
  assert.equal(load(kernel, PROCESS + Process.tableLock), 0)
}

export const posting: Story<Objects> = { setup, threads: [victim, waiter, poster, reaper], mortal: [VICTIM], daemons: [3], after: clean }
export const waiting: Story<Objects> = { setup, threads: [guest, waiter, host, reaper], mortal: [VICTIM], daemons: [3], after: clean }

// A plain mutex that its holder dies with stays locked, as POSIX says; another one is not touched.
function holder({ mutex }: Objects): void {
  pthread_mutex_lock(memory(), mutex)
  pthread_mutex_unlock(memory(), mutex)
}
function stranger({ mutex, sem }: Objects): void {
  assert.ok(mutex !== 0)
  sem_post(memory(), sem)
}
export const holding: Story<Objects> = { setup, threads: [holder, stranger, waiter, reaper], mortal: [VICTIM], daemons: [3], after: clean }
