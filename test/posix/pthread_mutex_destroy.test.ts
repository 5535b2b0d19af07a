import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, free, malloc, Mutex, pthread_mutex_destroy, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_unlock } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, join, m, newMutex, newWord, ok, types, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('it shall be safe to destroy an initialized mutex that is unlocked', () => {
  for (const [, type] of types) ok(pthread_mutex_destroy(m, newMutex(type)))
})

test('may fail with EBUSY: the mutex is locked', () => {
  for (const [, type] of types) {
    const mutex = newMutex(type)
    ok(pthread_mutex_lock(m, mutex))
    assert.equal(pthread_mutex_destroy(m, mutex), EBUSY)
    ok(pthread_mutex_unlock(m, mutex))
    ok(pthread_mutex_destroy(m, mutex))
  }
})

test('a mutex can be destroyed immediately after it is unlocked, by the thread that has it then', () => {
  const mutex = newMutex(), counter = newWord()
  ok(pthread_mutex_lock(m, mutex))
  const t = create(work.count, { mutex, counter, times: 1 })
  asleep(t, 'mutex')
  ok(pthread_mutex_unlock(m, mutex))
  join(t)
  assert.equal(word(counter), 1)
  ok(pthread_mutex_lock(m, mutex))
  ok(pthread_mutex_unlock(m, mutex))
  ok(pthread_mutex_destroy(m, mutex))
  free(mutex)
  const next = malloc(Mutex.size)
  ok(pthread_mutex_init(m, next))
  ok(pthread_mutex_lock(m, next))
  ok(pthread_mutex_unlock(m, next))
})
