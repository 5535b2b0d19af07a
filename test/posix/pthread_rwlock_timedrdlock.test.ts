// pthread_rwlock_timedrdlock, _clockrdlock, _timedwrlock, _clockwrlock.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  CLOCK_REALTIME, EBUSY, EDEADLK, EINVAL, ETIMEDOUT, pthread_rwlock_clockrdlock, pthread_rwlock_clockwrlock, pthread_rwlock_rdlock,
  pthread_rwlock_timedrdlock, pthread_rwlock_timedwrlock, pthread_rwlock_unlock, pthread_rwlock_wrlock, type Timespec,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at, clocks, late, NO_CLOCK, wrong } from './clock.ts'
import { create, inThread, join, m, newRwlock, ok, whileHeld, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

const forms = [
  ['read', 'pthread_rwlock_timedrdlock()', CLOCK_REALTIME, undefined, (lock: number, t: Timespec) => pthread_rwlock_timedrdlock(m, lock, t)],
  ['write', 'pthread_rwlock_timedwrlock()', CLOCK_REALTIME, undefined, (lock: number, t: Timespec) => pthread_rwlock_timedwrlock(m, lock, t)],
  ...clocks.map(([name, clock]) => ['read', `pthread_rwlock_clockrdlock(${name})`, clock, clock, (lock: number, t: Timespec) => pthread_rwlock_clockrdlock(m, lock, clock, t)] as const),
  ...clocks.map(([name, clock]) => ['write', `pthread_rwlock_clockwrlock(${name})`, clock, clock, (lock: number, t: Timespec) => pthread_rwlock_clockwrlock(m, lock, clock, t)] as const),
] as const

const held = (lock: number, f: () => void, holding: unknown = work.holdWrite): void => { whileHeld(holding, { lock }, f) }

for (const [how, name, clock, given, timed] of forms) {
  test(`${name}: shall apply a lock as the untimed function does`, () => {
    const lock = newRwlock()
    ok(timed(lock, late(clock)))
    assert.deepEqual(inThread(work.tryBoth, lock), how === 'read' ? [0, EBUSY] : [EBUSY, EBUSY])
    ok(pthread_rwlock_unlock(m, lock))
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  })

  test(`${name}: the wait ends when the lock is unlocked`, () => {
    const lock = newRwlock()
    ok(pthread_rwlock_wrlock(m, lock))
    const t = create(work.timedRw, given === undefined ? { lock, how, abstime: late(clock) } : { lock, how, abstime: late(clock), clock: given })
    asleep(t, 'rwlock')
    ok(pthread_rwlock_unlock(m, lock))
    assert.equal(join(t), 0)
  })

  test(`${name}: shall fail with ETIMEDOUT: the lock could not be acquired before the specified timeout expired`, () => {
    const lock = newRwlock()
    held(lock, () => { assert.equal(timed(lock, at(clock, 5)), ETIMEDOUT) })
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  })

  test(`${name}: or if the absolute time specified by abstime has already been passed at the time of the call`, () => {
    const lock = newRwlock()
    held(lock, () => {
      for (const t of [at(clock, -1), at(clock, -10_000), { tv_sec: 0, tv_nsec: 0 }, { tv_sec: -5, tv_nsec: 0 }]) assert.equal(timed(lock, t), ETIMEDOUT)
    })
  })

  test(`${name}: under no circumstances shall the function fail with a timeout if the lock can be acquired immediately; abstime need not be valid then`, () => {
    const lock = newRwlock()
    for (const t of [at(clock, -10_000), { tv_sec: 0, tv_nsec: -1 }]) {
      ok(timed(lock, t))
      ok(pthread_rwlock_unlock(m, lock))
    }
  })

  test(`${name}: shall fail with EINVAL: the thread would have blocked, and abstime specified a nanoseconds field value less than zero or greater than or equal to 1000 million`, () => {
    const lock = newRwlock()
    held(lock, () => { for (const tv_nsec of wrong) assert.equal(timed(lock, { tv_sec: late(clock).tv_sec, tv_nsec }), EINVAL) })
  })

  test(`${name}: may fail with EDEADLK: the calling thread already holds a write lock`, () => {
    const lock = newRwlock()
    ok(pthread_rwlock_wrlock(m, lock))
    assert.equal(timed(lock, late(clock)), EDEADLK)
    ok(pthread_rwlock_unlock(m, lock))
  })
}

test('a writer whose time is up does not keep readers waiting', () => {
  const lock = newRwlock()
  held(lock, () => {
    assert.equal(pthread_rwlock_timedwrlock(m, lock, at(CLOCK_REALTIME, 5)), ETIMEDOUT)
    ok(pthread_rwlock_rdlock(m, lock))
    ok(pthread_rwlock_unlock(m, lock))
  }, work.holdRead)
})

test('readers that wait for a writer whose time is up get in', () => {
  const lock = newRwlock()
  held(lock, () => {
    const writer = create(work.writeBriefly, { lock, ms: 1000 })
    asleep(writer, 'rwlock')
    const reader = create(work.readOnce, { lock })
    assert.equal(join(writer), ETIMEDOUT)
    assert.deepEqual(join(reader), [0, 0])
  }, work.holdRead)
  assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
})

test('a writer that goes on waiting keeps its place when another\'s time is up', () => {
  const lock = newRwlock()
  let stays = 0
  held(lock, () => {
    stays = create(work.writeOnce, { lock })
    asleep(stays, 'rwlock')
    assert.equal(pthread_rwlock_timedwrlock(m, lock, at(CLOCK_REALTIME, 5)), ETIMEDOUT)
    asleep(stays, 'rwlock')
    assert.deepEqual(inThread(work.tryBoth, lock), [EBUSY, EBUSY])
  }, work.holdRead)
  assert.deepEqual(join(stays), [0, 0])
})

test('clockrdlock and clockwrlock: EINVAL for a clock that is none, if the thread would have blocked', () => {
  const lock = newRwlock()
  held(lock, () => {
    assert.equal(pthread_rwlock_clockrdlock(m, lock, NO_CLOCK, at(CLOCK_REALTIME, 5)), EINVAL)
    assert.equal(pthread_rwlock_clockwrlock(m, lock, NO_CLOCK, at(CLOCK_REALTIME, 5)), EINVAL)
  })
})
