import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EINVAL, malloc, Mutex, MutexAttr, pthread_mutex_destroy, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock,
  pthread_mutexattr_init,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, m, newMutex, ok, put, types, work } from './setup.ts'

afterEach(() => nothingLeft())

test('shall initialize the mutex referenced by mutex, whatever was there', () => {
  const mutex = malloc(Mutex.size)
  m.u8.fill(0xff, mutex, mutex + Mutex.size)
  ok(pthread_mutex_init(m, mutex))
  ok(pthread_mutex_lock(m, mutex))
  ok(pthread_mutex_unlock(m, mutex))
})

test('upon successful initialization, the state of the mutex becomes initialized and unlocked', () => {
  for (const [, type] of types) {
    const mutex = newMutex(type)
    assert.equal(inThread(work.trylock, mutex), 0)
  }
})

test('if attr is NULL, the default mutex attributes are used: the effect is that of a default mutex attributes object', () => {
  const attr = malloc(MutexAttr.size), bare = malloc(Mutex.size), given = malloc(Mutex.size)
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutex_init(m, bare))
  ok(pthread_mutex_init(m, given, attr))
  assert.deepEqual(m.u8.slice(bare, bare + Mutex.size), m.u8.slice(given, given + Mutex.size))
})

test('in cases where default mutex attributes are appropriate, PTHREAD_MUTEX_INITIALIZER can be used: all bytes are 0', () => {
  const mutex = malloc(Mutex.size)
  ok(pthread_mutex_lock(m, mutex))
  assert.notEqual(inThread(work.trylock, mutex), 0)
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(inThread(work.lockUnlock, mutex) instanceof Array, true)
})

test('a destroyed mutex object can be reinitialized using pthread_mutex_init()', () => {
  const mutex = newMutex()
  ok(pthread_mutex_destroy(m, mutex))
  ok(pthread_mutex_init(m, mutex))
  ok(pthread_mutex_trylock(m, mutex))
  ok(pthread_mutex_unlock(m, mutex))
})

test('attributes that are none are EINVAL', () => {
  const attr = malloc(MutexAttr.size)
  ok(pthread_mutexattr_init(m, attr))
  put(attr + MutexAttr.type, 99)
  assert.equal(pthread_mutex_init(m, malloc(Mutex.size), attr), EINVAL)
})
