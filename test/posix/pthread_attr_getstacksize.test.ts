// pthread_attr_getstacksize and pthread_attr_setstacksize; the limit of the heap, which is ours, beside them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Attr, EINVAL, malloc, pthread_attr_getheaplimit_np, pthread_attr_getstacksize, pthread_attr_init, pthread_attr_setheaplimit_np, pthread_attr_setstacksize,
  PTHREAD_STACK_MAX, PTHREAD_STACK_MIN,
} from 'pthreads/posix'
import { m, newWord, ok, word } from './setup.ts'

const attr = malloc(Attr.size), value = newWord()

test('shall set the thread creation stacksize attribute, and get it', () => {
  ok(pthread_attr_init(m, attr))
  for (const size of [PTHREAD_STACK_MIN, 1 << 20, PTHREAD_STACK_MAX]) {
    ok(pthread_attr_setstacksize(m, attr, size))
    ok(pthread_attr_getstacksize(m, attr, value))
    assert.equal(word(value), size)
  }
})

test('shall fail with EINVAL: the value of stacksize is less than {PTHREAD_STACK_MIN} or exceeds a system-imposed limit', () => {
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_setstacksize(m, attr, 1 << 20))
  for (const size of [0, -1, PTHREAD_STACK_MIN - 1, PTHREAD_STACK_MAX + 1, 2 ** 40, NaN]) assert.equal(pthread_attr_setstacksize(m, attr, size), EINVAL)
  ok(pthread_attr_getstacksize(m, attr, value))
  assert.equal(word(value), 1 << 20)
})

test('the stacksize attribute shall define the minimum stack size: also the default one is a size', () => {
  ok(pthread_attr_init(m, attr))
  ok(pthread_attr_getstacksize(m, attr, value))
  assert.ok(word(value) >= PTHREAD_STACK_MIN, `${word(value)} bytes`)
  ok(pthread_attr_setstacksize(m, attr, word(value)))
})

test('the limit of the heap is set in bytes and got in MiB', () => {
  ok(pthread_attr_init(m, attr))
  for (const [bytes, mib] of [[8 << 20, 8], [(64 << 20) + 1, 65]]) {
    ok(pthread_attr_setheaplimit_np(m, attr, bytes))
    ok(pthread_attr_getheaplimit_np(m, attr, value))
    assert.equal(word(value), mib)
  }
})

test('pthread_attr_setheaplimit_np() fails with EINVAL: less than 8 MiB; the limit stays, at first 0, which is none', () => {
  ok(pthread_attr_init(m, attr))
  for (const limit of [0, 64]) {
    if (limit > 0) ok(pthread_attr_setheaplimit_np(m, attr, limit << 20))
    for (const bytes of [0, -1, (8 << 20) - 1, NaN]) assert.equal(pthread_attr_setheaplimit_np(m, attr, bytes), EINVAL)
    ok(pthread_attr_getheaplimit_np(m, attr, value))
    assert.equal(word(value), limit)
  }
})
