import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EINVAL, malloc, pthread_getspecific, pthread_key_create, pthread_key_delete, pthread_setspecific, sem_post, sem_wait } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, newSem, newWord, ok, word, work } from './setup.ts'
import { noteSpecific } from './work.ts'

afterEach(() => nothingLeft())

function newKey(destructor?: (value: never) => unknown): number {
  const key = malloc(4)
  ok(pthread_key_create(m, key, destructor))
  return word(key)
}

test('shall delete a thread-specific data key', () => {
  const key = newKey()
  ok(pthread_key_delete(key))
  assert.equal(pthread_setspecific(key, 1), EINVAL)
})

test('the values associated with the key need not be NULL, and no destructor functions shall be invoked by pthread_key_delete()', () => {
  let called = 0
  const key = newKey(() => { called++ })
  ok(pthread_setspecific(key, 1))
  ok(pthread_key_delete(key))
  assert.equal(called, 0)
  assert.equal(pthread_getspecific(key), undefined)
})

test('any destructor function that may have been associated with key shall no longer be called upon thread exit', () => {
  const list = newList()
  assert.equal(inThread(work.deletes, list), 0)
  assert.deepEqual(listed(list), [])
})

test('nor upon the exit of another thread that has a value', () => {
  const key = newKey(noteSpecific), list = newList(), ready = newSem(0), go = newSem(0)
  const t = create(work.holdSpecific, { key, value: { list, value: 8 }, ready, go })
  ok(sem_wait(m, ready))
  ok(pthread_key_delete(key))
  ok(sem_post(m, go))
  join(t)
  assert.deepEqual(listed(list), [])
})

test('the key is deleted for every thread', () => {
  const key = newKey()
  ok(pthread_key_delete(key))
  assert.deepEqual(inThread(work.specific, [key, 1]), [undefined, EINVAL, undefined])
})

test('a thread may delete a key that another created', () => {
  const key = newKey()
  ok(pthread_setspecific(key, 1))
  assert.equal(inThread(work.deleteKey, key), 0)
  assert.equal(pthread_setspecific(key, 2), EINVAL)
})

test('shall be callable from within destructor functions', () => {
  const list = newList()
  inThread(work.deletesAnother, list)
  assert.equal(listed(list).length, 1, 'the destructor of the key that was deleted ran')
})

test('may fail with EINVAL: the key value is invalid', () => {
  const key = newKey()
  ok(pthread_key_delete(key))
  for (const each of [key, 0, -1, 1 << 30]) assert.equal(pthread_key_delete(each), EINVAL)
})

test('a new key has no value, also after one was deleted', () => {
  const key = newKey()
  ok(pthread_setspecific(key, 1))
  ok(pthread_key_delete(key))
  const address = newWord()
  ok(pthread_key_create(m, address))
  assert.equal(pthread_getspecific(word(address)), undefined)
})
