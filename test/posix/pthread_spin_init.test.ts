// pthread_spin_init and pthread_spin_destroy.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EBUSY, EINVAL, malloc, PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED, pthread_spin_destroy, pthread_spin_init, pthread_spin_lock, pthread_spin_unlock,
  Spinlock,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, m, newSpinlock, ok, work } from './setup.ts'

afterEach(() => nothingLeft())

test('shall allocate any resources required to use the spin lock and initialize the lock to an unlocked state, process-private or process-shared', () => {
  for (const pshared of [PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED]) {
    const lock = malloc(Spinlock.size)
    m.u8.fill(0xff, lock, lock + Spinlock.size)
    ok(pthread_spin_init(m, lock, pshared))
    assert.equal(inThread(work.spinTry, lock), 0)
  }
})

test('EINVAL for a pshared that is neither; the lock is not touched', () => {
  const lock = newSpinlock()
  ok(pthread_spin_lock(m, lock))
  for (const pshared of [-1, 2, NaN]) assert.equal(pthread_spin_init(m, lock, pshared), EINVAL)
  ok(pthread_spin_unlock(m, lock))
})

test('pthread_spin_destroy() shall destroy the spin lock; the lock can be initialized again', () => {
  const lock = newSpinlock()
  ok(pthread_spin_destroy(m, lock))
  ok(pthread_spin_init(m, lock, PTHREAD_PROCESS_PRIVATE))
  assert.equal(inThread(work.spinTry, lock), 0)
})

test('pthread_spin_destroy() may fail with EBUSY: the lock is held', () => {
  const lock = newSpinlock()
  ok(pthread_spin_lock(m, lock))
  assert.equal(pthread_spin_destroy(m, lock), EBUSY)
  ok(pthread_spin_unlock(m, lock))
  ok(pthread_spin_destroy(m, lock))
})
