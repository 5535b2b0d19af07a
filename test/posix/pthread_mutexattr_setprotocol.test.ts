// PTHREAD_PRIO_INHERIT, and the order in which waiting threads are served.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  CLOCK_REALTIME, EPERM, ETIMEDOUT, pthread_cond_broadcast, pthread_cond_signal, pthread_mutex_lock, pthread_mutex_unlock, PTHREAD_PRIO_INHERIT,
  PTHREAD_PRIO_NONE, PTHREAD_PRIO_PROTECT, pthread_self, pthread_setschedprio, pthread_setschedparam, SCHED_FIFO, sem_post, sem_wait,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at } from './clock.ts'
import { effectiveOf, holders, listOf, mutexWith, newParam, robustMutex } from './mutexes.ts'
import { create, inThread, join, listed, m, newCond, newList, newSem, newWord, ok, types, word, work } from './setup.ts'
import { asleep } from './state.ts'

afterEach(async () => {
  assert.deepEqual(listOf(pthread_self()), [])
  await nothingLeft()
})

const inherit = (type = 0): number => mutexWith({ type, protocol: PTHREAD_PRIO_INHERIT })
const waiter = (mutex: number, priority: number, list?: number): number => {
  const t = create(holders.locksWithPriority, { mutex, priority, param: newParam(priority), ...(list !== undefined && { list }) })
  asleep(t, 'mutex')
  return t
}

for (const protocol of [PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_PROTECT]) {
  for (const [name, type] of types) {
    test(`a mutex of protocol ${protocol} locks, excludes and unlocks as any other (${name})`, () => {
      const mutex = mutexWith({ type, protocol }), counter = newWord()
      const threads = [1, 2, 3].map(() => create(work.count, { mutex, counter, times: 2000 }))
      for (const t of threads) join(t)
      assert.equal(word(counter), 6000)
      assert.equal(pthread_mutex_unlock(m, mutex), EPERM)
      ok(pthread_mutex_lock(m, mutex))
      assert.equal(inThread(holders.unlocks, mutex), EPERM)
      ok(pthread_mutex_unlock(m, mutex))
    })
  }
}

test('the owner shall execute at the higher of its priority and that of the highest thread waiting on any such mutex it owns, until it unlocks', () => {
  const first = inherit(), second = inherit(), me = pthread_self()
  ok(pthread_mutex_lock(m, first))
  ok(pthread_mutex_lock(m, second))
  assert.equal(effectiveOf(me), 0)
  const five = waiter(first, 5)
  assert.equal(effectiveOf(me), 5)
  const nine = waiter(second, 9)
  assert.equal(effectiveOf(me), 9)
  const seven = waiter(first, 7)
  assert.equal(effectiveOf(me), 9)
  ok(pthread_mutex_unlock(m, second))
  assert.equal(effectiveOf(me), 7)
  ok(pthread_mutex_unlock(m, first))
  assert.equal(effectiveOf(me), 0)
  for (const t of [five, nine, seven]) assert.deepEqual(join(t), [0, 0, 0])
})

test('the inheritance goes along the chain: owner of a mutex that waits for another such mutex', () => {
  const [a, b, c] = [inherit(), inherit(), inherit()], ready = newSem(0), go = newSem(0), me = pthread_self()
  ok(pthread_mutex_lock(m, a))
  const second = create(holders.chain, { mutexes: [b, a], ready, go })
  ok(sem_wait(m, ready))
  const third = create(holders.chain, { mutexes: [c, b], ready, go })
  ok(sem_wait(m, ready))
  ok(sem_post(m, go))
  ok(sem_post(m, go))
  asleep(second, 'mutex')
  asleep(third, 'mutex')
  const high = waiter(c, 33)
  for (const t of [third, second, me]) assert.equal(effectiveOf(t), 33)
  ok(pthread_mutex_unlock(m, a))
  assert.equal(effectiveOf(me), 0)
  assert.deepEqual([join(second), join(third), join(high)], [[0, 0], [0, 0], [0, 0, 0]])
})

test('a thread whose priority is raised while it waits gives it to the owner', () => {
  const mutex = inherit(), me = pthread_self()
  ok(pthread_mutex_lock(m, mutex))
  const t = waiter(mutex, 3)
  assert.equal(effectiveOf(me), 3)
  ok(pthread_setschedprio(t, 44))
  assert.equal(effectiveOf(me), 44)
  ok(pthread_mutex_unlock(m, mutex))
  join(t)
})

