// pthread_barrierattr_init, _destroy; barriers of either process-shared attribute.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Barrier, BarrierAttr, malloc, pthread_barrier_init, PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait, pthread_barrierattr_destroy,
  pthread_barrierattr_getpshared, pthread_barrierattr_init, pthread_barrierattr_setpshared, PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED,
} from 'pthreads/posix'
import { m, newWord, ok, word } from './setup.ts'

const attr = malloc(BarrierAttr.size), value = newWord()

test('shall initialize a barrier attributes object with the default value for all of the attributes; the default of process-shared is PTHREAD_PROCESS_PRIVATE', () => {
  m.u8.fill(0xff, attr, attr + BarrierAttr.size)
  ok(pthread_barrierattr_init(m, attr))
  ok(pthread_barrierattr_getpshared(m, attr, value))
  assert.equal(word(value), PTHREAD_PROCESS_PRIVATE)
})

test('a destroyed attr attributes object can be reinitialized using pthread_barrierattr_init()', () => {
  ok(pthread_barrierattr_destroy(m, attr))
  ok(pthread_barrierattr_init(m, attr))
  ok(pthread_barrier_init(m, malloc(Barrier.size), attr, 1))
})

test('pthread_barrierattr_setpshared() sets the attribute, and a barrier of either kind works', () => {
  for (const pshared of [PTHREAD_PROCESS_SHARED, PTHREAD_PROCESS_PRIVATE]) {
    ok(pthread_barrierattr_setpshared(m, attr, pshared))
    ok(pthread_barrierattr_getpshared(m, attr, value))
    assert.equal(word(value), pshared)
    const barrier = malloc(Barrier.size)
    ok(pthread_barrier_init(m, barrier, attr, 1))
    assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
  }
})
