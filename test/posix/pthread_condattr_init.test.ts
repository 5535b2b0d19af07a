// pthread_condattr_init and pthread_condattr_destroy.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLOCK_MONOTONIC, CLOCK_REALTIME, Cond, CondAttr, ETIMEDOUT, malloc, pthread_cond_init, pthread_cond_timedwait, pthread_condattr_destroy,
  pthread_condattr_getclock, pthread_condattr_init, pthread_condattr_setclock, pthread_mutex_lock, pthread_mutex_unlock,
} from 'pthreads/posix'
import { at } from './clock.ts'
import { m, newMutex, newWord, ok, word } from './setup.ts'

test('shall initialize a condition variable attributes object with the default value for all of the attributes', () => {
  const attr = malloc(CondAttr.size), value = newWord()
  m.u8.fill(0xff, attr, attr + CondAttr.size)
  ok(pthread_condattr_init(m, attr))
  ok(pthread_condattr_getclock(m, attr, value))
  assert.equal(word(value), CLOCK_REALTIME)
})

test('any function affecting the attributes object (including destruction) shall not affect any previously initialized condition variables', () => {
  const attr = malloc(CondAttr.size), cond = malloc(Cond.size), mutex = newMutex()
  ok(pthread_condattr_init(m, attr))
  ok(pthread_condattr_setclock(m, attr, CLOCK_MONOTONIC))
  ok(pthread_cond_init(m, cond, attr))
  ok(pthread_condattr_setclock(m, attr, CLOCK_REALTIME))
  ok(pthread_condattr_destroy(m, attr))
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_cond_timedwait(m, cond, mutex, at(CLOCK_MONOTONIC, 1)), ETIMEDOUT)
  ok(pthread_mutex_unlock(m, mutex))
})

test('a destroyed attr attributes object can be reinitialized using pthread_condattr_init()', () => {
  const attr = malloc(CondAttr.size)
  ok(pthread_condattr_init(m, attr))
  ok(pthread_condattr_destroy(m, attr))
  ok(pthread_condattr_init(m, attr))
})
