// pthread_getschedparam, pthread_setschedparam, pthread_setschedprio, pthread_getconcurrency, and sched_*.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EINVAL, ESRCH, pthread_getconcurrency, pthread_getschedparam, pthread_self, pthread_setconcurrency, pthread_setschedparam, pthread_setschedprio,
  SCHED_FIFO, sched_get_priority_max, sched_get_priority_min, sched_getparam, sched_getscheduler, SCHED_OTHER, SCHED_RR, sched_rr_get_interval,
  sched_setparam, sched_setscheduler, sched_yield, sem_post,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { holders, newParam } from './mutexes.ts'
import { create, inThread, join, m, newSem, newWord, ok, put, word, work } from './setup.ts'

afterEach(async () => {
  ok(pthread_setschedparam(m, pthread_self(), SCHED_OTHER, newParam(0)))
  await nothingLeft()
})

const policy = newWord(), param = newParam(0), NOBODY = 987_654

function of(thread: number): number[] {
  ok(pthread_getschedparam(m, thread, policy, param))
  return [word(policy), word(param)]
}

test('a thread has SCHED_OTHER and priority 0 if nobody gave it anything else', () => {
  assert.deepEqual(of(pthread_self()), [SCHED_OTHER, 0])
})

test('pthread_setschedparam() shall set policy and priority of a thread, pthread_getschedparam() get them', () => {
  const sem = newSem(0), t = create(work.waitFor, sem)
  for (const [policy, priority] of [[SCHED_FIFO, 1], [SCHED_RR, 99], [SCHED_OTHER, 0]]) {
    for (const thread of [t, pthread_self()]) {
      ok(pthread_setschedparam(m, thread, policy, newParam(priority)))
      assert.deepEqual(of(thread), [policy, priority])
    }
  }
  ok(sem_post(m, sem))
  join(t)
})

test('pthread_setschedprio() shall set the priority; the policy stays', () => {
  ok(pthread_setschedparam(m, pthread_self(), SCHED_FIFO, newParam(1)))
  ok(pthread_setschedprio(pthread_self(), 30))
  assert.deepEqual(of(pthread_self()), [SCHED_FIFO, 30])
})

test('shall fail with EINVAL: the policy or the priority is invalid; if the function fails, nothing shall be changed', () => {
  ok(pthread_setschedparam(m, pthread_self(), SCHED_RR, newParam(5)))
  for (const [policy, priority] of [[SCHED_FIFO, 0], [SCHED_FIFO, 100], [SCHED_RR, -1], [SCHED_OTHER, 1], [3, 1], [-1, 0], [NaN, 0]])
    assert.equal(pthread_setschedparam(m, pthread_self(), policy, newParam(priority)), EINVAL)
  for (const priority of [0, 100, -1, NaN]) assert.equal(pthread_setschedprio(pthread_self(), priority), EINVAL)
  assert.deepEqual(of(pthread_self()), [SCHED_RR, 5])
})

test('ESRCH: no thread could be found corresponding to that specified by the given thread ID', () => {
  assert.equal(pthread_getschedparam(m, NOBODY, policy, param), ESRCH)
  assert.equal(pthread_setschedparam(m, NOBODY, SCHED_FIFO, newParam(1)), ESRCH)
  assert.equal(pthread_setschedprio(NOBODY, 1), ESRCH)
})

test('sched_get_priority_max() and sched_get_priority_min() shall return the bounds of the policy; at least 32 priorities for SCHED_FIFO and SCHED_RR', () => {
  for (const policy of [SCHED_FIFO, SCHED_RR]) assert.ok(sched_get_priority_max(policy) - sched_get_priority_min(policy) >= 31)
  assert.ok(sched_get_priority_max(SCHED_OTHER) >= sched_get_priority_min(SCHED_OTHER))
})

test('sched_get_priority_max() and _min(): EINVAL, the value of the policy does not represent one; negated', () => {
  for (const policy of [-1, 3, 77, NaN]) assert.deepEqual([sched_get_priority_max(policy), sched_get_priority_min(policy)], [-EINVAL, -EINVAL])
})

test('sched_setscheduler() returns the policy before; it, sched_setparam() and the getters work on the calling thread, for pid 0 and the process\'s own', () => {
  for (const pid of [0, process.pid]) {
    ok(pthread_setschedparam(m, pthread_self(), SCHED_FIFO, newParam(3)))
    assert.equal(sched_setscheduler(m, pid, SCHED_RR, newParam(11)), SCHED_FIFO)
    assert.equal(sched_setscheduler(m, pid, SCHED_RR, newParam(11)), SCHED_RR)
    assert.equal(sched_getscheduler(pid), SCHED_RR)
    ok(sched_setparam(m, pid, newParam(12)))
    ok(sched_getparam(m, pid, param))
    assert.equal(word(param), 12)
    assert.deepEqual(of(pthread_self()), [SCHED_RR, 12])
    assert.equal(sched_setparam(m, pid, newParam(0)), EINVAL)
    assert.equal(sched_setscheduler(m, pid, 9, newParam(1)), -EINVAL)
  }
})

test('ESRCH: no process can be found corresponding to that specified by pid; EINVAL below 0', () => {
  const interval = { tv_sec: -1, tv_nsec: -1 }
  for (const [pid, errno] of [[999_999_999, ESRCH], [-1, EINVAL]]) {
    assert.equal(sched_getscheduler(pid), -errno)
    assert.equal(sched_setscheduler(m, pid, SCHED_RR, newParam(1)), -errno)
    assert.deepEqual([sched_getparam(m, pid, param), sched_setparam(m, pid, newParam(0)), sched_rr_get_interval(pid, interval)], [errno, errno, errno])
  }
  assert.deepEqual(interval, { tv_sec: -1, tv_nsec: -1 })
})

test('sched_rr_get_interval() shall update the interval to the current time slice', () => {
  const interval = { tv_sec: -1, tv_nsec: -1 }
  ok(sched_rr_get_interval(0, interval))
  assert.ok(interval.tv_sec >= 0 && interval.tv_nsec >= 0 && interval.tv_nsec < 1e9 && interval.tv_sec + interval.tv_nsec > 0)
})

test('sched_yield() shall return 0, also where nobody else could run', () => {
  ok(sched_yield())
})

test('sched_yield() lets others run', () => {
  const flag = newWord(), threads = [1, 2, 3].map(() => create(holders.yieldsUntil, flag))
  for (let i = 0; i < 20; i++) ok(sched_yield())
  put(flag, 1)
  for (const t of threads) assert.equal(typeof join(t), 'number')
})

test('pthread_getconcurrency() shall return 0 if pthread_setconcurrency() was not called', () => {
  assert.equal(pthread_getconcurrency(), 0)
})

test('pthread_getconcurrency() shall return the level that a previous call of pthread_setconcurrency() set, whichever thread called it', () => {
  for (const level of [7, 1, 2 ** 31 - 1]) {
    assert.deepEqual(inThread(holders.setsConcurrency, level), [0, level])
    assert.equal(pthread_getconcurrency(), level)
  }
})

test('pthread_setconcurrency(0) is as if it had never been called', () => {
  ok(pthread_setconcurrency(5))
  ok(pthread_setconcurrency(0))
  assert.equal(pthread_getconcurrency(), 0)
})

test('pthread_setconcurrency() shall fail with EINVAL: the level is negative; it stays what it was', () => {
  ok(pthread_setconcurrency(7))
  for (const level of [-1, -(2 ** 31), NaN]) assert.equal(pthread_setconcurrency(level), EINVAL)
  assert.equal(pthread_getconcurrency(), 7)
  ok(pthread_setconcurrency(0))
})
