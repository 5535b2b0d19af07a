import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, EPERM, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_lock, PTHREAD_MUTEX_RECURSIVE, pthread_mutex_unlock, sem_post, sem_wait } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newMutex, newSem, newWord, ok, types, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

for (const [name, type] of types) {
  test(`${name}: shall release the mutex object`, () => {
    const mutex = newMutex(type)
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(inThread(work.trylock, mutex), 0)
  })

  test(`${name}: if there are threads blocked on the mutex object, one of them shall acquire the mutex, and at last all`, () => {
    const mutex = newMutex(type), counter = newWord()
    ok(pthread_mutex_lock(m, mutex))
    const threads = [1, 2, 3].map(() => create(work.count, { mutex, counter, times: 1 }))
    for (const t of threads) asleep(t, 'mutex')
    ok(pthread_mutex_unlock(m, mutex))
    for (const t of threads) join(t)
    assert.equal(word(counter), 3)
  })
}

for (const [name, type] of [['PTHREAD_MUTEX_ERRORCHECK', PTHREAD_MUTEX_ERRORCHECK], ['PTHREAD_MUTEX_RECURSIVE', PTHREAD_MUTEX_RECURSIVE]] as const) {
  test(`${name}: shall fail with EPERM: the current thread does not own the mutex, which is unlocked`, () => {
    const mutex = newMutex(type)
    assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
  })

  test(`${name}: shall fail with EPERM: the current thread does not own the mutex, which another has locked`, () => {
    const mutex = newMutex(type), held = newSem(0), release = newSem(0)
    const t = create(work.hold, { mutex, held, release })
    ok(sem_wait(m, held))
    assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    ok(sem_post(m, release))
    join(t)
  })
}

test('PTHREAD_MUTEX_RECURSIVE: each time the thread unlocks the mutex, the lock count shall be decremented by one; when it reaches zero, the mutex shall become available', () => {
  const mutex = newMutex(PTHREAD_MUTEX_RECURSIVE)
  for (let i = 0; i < 4; i++) ok(pthread_mutex_lock(m, mutex))
  const t = create(work.lockUnlock, mutex)
  asleep(t, 'mutex')
  for (let i = 0; i < 3; i++) ok(pthread_mutex_unlock(m, mutex))
  assert.equal(inThread(work.trylock, mutex), EBUSY)
  ok(pthread_mutex_unlock(m, mutex))
  assert.deepEqual(join(t), [0, 0])
})
