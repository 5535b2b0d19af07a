// pthread_tryjoin_np.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, EDEADLK, EINVAL, ESRCH, pthread_detach, pthread_self, pthread_tryjoin_np, sem_post } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newSem, ok, work } from './setup.ts'
import { acts, newStage } from './signal-setup.ts'
import { asleep, ended, gone } from './state.ts'

afterEach(() => nothingLeft())

test('pthread_tryjoin_np(): EBUSY while the thread runs, which can still be joined; its result when it has ended', () => {
  const sem = newSem(0), t = create(work.waitFor, sem), out: { value?: unknown } = {}
  asleep(t, 'semaphore')
  for (let i = 0; i < 2; i++) assert.equal(pthread_tryjoin_np(t, out), EBUSY)
  ok(sem_post(m, sem))
  ended(t)
  ok(pthread_tryjoin_np(t, out))
  assert.deepEqual(out, { value: sem })
  assert.equal(pthread_tryjoin_np(t, out), ESRCH)
  assert.equal(pthread_tryjoin_np(pthread_self()), EDEADLK)
})

test('shall fail with EINVAL: the thread is detached', () => {
  const sem = newSem(0), t = create(work.waitFor, sem)
  ok(pthread_detach(t))
  assert.equal(pthread_tryjoin_np(t), EINVAL)
  ok(sem_post(m, sem))
  gone(t)
})

test('it is no cancellation point', () => {
  const sem = newSem(0), target = create(work.waitFor, sem), s = newStage({ target })
  inThread(acts.comesPendingTo, ['pthread_tryjoin_np', s])
  assert.deepEqual(listed(s.list), [0, 0, 1, 2])                          // it has returned from there
  ok(sem_post(m, sem))
  join(target)
})
