// Robust mutexes: what pthread_mutex_lock, _trylock, _timedlock, _clocklock, _unlock and pthread_cond_wait say of them.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Semaphore, Thread } from 'pthreads'
import {
  CLOCK_MONOTONIC, EBUSY, EDEADLK, ENOTRECOVERABLE, EOWNERDEAD, EPERM, ETIMEDOUT, pthread_cond_broadcast, pthread_cond_signal, pthread_mutex_clocklock,
  pthread_mutex_consistent, pthread_mutex_destroy, pthread_mutex_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
  pthread_mutex_timedlock, pthread_join, pthread_mutex_trylock, pthread_mutex_unlock, pthread_self, sem_post, sem_wait,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at, late } from './clock.ts'
import { holders, joinDead, listOf, mutexWith, robustMutex } from './mutexes.ts'
import { create, inThread, join, m, newCond, newList, newSem, newWord, ok, types, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(async () => {
  assert.deepEqual(listOf(pthread_self()), [])
  await nothingLeft()
})

const forms = [
  ['pthread_mutex_lock()', (mutex: number) => pthread_mutex_lock(m, mutex)],
  ['pthread_mutex_trylock()', (mutex: number) => pthread_mutex_trylock(m, mutex)],
  ['pthread_mutex_timedlock()', (mutex: number) => pthread_mutex_timedlock(m, mutex, late(0))],
  ['pthread_mutex_clocklock()', (mutex: number) => pthread_mutex_clocklock(m, mutex, CLOCK_MONOTONIC, late(CLOCK_MONOTONIC))],
] as const

for (const [name, lock] of forms) {
  for (const [type, of] of types) {
    test(`${name}: shall fail with EOWNERDEAD: the owning thread terminated while holding the mutex; it is locked by the calling thread (${type})`, () => {
      const mutex = robustMutex(of)
      assert.equal(inThread(holders.locksAndEnds, mutex), 0)
      assert.equal(lock(mutex), EOWNERDEAD)
      assert.equal(inThread(work.trylock, mutex), EBUSY)
      ok(pthread_mutex_consistent(m, mutex))
      ok(pthread_mutex_unlock(m, mutex))
      assert.equal(inThread(work.trylock, mutex), 0)
      ok(lock(mutex))
      ok(pthread_mutex_unlock(m, mutex))
    })
  }

  test(`${name}: shall fail with ENOTRECOVERABLE: the state protected by the mutex is not recoverable`, () => {
    const mutex = robustMutex()
    inThread(holders.locksAndEnds, mutex)
    assert.equal(lock(mutex), EOWNERDEAD)
    ok(pthread_mutex_unlock(m, mutex))
    for (let i = 0; i < 2; i++) assert.equal(lock(mutex), ENOTRECOVERABLE)
    assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
    ok(pthread_mutex_destroy(m, mutex))
  })
}

for (const [type, of] of types) {
  test(`a robust mutex locks, excludes and unlocks as any other (${type})`, () => {
    const mutex = robustMutex(of), counter = newWord()
    const threads = [1, 2, 3].map(() => create(work.count, { mutex, counter, times: 3000 }))
    for (const t of threads) join(t)
    assert.equal(m.i32[counter >>> 2], 9000)
    assert.equal(inThread(work.trylock, mutex), 0)
  })

  test(`the unlock of a thread that is not the owner: shall fail with EPERM, the mutex is a robust mutex (${type})`, () => {
    const mutex = robustMutex(of)
    assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(inThread(holders.unlocks, mutex), EPERM)
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`a waiting thread gets EOWNERDEAD when the owner ends (${type})`, () => {
    const mutex = robustMutex(of), held = newSem(0), release = newSem(0)
    const owner = create(holders.holdsThenEnds, { mutex, held, release })
    ok(sem_wait(m, held))
    const waiter = create(holders.takes, { mutex, how: 'lock', mend: true })
    asleep(waiter, 'mutex')
    ok(sem_post(m, release))
    assert.equal(join(owner), 0)
    assert.deepEqual(join(waiter), [EOWNERDEAD, 0, 0])
  })
}

test('PTHREAD_MUTEX_NORMAL, robust, relock: deadlock', () => {
  const mutex = robustMutex(PTHREAD_MUTEX_NORMAL)
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_mutex_timedlock(m, mutex, at(0, 5)), ETIMEDOUT)
  assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
  ok(pthread_mutex_unlock(m, mutex))
})

test('PTHREAD_MUTEX_ERRORCHECK, robust, relock: EDEADLK', () => {
  const mutex = robustMutex(PTHREAD_MUTEX_ERRORCHECK)
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_mutex_lock(m, mutex), EDEADLK)
  assert.equal(pthread_mutex_timedlock(m, mutex, late(0)), EDEADLK)
  ok(pthread_mutex_unlock(m, mutex))
})

