// pthread_setname_np, pthread_getaffinity_np, pthread_getattr_np, pthread_clockjoin_np; pthread_atfork.

import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { afterEach, test } from 'node:test'
import {
  Attr, CLOCK_MONOTONIC, EINVAL, ERANGE, ESRCH, ETIMEDOUT, malloc, pthread_atfork, pthread_attr_getdetachstate, pthread_attr_getschedparam,
  pthread_attr_getschedpolicy, pthread_attr_getstacksize, pthread_attr_init, pthread_attr_setdetachstate, pthread_attr_setstacksize, pthread_clockjoin_np,
  pthread_create, PTHREAD_CREATE_DETACHED, pthread_getaffinity_np, pthread_getattr_np, pthread_getname_np, pthread_self, pthread_setaffinity_np,
  pthread_setname_np, pthread_setschedparam, SCHED_FIFO, sem_post, type Entry,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at, late, NO_CLOCK, wrong } from './clock.ts'
import { newParam } from './mutexes.ts'
import { create, join, m, newSem, newWord, ok, put, word, work } from './setup.ts'
import { gone } from './state.ts'

afterEach(() => nothingLeft())

const NOBODY = 987_654, value = newWord()

test('pthread_setname_np() names a thread, pthread_getname_np() tells the name', () => {
  const sem = newSem(0), t = create(work.waitFor, sem), out: { value?: string } = {}
  ok(pthread_getname_np(t, out))
  assert.equal(out.value, 'waitFor')
  for (const name of ['teller', '', 'fünfzehn Byte!', '123456789012345']) {
    ok(pthread_setname_np(t, name))
    ok(pthread_getname_np(t, out))
    assert.equal(out.value, name)
  }
  assert.equal(pthread_setname_np(t, '1234567890123456'), ERANGE)
  assert.equal(pthread_setname_np(t, 'sechzehn Byte ü!'), ERANGE)
  assert.equal(pthread_setname_np(NOBODY, 'x'), ESRCH)
  assert.equal(pthread_getname_np(NOBODY, out), ESRCH)
  ok(sem_post(m, sem))
  join(t)
})

test('pthread_getaffinity_np() tells all processors, or those that were set; EINVAL for a set with none that is there, ESRCH', () => {
  const set = malloc(8), all = availableParallelism() >= 32 ? -1 : (1 << availableParallelism()) - 1
  ok(pthread_getaffinity_np(m, pthread_self(), 8, set))
  assert.equal(word(set), all)
  put(set, 1)
  put(set + 4, 0)
  ok(pthread_setaffinity_np(m, pthread_self(), 8, set))
  put(set, 0)
  ok(pthread_getaffinity_np(m, pthread_self(), 8, set))
  assert.equal(word(set), 1)
  put(set, 0)
  assert.equal(pthread_setaffinity_np(m, pthread_self(), 8, set), EINVAL)
  assert.equal(pthread_setaffinity_np(m, pthread_self(), 0, set), EINVAL)
  assert.equal(pthread_getaffinity_np(m, pthread_self(), 4, set), EINVAL)
  assert.equal(pthread_setaffinity_np(m, NOBODY, 8, set), ESRCH)
  assert.equal(pthread_getaffinity_np(m, NOBODY, 8, set), ESRCH)
  put(set, all)
  ok(pthread_setaffinity_np(m, pthread_self(), 8, set))
})

test('pthread_getattr_np() makes attributes of a thread\'s: detach state, stack size, policy and priority', () => {
  const attr = malloc(Attr.size), thread = newWord(), sem = newSem(0), of = malloc(Attr.size)
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_setdetachstate(m, attr, PTHREAD_CREATE_DETACHED))
  ok(pthread_attr_setstacksize(m, attr, 1024 * 1024))
  ok(pthread_create(m, thread, attr, work.waitFor as unknown as Entry, sem))
  const t = word(thread)
  ok(pthread_setschedparam(m, t, SCHED_FIFO, newParam(9)))
  ok(pthread_getattr_np(m, t, of))
  const got = [pthread_attr_getdetachstate, pthread_attr_getstacksize, pthread_attr_getschedpolicy, pthread_attr_getschedparam].map(get => {
    ok(get(m, of, value))
    return word(value)
  })
  assert.deepEqual(got, [PTHREAD_CREATE_DETACHED, 1024 * 1024, SCHED_FIFO, 9])
  ok(pthread_getattr_np(m, pthread_self(), of))
  ok(pthread_attr_getstacksize(m, of, value))
  assert.equal(word(value), 4 * 1024 * 1024)
  assert.equal(pthread_getattr_np(m, NOBODY, of), ESRCH)
  ok(sem_post(m, sem))
  gone(t)
})

test('pthread_clockjoin_np(): ETIMEDOUT on either clock, and the thread can still be joined; EINVAL for a time or a clock that is none', () => {
  const sem = newSem(0), t = create(work.waitFor, sem), out: { value?: unknown } = {}
  for (const clock of [0, CLOCK_MONOTONIC] as const) assert.equal(pthread_clockjoin_np(t, out, clock, at(clock, 3)), ETIMEDOUT)
  for (const tv_nsec of wrong) assert.equal(pthread_clockjoin_np(t, out, CLOCK_MONOTONIC, { tv_sec: 1, tv_nsec }), EINVAL)
  assert.equal(pthread_clockjoin_np(t, out, NO_CLOCK, late(0)), EINVAL)
  ok(sem_post(m, sem))
  ok(pthread_clockjoin_np(t, out, CLOCK_MONOTONIC, late(CLOCK_MONOTONIC)))
  assert.deepEqual(out, { value: sem })
})

test('pthread_atfork() accepts handlers, which may be null: there is no fork', () => {
  ok(pthread_atfork(() => assert.fail(), null, () => assert.fail()))
  ok(pthread_atfork(null, null, null))
  assert.equal(pthread_atfork(5 as unknown as null, null, null), EINVAL)
})
