// pthread_rwlockattr_init, _destroy; locks of either process-shared attribute.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  malloc, PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED, pthread_rwlock_init, PTHREAD_RWLOCK_DEFAULT_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP,
  pthread_rwlockattr_destroy, pthread_rwlockattr_getkind_np, pthread_rwlockattr_getpshared, pthread_rwlockattr_init, pthread_rwlockattr_setpshared, Rwlock,
  RwlockAttr,
} from 'pthreads/posix'
import { inThread, m, newWord, ok, word, work } from './setup.ts'

const attr = malloc(RwlockAttr.size), value = newWord()

test('shall initialize a read-write lock attributes object with the default value for all of the attributes', () => {
  m.u8.fill(0xff, attr, attr + RwlockAttr.size)
  ok(pthread_rwlockattr_init(m, attr))
  ok(pthread_rwlockattr_getpshared(m, attr, value))
  assert.equal(word(value), PTHREAD_PROCESS_PRIVATE)
  ok(pthread_rwlockattr_getkind_np(m, attr, value))
  assert.equal(word(value), PTHREAD_RWLOCK_DEFAULT_NP)
  assert.equal(PTHREAD_RWLOCK_DEFAULT_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP)
})

test('a destroyed attr attributes object can be reinitialized using pthread_rwlockattr_init()', () => {
  ok(pthread_rwlockattr_destroy(m, attr))
  ok(pthread_rwlockattr_init(m, attr))
  ok(pthread_rwlock_init(m, malloc(Rwlock.size), attr))
})

test('the process-shared attribute shall be set to PTHREAD_PROCESS_SHARED to permit a lock to be operated upon by any thread that has access to the memory', () => {
  const lock = malloc(Rwlock.size)
  for (const pshared of [PTHREAD_PROCESS_SHARED, PTHREAD_PROCESS_PRIVATE]) {
    ok(pthread_rwlockattr_setpshared(m, attr, pshared))
    ok(pthread_rwlockattr_getpshared(m, attr, value))
    assert.equal(word(value), pshared)
    ok(pthread_rwlock_init(m, lock, attr))
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  }
})