test('the new owner inherits from those who wait still', () => {
  const mutex = inherit(), held = newSem(0), release = newSem(0)
  ok(pthread_mutex_lock(m, mutex))
  const next = create(holders.holdsThenUnlocks, { mutex, held, release })
  asleep(next, 'mutex')
  ok(pthread_setschedparam(m, next, SCHED_FIFO, newParam(50)))
  const low = waiter(mutex, 20)
  ok(pthread_mutex_unlock(m, mutex))
  ok(sem_wait(m, held))
  assert.equal(effectiveOf(next), 50)
  ok(pthread_setschedprio(next, 1))
  assert.equal(effectiveOf(next), 20)
  ok(sem_post(m, release))
  assert.deepEqual(join(next), [0, 0])
  assert.deepEqual(join(low), [0, 0, 0])
})

test('PTHREAD_PRIO_NONE: ownership does not affect priority', () => {
  const mutex = mutexWith({ protocol: PTHREAD_PRIO_NONE })
  ok(pthread_mutex_lock(m, mutex))
  const t = waiter(mutex, 60)
  assert.equal(effectiveOf(pthread_self()), 0)
  ok(pthread_mutex_unlock(m, mutex))
  join(t)
})

test('a waiter that gives up takes its priority with it; what the others gave stays', () => {
  const mutex = inherit(), me = pthread_self()
  ok(pthread_mutex_lock(m, mutex))
  assert.equal(inThread(holders.locksInTime, { mutex, param: newParam(8), abstime: at(CLOCK_REALTIME, 5) }), ETIMEDOUT)
  assert.equal(effectiveOf(me), 0)
  const low = waiter(mutex, 3)
  assert.equal(inThread(holders.locksInTime, { mutex, param: newParam(8), abstime: at(CLOCK_REALTIME, 5) }), ETIMEDOUT)
  assert.equal(effectiveOf(me), 3)
  ok(pthread_mutex_unlock(m, mutex))
  assert.equal(effectiveOf(me), 0)
  join(low)
})

test('so does one whose priority is lowered, along the chain', () => {
  const [a, b] = [inherit(), inherit()], ready = newSem(0), go = newSem(0), me = pthread_self()
  ok(pthread_mutex_lock(m, a))
  const second = create(holders.chain, { mutexes: [b, a], ready, go })
  ok(sem_wait(m, ready))
  ok(sem_post(m, go))
  asleep(second, 'mutex')
  const high = waiter(b, 33)
  for (const t of [second, me]) assert.equal(effectiveOf(t), 33)
  ok(pthread_setschedprio(high, 2))
  for (const t of [second, me]) assert.equal(effectiveOf(t), 2)
  ok(pthread_mutex_unlock(m, a))
  assert.deepEqual([join(second), join(high)], [[0, 0], [0, 0, 0]])
})

for (const [name, make] of [['plain', () => mutexWith({})], ['robust', () => robustMutex()], ['inherit', inherit]] as const) {
  test(`when there are threads blocked on the mutex, the one of the highest priority acquires it, the first among equals (${name})`, () => {
    const mutex = make(), list = newList()
    ok(pthread_mutex_lock(m, mutex))
    const threads = [5, 9, 1, 9, 0, 7].map(priority => waiter(mutex, priority, list))
    ok(pthread_mutex_unlock(m, mutex))
    for (const t of threads) join(t)
    assert.deepEqual(listed(list), [9, 9, 7, 5, 1, 0])
  })
}

test('sem_post() unblocks the highest priority thread, the one that has waited longest among equals', () => {
  const sem = newSem(0), list = newList()
  const threads = [2, 8, 5, 8].map(priority => {
    const t = create(holders.semWaitsWithPriority, { sem, priority, param: newParam(priority), list })
    asleep(t, 'semaphore')
    return t
  })
  const order = [threads[1], threads[3], threads[2], threads[0]]
  for (const t of order) {
    ok(sem_post(m, sem))
    join(t)
  }
  assert.deepEqual(listed(list), [8, 8, 5, 2])
})

test('pthread_cond_signal() and pthread_cond_broadcast(): the scheduling policy determines the order in which threads are unblocked', () => {
  for (const make of [() => mutexWith({}), () => inherit()]) {
    const mutex = make(), cond = newCond(), list = newList()
    const threads = [2, 8, 5, 9].map(priority => {
      const t = create(holders.condWaitsWithPriority, { cond, mutex, priority, param: newParam(priority), list })
      asleep(t, 'condition')
      return t
    })
    ok(pthread_cond_signal(m, cond))
    join(threads[3])
    ok(pthread_mutex_lock(m, mutex))
    ok(pthread_cond_broadcast(m, cond))
    for (const t of threads.slice(0, 3)) asleep(t, 'mutex')
    ok(pthread_mutex_unlock(m, mutex))
    for (const t of threads.slice(0, 3)) join(t)
    assert.deepEqual(listed(list), [9, 8, 5, 2])
  }
})
