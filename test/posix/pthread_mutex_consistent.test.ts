import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EINVAL, EOWNERDEAD, malloc, Mutex, pthread_mutex_consistent, pthread_mutex_lock, pthread_mutex_unlock } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { holders, mutexWith, robustMutex } from './mutexes.ts'
import { inThread, m, ok, types, work } from './setup.ts'

afterEach(() => nothingLeft())

for (const [name, type] of types) {
  test(`can be used to mark the state protected by the mutex as consistent again: once unlocked, it may be used normally (${name})`, () => {
    const mutex = robustMutex(type)
    inThread(holders.locksAndEnds, mutex)
    assert.equal(pthread_mutex_lock(m, mutex), EOWNERDEAD)
    ok(pthread_mutex_consistent(m, mutex))
    ok(pthread_mutex_unlock(m, mutex))
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(inThread(work.trylock, mutex), 0)
  })
}

test('shall fail with EINVAL: the mutex object is not robust', () => {
  for (const mutex of [malloc(Mutex.size), mutexWith({ protocol: 1 }), mutexWith({ protocol: 2 })]) {
    assert.equal(pthread_mutex_consistent(m, mutex), EINVAL)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(pthread_mutex_consistent(m, mutex), EINVAL)
    ok(pthread_mutex_unlock(m, mutex))
  }
})

test('shall fail with EINVAL: the mutex does not protect an inconsistent state', () => {
  const mutex = robustMutex()
  assert.equal(pthread_mutex_consistent(m, mutex), EINVAL)
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_mutex_consistent(m, mutex), EINVAL)
  ok(pthread_mutex_unlock(m, mutex))
  inThread(holders.locksAndEnds, mutex)
  assert.equal(pthread_mutex_consistent(m, mutex), EINVAL)               // who gets EOWNERDEAD may, not before
  assert.equal(pthread_mutex_lock(m, mutex), EOWNERDEAD)
  assert.equal(inThread(holders.consistent, mutex), EINVAL)
  ok(pthread_mutex_consistent(m, mutex))
  assert.equal(pthread_mutex_consistent(m, mutex), EINVAL)
  ok(pthread_mutex_unlock(m, mutex))
})
