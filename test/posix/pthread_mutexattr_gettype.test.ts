// pthread_mutexattr_gettype and pthread_mutexattr_settype.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EINVAL, malloc, MutexAttr, pthread_mutexattr_gettype, pthread_mutexattr_init, pthread_mutexattr_settype, PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_RECURSIVE,
} from 'pthreads/posix'
import { m, newWord, ok, types, word } from './setup.ts'

const attr = malloc(MutexAttr.size), value = newWord()

test('the default value of the type attribute is PTHREAD_MUTEX_DEFAULT', () => {
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_gettype(m, attr, value))
  assert.equal(word(value), PTHREAD_MUTEX_DEFAULT)
})

for (const [name, type] of [...types, ['PTHREAD_MUTEX_DEFAULT', PTHREAD_MUTEX_DEFAULT] as const]) {
  test(`shall set the mutex type attribute to ${name}, and get it`, () => {
    ok(pthread_mutexattr_init(m, attr))
    ok(pthread_mutexattr_settype(m, attr, type))
    ok(pthread_mutexattr_gettype(m, attr, value))
    assert.equal(word(value), type)
  })
}

test('pthread_mutexattr_settype() shall fail with EINVAL: the value type is invalid', () => {
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_settype(m, attr, PTHREAD_MUTEX_RECURSIVE))
  for (const type of [-1, 3, 77, NaN]) assert.equal(pthread_mutexattr_settype(m, attr, type), EINVAL)
  ok(pthread_mutexattr_gettype(m, attr, value))
  assert.equal(word(value), PTHREAD_MUTEX_RECURSIVE)
})
