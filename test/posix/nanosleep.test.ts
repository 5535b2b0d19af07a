import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  clock_getcpuclockid, clock_getres, clock_gettime, CLOCK_MONOTONIC, clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, clock_settime,
  CLOCK_THREAD_CPUTIME_ID, EINTR, EINVAL, ENOTSUP, EPERM, ESRCH, nanosleep, pthread_getcpuclockid, pthread_kill, pthread_self, sem_post, SA_RESTART, SIG_DFL,
  sigaction, SIGUSR1, sleep, TIMER_ABSTIME, usleep,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at, NO_CLOCK, wrong } from './clock.ts'
import { create, inThread, join, listed, m, newSem, newWord, ok, word, work } from './setup.ts'
import { acts, newStage } from './signal-setup.ts'
import { asleep } from './state.ts'

afterEach(() => {
  ok(sigaction(m, SIGUSR1, { sa_handler: SIG_DFL }))
  return nothingLeft()
})

const MS = 1_000_000
function elapsed(f: () => unknown): number {
  const before = performance.now()
  f()
  return performance.now() - before
}

test('nanosleep() shall suspend the calling thread for at least the time requested', () => {
  assert.ok(elapsed(() => { ok(nanosleep({ tv_sec: 0, tv_nsec: 20 * MS })) }) >= 20)
  ok(nanosleep({ tv_sec: 0, tv_nsec: 0 }))
})

test('nanosleep() shall fail with EINTR: it was interrupted by a signal handler; rmtp gets the time that is left, with SA_RESTART too', () => {
  for (const sa_flags of [0, SA_RESTART]) {
    ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler, sa_flags }))
    const s = newStage(), t = create(acts.sleepsFor, [3600, 5, s])
    asleep(t, 'sleep')
    ok(pthread_kill(t, SIGUSR1))
    const [errno, seconds, nanoseconds] = join(t) as [number, number, number]
    assert.equal(errno, EINTR)
    assert.ok(seconds <= 3600 && seconds > 3000 && nanoseconds >= 0 && nanoseconds < 1e9)
    assert.deepEqual(listed(s.list), [SIGUSR1])
  }
})

test('nanosleep() and clock_nanosleep() shall fail with EINVAL: nanoseconds below zero or from 1000 million', () => {
  for (const tv_nsec of wrong) {
    assert.equal(nanosleep({ tv_sec: 0, tv_nsec }), EINVAL)
    assert.equal(clock_nanosleep(CLOCK_MONOTONIC, 0, { tv_sec: 0, tv_nsec }), EINVAL)
    assert.equal(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, { tv_sec: 0, tv_nsec }), EINVAL)
  }
  assert.equal(nanosleep({ tv_sec: -1, tv_nsec: 0 }), EINVAL)
})

for (const [name, clock] of [['CLOCK_REALTIME', CLOCK_REALTIME], ['CLOCK_MONOTONIC', CLOCK_MONOTONIC]] as const) {
  test(`clock_nanosleep(${name}) sleeps for the time, or with TIMER_ABSTIME until the time`, () => {
    assert.ok(elapsed(() => { ok(clock_nanosleep(clock, 0, { tv_sec: 0, tv_nsec: 10 * MS })) }) >= 10)
    const until = at(clock, 20), now = { tv_sec: 0, tv_nsec: 0 }
    ok(clock_nanosleep(clock, TIMER_ABSTIME, until))
    ok(clock_gettime(clock, now))
    assert.ok(now.tv_sec > until.tv_sec || (now.tv_sec === until.tv_sec && now.tv_nsec >= until.tv_nsec - 1000))
  })

  test(`clock_nanosleep(${name}, TIMER_ABSTIME) returns at once if the time has passed`, () => {
    ok(clock_nanosleep(clock, TIMER_ABSTIME, at(clock, -1)))
    ok(clock_nanosleep(clock, TIMER_ABSTIME, { tv_sec: 0, tv_nsec: 0 }))
  })

  test(`clock_gettime(${name}) gives the time, clock_getres() what it is exact to`, () => {
    const a = { tv_sec: -1, tv_nsec: -1 }, b = { tv_sec: -1, tv_nsec: -1 }
    ok(clock_gettime(clock, a))
    ok(clock_gettime(clock, b))
    assert.ok(b.tv_sec > a.tv_sec || (b.tv_sec === a.tv_sec && b.tv_nsec >= a.tv_nsec))
    ok(clock_getres(clock, a))
    assert.ok(a.tv_sec === 0 && a.tv_nsec > 0)
    ok(clock_getres(clock))
  })
}

