// pthread_cond_init and pthread_cond_destroy.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  CLOCK_REALTIME, Cond, CondAttr, EINVAL, ETIMEDOUT, free, malloc, pthread_cond_broadcast, pthread_cond_destroy, pthread_cond_init, pthread_cond_signal,
  pthread_cond_timedwait, pthread_condattr_init, pthread_mutex_lock, pthread_mutex_unlock,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at } from './clock.ts'
import { create, join, listed, m, newCond, newList, newMutex, ok, put, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('shall initialize the condition variable, whatever was there', () => {
  const cond = malloc(Cond.size), mutex = newMutex()
  m.u8.fill(0xff, cond, cond + Cond.size)
  ok(pthread_cond_init(m, cond))
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_cond_timedwait(m, cond, mutex, at(CLOCK_REALTIME, 1)), ETIMEDOUT)
  ok(pthread_mutex_unlock(m, mutex))
})

test('if attr is NULL, the default condition variable attributes shall be used', () => {
  const attr = malloc(CondAttr.size), bare = malloc(Cond.size), given = malloc(Cond.size)
  ok(pthread_condattr_init(m, attr))
  ok(pthread_cond_init(m, bare))
  ok(pthread_cond_init(m, given, attr))
  assert.deepEqual(m.u8.slice(bare, bare + Cond.size), m.u8.slice(given, given + Cond.size))
})

test('where default attributes are appropriate, PTHREAD_COND_INITIALIZER can be used: all bytes are 0', () => {
  const cond = malloc(Cond.size), mutex = newMutex(), list = newList()
  const t = create(work.wait, { mutex, cond, list, id: 1 })
  asleep(t, 'condition')
  ok(pthread_cond_signal(m, cond))
  assert.deepEqual(join(t), [0, 0])
})

test('attributes that are none are EINVAL', () => {
  const attr = malloc(CondAttr.size)
  put(attr + CondAttr.clock, 77)
  assert.equal(pthread_cond_init(m, malloc(Cond.size), attr), EINVAL)
})

test('it shall be safe to destroy an initialized condition variable upon which no threads are currently blocked, and to reinitialize it', () => {
  const cond = newCond()
  ok(pthread_cond_destroy(m, cond))
  ok(pthread_cond_init(m, cond))
  ok(pthread_cond_destroy(m, cond))
})

test('a condition variable can be destroyed immediately after all the threads that are blocked on it are awakened', () => {
  const cond = newCond(), mutex = newMutex(), list = newList()
  const threads = [1, 2, 3].map(id => create(work.wait, { mutex, cond, list, id }))
  for (const t of threads) asleep(t, 'condition')
  ok(pthread_mutex_lock(m, mutex))
  ok(pthread_cond_broadcast(m, cond))
  ok(pthread_cond_destroy(m, cond))
  m.u8.fill(0xff, cond, cond + Cond.size)
  free(cond)
  ok(pthread_mutex_unlock(m, mutex))
  for (const t of threads) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(listed(list).sort(), [1, 2, 3])
})
