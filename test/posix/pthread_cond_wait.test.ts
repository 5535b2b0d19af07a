import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EBUSY, EPERM, pthread_cond_broadcast, pthread_cond_signal, pthread_cond_wait, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_lock, PTHREAD_MUTEX_RECURSIVE,
  pthread_mutex_trylock, pthread_mutex_unlock, sem_post, sem_wait,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newCond, newList, newMutex, newSem, ok, types, work } from './setup.ts'
import { asleep, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

for (const [name, type] of types) {
  test(`${name}: shall atomically release mutex and cause the calling thread to block on the condition variable`, () => {
    const mutex = newMutex(type), cond = newCond(), list = newList()
    const t = create(work.wait, { mutex, cond, list, id: 1 })
    asleep(t, 'condition')
    ok(pthread_mutex_trylock(m, mutex))
    ok(pthread_cond_signal(m, cond))
    ok(pthread_mutex_unlock(m, mutex))
    assert.deepEqual(join(t), [0, 0])
  })

  test(`${name}: upon successful return, the mutex shall have been locked and shall be owned by the calling thread`, () => {
    const mutex = newMutex(type), cond = newCond(), list = newList()
    const t = create(work.wait, { mutex, cond, list, id: 1 })
    asleep(t, 'condition')
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_cond_signal(m, cond))
    assert.deepEqual(listed(list), [])
    ok(pthread_mutex_unlock(m, mutex))
    assert.deepEqual(join(t), [0, 0])
    assert.deepEqual(listed(list), [1])
  })
}

test('if another thread is able to acquire the mutex after the about-to-block thread has released it, a signal in that thread behaves as if it were issued after the thread has blocked', () => {
  const mutex = newMutex(), cond = newCond(), list = newList()
  for (let round = 0; round < 200; round++) {
    const waits = create(work.waitUntil, { mutex, cond, list, round })
    for (;;) {
      ok(pthread_mutex_lock(m, mutex))
      const about = m.i32[(list >>> 2) + 1] === round + 1
      if (about) {
        m.i32[(list >>> 2) + 2] = round + 1
        ok(pthread_cond_signal(m, cond))
      }
      ok(pthread_mutex_unlock(m, mutex))
      if (about) break
    }
    assert.equal(join(waits), 0)
  }
})

for (const [name, type] of [['PTHREAD_MUTEX_ERRORCHECK', PTHREAD_MUTEX_ERRORCHECK], ['PTHREAD_MUTEX_RECURSIVE', PTHREAD_MUTEX_RECURSIVE]] as const) {
  test(`shall fail with EPERM: the mutex type is ${name}, and the current thread does not own the mutex`, () => {
    const mutex = newMutex(type), cond = newCond(), held = newSem(0), release = newSem(0)
    assert.equal(pthread_cond_wait(m, cond, mutex), EPERM)
    const t = create(work.hold, { mutex, held, release })
    ok(sem_wait(m, held))
    assert.equal(pthread_cond_wait(m, cond, mutex), EPERM)
    assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
    ok(sem_post(m, release))
    join(t)
  })
}

test('if an error occurs, it occurs before modifying the state of the mutex or the condition', () => {
  const mutex = newMutex(PTHREAD_MUTEX_ERRORCHECK), cond = newCond(), list = newList()
  const t = create(work.wait, { mutex, cond, list, id: 1 })
  asleep(t, 'condition')
  assert.equal(pthread_cond_wait(m, cond, mutex), EPERM)
  assert.ok(sleepsOn(t, 'condition'))
  assert.equal(inThread(work.trylock, mutex), 0)
  ok(pthread_cond_broadcast(m, cond))
  join(t)
})

test('a condition variable can be used with another mutex when nobody is blocked on it', () => {
  const cond = newCond(), list = newList()
  for (const mutex of [newMutex(), newMutex(), newMutex()]) {
    const t = create(work.wait, { mutex, cond, list, id: 1 })
    asleep(t, 'condition')
    ok(pthread_cond_signal(m, cond))
    assert.deepEqual(join(t), [0, 0])
  }
})