test('clock_nanosleep() shall fail with EINVAL: no such clock, or the calling thread\'s CPU-time clock; ENOTSUP: another that it does not support', () => {
  assert.equal(clock_nanosleep(NO_CLOCK, 0, { tv_sec: 0, tv_nsec: 1 }), EINVAL)
  assert.equal(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, { tv_sec: 0, tv_nsec: 1 }), EINVAL)
  assert.equal(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, { tv_sec: 0, tv_nsec: 1 }), ENOTSUP)
})

test('clock_nanosleep() fails with EINVAL for the clock of the calling thread or of none, ENOTSUP for that of another thread', () => {
  const clock = newWord(), sem = newSem(0), t = create(work.waitFor, sem)
  ok(pthread_getcpuclockid(m, pthread_self(), clock))
  assert.equal(clock_nanosleep(word(clock), 0, { tv_sec: 0, tv_nsec: 1 }), EINVAL)
  ok(pthread_getcpuclockid(m, t, clock))
  assert.equal(clock_nanosleep(word(clock), 0, { tv_sec: 0, tv_nsec: 1 }), ENOTSUP)
  ok(sem_post(m, sem))
  join(t)
  assert.equal(clock_nanosleep(word(clock), 0, { tv_sec: 0, tv_nsec: 1 }), EINVAL)
})

test('clock_getcpuclockid(): the clock of the process, for pid 0 and its own; ESRCH for another one', () => {
  const clock = newWord(), [before, after] = [0, 0].map(() => ({ tv_sec: 0, tv_nsec: 0 }))
  for (const pid of [0, process.pid]) {
    ok(clock_getcpuclockid(m, pid, clock))
    assert.equal(word(clock), CLOCK_PROCESS_CPUTIME_ID)
  }
  ok(clock_gettime(word(clock), before))
  ok(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, after))
  assert.ok(after.tv_sec > before.tv_sec || (after.tv_sec === before.tv_sec && after.tv_nsec >= before.tv_nsec))
  assert.equal(clock_getcpuclockid(m, 987_654, clock), ESRCH)
})

test('CLOCK_PROCESS_CPUTIME_ID and CLOCK_THREAD_CPUTIME_ID count processor time', () => {
  for (const clock of [CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID]) {
    const a = { tv_sec: 0, tv_nsec: 0 }, b = { tv_sec: 0, tv_nsec: 0 }
    ok(clock_gettime(clock, a))
    do ok(clock_gettime(clock, b))
    while (b.tv_sec === a.tv_sec && b.tv_nsec === a.tv_nsec)
    assert.ok((b.tv_sec - a.tv_sec) * 1e9 + b.tv_nsec - a.tv_nsec > 0)
  }
})

test('clock_gettime() and clock_getres() shall fail with EINVAL: no such clock', () => {
  const t = { tv_sec: 0, tv_nsec: 0 }
  assert.equal(clock_gettime(NO_CLOCK, t), EINVAL)
  assert.equal(clock_getres(NO_CLOCK, t), EINVAL)
})

test('clock_settime() shall fail with EINVAL: the clock is none, or CLOCK_MONOTONIC', () => {
  for (const clock of [NO_CLOCK, CLOCK_MONOTONIC]) assert.equal(clock_settime(clock, { tv_sec: 1, tv_nsec: 0 }), EINVAL)
})

test('clock_settime() shall fail with EINVAL: nanoseconds below zero or from 1000 million', () => {
  for (const tv_nsec of wrong) assert.equal(clock_settime(CLOCK_REALTIME, { tv_sec: 1, tv_nsec }), EINVAL)
})

test('clock_settime() fails with EPERM: no process may set the clock; it goes on', () => {
  const before = Date.now(), now = { tv_sec: 0, tv_nsec: 0 }
  assert.equal(clock_settime(CLOCK_REALTIME, { tv_sec: 1, tv_nsec: 0 }), EPERM)
  ok(clock_gettime(CLOCK_REALTIME, now))
  assert.ok(now.tv_sec * 1000 + now.tv_nsec / 1e6 >= before - 1000)
})

test('sleep() returns 0 when the time has elapsed, or the seconds left when a handler ran', () => {
  assert.equal(sleep(0), 0)
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage(), t = create(acts.sleepsSeconds, [100, s])
  asleep(t, 'sleep')
  ok(pthread_kill(t, SIGUSR1))
  const left = join(t) as number
  assert.ok(Number.isInteger(left) && left > 50 && left <= 100)
})

test('usleep() sleeps for microseconds', () => {
  assert.ok(elapsed(() => { ok(usleep(5000)) }) >= 5)                     // the function under test
  assert.equal(usleep(-1), EINVAL)
  assert.equal(inThread(acts.sleepsSeconds, [0, newStage()]), 0)
})
