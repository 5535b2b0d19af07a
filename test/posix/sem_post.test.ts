import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EOVERFLOW, sem_getvalue, sem_post, SEM_VALUE_MAX } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newSem, newWord, ok, word, work } from './setup.ts'
import { asleep, ended, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

function valueOf(sem: number): number {
  const value = newWord()
  ok(sem_getvalue(m, sem, value))
  return word(value)
}

test('if the semaphore value resulting from this operation is positive, then no threads were blocked; the value is simply incremented', () => {
  const sem = newSem(0)
  for (let i = 1; i <= 3; i++) {
    ok(sem_post(m, sem))
    assert.equal(valueOf(sem), i)
  }
})

test('if the value resulting is zero, then one of the threads blocked shall be allowed to return successfully: here the one that waits longest', () => {
  const sem = newSem(0), threads: number[] = []
  for (let i = 0; i < 3; i++) {
    threads.push(create(work.semWait, sem))
    asleep(threads[i], 'semaphore')
  }
  for (let i = 0; i < 3; i++) {
    ok(sem_post(m, sem))
    ended(threads[i])
    for (const other of threads.slice(i + 1)) assert.ok(sleepsOn(other, 'semaphore'))
  }
  for (const t of threads) assert.equal(join(t), 0)
  assert.equal(valueOf(sem), 0)
})

test('any thread may post', () => {
  const sem = newSem(0)
  assert.equal(inThread(work.semPost, sem), 0)
  assert.equal(valueOf(sem), 1)
})

test('shall fail with EOVERFLOW: the maximum allowable value for a semaphore would be exceeded', () => {
  const sem = newSem(SEM_VALUE_MAX - 1)
  ok(sem_post(m, sem))
  assert.equal(sem_post(m, sem), EOVERFLOW)
  assert.equal(valueOf(sem), SEM_VALUE_MAX)
})
