// sem_timedwait and sem_clockwait.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { CLOCK_MONOTONIC, CLOCK_REALTIME, EINVAL, ETIMEDOUT, sem_clockwait, sem_getvalue, sem_post, sem_timedwait, type Timespec } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at, late, NO_CLOCK, wrong } from './clock.ts'
import { create, join, m, newSem, newWord, ok, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

const forms = [
  ['sem_timedwait()', CLOCK_REALTIME, undefined, (sem: number, t: Timespec) => sem_timedwait(m, sem, t)],
  ['sem_clockwait(CLOCK_REALTIME)', CLOCK_REALTIME, CLOCK_REALTIME, (sem: number, t: Timespec) => sem_clockwait(m, sem, CLOCK_REALTIME, t)],
  ['sem_clockwait(CLOCK_MONOTONIC)', CLOCK_MONOTONIC, CLOCK_MONOTONIC, (sem: number, t: Timespec) => sem_clockwait(m, sem, CLOCK_MONOTONIC, t)],
] as const

for (const [name, clock, given, timed] of forms) {
  test(`${name}: shall lock the semaphore as in sem_wait()`, () => {
    const sem = newSem(2), value = newWord()
    ok(timed(sem, late(clock)))
    ok(sem_getvalue(m, sem, value))
    assert.equal(word(value), 1)
  })

  test(`${name}: the wait ends when another thread posts`, () => {
    const sem = newSem(0), t = create(work.semTimedwait, given === undefined ? { sem, abstime: late(clock) } : { sem, abstime: late(clock), clock: given })
    asleep(t, 'semaphore')
    ok(sem_post(m, sem))
    assert.equal(join(t), 0)
  })

  test(`${name}: shall fail with ETIMEDOUT: the semaphore could not be locked before the specified timeout expired`, () => {
    const sem = newSem(0), value = newWord()
    assert.equal(timed(sem, at(clock, 5)), ETIMEDOUT)
    ok(sem_getvalue(m, sem, value))
    assert.equal(word(value), 0)
  })

  test(`${name}: or if abstime has already been passed at the time of the call`, () => {
    const sem = newSem(0)
    for (const t of [at(clock, -1), at(clock, -10_000), { tv_sec: 0, tv_nsec: 0 }, { tv_sec: -1, tv_nsec: 0 }]) assert.equal(timed(sem, t), ETIMEDOUT)
  })

  test(`${name}: under no circumstance shall the function fail with a timeout if the semaphore can be locked immediately`, () => {
    const sem = newSem(1)
    ok(timed(sem, at(clock, -10_000)))
  })

  test(`${name}: the validity of the abstime need not be checked if the semaphore can be locked immediately`, () => {
    const sem = newSem(1)
    ok(timed(sem, { tv_sec: 0, tv_nsec: -1 }))
  })

  test(`${name}: shall fail with EINVAL: the thread would have blocked, and abstime specified a nanoseconds field value less than zero or greater than or equal to 1000 million`, () => {
    const sem = newSem(0)
    for (const tv_nsec of wrong) assert.equal(timed(sem, { tv_sec: late(clock).tv_sec, tv_nsec }), EINVAL)
  })
}

test('sem_clockwait(): EINVAL for a clock that is none, if the thread would have blocked', () => {
  assert.equal(sem_clockwait(m, newSem(0), NO_CLOCK, at(CLOCK_REALTIME, 1)), EINVAL)
})
