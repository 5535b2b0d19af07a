// pthread_mutex_timedlock and pthread_mutex_clocklock.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  CLOCK_MONOTONIC, CLOCK_REALTIME, EAGAIN, EBUSY, EDEADLK, EINVAL, ETIMEDOUT, Mutex, pthread_mutex_clocklock, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_lock,
  PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, pthread_mutex_timedlock, pthread_mutex_unlock, type Timespec,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at, late, NO_CLOCK, wrong } from './clock.ts'
import { create, inThread, join, m, newMutex, ok, put, types, whileHeld, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

const forms = [
  ['pthread_mutex_timedlock()', CLOCK_REALTIME, undefined, (mutex: number, t: Timespec) => pthread_mutex_timedlock(m, mutex, t)],
  ['pthread_mutex_clocklock(CLOCK_REALTIME)', CLOCK_REALTIME, CLOCK_REALTIME, (mutex: number, t: Timespec) => pthread_mutex_clocklock(m, mutex, CLOCK_REALTIME, t)],
  ['pthread_mutex_clocklock(CLOCK_MONOTONIC)', CLOCK_MONOTONIC, CLOCK_MONOTONIC, (mutex: number, t: Timespec) => pthread_mutex_clocklock(m, mutex, CLOCK_MONOTONIC, t)],
] as const

const held = (mutex: number, f: () => void): void => { whileHeld(work.hold, { mutex }, f) }

for (const [name, clock, given, timed] of forms) {
  for (const [type, of] of types) {
    test(`${name}: shall lock the mutex object (${type})`, () => {
      const mutex = newMutex(of)
      ok(timed(mutex, late(clock)))
      assert.equal(inThread(work.trylock, mutex), EBUSY)
      ok(pthread_mutex_unlock(m, mutex))
    })

    test(`${name}: shall fail with ETIMEDOUT: the mutex could not be locked before the specified timeout expired (${type})`, () => {
      const mutex = newMutex(of)
      held(mutex, () => { assert.equal(timed(mutex, at(clock, 5)), ETIMEDOUT) })
      ok(timed(mutex, late(clock)))
      ok(pthread_mutex_unlock(m, mutex))
    })
  }

  test(`${name}: or if the absolute time specified by abstime has already been passed at the time of the call`, () => {
    const mutex = newMutex()
    held(mutex, () => {
      for (const t of [at(clock, -1), at(clock, -10_000), { tv_sec: 0, tv_nsec: 0 }, { tv_sec: -5, tv_nsec: 0 }]) assert.equal(timed(mutex, t), ETIMEDOUT)
    })
  })

  test(`${name}: under no circumstance shall the function fail with a timeout if the mutex can be locked immediately`, () => {
    const mutex = newMutex()
    ok(timed(mutex, at(clock, -10_000)))
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: the validity of the abstime parameter need not be checked if the mutex can be locked immediately`, () => {
    const mutex = newMutex()
    ok(timed(mutex, { tv_sec: 0, tv_nsec: -1 }))
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: the wait ends when the mutex is unlocked`, () => {
    const mutex = newMutex()
    ok(pthread_mutex_lock(m, mutex))
    const t = create(work.timedlock, given === undefined ? { mutex, abstime: late(clock) } : { mutex, abstime: late(clock), clock: given })
    asleep(t, 'mutex')
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(join(t), 0)
  })

  test(`${name}: shall fail with EINVAL: the thread would have blocked, and abstime specified a nanoseconds field value less than zero or greater than or equal to 1000 million`, () => {
    const mutex = newMutex()
    held(mutex, () => { for (const tv_nsec of wrong) assert.equal(timed(mutex, { tv_sec: late(clock).tv_sec, tv_nsec }), EINVAL) })
  })

  test(`${name}: shall fail with EDEADLK: the mutex type is PTHREAD_MUTEX_ERRORCHECK and the current thread already owns the mutex`, () => {
    const mutex = newMutex(PTHREAD_MUTEX_ERRORCHECK)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(timed(mutex, late(clock)), EDEADLK)
    assert.equal(timed(mutex, at(clock, -1000)), EDEADLK)
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: EDEADLK also with a nanoseconds field that is none, since the thread would not have blocked`, () => {
    const mutex = newMutex(PTHREAD_MUTEX_ERRORCHECK)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(timed(mutex, { tv_sec: 0, tv_nsec: -1 }), EDEADLK)
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: PTHREAD_MUTEX_NORMAL, relock: waits until the timeout`, () => {
    const mutex = newMutex(PTHREAD_MUTEX_NORMAL)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(timed(mutex, at(clock, 5)), ETIMEDOUT)
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: PTHREAD_MUTEX_RECURSIVE: the owner locks once more, and EAGAIN beyond the most`, () => {
    const mutex = newMutex(PTHREAD_MUTEX_RECURSIVE)
    ok(pthread_mutex_lock(m, mutex))
    ok(timed(mutex, at(clock, -1)))
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    put(mutex + Mutex.depth, 2 ** 31 - 1)
    assert.equal(timed(mutex, late(clock)), EAGAIN)
    put(mutex + Mutex.depth, 0)
    ok(pthread_mutex_unlock(m, mutex))
  })
}

test('pthread_mutex_clocklock(): EINVAL for a clock that is none, if the thread would have blocked', () => {
  const mutex = newMutex()
  held(mutex, () => {
    assert.equal(pthread_mutex_clocklock(m, mutex, NO_CLOCK, at(CLOCK_REALTIME, 5)), EINVAL)
    assert.equal(pthread_mutex_clocklock(m, mutex, NO_CLOCK, at(CLOCK_REALTIME, -5)), EINVAL)
  })
})
