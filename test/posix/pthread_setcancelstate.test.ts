import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EINVAL, PTHREAD_CANCEL_ASYNCHRONOUS, PTHREAD_CANCEL_DEFERRED, PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE, PTHREAD_CANCELED, pthread_cancel,
  pthread_mutex_lock, pthread_mutex_unlock, pthread_setcancelstate, pthread_setcanceltype,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, ok } from './setup.ts'
import { acts, newStage } from './signal-setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('both shall set the state and return the previous one; a new thread is ENABLED and DEFERRED', () => {
  assert.deepEqual(inThread(acts.states), [
    0, PTHREAD_CANCEL_ENABLE, 0, PTHREAD_CANCEL_DISABLE, 0, PTHREAD_CANCEL_DISABLE, 0, PTHREAD_CANCEL_ENABLE,
    0, PTHREAD_CANCEL_DEFERRED, 0, PTHREAD_CANCEL_ASYNCHRONOUS, 0, PTHREAD_CANCEL_ASYNCHRONOUS, 0, PTHREAD_CANCEL_DEFERRED,
  ])
})

test('pthread_setcancelstate() shall fail with EINVAL: the state is not ENABLE or DISABLE', () => {
  for (const state of [-1, 2, NaN]) assert.equal(pthread_setcancelstate(state), EINVAL)
})

test('pthread_setcanceltype() shall fail with EINVAL: the type is not DEFERRED or ASYNCHRONOUS', () => {
  for (const type of [-1, 2, NaN]) assert.equal(pthread_setcanceltype(type), EINVAL)
})

test('pthread_setcanceltype() need not tell the type before; an invalid type changes nothing', () => {
  const old = { value: -1 }
  ok(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS))
  assert.equal(pthread_setcanceltype(2, old), EINVAL)
  assert.deepEqual(old, { value: -1 })
  ok(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, old))
  assert.deepEqual(old, { value: PTHREAD_CANCEL_ASYNCHRONOUS })
})

test('asynchronous: new or pending requests may be acted upon at any time, here at any wait, also for a mutex', () => {
  const s = newStage()
  ok(pthread_mutex_lock(m, s.mutex))
  const t = create(acts.asynchronousIn, ['pthread_mutex_lock', s])
  asleep(t, 'mutex')
  ok(pthread_cancel(t))
  assert.equal(join(t), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [2])
  ok(pthread_mutex_unlock(m, s.mutex))
})

test('asynchronous, with a request pending: enabling it acts at once', () => {
  const list = newList()
  assert.equal(inThread(acts.asynchronousLate, list), PTHREAD_CANCELED)
  assert.deepEqual(listed(list), [1])
})
