// Stories of the barrier.

import assert from 'node:assert/strict'
import { add, load, poke } from '#atomics'
import { CLOCK_MONOTONIC as MONOTONIC, now } from '#internal/kernel/clock.js'
import { block } from '#internal/kernel/request.js'
import type { Story } from '#internal/lab/index.js'
import { wait_slow } from '#internal/pthread/barrier.js'
import {
  Barrier, ETIMEDOUT, malloc, memory, pthread_barrier_destroy, pthread_barrier_init, PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait,
} from 'pthreads/posix'

interface Objects { barrier: number, come: number, serials: number }

const forThreads = (threads: number) => (): Objects => {
  const objects = { barrier: malloc(Barrier.size), come: malloc(4), serials: malloc(4) }
  pthread_barrier_init(memory(), objects.barrier, 0, threads)
  return objects
}

// Comes, waits, and finds that all have come; returns whether it is the serial thread.
function round({ barrier, come, serials }: Objects, all: number): boolean {
  const m = memory()
  add(m, come, 1)
  const result = pthread_barrier_wait(m, barrier)
  assert.ok(load(m, come) >= all, 'it left before all had come')
  if (result === PTHREAD_BARRIER_SERIAL_THREAD) add(m, serials, 1)
  else assert.equal(result, 0)
  return result !== 0
}

function twice(objects: Objects): void {
  round(objects, 2)
  round(objects, 4)
}
function twice2(objects: Objects): void { twice(objects) }

function once1(objects: Objects): void { round(objects, 3) }
function once2(objects: Objects): void { round(objects, 3) }
function once3(objects: Objects): void { round(objects, 3) }

const serials = (rounds: number) => (objects: Objects): void => { assert.equal(load(memory(), objects.serials), rounds, 'serial threads') }

export const reused: Story<Objects> = { setup: forThreads(2), threads: [twice, twice2], after: serials(2), clock: false }
export const three: Story<Objects> = { setup: forThreads(3), threads: [once1, once2, once3], after: serials(1), clock: false }

// The serial thread ends the barrier's life and uses its memory for something else.
const ELSE = 0x5A5A
function destroys(objects: Objects): void {
  if (!round(objects, 2)) return
  const m = memory()
  assert.equal(pthread_barrier_destroy(m, objects.barrier), 0)
  for (let a = 0; a < Barrier.size; a += 4) poke(m, objects.barrier + a, ELSE)
}
function destroys2(objects: Objects): void { destroys(objects) }
function untouched({ barrier }: Objects): void {
  for (let a = 0; a < Barrier.size; a += 4) assert.equal(load(memory(), barrier + a), ELSE, 'the memory of a barrier that was is touched')
}
export const destroyed: Story<Objects> = { setup: forThreads(2), threads: [destroys, destroys2], after: untouched, clock: false }

// Gives up when its time is up, and comes again.
function impatient(objects: Objects): void {
  const m = memory()
  add(m, objects.come, 1)
  const result = block(wait_slow(m, objects.barrier, now(MONOTONIC) + 1000, MONOTONIC))
  if (result !== ETIMEDOUT) {
    if (result !== 0) add(m, objects.serials, 1)
    return
  }
  add(m, objects.come, -1)
  round(objects, 2)
}
function patient(objects: Objects): void { round(objects, 1) }
export const timed: Story<Objects> = { setup: forThreads(2), threads: [impatient, patient], after: serials(1) }
