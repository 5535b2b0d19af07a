// Stories of the condition variable.

import assert from 'node:assert/strict'
import { load, store } from '#atomics'
import type { Story } from '#internal/lab/index.js'
import {
  CLOCK_MONOTONIC, Cond, ETIMEDOUT, malloc, memory, Mutex, pthread_cond_broadcast, pthread_cond_clockwait, pthread_cond_signal, pthread_cond_wait,
  pthread_mutex_lock, pthread_mutex_unlock,
} from 'pthreads/posix'

export interface Objects { mutex: number, cond: number, flag: number }

const setup = (): Objects => ({ mutex: malloc(Mutex.size), cond: malloc(Cond.size), flag: malloc(8) })

export function waiter({ mutex, cond, flag }: Objects): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  while (load(m, flag) === 0) assert.equal(pthread_cond_wait(m, cond, mutex), 0)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}
function waiter2(objects: Objects): void { waiter(objects) }

function signaller({ mutex, cond, flag }: Objects): void {
  const m = memory()
  pthread_mutex_lock(m, mutex)
  store(m, flag, 1)
  pthread_mutex_unlock(m, mutex)
  pthread_cond_signal(m, cond)
}

// With the mutex held: the waiter is moved to the mutex's queue.
function tells({ mutex, cond, flag }: Objects, tell: typeof pthread_cond_signal): void {
  const m = memory()
  pthread_mutex_lock(m, mutex)
  store(m, flag, 1)
  tell(m, cond)
  pthread_mutex_unlock(m, mutex)
}
export function holder(objects: Objects): void { tells(objects, pthread_cond_signal) }
function broadcaster(objects: Objects): void { tells(objects, pthread_cond_broadcast) }

// Each waiter takes one of the two units; a wait that times out has the mutex, and must not have eaten a signal.
function impatient({ mutex, cond, flag }: Objects): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  let errno = 0
  while (load(m, flag) === 0 && errno === 0) errno = pthread_cond_clockwait(m, cond, mutex, CLOCK_MONOTONIC, { tv_sec: 1, tv_nsec: 0 })
  assert.ok(errno === 0 || errno === ETIMEDOUT)
  assert.equal(load(m, mutex + Mutex.owner), 1, 'it returned without the mutex')
  if (errno !== ETIMEDOUT) store(m, flag + 4, 1)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}

export const free = ({ mutex }: { mutex: number }): void => { assert.equal(load(memory(), mutex), 0) }

export const signal: Story<Objects> = { setup, threads: [waiter, signaller], after: free, clock: false }
export const held: Story<Objects> = { setup, threads: [waiter, holder], after: free, clock: false }
export const broadcast: Story<Objects> = { setup, threads: [waiter, waiter2, broadcaster], after: free, clock: false }
export const timed: Story<Objects> = { setup, threads: [impatient, holder], after: free }
