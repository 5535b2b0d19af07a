// pthread_mutexattr_getrobust, _getprotocol, _getprioceiling, _getpshared and their setters; pthread_condattr_getpshared.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CondAttr, EINVAL, malloc, MutexAttr, pthread_condattr_getpshared, pthread_condattr_init, pthread_condattr_setpshared, pthread_mutexattr_getprioceiling,
  pthread_mutexattr_getprotocol, pthread_mutexattr_getpshared, pthread_mutexattr_getrobust, pthread_mutexattr_init, pthread_mutexattr_setprioceiling,
  pthread_mutexattr_setprotocol, pthread_mutexattr_setpshared, pthread_mutexattr_setrobust, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_STALLED,
  PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_NONE, PTHREAD_PRIO_PROTECT, PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED, SCHED_FIFO, sched_get_priority_max,
  sched_get_priority_min,
} from 'pthreads/posix'
import { m, newWord, ok, word } from './setup.ts'

const value = newWord()
const least = sched_get_priority_min(SCHED_FIFO), most = sched_get_priority_max(SCHED_FIFO)

const attributes = [
  {
    name: 'the robustness', bytes: MutexAttr.size, init: pthread_mutexattr_init, get: pthread_mutexattr_getrobust, set: pthread_mutexattr_setrobust,
    fallback: PTHREAD_MUTEX_STALLED, valid: [PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_STALLED], invalid: [-1, 2, 77, NaN],
  },
  {
    name: 'the protocol', bytes: MutexAttr.size, init: pthread_mutexattr_init, get: pthread_mutexattr_getprotocol, set: pthread_mutexattr_setprotocol,
    fallback: PTHREAD_PRIO_NONE, valid: [PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_PROTECT, PTHREAD_PRIO_NONE], invalid: [-1, 3, 77, NaN],
  },
  {
    name: 'the priority ceiling', bytes: MutexAttr.size, init: pthread_mutexattr_init, get: pthread_mutexattr_getprioceiling, set: pthread_mutexattr_setprioceiling,
    fallback: least, valid: [most, least, least + 1], invalid: [least - 1, most + 1, -1, NaN, 1.5],
  },
  {
    name: 'a mutex\'s process-shared attribute', bytes: MutexAttr.size, init: pthread_mutexattr_init, get: pthread_mutexattr_getpshared, set: pthread_mutexattr_setpshared,
    fallback: PTHREAD_PROCESS_PRIVATE, valid: [PTHREAD_PROCESS_SHARED, PTHREAD_PROCESS_PRIVATE], invalid: [-1, 2, NaN],
  },
  {
    name: 'a condition\'s process-shared attribute', bytes: CondAttr.size, init: pthread_condattr_init, get: pthread_condattr_getpshared, set: pthread_condattr_setpshared,
    fallback: PTHREAD_PROCESS_PRIVATE, valid: [PTHREAD_PROCESS_SHARED, PTHREAD_PROCESS_PRIVATE], invalid: [-1, 2, NaN],
  },
]

for (const { name, bytes, init, get, set, fallback, valid, invalid } of attributes) {
  test(`the default value of ${name} is ${fallback}`, () => {
    const attr = malloc(bytes)
    m.u8.fill(0xff, attr, attr + bytes)
    ok(init(m, attr))
    ok(get(m, attr, value))
    assert.equal(word(value), fallback)
  })

  test(`shall set ${name}, and get it`, () => {
    const attr = malloc(bytes)
    ok(init(m, attr))
    for (const each of valid) {
      ok(set(m, attr, each))
      ok(get(m, attr, value))
      assert.equal(word(value), each)
    }
  })

  test(`shall fail with EINVAL: the value of ${name} is invalid, and it stays`, () => {
    const attr = malloc(bytes)
    ok(init(m, attr))
    ok(set(m, attr, valid[0]))
    for (const each of invalid) assert.equal(set(m, attr, each), EINVAL)
    ok(get(m, attr, value))
    assert.equal(word(value), valid[0])
  })
}