test('PTHREAD_MUTEX_RECURSIVE, robust: counts, and an owner that dies with many leaves one lock to the next', () => {
  const mutex = robustMutex(PTHREAD_MUTEX_RECURSIVE)
  for (let i = 0; i < 3; i++) ok(pthread_mutex_lock(m, mutex))
  for (let i = 0; i < 3; i++) {
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
  }
  assert.deepEqual(inThread(holders.locksAllAndEnds, [mutex, mutex, mutex]), [0, 0, 0])
  assert.equal(pthread_mutex_lock(m, mutex), EOWNERDEAD)
  ok(pthread_mutex_consistent(m, mutex))
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(inThread(work.trylock, mutex), 0)
})

test('a thread that ends with many robust mutexes leaves all of them, locked in whatever order', () => {
  const mutexes = [1, 2, 3, 4, 5].map(() => robustMutex()), plain = mutexWith({})
  inThread(holders.locksAllAndEnds, [...mutexes, plain])
  for (const mutex of mutexes) assert.equal(pthread_mutex_trylock(m, mutex), EOWNERDEAD)
  assert.deepEqual(listOf(pthread_self()), [...mutexes].reverse())
  for (const i of [2, 0, 4, 1, 3]) {
    ok(pthread_mutex_consistent(m, mutexes[i]))
    ok(pthread_mutex_unlock(m, mutexes[i]))
  }
  assert.equal(pthread_mutex_trylock(m, plain), EBUSY)
})

test('the thread may end by return, by pthread_exit, or by an error', () => {
  for (const how of [holders.locksAndEnds, holders.locksAndExits, holders.locksAndThrows]) {
    const mutex = robustMutex(), out: { value?: unknown, error?: unknown } = {}
    ok(pthread_join(create(how, mutex), out))
    assert.equal('error' in out, how === holders.locksAndThrows)
    assert.equal(pthread_mutex_lock(m, mutex), EOWNERDEAD)
    ok(pthread_mutex_consistent(m, mutex))
    ok(pthread_mutex_unlock(m, mutex))
  }
})

test('the thread may die with its Worker: by process.exit, or terminated', () => {
  const mutex = robustMutex(), held = new Semaphore()
  joinDead(Thread.create(holders.locksAndDies, mutex))
  assert.deepEqual(inThread(holders.takes, { mutex, how: 'lock', mend: true }), [EOWNERDEAD, 0, 0])
  const t = Thread.create(holders.locksAndStays, mutex, held)
  held.wait()
  const waiter = create(holders.takes, { mutex, how: 'lock', mend: true })
  asleep(waiter, 'mutex')
  t.terminate()
  joinDead(t)
  assert.deepEqual(join(waiter), [EOWNERDEAD, 0, 0])
  assert.equal(inThread(work.trylock, mutex), 0)
})

test('if the new owner ends as well, the next one gets EOWNERDEAD', () => {
  const mutex = robustMutex()
  assert.equal(inThread(holders.locksAndEnds, mutex), 0)
  assert.equal(inThread(holders.locksAndEnds, mutex), EOWNERDEAD)
  assert.deepEqual(inThread(holders.takes, { mutex, how: 'trylock', mend: true }), [EOWNERDEAD, 0, 0])
  assert.equal(inThread(work.trylock, mutex), 0)
})

