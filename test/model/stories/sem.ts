// Stories of the semaphore.

import assert from 'node:assert/strict'
import { load } from '#atomics'
import type { Story } from '#internal/lab/index.js'
import { CLOCK_MONOTONIC, ETIMEDOUT, malloc, memory, Sem, sem_clockwait, sem_init, sem_post, sem_wait, SEM_VALUE_MAX } from 'pthreads/posix'

interface Objects { sem: number }

function setup(): Objects {
  const sem = malloc(Sem.size)
  sem_init(memory(), sem, 0, 0)
  return { sem }
}

function wait({ sem }: Objects): void { assert.equal(sem_wait(memory(), sem), 0) }
function wait2(objects: Objects): void { wait(objects) }
function post({ sem }: Objects): void { assert.equal(sem_post(memory(), sem), 0) }
function post2({ sem }: Objects): void {
  sem_post(memory(), sem)
  sem_post(memory(), sem)
}

// A wait that times out takes nothing; one that does not has taken the unit.
function impatient({ sem }: Objects): void {
  const m = memory()
  const errno = sem_clockwait(m, sem, CLOCK_MONOTONIC, { tv_sec: 1, tv_nsec: 0 })
  assert.ok(errno === 0 || errno === ETIMEDOUT)
  if (errno === ETIMEDOUT) assert.equal(sem_wait(m, sem), 0)
}

// Gives up when its time is up; else it gives the unit back.
function givesUp({ sem }: Objects): void {
  if (sem_clockwait(memory(), sem, CLOCK_MONOTONIC, { tv_sec: 1, tv_nsec: 0 }) === 0) sem_post(memory(), sem)
}

const empty = ({ sem }: Objects): void => { assert.equal(load(memory(), sem) & SEM_VALUE_MAX, 0) }

export const one: Story<Objects> = { setup, threads: [wait, post], after: empty, clock: false }
export const two: Story<Objects> = { setup, threads: [wait, wait2, post2], after: empty, clock: false }
export const timed: Story<Objects> = { setup, threads: [impatient, post], after: empty }
export const gives: Story<Objects> = { setup, threads: [givesUp, wait, post], after: empty }
