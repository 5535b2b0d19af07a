// pthread_cond_signal and pthread_cond_broadcast.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  CLOCK_REALTIME, ETIMEDOUT, pthread_cond_broadcast, pthread_cond_signal, pthread_cond_timedwait, pthread_mutex_lock, pthread_mutex_unlock,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at } from './clock.ts'
import { create, join, listed, m, newCond, newList, newMutex, ok, types, work } from './setup.ts'
import { asleep, ended, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

interface Meeting { mutex: number, cond: number, list: number, threads: number[] }

/** So many threads, blocked on a condition in the order of their ids. */
function blocked(count: number, mutex = newMutex()): Meeting {
  const cond = newCond(), list = newList(), threads: number[] = []
  for (let id = 1; id <= count; id++) {
    threads.push(create(work.wait, { mutex, cond, list, id }))
    asleep(threads[id - 1], 'condition')
  }
  return { mutex, cond, list, threads }
}

test('pthread_cond_signal() shall unblock at least one of the threads that are blocked: here exactly one, which has waited longest', () => {
  const { cond, list, threads } = blocked(3)
  for (let i = 0; i < 3; i++) {
    ok(pthread_cond_signal(m, cond))
    ended(threads[i])
    for (const other of threads.slice(i + 1)) assert.ok(sleepsOn(other, 'condition'))
  }
  for (const t of threads) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(listed(list), [1, 2, 3])
})

test('pthread_cond_broadcast() shall unblock all threads currently blocked', () => {
  const { cond, list, threads } = blocked(3)
  ok(pthread_cond_broadcast(m, cond))
  for (const t of threads) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(listed(list).sort(), [1, 2, 3])
})

for (const [name, type] of types) {
  test(`${name}: the threads that are unblocked shall contend for the mutex, as if each had called pthread_mutex_lock()`, () => {
    const { mutex, cond, list, threads } = blocked(3, newMutex(type))
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_cond_broadcast(m, cond))
    for (const t of threads) assert.ok(!sleepsOn(t, 'join'))
    assert.deepEqual(listed(list), [])
    ok(pthread_mutex_unlock(m, mutex))
    for (const t of threads) assert.deepEqual(join(t), [0, 0])
    assert.equal(listed(list).length, 3)
  })

  test(`${name}: may be called by a thread whether or not it currently owns the mutex`, () => {
    const { mutex, cond, threads } = blocked(2, newMutex(type))
    ok(pthread_cond_signal(m, cond))
    assert.deepEqual(join(threads[0]), [0, 0])
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_cond_signal(m, cond))
    ok(pthread_mutex_unlock(m, mutex))
    assert.deepEqual(join(threads[1]), [0, 0])
  })
}

test('shall have no effect if there are no threads currently blocked on cond', () => {
  const cond = newCond(), mutex = newMutex()
  ok(pthread_cond_signal(m, cond))
  ok(pthread_cond_broadcast(m, cond))
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_cond_timedwait(m, cond, mutex, at(CLOCK_REALTIME, 5)), ETIMEDOUT)
  ok(pthread_mutex_unlock(m, mutex))
})

test('threads that are blocked on another condition variable with the same mutex stay so', () => {
  const mutex = newMutex(), a = blocked(1, mutex), b = blocked(1, mutex)
  ok(pthread_cond_broadcast(m, a.cond))
  assert.deepEqual(join(a.threads[0]), [0, 0])
  assert.ok(sleepsOn(b.threads[0], 'condition'))
  ok(pthread_cond_signal(m, b.cond))
  assert.deepEqual(join(b.threads[0]), [0, 0])
})

test('as many signals as there are waiters unblock all of them', () => {
  const { mutex, cond, list, threads } = blocked(4)
  ok(pthread_mutex_lock(m, mutex))
  for (let i = 0; i < 4; i++) ok(pthread_cond_signal(m, cond))
  ok(pthread_mutex_unlock(m, mutex))
  for (const t of threads) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(listed(list), [1, 2, 3, 4])
})
