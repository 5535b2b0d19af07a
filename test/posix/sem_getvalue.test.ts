import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { sem_getvalue, sem_post, sem_wait } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, join, m, newSem, newWord, ok, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('shall update the location referenced by sval to have the value of the semaphore, without affecting the state of the semaphore', () => {
  const sem = newSem(3), value = newWord()
  for (let i = 0; i < 2; i++) {
    ok(sem_getvalue(m, sem, value))
    assert.equal(word(value), 3)
  }
  ok(sem_wait(m, sem))
  ok(sem_getvalue(m, sem, value))
  assert.equal(word(value), 2)
})

test('if sem is locked, sval shall be set to zero or to a negative number whose absolute value represents the number of processes waiting', () => {
  const sem = newSem(0), value = newWord(), t = create(work.semWait, sem)
  asleep(t, 'semaphore')
  ok(sem_getvalue(m, sem, value))
  assert.ok(word(value) === 0 || word(value) === -1)
  ok(sem_post(m, sem))
  join(t)
})
