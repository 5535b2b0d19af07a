// pthread_rwlock_init and pthread_rwlock_destroy.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EBUSY, EINVAL, free, malloc, pthread_rwlock_destroy, pthread_rwlock_init, pthread_rwlock_rdlock, pthread_rwlock_unlock, pthread_rwlock_wrlock,
  pthread_rwlockattr_destroy, pthread_rwlockattr_init, Rwlock, RwlockAttr,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newRwlock, ok, put, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('shall allocate any resources required to use the read-write lock and initialize the lock to an unlocked state', () => {
  const lock = malloc(Rwlock.size)
  m.u8.fill(0xff, lock, lock + Rwlock.size)
  ok(pthread_rwlock_init(m, lock))
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('with the attributes referenced by attr; if attr is NULL, the default read-write lock attributes shall be used', () => {
  const attr = malloc(RwlockAttr.size), lock = malloc(Rwlock.size)
  ok(pthread_rwlockattr_init(m, attr))
  ok(pthread_rwlock_init(m, lock, attr))
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  ok(pthread_rwlock_init(m, lock, 0))
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('EINVAL for attributes that are none; the lock is not touched', () => {
  const attr = malloc(RwlockAttr.size), lock = newRwlock()
  ok(pthread_rwlockattr_init(m, attr))
  put(attr + RwlockAttr.kind, 77)
  ok(pthread_rwlock_wrlock(m, lock))
  assert.equal(pthread_rwlock_init(m, lock, attr), EINVAL)
  ok(pthread_rwlock_unlock(m, lock))
})

test('once initialized, the lock can be used any number of times without being reinitialized', () => {
  const lock = newRwlock()
  for (let i = 0; i < 100; i++) {
    ok(i % 2 === 0 ? pthread_rwlock_rdlock(m, lock) : pthread_rwlock_wrlock(m, lock))
    ok(pthread_rwlock_unlock(m, lock))
  }
})

test('after a read-write lock attributes object has been used to initialize one or more locks, any function affecting it (including destruction) shall not affect them', () => {
  const attr = malloc(RwlockAttr.size), lock = malloc(Rwlock.size)
  ok(pthread_rwlockattr_init(m, attr))
  ok(pthread_rwlock_init(m, lock, attr))
  ok(pthread_rwlockattr_destroy(m, attr))
  m.u8.fill(0xff, attr, attr + RwlockAttr.size)
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('PTHREAD_RWLOCK_INITIALIZER: memory that is 0 is a lock with default attributes', () => {
  assert.deepEqual(inThread(work.tryBoth, malloc(Rwlock.size)), [0, 0])
})

test('pthread_rwlock_destroy() shall destroy the lock; it can be initialized again', () => {
  const lock = newRwlock()
  ok(pthread_rwlock_destroy(m, lock))
  ok(pthread_rwlock_init(m, lock))
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('may fail with EBUSY: an attempt to destroy the object while it is locked', () => {
  const lock = newRwlock()
  for (const locking of [pthread_rwlock_rdlock, pthread_rwlock_wrlock]) {
    ok(locking(m, lock))
    assert.equal(pthread_rwlock_destroy(m, lock), EBUSY)
    ok(pthread_rwlock_unlock(m, lock))
    ok(pthread_rwlock_destroy(m, lock))
  }
})

test('a lock can be destroyed as soon as it is unlocked, by the thread that has it then', () => {
  for (const locking of [pthread_rwlock_rdlock, pthread_rwlock_wrlock]) {
    const lock = newRwlock()
    ok(locking(m, lock))
    const t = create(work.writeOnce, { lock })
    asleep(t, 'rwlock')
    ok(pthread_rwlock_unlock(m, lock))
    join(t)
    ok(pthread_rwlock_destroy(m, lock))
    m.u8.fill(0x55, lock, lock + Rwlock.size)
    assert.ok(m.u8.subarray(lock, lock + Rwlock.size).every(byte => byte === 0x55))
    free(lock)
  }
})
