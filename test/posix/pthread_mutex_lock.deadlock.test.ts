// EDEADLK across several threads: pthread_mutex_lock, "a deadlock condition was detected".

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EDEADLK, ETIMEDOUT, pthread_mutex_lock, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, pthread_mutex_timedlock,
  pthread_mutex_unlock, PTHREAD_PRIO_INHERIT, pthread_rwlock_unlock, pthread_rwlock_wrlock, sem_post, sem_wait,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at } from './clock.ts'
import { holders, mutexWith } from './mutexes.ts'
import { create, join, m, newRwlock, newSem, ok } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

const kinds = [['plain', {}], ['robust', { robust: PTHREAD_MUTEX_ROBUST }], ['inherit', { protocol: PTHREAD_PRIO_INHERIT }]] as const

for (const [name, kind] of kinds) {
  for (const length of [2, 3, 6]) {
    test(`a circle of ${length} threads is EDEADLK for the errorcheck lock that would close it, and the others go on (${name})`, () => {
      const mutexes = Array.from({ length }, () => mutexWith({ type: PTHREAD_MUTEX_ERRORCHECK, ...kind }))
      const ready = newSem(0), go = newSem(0)
      ok(pthread_mutex_lock(m, mutexes[0]))
      const threads = mutexes.slice(1).map((mutex, i) => {
        const t = create(holders.chain, { mutexes: [mutex, mutexes[i]], ready, go })
        ok(sem_wait(m, ready))
        ok(sem_post(m, go))
        asleep(t, 'mutex')
        return t
      })
      for (let i = 0; i < 2; i++) assert.equal(pthread_mutex_lock(m, mutexes[length - 1]), EDEADLK)
      ok(pthread_mutex_unlock(m, mutexes[0]))
      for (const t of threads) assert.deepEqual(join(t), [0, 0])
      ok(pthread_mutex_lock(m, mutexes[length - 1]))
      ok(pthread_mutex_unlock(m, mutexes[length - 1]))
    })
  }
}

test('a circle that a read-write lock closes is one too: its writer waits for a reader', () => {
  const mutex = mutexWith({ type: PTHREAD_MUTEX_ERRORCHECK }), lock = newRwlock()
  ok(pthread_rwlock_wrlock(m, lock))
  const t = create(holders.locksThenReads, { mutex, lock })
  asleep(t, 'rwlock')
  assert.equal(pthread_mutex_lock(m, mutex), EDEADLK)
  ok(pthread_rwlock_unlock(m, lock))
  assert.deepEqual(join(t), [0, 0, 0, 0])
})

test('a chain that does not come back is none', () => {
  const [a, b, c] = [0, 1, 2].map(() => mutexWith({ type: PTHREAD_MUTEX_ERRORCHECK })), ready = newSem(0), go = newSem(0)
  const t = create(holders.chain, { mutexes: [b, a, c], ready, go })
  ok(sem_wait(m, ready))
  ok(pthread_mutex_lock(m, a))
  ok(sem_post(m, go))
  asleep(t, 'mutex')                                                      // it holds b and waits for a
  const other = create(holders.takes, { mutex: b, how: 'lock' })          // waits for b, whose holder waits for a, which is not its own
  asleep(other, 'mutex')
  ok(pthread_mutex_unlock(m, a))
  ok(sem_wait(m, ready))
  ok(sem_post(m, go))
  assert.deepEqual([join(t), join(other)], [[0, 0, 0], [0, 0]])
})

test('a sleep with a deadline ends by itself: it is no part of a circle', () => {
  const [a, b] = [0, 1].map(() => mutexWith({ type: PTHREAD_MUTEX_ERRORCHECK })), ready = newSem(0), go = newSem(0)
  ok(pthread_mutex_lock(m, a))
  const t = create(holders.locksOtherInTime, { mutexes: [b, a], ready, go, abstime: at(0, 200) })
  ok(sem_wait(m, ready))
  ok(sem_post(m, go))
  asleep(t, 'mutex')
  ok(pthread_mutex_lock(m, b))
  ok(pthread_mutex_unlock(m, b))
  ok(pthread_mutex_unlock(m, a))
  assert.equal(join(t), ETIMEDOUT)
})

test('nor is the caller told of one when it locks with a deadline itself, or by a mutex that does not check', () => {
  for (const type of [PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL]) {
    const [a, b] = [0, 1].map(() => mutexWith({ type })), ready = newSem(0), go = newSem(0)
    ok(pthread_mutex_lock(m, a))
    const t = create(holders.chain, { mutexes: [b, a], ready, go })
    ok(sem_wait(m, ready))
    ok(sem_post(m, go))
    asleep(t, 'mutex')
    assert.equal(pthread_mutex_timedlock(m, b, at(0, 5)), ETIMEDOUT)
    ok(pthread_mutex_unlock(m, a))
    assert.deepEqual(join(t), [0, 0])
  }
})
