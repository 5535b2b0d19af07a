import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, sem_destroy, sem_init, sem_post, sem_trywait } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newSem, ok, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('shall destroy the unnamed semaphore indicated by sem; it can be initialized again', () => {
  const sem = newSem(0)
  ok(sem_destroy(m, sem))
  ok(sem_init(m, sem, 0, 1))
  ok(sem_trywait(m, sem))
})

test('it is safe to destroy an initialized semaphore upon which no threads are currently blocked', () => {
  const sem = newSem(0)
  assert.equal(inThread(work.semPost, sem), 0)
  assert.equal(inThread(work.semWait, sem), 0)
  ok(sem_destroy(m, sem))
})

test('may fail with EBUSY: there are currently threads blocked on the semaphore', () => {
  const sem = newSem(0), t = create(work.semWait, sem)
  asleep(t, 'semaphore')
  assert.equal(sem_destroy(m, sem), EBUSY)
  ok(sem_post(m, sem))
  assert.equal(join(t), 0)
  ok(sem_destroy(m, sem))
})
