import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { CLOCK_REALTIME, EDEADLK, EINVAL, ESRCH, ETIMEDOUT, pthread_detach, pthread_join, pthread_self, pthread_timedjoin_np, sem_post } from 'pthreads/posix'
import { succeeds } from '../api/child.ts'
import { nothingLeft } from '../leftovers.ts'
import { at, late, wrong } from './clock.ts'
import { create, inThread, join, m, newSem, ok, work } from './setup.ts'
import { asleep, ended, exists, gone } from './state.ts'

afterEach(() => nothingLeft())

test('shall suspend execution of the calling thread until the target thread terminates', () => {
  const sem = newSem(0), target = create(work.waitFor, sem), joiner = create(work.joinIt, target)
  asleep(target, 'semaphore')
  asleep(joiner, 'join')
  ok(sem_post(m, sem))
  assert.deepEqual(join(joiner), [0, sem])
})

test('unless the target thread has already terminated', () => {
  const t = create(work.echo, 3)
  ended(t)
  assert.equal(join(t), 3)
})

test('the value passed to pthread_exit() by the terminating thread shall be made available', () => {
  const out: { value?: unknown } = {}
  ok(pthread_join(create(work.exitsWith, { a: 1 }), out))
  assert.deepEqual(out, { value: { a: 1 } })
})

test('value_ptr may be NULL', () => {
  ok(pthread_join(create(work.exitsWith, 5)))
})

test('when pthread_join() returns successfully, the target thread has been terminated', () => {
  const t = create(work.echo, 1)
  ok(pthread_join(t))
  assert.equal(exists(t), false)
})

test('any thread in the process may join', () => {
  assert.deepEqual(inThread(work.joinIt, create(work.echo, 4)), [0, 4])
})

test('a thread that has exited but remains unjoined counts against PTHREAD_THREADS_MAX', () => {
  assert.equal(succeeds(`
    import { configure, load } from 'pthreads'
    import { malloc, memory, pthread_create, pthread_join } from 'pthreads/posix'
    import { Process, PROCESS } from '#internal/kernel/records.js'
    import { kernel } from '#internal/kernel/process.js'
    configure({ threads: 1 })
    const { f } = load('data:text/javascript,export function f() {}')
    const m = memory(), thread = malloc(4)
    console.log(pthread_create(m, thread, 0, f))
    while (Atomics.load(kernel.i32, (PROCESS + Process.live) >> 2) !== 0) await null
    console.log(pthread_create(m, malloc(4), 0, f), pthread_join(m.i32[thread >> 2]), pthread_create(m, thread, 0, f), pthread_join(m.i32[thread >> 2]))`), '0\n11 0 0 0\n')
})

test('the error of a thread that threw is made available beside the value', () => {
  const out: { value?: unknown, error?: unknown } = {}
  ok(pthread_join(create(work.fails, 'why'), out))
  assert.ok(!('value' in out) && out.error instanceof RangeError && out.error.message === 'why')
})

test('recommended EDEADLK: the value specified by thread refers to the calling thread', () => {
  assert.equal(inThread(work.joinSelf), EDEADLK)
  assert.equal(pthread_join(pthread_self()), EDEADLK)
})

test('recommended EINVAL: the value specified by thread does not refer to a joinable thread', () => {
  const sem = newSem(0), t = create(work.waitFor, sem)
  ok(pthread_detach(t))
  assert.equal(pthread_join(t), EINVAL)
  ok(sem_post(m, sem))
  gone(t)
})

test('recommended ESRCH: the use of a thread ID after the end of its lifetime', () => {
  const t = create(work.echo, 1)
  join(t)
  for (const id of [t, 0, -1, 12345678]) assert.equal(pthread_join(id), ESRCH)
})

test('of two threads that join one, one succeeds', () => {
  const sem = newSem(0), target = create(work.waitFor, sem), first = create(work.joinIt, target)
  asleep(first, 'join')
  assert.equal(pthread_join(target), EINVAL)
  ok(sem_post(m, sem))
  assert.deepEqual(join(first), [0, sem])
})

test('a timed join is ETIMEDOUT when the time has passed, and the thread can be joined', () => {
  const sem = newSem(0), t = create(work.waitFor, sem), out = {}
  for (const ms of [-1000, 0, 5]) assert.equal(pthread_timedjoin_np(t, out, at(CLOCK_REALTIME, ms)), ETIMEDOUT)
  for (const tv_nsec of wrong) assert.equal(pthread_timedjoin_np(t, out, { tv_sec: 0, tv_nsec }), EINVAL)
  assert.deepEqual(out, {})
  ok(sem_post(m, sem))
  ok(pthread_timedjoin_np(t, out, late(CLOCK_REALTIME)))
  assert.deepEqual(out, { value: sem })
})
