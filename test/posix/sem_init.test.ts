import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EAGAIN, EINVAL, malloc, Sem, sem_destroy, sem_getvalue, sem_init, sem_post, sem_trywait, SEM_VALUE_MAX } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, m, newSem, newWord, ok, word, work } from './setup.ts'

afterEach(() => nothingLeft())

function valueOf(sem: number): number {
  const value = newWord()
  ok(sem_getvalue(m, sem, value))
  return word(value)
}

test('shall initialize the unnamed semaphore referred to by sem: the value shall be value', () => {
  for (const value of [0, 1, 5, SEM_VALUE_MAX]) {
    const sem = malloc(Sem.size)
    m.u8.fill(0xff, sem, sem + Sem.size)
    ok(sem_init(m, sem, 0, value))
    assert.equal(valueOf(sem), value)
  }
})

test('following a successful call, the semaphore may be used in subsequent calls; it shall remain usable until it is destroyed', () => {
  const sem = newSem(1)
  ok(sem_trywait(m, sem))
  assert.equal(sem_trywait(m, sem), EAGAIN)
  ok(sem_post(m, sem))
  ok(sem_trywait(m, sem))
})

test('if pshared is zero, any thread in this process can use sem', () => {
  const sem = newSem(0)
  assert.equal(inThread(work.semPost, sem), 0)
  ok(sem_trywait(m, sem))
})

test('if pshared is non-zero, whoever shares the memory can use sem', () => {
  const sem = malloc(Sem.size)
  ok(sem_init(m, sem, 1, 1))
  assert.equal(inThread(work.semTrywait, sem), 0)
})

test('shall fail with EINVAL: the value argument exceeds {SEM_VALUE_MAX}', () => {
  const sem = newSem(3)
  for (const value of [SEM_VALUE_MAX + 1, 2 ** 32, Infinity, -1, NaN]) assert.equal(sem_init(m, sem, 0, value), EINVAL)
  assert.equal(valueOf(sem), 3)
})

test('sem_destroy() shall destroy the unnamed semaphore, which can be initialized again', () => {
  const sem = newSem(3)
  ok(sem_destroy(m, sem))
  ok(sem_init(m, sem, 0, 2))
  assert.equal(valueOf(sem), 2)
})

test('it is safe to destroy an initialized semaphore upon which no threads are currently blocked', () => {
  const sem = newSem(0)
  assert.equal(inThread(work.semPost, sem), 0)
  assert.equal(inThread(work.semWait, sem), 0)
  ok(sem_destroy(m, sem))
})
