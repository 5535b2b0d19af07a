// sem_wait and sem_trywait.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EAGAIN, sem_getvalue, sem_post, sem_trywait, sem_wait } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newSem, newWord, ok, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

function valueOf(sem: number): number {
  const value = newWord()
  ok(sem_getvalue(m, sem, value))
  return word(value)
}

test('sem_wait() shall lock the semaphore by performing a semaphore lock operation', () => {
  const sem = newSem(2)
  ok(sem_wait(m, sem))
  assert.equal(valueOf(sem), 1)
  assert.equal(inThread(work.semWait, sem), 0)
  assert.equal(valueOf(sem), 0)
})

test('if the semaphore value is currently zero, then the calling thread shall not return until it locks the semaphore', () => {
  const sem = newSem(0), t = create(work.semWait, sem)
  asleep(t, 'semaphore')
  ok(sem_post(m, sem))
  assert.equal(join(t), 0)
  assert.equal(valueOf(sem), 0)
})

test('sem_trywait() shall lock the semaphore only if it is currently not locked', () => {
  const sem = newSem(1)
  ok(sem_trywait(m, sem))
  assert.equal(valueOf(sem), 0)
})

test('sem_trywait() shall fail with EAGAIN: the semaphore was already locked; its state shall be unchanged', () => {
  const sem = newSem(0)
  assert.equal(sem_trywait(m, sem), EAGAIN)
  assert.equal(inThread(work.semTrywait, sem), EAGAIN)
  assert.equal(valueOf(sem), 0)
})

test('as many threads pass as there are posts', () => {
  const sem = newSem(3), counter = newWord()
  const threads = [1, 2, 3].map(() => create(work.takeMany, { sem, counter, times: 1000 }))
  for (let i = 0; i < 2997; i++) ok(sem_post(m, sem))
  for (const t of threads) join(t)
  assert.deepEqual([word(counter), valueOf(sem)], [3000, 0])
})
