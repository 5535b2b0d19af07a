import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, PTHREAD_MUTEX_NORMAL, pthread_mutex_trylock, pthread_mutex_unlock } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, listed, m, newList, newMutex, newWord, ok, word, work } from './setup.ts'

afterEach(() => nothingLeft())

test('shall terminate the calling thread and make value_ptr available to any successful join', () => {
  for (const value of [0, 'a', null, { b: [1] }]) assert.deepEqual(inThread(work.exitsWith, value), value)
  assert.equal(inThread(work.exitsWith), undefined)
})

test('it ends the thread from any depth of calls, through their finally blocks', () => {
  const counter = newWord()
  assert.equal(inThread(work.exitsDeep, { value: 7, counter }), 7)
  assert.equal(word(counter), 4)
})

test('if the thread has any thread-specific data, appropriate destructor functions shall be called', () => {
  const list = newList()
  inThread(work.destroyed, { list, how: 'exits' })
  assert.deepEqual(listed(list), [7])
})

test('an implicit call to pthread_exit() is made when a thread returns from its start routine', () => {
  const list = newList()
  inThread(work.destroyed, { list, how: 'returns' })
  assert.deepEqual(listed(list), [7])
})

test('shall not release any application visible process resources, including mutexes', () => {
  const mutex = newMutex(PTHREAD_MUTEX_NORMAL)
  inThread(work.exitsHolding, mutex)
  assert.equal(pthread_mutex_trylock(m, mutex), EBUSY)
  ok(pthread_mutex_unlock(m, mutex))
})

test('called from a destructor of a thread that ends (undefined in POSIX), it is no error of the thread', () => {
  const reached = newWord()
  assert.match(inThread(work.exitsInsideDestructor, reached) as string, /^from the (thread|destructor)$/)
  assert.equal(word(reached), 1)
})