test('unlocked without being made consistent: all waiting threads are woken and get ENOTRECOVERABLE', () => {
  const mutex = robustMutex()
  inThread(holders.locksAndEnds, mutex)
  assert.equal(pthread_mutex_lock(m, mutex), EOWNERDEAD)
  const waiters = [1, 2, 3].map(() => create(holders.takes, { mutex, how: 'lock' }))
  for (const t of waiters) asleep(t, 'mutex')
  ok(pthread_mutex_unlock(m, mutex))
  for (const t of waiters) assert.deepEqual(join(t), [ENOTRECOVERABLE, EPERM])
})

test('a mutex that is not robust stays locked when its owner ends', () => {
  for (const protocol of [0, 1, 2]) {
    const mutex = mutexWith({ protocol })
    inThread(holders.locksAndEnds, mutex)
    assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
    assert.equal(pthread_mutex_timedlock(m, mutex, at(0, 2)), ETIMEDOUT)
  }
})

for (const [name, wake] of [['pthread_cond_signal', pthread_cond_signal], ['pthread_cond_broadcast', pthread_cond_broadcast]] as const) {
  test(`pthread_cond_wait() with a robust mutex is woken by ${name}()`, () => {
    const mutex = robustMutex(), cond = newCond(), t = create(holders.waits, { mutex, cond })
    asleep(t, 'condition')
    ok(pthread_mutex_lock(m, mutex))
    ok(wake(m, cond))
    ok(pthread_mutex_unlock(m, mutex))
    assert.deepEqual(join(t), [0, 22, 0])
  })

  test(`pthread_cond_wait(), after ${name}(): shall fail with EOWNERDEAD, the owner ended; the mutex is acquired by the caller`, () => {
    const mutex = robustMutex(), cond = newCond(), held = newSem(0), release = newSem(0)
    const t = create(holders.waits, { mutex, cond })
    asleep(t, 'condition')
    const owner = create(holders.holdsThenEnds, { mutex, held, release })
    ok(sem_wait(m, held))
    ok(wake(m, cond))
    asleep(t, 'mutex')
    ok(sem_post(m, release))
    join(owner)
    assert.deepEqual(join(t), [EOWNERDEAD, 0, 0])
  })
}

test('pthread_cond_timedwait(): EOWNERDEAD comes before ETIMEDOUT', () => {
  const mutex = robustMutex(), cond = newCond(), held = newSem(0), release = newSem(0)
  const t = create(holders.waits, { mutex, cond, ms: 100 })
  asleep(t, 'condition')
  const owner = create(holders.holdsThenEnds, { mutex, held, release })
  ok(sem_wait(m, held))
  asleep(t, 'mutex')                                                      // its time is up
  ok(sem_post(m, release))
  join(owner)
  assert.deepEqual(join(t), [EOWNERDEAD, 0, 0])
})

test('pthread_cond_wait(): shall fail with ENOTRECOVERABLE, the state protected by the mutex is not recoverable', () => {
  const mutex = robustMutex(), cond = newCond()
  inThread(holders.locksAndEnds, mutex)
  const t = create(holders.waits, { mutex, cond })                        // gets EOWNERDEAD and waits without making it consistent
  asleep(t, 'condition')
  assert.equal(pthread_mutex_lock(m, mutex), ENOTRECOVERABLE)
  ok(pthread_cond_signal(m, cond))
  assert.deepEqual(join(t), [ENOTRECOVERABLE, 22, EPERM])
})

test('a recursive robust mutex is released whole by a condition wait, and is as deep afterwards', () => {
  const mutex = robustMutex(PTHREAD_MUTEX_RECURSIVE), cond = newCond()
  ok(pthread_mutex_lock(m, mutex))
  const t = create(work.timedwait, { mutex, cond, list: newList(), id: 0, clock: CLOCK_MONOTONIC, abstime: at(CLOCK_MONOTONIC, 1) })
  asleep(t, 'mutex')
  ok(pthread_mutex_lock(m, mutex))
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(inThread(work.trylock, mutex), EBUSY)
  ok(pthread_mutex_unlock(m, mutex))
  assert.deepEqual(join(t), [ETIMEDOUT, 0])
})
