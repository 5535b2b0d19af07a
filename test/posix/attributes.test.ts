// The attributes of mutexes, conditions, read-write locks and barriers: get and set.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BarrierAttr, CLOCK_MONOTONIC, CLOCK_REALTIME, CondAttr, EINVAL, malloc, MutexAttr, pthread_barrierattr_getpshared, pthread_barrierattr_init,
  pthread_barrierattr_setpshared, pthread_condattr_getclock, pthread_condattr_getpshared, pthread_condattr_init, pthread_condattr_setclock,
  pthread_condattr_setpshared, PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
  pthread_mutexattr_getprioceiling, pthread_mutexattr_getprotocol, pthread_mutexattr_getpshared, pthread_mutexattr_getrobust, pthread_mutexattr_gettype,
  pthread_mutexattr_init, pthread_mutexattr_setprioceiling, pthread_mutexattr_setprotocol, pthread_mutexattr_setpshared, pthread_mutexattr_setrobust,
  pthread_mutexattr_settype, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_NONE, PTHREAD_PRIO_PROTECT,
  PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED, PTHREAD_RWLOCK_DEFAULT_NP, PTHREAD_RWLOCK_PREFER_READER_NP,
  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP, pthread_rwlockattr_getkind_np, pthread_rwlockattr_getpshared,
  pthread_rwlockattr_init, pthread_rwlockattr_setkind_np, pthread_rwlockattr_setpshared, RwlockAttr, SCHED_FIFO, sched_get_priority_max,
  sched_get_priority_min,
} from 'pthreads/posix'
import { NO_CLOCK } from './clock.ts'
import { m, newWord, ok, word } from './setup.ts'

const value = newWord()
const least = sched_get_priority_min(SCHED_FIFO), most = sched_get_priority_max(SCHED_FIFO)

const mutex = { bytes: MutexAttr.size, init: pthread_mutexattr_init }
const condition = { bytes: CondAttr.size, init: pthread_condattr_init }
const rwlock = { bytes: RwlockAttr.size, init: pthread_rwlockattr_init }
const barrier = { bytes: BarrierAttr.size, init: pthread_barrierattr_init }
const processShared = { fallback: PTHREAD_PROCESS_PRIVATE, valid: [PTHREAD_PROCESS_SHARED, PTHREAD_PROCESS_PRIVATE], invalid: [-1, 2, 77, NaN] }

const attributes = [
  {
    ...mutex, name: 'the type', get: pthread_mutexattr_gettype, set: pthread_mutexattr_settype,
    fallback: PTHREAD_MUTEX_DEFAULT, invalid: [-1, 3, 77, NaN],
    valid: [PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_DEFAULT],
  },
  {
    ...mutex, name: 'the robustness', get: pthread_mutexattr_getrobust, set: pthread_mutexattr_setrobust,
    fallback: PTHREAD_MUTEX_STALLED, valid: [PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_STALLED], invalid: [-1, 2, 77, NaN],
  },
  {
    ...mutex, name: 'the protocol', get: pthread_mutexattr_getprotocol, set: pthread_mutexattr_setprotocol,
    fallback: PTHREAD_PRIO_NONE, valid: [PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_PROTECT, PTHREAD_PRIO_NONE], invalid: [-1, 3, 77, NaN],
  },
  {
    ...mutex, name: 'the priority ceiling', get: pthread_mutexattr_getprioceiling, set: pthread_mutexattr_setprioceiling,
    fallback: least, valid: [most, least, least + 1], invalid: [least - 1, most + 1, -1, NaN, 1.5],
  },
  {
    ...condition, name: 'a condition\'s clock', get: pthread_condattr_getclock, set: pthread_condattr_setclock,
    fallback: CLOCK_REALTIME, valid: [CLOCK_MONOTONIC, CLOCK_REALTIME], invalid: [NO_CLOCK, 2, 3, -1],      // 2 and 3: CPU-time clocks
  },
  {
    ...rwlock, name: 'a read-write lock\'s kind', get: pthread_rwlockattr_getkind_np, set: pthread_rwlockattr_setkind_np,
    fallback: PTHREAD_RWLOCK_DEFAULT_NP, invalid: [-1, 3, NaN],
    valid: [PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP],
  },
  { ...mutex, ...processShared, name: 'a mutex\'s process-shared attribute', get: pthread_mutexattr_getpshared, set: pthread_mutexattr_setpshared },
  { ...condition, ...processShared, name: 'a condition\'s process-shared attribute', get: pthread_condattr_getpshared, set: pthread_condattr_setpshared },
  { ...rwlock, ...processShared, name: 'a read-write lock\'s process-shared attribute', get: pthread_rwlockattr_getpshared, set: pthread_rwlockattr_setpshared },
  { ...barrier, ...processShared, name: 'a barrier\'s process-shared attribute', get: pthread_barrierattr_getpshared, set: pthread_barrierattr_setpshared },
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
