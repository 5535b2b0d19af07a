// pthread_mutexattr_init and pthread_mutexattr_destroy.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EDEADLK, malloc, Mutex, MutexAttr, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_unlock, pthread_mutexattr_destroy, pthread_mutexattr_gettype,
  pthread_mutexattr_init, pthread_mutexattr_settype, PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_ERRORCHECK,
} from 'pthreads/posix'
import { m, newWord, ok, word } from './setup.ts'

test('shall initialize a mutex attributes object with the default value for all of the attributes', () => {
  const attr = malloc(MutexAttr.size), value = newWord()
  m.u8.fill(0xff, attr, attr + MutexAttr.size)
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_gettype(m, attr, value))
  assert.equal(word(value), PTHREAD_MUTEX_DEFAULT)
})

test('after a mutex attributes object has been used to initialize one or more mutexes, any function affecting the attributes object (including destruction) shall not affect them', () => {
  const attr = malloc(MutexAttr.size), mutex = malloc(Mutex.size)
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_settype(m, attr, PTHREAD_MUTEX_ERRORCHECK))
  ok(pthread_mutex_init(m, mutex, attr))
  ok(pthread_mutexattr_settype(m, attr, PTHREAD_MUTEX_DEFAULT))
  ok(pthread_mutexattr_destroy(m, attr))
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_mutex_lock(m, mutex), EDEADLK)
  ok(pthread_mutex_unlock(m, mutex))
})

test('a destroyed attr attributes object can be reinitialized using pthread_mutexattr_init()', () => {
  const attr = malloc(MutexAttr.size)
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_destroy(m, attr))
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_settype(m, attr, PTHREAD_MUTEX_ERRORCHECK))
})
