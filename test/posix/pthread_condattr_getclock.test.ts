// pthread_condattr_getclock and pthread_condattr_setclock.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLOCK_MONOTONIC, CLOCK_REALTIME, CondAttr, EINVAL, malloc, pthread_condattr_getclock, pthread_condattr_init, pthread_condattr_setclock,
} from 'pthreads/posix'
import { clocks, NO_CLOCK } from './clock.ts'
import { m, newWord, ok, word } from './setup.ts'

const attr = malloc(CondAttr.size), value = newWord()

test('the default value of the clock attribute shall refer to the system clock', () => {
  ok(pthread_condattr_init(m, attr))
  ok(pthread_condattr_getclock(m, attr, value))
  assert.equal(word(value), CLOCK_REALTIME)
})

for (const [name, clock] of clocks) {
  test(`shall set the clock attribute to ${name}, and obtain it`, () => {
    ok(pthread_condattr_init(m, attr))
    ok(pthread_condattr_setclock(m, attr, clock))
    ok(pthread_condattr_getclock(m, attr, value))
    assert.equal(word(value), clock)
  })
}

test('EINVAL: the value specified by clock_id does not refer to a known clock, or is a CPU-time clock', () => {
  ok(pthread_condattr_init(m, attr))
  ok(pthread_condattr_setclock(m, attr, CLOCK_MONOTONIC))
  for (const clock of [NO_CLOCK, 2, 3, -1]) assert.equal(pthread_condattr_setclock(m, attr, clock), EINVAL)
  ok(pthread_condattr_getclock(m, attr, value))
  assert.equal(word(value), CLOCK_MONOTONIC)
})
