// pthread_rwlock_wrlock and pthread_rwlock_trywrlock.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EBUSY, EDEADLK, pthread_rwlock_rdlock, pthread_rwlock_trywrlock, pthread_rwlock_unlock, pthread_rwlock_wrlock, Rwlock, pthread_self, sem_post, sem_wait,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, newRwlock, newSem, ok, word, work } from './setup.ts'
import { asleep, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

test('the calling thread shall acquire the write lock if no thread (reader or writer) holds the lock', () => {
  const lock = newRwlock()
  ok(pthread_rwlock_wrlock(m, lock))
  assert.equal(word(lock + Rwlock.owner), pthread_self())
  assert.deepEqual(inThread(work.tryBoth, lock), [EBUSY, EBUSY])
  ok(pthread_rwlock_unlock(m, lock))
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('otherwise, if another thread holds the lock, the calling thread shall block until it can acquire the lock', () => {
  for (const locking of [pthread_rwlock_rdlock, pthread_rwlock_wrlock]) {
    const lock = newRwlock()
    ok(locking(m, lock))
    const t = create(work.writeOnce, { lock })
    asleep(t, 'rwlock')
    ok(pthread_rwlock_unlock(m, lock))
    assert.deepEqual(join(t), [0, 0])
  }
})

test('it waits for all readers', () => {
  const lock = newRwlock(), held = newSem(0), release = newSem(0)
  const reader = create(work.holdRead, { lock, held, release })
  ok(sem_wait(m, held))
  ok(pthread_rwlock_rdlock(m, lock))
  const writer = create(work.writeOnce, { lock })
  asleep(writer, 'rwlock')
  ok(pthread_rwlock_unlock(m, lock))
  assert.equal(pthread_rwlock_trywrlock(m, lock), EBUSY)
  assert.ok(sleepsOn(writer, 'rwlock'))
  ok(sem_post(m, release))
  assert.deepEqual(join(writer), [0, 0])
  assert.equal(join(reader), 0)
})

test('one writer at a time is inside, and all get in', () => {
  const lock = newRwlock(), list = newList()
  ok(pthread_rwlock_wrlock(m, lock))
  const writers = [1, 2, 3, 4].map(id => create(work.writeOnce, { lock, list, id }))
  for (const t of writers) asleep(t, 'rwlock')
  ok(pthread_rwlock_unlock(m, lock))
  for (const t of writers) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(listed(list).sort(), [1, 2, 3, 4])
})

test('shall fail with EDEADLK: the calling thread already owns the lock for writing', () => {
  const lock = newRwlock()
  ok(pthread_rwlock_wrlock(m, lock))
  assert.equal(pthread_rwlock_wrlock(m, lock), EDEADLK)
  ok(pthread_rwlock_unlock(m, lock))
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('trywrlock shall fail with EBUSY: the lock was already locked for reading or writing', () => {
  const lock = newRwlock()
  for (const locking of [pthread_rwlock_rdlock, pthread_rwlock_wrlock]) {
    ok(locking(m, lock))
    assert.equal(pthread_rwlock_trywrlock(m, lock), EBUSY)
    assert.equal((inThread(work.tryBoth, lock) as number[])[1], EBUSY)
    ok(pthread_rwlock_unlock(m, lock))
  }
  ok(pthread_rwlock_trywrlock(m, lock))
  assert.deepEqual(inThread(work.tryBoth, lock), [EBUSY, EBUSY])
  ok(pthread_rwlock_unlock(m, lock))
})
