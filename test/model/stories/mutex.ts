// Stories of the mutex: what every interleaving must keep.

import assert from 'node:assert/strict'
import { add, load, poke, store } from '#atomics'
import { kernel, record, self } from '#internal/kernel/process.js'
import { State, ThreadRecord } from '#internal/kernel/records.js'
import type { Story } from '#internal/lab/index.js'
import {
  CLOCK_MONOTONIC, EBUSY, EDEADLK, EPERM, ETIMEDOUT, malloc, memory, Mutex, pthread_mutex_clocklock, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_lock,
  PTHREAD_MUTEX_RECURSIVE, pthread_mutex_trylock, pthread_mutex_unlock,
} from 'pthreads/posix'

interface Objects { mutex: number, inside: number }

const setup = (): Objects => ({ mutex: malloc(Mutex.size), inside: malloc(4) })

// Inside alone: the atomic operations are steps too, so that another thread may come in between.
function enter({ mutex, inside }: Objects): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  assert.equal(add(m, inside, 1), 0, 'two threads are inside')
  add(m, inside, -1)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}

function first(objects: Objects): void { enter(objects) }
function second(objects: Objects): void { enter(objects) }
function third(objects: Objects): void { enter(objects) }

const free = ({ mutex }: Objects): void => { assert.equal(load(memory(), mutex), 0) }

export const two: Story<Objects> = { setup, threads: [first, second], after: free, clock: false }
export const three: Story<Objects> = { setup, threads: [first, second, third], after: free, clock: false }

function typed(type: number): () => Objects {
  return () => {
    const objects = setup()
    poke(memory(), objects.mutex + Mutex.type, type)
    return objects
  }
}

// Locks twice, and is inside until both are unlocked.
function nests({ mutex, inside }: Objects): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  enter({ mutex, inside })
  assert.equal(add(m, inside, 1), 0, 'two threads are inside')
  add(m, inside, -1)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
  assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
}
function nests2(objects: Objects): void { nests(objects) }

function errs({ mutex, inside }: Objects): void {
  const m = memory()
  assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  assert.equal(pthread_mutex_lock(m, mutex), EDEADLK)
  assert.equal(add(m, inside, 1), 0, 'two threads are inside')
  add(m, inside, -1)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}

function tries({ mutex, inside }: Objects): void {
  const m = memory()
  const errno = pthread_mutex_trylock(m, mutex)
  if (errno === EBUSY) return
  assert.equal(errno, 0)
  assert.equal(add(m, inside, 1), 0, 'two threads are inside')
  add(m, inside, -1)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}

function impatient({ mutex, inside }: Objects): void {
  const m = memory()
  const errno = pthread_mutex_clocklock(m, mutex, CLOCK_MONOTONIC, { tv_sec: 1, tv_nsec: 0 })
  if (errno === ETIMEDOUT) return
  assert.equal(errno, 0)
  assert.equal(add(m, inside, 1), 0, 'two threads are inside')
  add(m, inside, -1)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}

interface Two { mutex: number, mutex2: number }
function inOrder(a: number, b: number): void {
  const m = memory()
  pthread_mutex_lock(m, a)
  pthread_mutex_lock(m, b)
  pthread_mutex_unlock(m, b)
  pthread_mutex_unlock(m, a)
}
function forth({ mutex, mutex2 }: Two): void { inOrder(mutex, mutex2) }
function back({ mutex, mutex2 }: Two): void { inOrder(mutex2, mutex) }

export const recursive: Story<Objects> = { setup: typed(PTHREAD_MUTEX_RECURSIVE), threads: [nests, nests2], after: free, clock: false }
export const errorcheck: Story<Objects> = { setup: typed(PTHREAD_MUTEX_ERRORCHECK), threads: [errs, enter], after: free, clock: false }
export const trylock: Story<Objects> = { setup, threads: [first, second, tries], after: free, clock: false }
export const timed: Story<Objects> = { setup, threads: [first, impatient, third], after: free }
export const crossed: Story<Two> = { setup: () => ({ mutex: malloc(Mutex.size), mutex2: malloc(Mutex.size) }), threads: [forth, back] }

interface Watched extends Two { slot: number, go: number }

function sleeps({ mutex, mutex2, slot, go }: Watched): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex), 0)
  store(m, slot, self.slot)
  while (load(m, go) === 0);
  assert.equal(pthread_mutex_lock(m, mutex2), 0)
  assert.equal(pthread_mutex_unlock(m, mutex2), 0)
  assert.equal(pthread_mutex_unlock(m, mutex), 0)
}

// Would close the circle when the other one is seen to sleep.
function closes({ mutex, mutex2, slot, go }: Watched): void {
  const m = memory()
  assert.equal(pthread_mutex_lock(m, mutex2), 0)
  let other = 0
  while (other === 0) other = load(m, slot)
  store(m, go, 1)
  while (load(kernel, record(other) + ThreadRecord.state) !== State.SLEEPING);
  assert.equal(pthread_mutex_lock(m, mutex), EDEADLK)
  assert.equal(pthread_mutex_unlock(m, mutex2), 0)
}

export const told: Story<Watched> = {
  setup() {
    const objects = { mutex: malloc(Mutex.size), mutex2: malloc(Mutex.size), slot: malloc(4), go: malloc(4) }
    for (const mutex of [objects.mutex, objects.mutex2]) poke(memory(), mutex + Mutex.type, PTHREAD_MUTEX_ERRORCHECK)
    return objects
  },
  threads: [sleeps, closes],
  clock: false,
}
