// pthread_barrier_init and pthread_barrier_destroy.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  Barrier, BarrierAttr, EAGAIN, EBUSY, EINVAL, free, malloc, pthread_barrier_destroy, pthread_barrier_init, PTHREAD_BARRIER_SERIAL_THREAD,
  pthread_barrier_wait, pthread_barrierattr_destroy, pthread_barrierattr_init,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, join, m, newBarrier, ok, put, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

test('shall allocate any resources required to use the barrier and initialize it, with the attributes referenced by attr, or default ones', () => {
  const attr = malloc(BarrierAttr.size), barrier = malloc(Barrier.size)
  ok(pthread_barrierattr_init(m, attr))
  for (const a of [0, attr]) {
    m.u8.fill(0xff, barrier, barrier + Barrier.size)
    ok(pthread_barrier_init(m, barrier, a, 2))
    const t = create(work.barrierWait, barrier)
    asleep(t, 'barrier')
    assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
    assert.equal(join(t), 0)
    ok(pthread_barrier_destroy(m, barrier))
  }
})

test('the count argument specifies the number of threads that must call pthread_barrier_wait() before any of them returns', () => {
  const barrier = newBarrier(1)
  for (let i = 0; i < 3; i++) assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
})

test('shall fail with EINVAL: the value specified by count is equal to zero', () => {
  const barrier = newBarrier(1)
  for (const count of [0, -1, 1.5, NaN]) assert.equal(pthread_barrier_init(m, barrier, 0, count), EINVAL)
  assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
})

test('shall fail with EAGAIN: the system lacks the resources to initialize another barrier, here for so many threads', () => {
  for (const count of [2 ** 24, 2 ** 32]) assert.equal(pthread_barrier_init(m, malloc(Barrier.size), 0, count), EAGAIN)
  ok(pthread_barrier_init(m, malloc(Barrier.size), 0, 2 ** 24 - 1))
})

test('EINVAL for attributes that are none', () => {
  const attr = malloc(BarrierAttr.size)
  put(attr + BarrierAttr.pshared, 77)
  assert.equal(pthread_barrier_init(m, malloc(Barrier.size), attr, 1), EINVAL)
})

test('any function affecting the attributes object (including destruction) does not affect barriers that it initialized', () => {
  const attr = malloc(BarrierAttr.size), barrier = malloc(Barrier.size)
  ok(pthread_barrierattr_init(m, attr))
  ok(pthread_barrier_init(m, barrier, attr, 1))
  ok(pthread_barrierattr_destroy(m, attr))
  m.u8.fill(0xff, attr, attr + BarrierAttr.size)
  assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
})

test('pthread_barrier_destroy() shall destroy the barrier, which can be reinitialized', () => {
  const barrier = newBarrier(5)
  ok(pthread_barrier_destroy(m, barrier))
  ok(pthread_barrier_init(m, barrier, 0, 1))
  assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
})

test('may fail with EBUSY: an attempt to destroy a barrier while it is in use by another thread', () => {
  const barrier = newBarrier(2), t = create(work.barrierWait, barrier)
  asleep(t, 'barrier')
  assert.equal(pthread_barrier_destroy(m, barrier), EBUSY)
  assert.equal(pthread_barrier_wait(m, barrier), PTHREAD_BARRIER_SERIAL_THREAD)
  assert.equal(join(t), 0)
  ok(pthread_barrier_destroy(m, barrier))
})

test('who returns first may destroy the barrier and use its memory, while the others are on their way out', () => {
  for (let i = 0; i < 50; i++) {
    const barrier = newBarrier(4), threads = [1, 2, 3].map(() => create(work.barrierWait, barrier))
    const own = pthread_barrier_wait(m, barrier)
    ok(pthread_barrier_destroy(m, barrier))
    m.u8.fill(0xaa, barrier, barrier + Barrier.size)
    assert.deepEqual([own, ...threads.map(join)].sort(), [PTHREAD_BARRIER_SERIAL_THREAD, 0, 0, 0])
    assert.ok(m.u8.subarray(barrier, barrier + Barrier.size).every(byte => byte === 0xaa))
    free(barrier)
  }
})
