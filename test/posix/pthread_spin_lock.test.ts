// pthread_spin_lock, pthread_spin_trylock, pthread_spin_unlock.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, EDEADLK, EPERM, pthread_spin_lock, pthread_spin_trylock, pthread_spin_unlock } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, newSpinlock, newWord, ok, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('the calling thread shall acquire the lock if it is not held by another thread', () => {
  const lock = newSpinlock()
  ok(pthread_spin_lock(m, lock))
  assert.equal(inThread(work.spinTry, lock), EBUSY)
  ok(pthread_spin_unlock(m, lock))
  assert.equal(inThread(work.spinTry, lock), 0)
})

test('otherwise, the thread shall spin (that is, shall not return) until the lock becomes available; here it leaves the core before long', () => {
  const lock = newSpinlock()
  ok(pthread_spin_lock(m, lock))
  const threads = [1, 2, 3].map(() => create(work.spinLockUnlock, lock))
  for (const t of threads) asleep(t, 'futex')
  ok(pthread_spin_unlock(m, lock))
  for (const t of threads) assert.deepEqual(join(t), [0, 0])
  ok(pthread_spin_trylock(m, lock))
  ok(pthread_spin_unlock(m, lock))
})

test('one thread at a time holds it', () => {
  const lock = newSpinlock(), counter = newWord()
  const threads = [1, 2, 3].map(() => create(work.spinCount, { lock, counter, times: 10_000 }))
  for (const t of threads) join(t)
  assert.equal(word(counter), 30_000)
})

test('may fail with EDEADLK: the calling thread already holds the lock', () => {
  const lock = newSpinlock()
  ok(pthread_spin_lock(m, lock))
  for (let i = 0; i < 2; i++) assert.equal(pthread_spin_lock(m, lock), EDEADLK)
  ok(pthread_spin_unlock(m, lock))
  assert.equal(inThread(work.spinTry, lock), 0)
})

test('EDEADLK also when others wait', () => {
  const lock = newSpinlock()
  ok(pthread_spin_lock(m, lock))
  const t = create(work.spinLockUnlock, lock)
  asleep(t, 'futex')
  assert.equal(pthread_spin_lock(m, lock), EDEADLK)
  ok(pthread_spin_unlock(m, lock))
  assert.deepEqual(join(t), [0, 0])
})

test('pthread_spin_trylock() shall fail with EBUSY: a thread currently holds the lock', () => {
  const lock = newSpinlock()
  ok(pthread_spin_trylock(m, lock))
  assert.equal(pthread_spin_trylock(m, lock), EBUSY)
  assert.equal(inThread(work.spinTry, lock), EBUSY)
  ok(pthread_spin_unlock(m, lock))
})

test('pthread_spin_unlock() may fail with EPERM: the calling thread does not hold the lock', () => {
  const lock = newSpinlock()
  assert.equal(pthread_spin_unlock(m, lock), EPERM)
  ok(pthread_spin_lock(m, lock))
  assert.equal(inThread(work.spinUnlock, lock), EPERM)
  assert.equal(inThread(work.spinTry, lock), EBUSY)
  ok(pthread_spin_unlock(m, lock))
})

test('if there are threads spinning on the lock when pthread_spin_unlock() is called, one of them shall acquire it', () => {
  const lock = newSpinlock(), list = newList()
  ok(pthread_spin_lock(m, lock))
  const threads = [1, 2, 3].map(id => create(work.spinNote, { lock, list, id }))
  for (const t of threads) asleep(t, 'futex')
  ok(pthread_spin_unlock(m, lock))
  for (const t of threads) join(t)
  assert.deepEqual(listed(list).sort(), [1, 2, 3])
})
