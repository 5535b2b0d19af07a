// pthread_attr_getdetachstate and pthread_attr_setdetachstate.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Attr, EINVAL, malloc, pthread_attr_getdetachstate, pthread_attr_init, pthread_attr_setdetachstate, PTHREAD_CREATE_DETACHED, PTHREAD_CREATE_JOINABLE,
} from 'pthreads/posix'
import { m, newWord, ok, word } from './setup.ts'

const attr = malloc(Attr.size), value = newWord()

test('the default value of the detachstate attribute shall be PTHREAD_CREATE_JOINABLE', () => {
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_getdetachstate(m, attr, value))
  assert.equal(word(value), PTHREAD_CREATE_JOINABLE)
})

test('shall set the detachstate attribute, and get it', () => {
  ok(pthread_attr_init(m, attr))
  for (const state of [PTHREAD_CREATE_DETACHED, PTHREAD_CREATE_JOINABLE]) {
    ok(pthread_attr_setdetachstate(m, attr, state))
    ok(pthread_attr_getdetachstate(m, attr, value))
    assert.equal(word(value), state)
  }
})

test('shall fail with EINVAL: the value of detachstate was not valid', () => {
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_setdetachstate(m, attr, PTHREAD_CREATE_DETACHED))
  for (const state of [-1, 2, 77, NaN]) assert.equal(pthread_attr_setdetachstate(m, attr, state), EINVAL)
  ok(pthread_attr_getdetachstate(m, attr, value))
  assert.equal(word(value), PTHREAD_CREATE_DETACHED)
})
