// pthread_attr_init and pthread_attr_destroy.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  Attr, EINVAL, malloc, pthread_attr_destroy, pthread_attr_getdetachstate, pthread_attr_getstacksize, pthread_attr_init, pthread_attr_setdetachstate,
  pthread_create, PTHREAD_CREATE_JOINABLE, type Entry,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { join, m, newWord, ok, put, word, work } from './setup.ts'

afterEach(() => nothingLeft())

test('pthread_attr_init() shall initialize a thread attributes object with the default value for all of the individual attributes', () => {
  const attr = malloc(Attr.size), value = newWord()
  m.u8.fill(0xff, attr, attr + Attr.size)
  put(value, -1)
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_getdetachstate(m, attr, value))
  assert.equal(word(value), PTHREAD_CREATE_JOINABLE)
})

test('a single attributes object can be used in multiple simultaneous calls to pthread_create()', () => {
  const attr = malloc(Attr.size), threads = [newWord(), newWord()]
  ok(pthread_attr_init(m, attr))
  for (const thread of threads) ok(pthread_create(m, thread, attr, work.echo as Entry, 1))
  for (const thread of threads) assert.equal(join(word(thread)), 1)
})

test('pthread_attr_destroy() shall destroy a thread attributes object; using it is refused', () => {
  const attr = malloc(Attr.size), value = newWord()
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_destroy(m, attr))
  for (const errno of [
    pthread_attr_getdetachstate(m, attr, value), pthread_attr_setdetachstate(m, attr, 0),
    pthread_attr_getstacksize(m, attr, value), pthread_attr_destroy(m, attr),
  ]) assert.equal(errno, EINVAL)
})

test('a destroyed attr attributes object can be reinitialized using pthread_attr_init()', () => {
  const attr = malloc(Attr.size)
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_destroy(m, attr))
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_setdetachstate(m, attr, 1))
})
