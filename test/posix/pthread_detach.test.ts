import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EINVAL, ESRCH, pthread_detach, pthread_join, sem_post, sem_wait } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newSem, ok, work } from './setup.ts'
import { asleep, ended, exists, gone } from './state.ts'

afterEach(() => nothingLeft())

test('storage for the thread can be reclaimed when it terminates', () => {
  const sem = newSem(0), t = create(work.waitFor, sem)
  ok(pthread_detach(t))
  asleep(t, 'semaphore')
  ok(sem_post(m, sem))
  gone(t)
})

test('if the thread has not terminated, pthread_detach() shall not cause it to terminate', () => {
  const sem = newSem(0), done = newSem(0)
  const t = create(work.waitFor, sem)
  ok(pthread_detach(t))
  asleep(t, 'semaphore')
  assert.equal(exists(t), true)
  ok(sem_post(m, sem))
  gone(t)
  ok(sem_post(m, done))
  ok(sem_wait(m, done))
})

test('a thread that has terminated is reclaimed at once', () => {
  const t = create(work.echo, 1)
  ended(t)
  ok(pthread_detach(t))
  assert.equal(exists(t), false)
})

test('a thread may detach itself', () => {
  const sem = newSem(0), t = create(work.detachSelf, sem)
  ok(sem_wait(m, sem))
  gone(t)
})

test('any thread may detach', () => {
  const sem = newSem(0), t = create(work.waitFor, sem)
  assert.equal(inThread(work.detachIt, t), 0)
  ok(sem_post(m, sem))
  gone(t)
})

test('recommended EINVAL: the value specified by thread does not refer to a joinable thread', () => {
  const sem = newSem(0), t = create(work.waitFor, sem)
  ok(pthread_detach(t))
  assert.equal(pthread_detach(t), EINVAL)
  assert.equal(pthread_join(t), EINVAL)
  ok(sem_post(m, sem))
  gone(t)
})

test('EINVAL while another thread joins, and the join is not disturbed', () => {
  const sem = newSem(0), t = create(work.waitFor, sem), joiner = create(work.joinIt, t)
  asleep(joiner, 'join')
  assert.equal(pthread_detach(t), EINVAL)
  ok(sem_post(m, sem))
  assert.deepEqual(join(joiner), [0, sem])
})

test('recommended ESRCH: the use of a thread ID after the end of its lifetime', () => {
  const t = create(work.echo, 1)
  join(t)
  for (const id of [t, 0, -1, 12345678]) assert.equal(pthread_detach(id), ESRCH)
})
