import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EBUSY, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, pthread_mutex_trylock, pthread_mutex_unlock, sem_post,
  sem_wait,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newMutex, newSem, ok, types, work } from './setup.ts'

afterEach(() => nothingLeft())

for (const [name, type] of types) {
  test(`${name}: shall be equivalent to pthread_mutex_lock(), if the mutex is not locked`, () => {
    const mutex = newMutex(type)
    ok(pthread_mutex_trylock(m, mutex))
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(inThread(work.trylock, mutex), 0)
  })

  test(`${name}: if the mutex is currently locked by another thread, the call shall return immediately: EBUSY`, () => {
    const mutex = newMutex(type), held = newSem(0), release = newSem(0)
    const t = create(work.hold, { mutex, held, release })
    ok(sem_wait(m, held))
    assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
    ok(sem_post(m, release))
    join(t)
  })
}

for (const [name, type] of [['PTHREAD_MUTEX_NORMAL', PTHREAD_MUTEX_NORMAL], ['PTHREAD_MUTEX_ERRORCHECK', PTHREAD_MUTEX_ERRORCHECK]] as const) {
  test(`${name}: shall fail with EBUSY: the mutex was already locked, also by the current thread`, () => {
    const mutex = newMutex(type)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
  })
}

test('if the mutex type is PTHREAD_MUTEX_RECURSIVE and the mutex is currently owned by the calling thread, the lock count shall be incremented by one and the function shall immediately return success', () => {
  const mutex = newMutex(PTHREAD_MUTEX_RECURSIVE)
  ok(pthread_mutex_lock(m, mutex))
  ok(pthread_mutex_trylock(m, mutex))
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(inThread(work.trylock, mutex), EBUSY)
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(inThread(work.trylock, mutex), 0)
})
