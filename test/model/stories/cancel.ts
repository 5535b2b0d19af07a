// Stories of cancellation.  A thread of a story catches its own cancellation.

import assert from 'node:assert/strict'
import { add, load } from '#atomics'
import { self } from '#internal/kernel/process.js'
import type { Story } from '#internal/lab/index.js'
import { ThreadCancel } from '#internal/pthread/exit.js'
import {
  Cond, malloc, memory, Mutex, pthread_cancel, PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE, pthread_cond_signal, pthread_cond_wait, pthread_mutex_lock,
  pthread_mutex_unlock, pthread_setcancelstate, Sem, sem_init, sem_post, sem_wait,
} from 'pthreads/posix'
import { free, holder, waiter, type Objects as Waiting } from './cond.ts'

interface Objects extends Waiting { sem: number, canceled: number }

function setup(): Objects {
  const objects = { mutex: malloc(Mutex.size), cond: malloc(Cond.size), sem: malloc(Sem.size), flag: malloc(4), canceled: malloc(4) }
  sem_init(memory(), objects.sem, 0, 0)
  return objects
}

// Whether `f` was canceled.
function canceled({ canceled }: Objects, f: () => void): boolean {
  try {
    f()
    return false
  } catch (error) {
    if (!(error instanceof ThreadCancel)) throw error
    add(memory(), canceled, 1)
    return true
  }
}

const VICTIM = 1                                         // its tid
function cancels(): void { assert.equal(pthread_cancel(VICTIM), 0) }

// Canceled or not, it has the mutex when its wait ends.
function victim(objects: Objects): void {
  const { mutex, cond, flag } = objects
  const m = memory()
  pthread_mutex_lock(m, mutex)
  const ended = canceled(objects, () => { while (load(m, flag) === 0) pthread_cond_wait(m, cond, mutex) })
  assert.equal(load(m, mutex + Mutex.owner), self.tid, 'its wait ended without the mutex')
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
  if (!ended) pthread_cond_signal(m, cond)               // what it was given is the other's as well
}

function locks({ mutex }: Objects): void {
  pthread_mutex_lock(memory(), mutex)
  pthread_mutex_unlock(memory(), mutex)
}

export const condition: Story<Objects> = { setup, threads: [victim, cancels, locks], after: free, clock: false }
export const signalled: Story<Objects> = { setup, threads: [victim, waiter, holder, cancels], after: free, clock: false }

// A wait that is canceled has taken no unit: it is the other's.
function takes(objects: Objects): void {
  if (!canceled(objects, () => { sem_wait(memory(), objects.sem) })) sem_post(memory(), objects.sem)
}
function takes2({ sem }: Objects): void { sem_wait(memory(), sem) }
function posts({ sem }: Objects): void { sem_post(memory(), sem) }

export const semaphore: Story<Objects> = { setup, threads: [takes, takes2, posts, cancels], clock: false }

// The request comes before, while or after cancellation is disabled: it is acted upon once.
function disables(objects: Objects): void {
  const m = memory()
  assert.ok(canceled(objects, () => {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE)
    sem_post(m, objects.sem)
    sem_wait(m, objects.sem)                             // not now
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE)
    sem_wait(m, objects.sem)
  }))
  sem_post(m, objects.sem)
  sem_wait(m, objects.sem)
}
const once = ({ canceled }: Objects): void => { assert.equal(load(memory(), canceled), 1) }
export const disabled: Story<Objects> = { setup, threads: [disables, cancels], after: once, clock: false }
