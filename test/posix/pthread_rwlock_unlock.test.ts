import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, EPERM, pthread_rwlock_rdlock, pthread_rwlock_unlock, pthread_rwlock_wrlock } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, newRwlock, ok, work } from './setup.ts'
import { asleep, ended } from './state.ts'

afterEach(() => nothingLeft())

test('shall release a lock held on the read-write lock', () => {
  const lock = newRwlock()
  for (const locking of [pthread_rwlock_wrlock, pthread_rwlock_rdlock]) {
    ok(locking(m, lock))
    ok(pthread_rwlock_unlock(m, lock))
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  }
})

test('if a read lock is released and there are other read locks currently held, the object remains in the read locked state', () => {
  const lock = newRwlock()
  ok(pthread_rwlock_rdlock(m, lock))
  ok(pthread_rwlock_rdlock(m, lock))
  ok(pthread_rwlock_unlock(m, lock))
  assert.deepEqual(inThread(work.tryBoth, lock), [0, EBUSY])
  ok(pthread_rwlock_unlock(m, lock))
})

test('if the last read lock is released, the object shall be put in the unlocked state with no owners, and a waiting writer gets it', () => {
  const lock = newRwlock()
  ok(pthread_rwlock_rdlock(m, lock))
  const writer = create(work.writeOnce, { lock })
  asleep(writer, 'rwlock')
  ok(pthread_rwlock_unlock(m, lock))
  assert.deepEqual(join(writer), [0, 0])
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('if there are threads blocked on the lock when it becomes available, the scheduling policy determines which: here no thread waits for ever', () => {
  const lock = newRwlock(), list = newList()
  ok(pthread_rwlock_wrlock(m, lock))
  const threads = [1, 2, 3, 4, 5, 6].map(id => create(id % 2 === 0 ? work.readOnce : work.writeOnce, { lock, list, id }))
  for (const t of threads) asleep(t, 'rwlock')
  ok(pthread_rwlock_unlock(m, lock))
  for (const t of threads) ended(t)
  for (const t of threads) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(listed(list).slice(0, 3).sort(), [2, 4, 6])            // the readers that waited come first
})

test('EPERM: nobody holds the lock, or another thread holds it for writing', () => {
  const lock = newRwlock()
  assert.equal(pthread_rwlock_unlock(m, lock), EPERM)
  ok(pthread_rwlock_wrlock(m, lock))
  assert.equal(inThread(work.unlockRw, lock), EPERM)
  assert.deepEqual(inThread(work.tryBoth, lock), [EBUSY, EBUSY])
  ok(pthread_rwlock_unlock(m, lock))
})
