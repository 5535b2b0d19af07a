// pthread_setname_np, pthread_getaffinity_np, pthread_getattr_np, pthread_clockjoin_np; pthread_atfork.

import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { afterEach, test } from 'node:test'
import {
  Attr, CLOCK_MONOTONIC, CLOCK_REALTIME, EDEADLK, EINVAL, ERANGE, ESRCH, ETIMEDOUT, malloc, pthread_atfork, pthread_attr_getdetachstate,
  pthread_attr_getschedparam, pthread_attr_getschedpolicy, pthread_attr_getstacksize, pthread_attr_init, pthread_attr_setdetachstate,
  pthread_attr_setstacksize, pthread_clockjoin_np, pthread_create, PTHREAD_CREATE_DETACHED, pthread_getaffinity_np, pthread_getattr_np, pthread_getname_np,
  pthread_self, pthread_setaffinity_np, pthread_setname_np, pthread_setschedparam, SCHED_FIFO, sem_post, type Entry,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at, late, NO_CLOCK, wrong } from './clock.ts'
import { newParam } from './mutexes.ts'
import { create, join, m, newSem, newWord, ok, put, word, work } from './setup.ts'
import { ended, gone } from './state.ts'

afterEach(() => nothingLeft())

const NOBODY = 987_654, value = newWord()

/** Calls `f` with a thread that waits. */
function waiting(f: (thread: number) => void): void {
  const sem = newSem(0), t = create(work.waitFor, sem)
  try {
    f(t)
  } finally {
    ok(sem_post(m, sem))
    join(t)
  }
}

function nameOf(thread: number): string | undefined {
  const out: { value?: string } = {}
  ok(pthread_getname_np(thread, out))
  return out.value
}

test('pthread_setname_np() names a thread, pthread_getname_np() tells the name, at first that of the start routine', () => {
  waiting((t) => {
    assert.equal(nameOf(t), 'waitFor')
    for (const name of ['teller', '', 'fünfzehn Byte!', '123456789012345']) {
      ok(pthread_setname_np(t, name))
      assert.equal(nameOf(t), name)
    }
  })
})

test('pthread_setname_np() shall fail with ERANGE: more than 15 bytes; the thread keeps its name', () => {
  waiting((t) => {
    ok(pthread_setname_np(t, 'teller'))
    for (const name of ['1234567890123456', 'sechzehn Byte ü!']) assert.equal(pthread_setname_np(t, name), ERANGE)
    assert.equal(nameOf(t), 'teller')
  })
})

test('pthread_setname_np() and pthread_getname_np() fail with ESRCH: no such thread', () => {
  assert.equal(pthread_setname_np(NOBODY, 'x'), ESRCH)
  const out: { value?: string } = {}
  assert.equal(pthread_getname_np(NOBODY, out), ESRCH)
  assert.deepEqual(out, {})
})

const all = availableParallelism() >= 32 ? -1 : (1 << availableParallelism()) - 1

test('pthread_getaffinity_np() tells all processors, or those that pthread_setaffinity_np() set for that thread', () => {
  const set = malloc(8)
  waiting((t) => {
    ok(pthread_getaffinity_np(m, t, 8, set))
    assert.equal(word(set), all)
    put(set, 1)
    put(set + 4, 0)
    ok(pthread_setaffinity_np(m, t, 8, set))
    put(set, 0)
    ok(pthread_getaffinity_np(m, t, 8, set))
    assert.equal(word(set), 1)
    ok(pthread_getaffinity_np(m, pthread_self(), 8, set))
    assert.equal(word(set), all)
  })
})

test('pthread_setaffinity_np() fails with EINVAL: none of the processors is there; the thread keeps its own', () => {
  const set = malloc(8)
  waiting((t) => {
    put(set, 1)
    ok(pthread_setaffinity_np(m, t, 8, set))
    for (const bytes of [0, 8]) {
      put(set, bytes === 0 ? 1 : 0)
      assert.equal(pthread_setaffinity_np(m, t, bytes, set), EINVAL)
    }
    ok(pthread_getaffinity_np(m, t, 8, set))
    assert.equal(word(set), 1)
  })
})

test('pthread_getaffinity_np() fails with EINVAL: the set is too small; it is not touched', () => {
  const set = malloc(8)
  put(set, 77)
  assert.equal(pthread_getaffinity_np(m, pthread_self(), 4, set), EINVAL)
  assert.equal(word(set), 77)
})

test('pthread_setaffinity_np() and pthread_getaffinity_np() fail with ESRCH: no such thread', () => {
  const set = malloc(8)
  put(set, 1)
  assert.equal(pthread_setaffinity_np(m, NOBODY, 8, set), ESRCH)
  assert.equal(pthread_getaffinity_np(m, NOBODY, 8, set), ESRCH)
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

test('pthread_clockjoin_np(): ETIMEDOUT on either clock, and the thread can still be joined', () => {
  const sem = newSem(0), t = create(work.waitFor, sem), out: { value?: unknown } = {}
  for (const clock of [CLOCK_REALTIME, CLOCK_MONOTONIC] as const) assert.equal(pthread_clockjoin_np(t, out, clock, at(clock, 3)), ETIMEDOUT)
  assert.deepEqual(out, {})
  ok(sem_post(m, sem))
  ok(pthread_clockjoin_np(t, out, CLOCK_MONOTONIC, late(CLOCK_MONOTONIC)))
  assert.deepEqual(out, { value: sem })
})

test('pthread_clockjoin_np() joins a thread that has ended, also when the time has passed', () => {
  for (const clock of [CLOCK_REALTIME, CLOCK_MONOTONIC] as const) {
    const t = create(work.echo, 7), out: { value?: unknown } = {}
    ended(t)
    ok(pthread_clockjoin_np(t, out, clock, at(clock, -1000)))
    assert.deepEqual(out, { value: 7 })
  }
})

test('pthread_clockjoin_np() fails with EINVAL: a time or a clock that is none', () => {
  waiting((t) => {
    for (const tv_nsec of wrong) assert.equal(pthread_clockjoin_np(t, {}, CLOCK_MONOTONIC, { tv_sec: 1, tv_nsec }), EINVAL)
    assert.equal(pthread_clockjoin_np(t, {}, NO_CLOCK, late(CLOCK_REALTIME)), EINVAL)
  })
})

test('pthread_clockjoin_np() fails as pthread_join() does: ESRCH, EDEADLK', () => {
  for (const [thread, errno] of [[NOBODY, ESRCH], [pthread_self(), EDEADLK]])
    assert.equal(pthread_clockjoin_np(thread, {}, CLOCK_MONOTONIC, late(CLOCK_MONOTONIC)), errno)
})

test('pthread_atfork() accepts handlers, as often as it is called; each may be null', () => {
  ok(pthread_atfork(() => assert.fail(), null, () => assert.fail()))
  ok(pthread_atfork(null, () => assert.fail(), null))
  ok(pthread_atfork(null, null, null))
})

test('pthread_atfork() fails with EINVAL: a handler that is neither a function nor null', () => {
  const wrong = 5 as unknown as null
  assert.deepEqual([pthread_atfork(wrong, null, null), pthread_atfork(null, wrong, null), pthread_atfork(null, null, wrong)], [EINVAL, EINVAL, EINVAL])
})
