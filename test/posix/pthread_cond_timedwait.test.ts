// pthread_cond_timedwait and pthread_cond_clockwait.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  CLOCK_MONOTONIC, CLOCK_REALTIME, Cond, CondAttr, EBUSY, EINVAL, EPERM, ETIMEDOUT, malloc, pthread_cond_clockwait, pthread_cond_init, pthread_cond_signal,
  pthread_cond_timedwait, pthread_condattr_init, pthread_condattr_setclock, PTHREAD_MUTEX_ERRORCHECK, pthread_mutex_lock, PTHREAD_MUTEX_RECURSIVE,
  pthread_mutex_unlock, sem_wait, type Clock, type Timespec,
} from 'pthreads/posix'
import { until } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { at, clocks, late, NO_CLOCK, wrong } from './clock.ts'
import { create, inThread, join, listed, m, newCond, newList, newMutex, newSem, ok, types, work } from './setup.ts'
import { asleep, hasEnded, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

function condOn(clock: Clock): number {
  const attr = malloc(CondAttr.size), cond = malloc(Cond.size)
  ok(pthread_condattr_init(m, attr))
  ok(pthread_condattr_setclock(m, attr, clock))
  ok(pthread_cond_init(m, cond, attr))
  return cond
}

const other = (clock: Clock): Clock => clock === CLOCK_REALTIME ? CLOCK_MONOTONIC : CLOCK_REALTIME

const forms = clocks.flatMap(([name, clock]) => [
  [`pthread_cond_timedwait(), clock attribute ${name}`, clock, () => condOn(clock), (cond: number, mutex: number, t: Timespec) => pthread_cond_timedwait(m, cond, mutex, t)],
  [`pthread_cond_clockwait(${name})`, clock, () => condOn(other(clock)), (cond: number, mutex: number, t: Timespec) => pthread_cond_clockwait(m, cond, mutex, clock, t)],
] as const)

for (const [name, clock, newOne, timed] of forms) {
  for (const [type, of] of types) {
    test(`${name}: shall fail with ETIMEDOUT if abstime passes, and shall nonetheless release and re-acquire the mutex (${type})`, () => {
      const mutex = newMutex(of), cond = newOne()
      ok(pthread_mutex_lock(m, mutex))
      assert.equal(timed(cond, mutex, at(clock, 5)), ETIMEDOUT)
      assert.equal(inThread(work.trylock, mutex), EBUSY)
      ok(pthread_mutex_unlock(m, mutex))
      assert.equal(inThread(work.trylock, mutex), 0)
    })
  }

  test(`${name}: or if abstime has already been passed at the time of the call`, () => {
    const mutex = newMutex(), cond = newOne()
    ok(pthread_mutex_lock(m, mutex))
    for (const t of [at(clock, -1), at(clock, -10_000), { tv_sec: 0, tv_nsec: 0 }, { tv_sec: -1, tv_nsec: 0 }]) assert.equal(timed(cond, mutex, t), ETIMEDOUT)
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: shall fail with EINVAL: abstime specified a nanosecond value less than zero or greater than or equal to 1000 million; the mutex stays locked`, () => {
    const mutex = newMutex(), cond = newOne()
    ok(pthread_mutex_lock(m, mutex))
    for (const tv_nsec of wrong) assert.equal(timed(cond, mutex, { tv_sec: late(clock).tv_sec, tv_nsec }), EINVAL)
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
  })

  test(`${name}: shall fail with EPERM: the mutex type is PTHREAD_MUTEX_ERRORCHECK, and the current thread does not own the mutex`, () => {
    const cond = newOne()
    for (const type of [PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_RECURSIVE]) assert.equal(timed(cond, newMutex(type), at(clock, 5)), EPERM)
  })

  test(`${name}: a recursive mutex is locked as deeply as before`, () => {
    const mutex = newMutex(PTHREAD_MUTEX_RECURSIVE), cond = newOne()
    for (let i = 0; i < 2; i++) ok(pthread_mutex_lock(m, mutex))
    assert.equal(timed(cond, mutex, at(clock, 1)), ETIMEDOUT)
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(inThread(work.trylock, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
  })
}

for (const [name, clock] of clocks) {
  test(`pthread_cond_clockwait(${name}): returns zero when signalled before the time`, () => {
    const mutex = newMutex(), cond = newCond(), list = newList()
    const t = create(work.timedwait, { mutex, cond, list, id: 1, clock, abstime: late(clock) })
    asleep(t, 'condition')
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_cond_signal(m, cond))
    assert.deepEqual(listed(list), [])
    ok(pthread_mutex_unlock(m, mutex))
    assert.deepEqual(join(t), [0, 0])
  })
}

test('the default clock is CLOCK_REALTIME: a time of the monotonic clock has passed', () => {
  const mutex = newMutex(), cond = newCond()
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_cond_timedwait(m, cond, mutex, late(CLOCK_MONOTONIC)), ETIMEDOUT)
  ok(pthread_mutex_unlock(m, mutex))
})

test('a signal that comes while a thread that timed out waits for the mutex wakes another', () => {
  const mutex = newMutex(), cond = newCond(), list = newList(), inside = newSem(0)
  const stays = create(work.wait, { mutex, cond, list, id: 1 })
  asleep(stays, 'condition')
  for (let met = false; !met;) {
    const leaves = create(work.waitBriefly, { mutex, cond, inside, ms: 20 })
    ok(sem_wait(m, inside))
    ok(pthread_mutex_lock(m, mutex))
    until('it waits for the mutex, or came away before we had it', () => (met = sleepsOn(leaves, 'mutex')) || hasEnded(leaves))
    if (met) ok(pthread_cond_signal(m, cond))
    ok(pthread_mutex_unlock(m, mutex))
    assert.equal(join(leaves), ETIMEDOUT)
  }
  assert.deepEqual(join(stays), [0, 0])
})

test('pthread_cond_clockwait(): EINVAL for a clock that is none, and the mutex stays locked', () => {
  const mutex = newMutex(), cond = newCond()
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(pthread_cond_clockwait(m, cond, mutex, NO_CLOCK, at(CLOCK_REALTIME, 1)), EINVAL)
  assert.equal(inThread(work.trylock, mutex), EBUSY)
  ok(pthread_mutex_unlock(m, mutex))
})
