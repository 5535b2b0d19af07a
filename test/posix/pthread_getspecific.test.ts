// pthread_getspecific and pthread_setspecific.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EINVAL, malloc, pthread_getspecific, pthread_key_create, pthread_key_delete, pthread_setspecific } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, m, ok, word, work } from './setup.ts'

afterEach(() => nothingLeft())

function newKey(): number {
  const key = malloc(4)
  ok(pthread_key_create(m, key))
  return word(key)
}

test('pthread_getspecific() shall return the value currently bound to the specified key on behalf of the calling thread', () => {
  const key = newKey()
  for (const value of [1, 'a', { b: 1 }, () => 1, null]) {
    ok(pthread_setspecific(key, value))
    assert.equal(pthread_getspecific(key), value)
  }
})

test('if no thread-specific data value is associated with key, then the value NULL shall be returned', () => {
  assert.equal(pthread_getspecific(newKey()), undefined)
})

test('different threads may bind different values to the same key', () => {
  const key = newKey()
  ok(pthread_setspecific(key, 'mine'))
  assert.deepEqual(inThread(work.specific, [key, 'yours']), [undefined, 0, 'yours'])
  assert.equal(pthread_getspecific(key), 'mine')
})

test('pthread_getspecific() returns no errors: of what is no key it returns NULL', () => {
  for (const key of [0, -1, 1 << 30]) assert.equal(pthread_getspecific(key), undefined)
})

test('pthread_setspecific() may fail with EINVAL: the key value is invalid', () => {
  const key = newKey()
  ok(pthread_key_delete(key))
  for (const each of [key, 0, -1, 1 << 30]) assert.equal(pthread_setspecific(each, 1), EINVAL)
})
