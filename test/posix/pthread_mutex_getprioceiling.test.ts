// pthread_mutex_getprioceiling and pthread_mutex_setprioceiling, and the protocol PTHREAD_PRIO_PROTECT.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EDEADLK, EINVAL, ENOTRECOVERABLE, EOWNERDEAD, pthread_mutex_consistent, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_getprioceiling, pthread_mutex_lock,
  pthread_mutex_setprioceiling, pthread_mutex_unlock, PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_NONE, PTHREAD_PRIO_PROTECT, pthread_self, PTHREAD_MUTEX_ROBUST,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { effectiveOf, holders, listOf, mutexWith, newParam } from './mutexes.ts'
import { create, inThread, join, m, newWord, ok, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(async () => {
  assert.deepEqual(listOf(pthread_self()), [])
  await nothingLeft()
})

const value = newWord()
const protect = (ceiling?: number, more = {}): number => mutexWith({ protocol: PTHREAD_PRIO_PROTECT, ...(ceiling !== undefined && { ceiling }), ...more })

test('pthread_mutex_getprioceiling() shall return the current priority ceiling of the mutex', () => {
  for (const ceiling of [1, 42, 99]) {
    ok(pthread_mutex_getprioceiling(m, protect(ceiling), value))
    assert.equal(word(value), ceiling)
  }
})

test('pthread_mutex_setprioceiling() shall lock the mutex, change its ceiling and release it; the previous ceiling is returned', () => {
  const mutex = protect(20)
  ok(pthread_mutex_setprioceiling(m, mutex, 30, value))
  assert.equal(word(value), 20)
  ok(pthread_mutex_setprioceiling(m, mutex, 10))
  ok(pthread_mutex_getprioceiling(m, mutex, value))
  assert.equal(word(value), 10)
  assert.equal(inThread(work.trylock, mutex), 0)
})

test('pthread_mutex_setprioceiling() blocks until it can lock the mutex', () => {
  const mutex = protect(20)
  ok(pthread_mutex_lock(m, mutex))
  const t = create(holders.setsCeiling, { mutex, ceiling: 50 })
  asleep(t, 'mutex')
  ok(pthread_mutex_getprioceiling(m, mutex, value))
  assert.equal(word(value), 20)
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(join(t), 0)
  ok(pthread_mutex_getprioceiling(m, mutex, value))
  assert.equal(word(value), 50)
})

test('shall fail with EINVAL: the protocol attribute of mutex is PTHREAD_PRIO_NONE, or inherit', () => {
  for (const protocol of [PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT]) {
    const mutex = mutexWith({ protocol })
    assert.equal(pthread_mutex_getprioceiling(m, mutex, value), EINVAL)
    assert.equal(pthread_mutex_setprioceiling(m, mutex, 5), EINVAL)
  }
})

test('pthread_mutex_setprioceiling() shall fail with EINVAL: the priority requested is out of range, and the ceiling is not changed', () => {
  const mutex = protect(7)
  for (const ceiling of [0, -1, 100, NaN]) assert.equal(pthread_mutex_setprioceiling(m, mutex, ceiling, value), EINVAL)
  ok(pthread_mutex_getprioceiling(m, mutex, value))
  assert.equal(word(value), 7)
})

test('pthread_mutex_setprioceiling() shall fail with EDEADLK: the type is PTHREAD_MUTEX_ERRORCHECK and the current thread owns the mutex', () => {
  const mutex = protect(7, { type: PTHREAD_MUTEX_ERRORCHECK })
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_mutex_setprioceiling(m, mutex, 8), EDEADLK)
  ok(pthread_mutex_unlock(m, mutex))
})

test('pthread_mutex_setprioceiling() of a robust mutex: EOWNERDEAD with the mutex locked, ENOTRECOVERABLE', () => {
  const mutex = protect(7, { robust: PTHREAD_MUTEX_ROBUST })
  inThread(holders.locksAndEnds, mutex)
  assert.equal(pthread_mutex_setprioceiling(m, mutex, 8), EOWNERDEAD)
  ok(pthread_mutex_consistent(m, mutex))
  ok(pthread_mutex_unlock(m, mutex))
  inThread(holders.locksAndEnds, mutex)
  assert.equal(pthread_mutex_lock(m, mutex), EOWNERDEAD)
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(pthread_mutex_setprioceiling(m, mutex, 8), ENOTRECOVERABLE)
  ok(pthread_mutex_getprioceiling(m, mutex, value))
  assert.equal(word(value), 7)
})

test('PTHREAD_PRIO_PROTECT: the owner shall execute at the higher of its priority and the ceilings of all such mutexes that it owns', () => {
  const low = protect(10), high = protect(20), me = pthread_self()
  assert.equal(effectiveOf(me), 0)
  for (const [lock, mutex, then] of [[1, low, 10], [1, high, 20], [0, low, 20], [1, low, 20], [0, high, 10], [0, low, 0]] as const) {
    ok(lock === 1 ? pthread_mutex_lock(m, mutex) : pthread_mutex_unlock(m, mutex))
    assert.equal(effectiveOf(me), then)
  }
})

test('shall fail with EINVAL: the mutex has the protocol PTHREAD_PRIO_PROTECT and the caller\'s priority is higher than its ceiling', () => {
  const mutex = protect(10)
  assert.deepEqual(inThread(holders.locksWithPriority, { mutex, priority: 11, param: newParam(11) }), [0, EINVAL, 0])
  assert.deepEqual(inThread(holders.locksWithPriority, { mutex, priority: 10, param: newParam(10) }), [0, 0, 0])
})
