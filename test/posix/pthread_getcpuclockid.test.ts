// pthread_getcpuclockid, and clock_gettime of the clock that it returns.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { Thread } from 'pthreads'
import { clock_getres, clock_gettime, EINVAL, ESRCH, pthread_getcpuclockid, pthread_self, sem_post, sem_wait } from 'pthreads/posix'
import { threadOfCpuClock } from '#internal/kernel/clock.js'
import { nothingLeft } from '../leftovers.ts'
import { until } from '../api/until.ts'
import { create, join, m, newSem, newWord, ok, put, word, work } from './setup.ts'
import { acts, newStage } from './signal-setup.ts'
import { asleep, ended } from './state.ts'

afterEach(() => nothingLeft())

const NOBODY = 987_654, value = newWord()

// The host can tell what another thread has used.
const told = existsSync('/proc/thread-self/schedstat')

function clockOf(thread: number): number {
  ok(pthread_getcpuclockid(m, thread, value))
  return word(value)
}

// ms
function used(thread: number): number {
  const time = { tv_sec: -1, tv_nsec: -1 }
  ok(clock_gettime(clockOf(thread), time))
  return time.tv_sec * 1000 + time.tv_nsec / 1e6
}

test('pthread_getcpuclockid() shall return the id of a clock of the thread alone; ESRCH', () => {
  const thread = Thread.current.tid
  ok(pthread_getcpuclockid(m, thread, value))
  assert.ok(word(value) < 0)
  assert.equal(threadOfCpuClock(word(value)), thread)
  assert.equal(pthread_getcpuclockid(m, NOBODY, value), ESRCH)
})

test('the clock of the calling thread measures what the thread has used', () => {
  const before = used(pthread_self())
  until('it has used more', () => used(pthread_self()) > before)
})

test('the clock of another thread that runs goes on; of one that sleeps it stands; EINVAL where the host cannot tell', () => {
  const s = newStage(), t = create(acts.works, s), sem = newSem(0), sleeper = create(work.waitFor, sem)
  ok(sem_wait(m, s.ready))
  if (told) runsOrStands(t, sleeper)
  else assert.equal(clock_gettime(clockOf(t), { tv_sec: 0, tv_nsec: 0 }), EINVAL)
  put(s.flag, 1)
  ok(sem_post(m, sem))
  for (const thread of [t, sleeper]) join(thread)
})

function runsOrStands(t: number, sleeper: number): void {
  const before = used(t)
  until('it has used more', () => used(t) > before + 5)
  asleep(sleeper, 'semaphore')
  const slept = used(sleeper)
  until('the other one has used more', () => used(t) > before + 10)
  assert.equal(used(sleeper), slept)
}

test('of a thread that has ended it tells what it had used, until it is joined; then there is no such clock', () => {
  const t = create(work.echo, 1), clock = clockOf(t), time = { tv_sec: -1, tv_nsec: -1 }
  ended(t)
  assert.ok(used(t) >= 0)
  ok(clock_getres(clock, time))
  join(t)
  assert.equal(clock_gettime(clock, time), EINVAL)
  assert.equal(clock_getres(clock, time), EINVAL)
})
