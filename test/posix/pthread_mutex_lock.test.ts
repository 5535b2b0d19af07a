import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EAGAIN, EBUSY, EDEADLK, Mutex, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, pthread_mutex_trylock,
  pthread_mutex_unlock,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newMutex, newWord, ok, put, types, word, work } from './setup.ts'
import { asleep, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

for (const [name, type] of types) {
  test(`${name}: the mutex object shall be locked by a call that returns zero, with the calling thread as its owner`, () => {
    const mutex = newMutex(type)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: if the mutex is already locked by another thread, the calling thread shall block until the mutex becomes available`, () => {
    const mutex = newMutex(type)
    ok(pthread_mutex_lock(m, mutex))
    const t = create(work.lockUnlock, mutex)
    asleep(t, 'mutex')
    ok(pthread_mutex_unlock(m, mutex))
    assert.deepEqual(join(t), [0, 0])
  })

  test(`${name}: one thread at a time holds it`, () => {
    const mutex = newMutex(type), counter = newWord()
    const threads = [1, 2].map(() => create(work.count, { mutex, counter, times: 5000 }))
    for (let i = 0; i < 5000; i++) {
      ok(pthread_mutex_lock(m, mutex))
      m.i32[counter >>> 2]++
      ok(pthread_mutex_unlock(m, mutex))
    }
    for (const t of threads) join(t)
    assert.equal(word(counter), 15_000)
  })
}

test('PTHREAD_MUTEX_NORMAL, relock: deadlock', () => {
  const mutex = newMutex(PTHREAD_MUTEX_NORMAL), t = create(work.lockTwice, mutex)
  asleep(t, 'mutex')
  assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
  assert.ok(sleepsOn(t, 'mutex'))
  ok(pthread_mutex_unlock(m, mutex))                                      // undefined for others, and here the way out
  assert.deepEqual(join(t), [0, 0, 0])
})

test('PTHREAD_MUTEX_ERRORCHECK, relock: shall fail with EDEADLK, the current thread already owns the mutex', () => {
  const mutex = newMutex(PTHREAD_MUTEX_ERRORCHECK)
  ok(pthread_mutex_lock(m, mutex))
  for (let i = 0; i < 2; i++) assert.equal(pthread_mutex_lock(m, mutex), EDEADLK)
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(inThread(work.trylock, mutex), 0)
})

test('PTHREAD_MUTEX_RECURSIVE, relock: the mutex maintains a lock count, incremented every time the owner locks it again', () => {
  const mutex = newMutex(PTHREAD_MUTEX_RECURSIVE)
  for (let i = 0; i < 3; i++) ok(pthread_mutex_lock(m, mutex))
  for (let i = 0; i < 3; i++) {
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
  }
  assert.equal(inThread(work.trylock, mutex), 0)
})

test('shall fail with EAGAIN: the maximum number of recursive locks for mutex has been exceeded', () => {
  const mutex = newMutex(PTHREAD_MUTEX_RECURSIVE)
  ok(pthread_mutex_lock(m, mutex))
  put(mutex + Mutex.depth, 2 ** 31 - 1)
  assert.equal(pthread_mutex_lock(m, mutex), EAGAIN)
  assert.equal(pthread_mutex_trylock(m, mutex), EAGAIN)
  put(mutex + Mutex.depth, 0)
  ok(pthread_mutex_unlock(m, mutex))
})

test('a mutex that its owner left locked at its end stays locked', () => {
  const mutex = newMutex(PTHREAD_MUTEX_NORMAL)
  assert.equal(inThread(work.lock, mutex), 0)
  assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
})
