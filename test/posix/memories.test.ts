// Objects in memories that the program adds: the same functions, at (memory, address).

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Thread } from 'pthreads'
import {
  addMemory, CLOCK_REALTIME, Cond, EBUSY, ENOSYS, EOWNERDEAD, ETIMEDOUT, joinMemory, Mutex, pthread_cond_init, pthread_mutex_consistent, pthread_mutex_init,
  pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT, pthread_self, type Address,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at } from './clock.ts'
import { effectiveOf, holders, joinDead, newMutexAttr, newParam, robustMutex, type MutexAttributes } from './mutexes.ts'
import { create, inThread, join, m, ok } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

const storage = new SharedArrayBuffer(65536), there = addMemory(storage), { id } = there
let next = 64

// Attributes are in the process's memory: they are copied.
function mutexThere(attributes: MutexAttributes): Address {
  const mutex = next, attr = next + Mutex.size
  next += 128
  const from = newMutexAttr(attributes)
  there.u8.set(m.u8.subarray(from, from + 64), attr)
  ok(pthread_mutex_init(there, mutex, attr))
  return mutex
}

const robustThere = (): Address => mutexThere({ robust: PTHREAD_MUTEX_ROBUST })

test('a memory has an id of its own; joining it again gives the same one', () => {
  assert.ok(id > m.id)
  assert.equal(joinMemory(id, storage), there)
  assert.equal(there.buffer, storage)
  const errno = pthread_cond_init(there, next)
  next += Cond.size
  ok(errno)
})

test('a robust mutex in another memory, beside others: whoever unlocks in whatever order, the list stays whole', () => {
  const mine = [robustMutex(), robustMutex()], theirs = [robustThere(), robustThere()]
  const mutexes = [[true, theirs[0]], [false, mine[0]], [true, theirs[1]], [false, mine[1]]]
  assert.deepEqual(inThread(holders.locksIn, { id, storage, mutexes, how: 'unlocks' }), [0, 0, 0, 0, 0, 0, 0, 0])
  for (const mutex of theirs) ok(pthread_mutex_lock(there, mutex))
  for (const mutex of mine) ok(pthread_mutex_lock(m, mutex))
  ok(pthread_mutex_unlock(there, theirs[1]))
  ok(pthread_mutex_unlock(m, mine[0]))
  ok(pthread_mutex_unlock(m, mine[1]))
  ok(pthread_mutex_unlock(there, theirs[0]))
})

for (const how of ['ends', 'dies']) {
  test(`EOWNERDEAD for each of them when the holder ${how}`, () => {
    const mine = robustMutex(), theirs = [robustThere(), robustThere()]
    const mutexes: [boolean, number][] = [[true, theirs[0]], [false, mine], [true, theirs[1]]]
    if (how === 'ends') assert.deepEqual(inThread(holders.locksIn, { id, storage, mutexes, how }), [0, 0, 0])
    else joinDead(Thread.create(holders.locksIn, { id, storage, mutexes, how }))
    for (const [memory, mutex] of [[there, theirs[0]], [m, mine], [there, theirs[1]]] as const) {
      assert.equal(pthread_mutex_lock(memory, mutex), EOWNERDEAD)
      ok(pthread_mutex_consistent(memory, mutex))
      ok(pthread_mutex_unlock(memory, mutex))
    }
  })
}

test('the holder of a mutex in another memory inherits from who waits for it, and no more from who has given up', () => {
  const mutex = mutexThere({ protocol: PTHREAD_PRIO_INHERIT }), me = pthread_self()
  ok(pthread_mutex_lock(there, mutex))
  const t = create(holders.locksThere, { id, storage, mutex, param: newParam(7) })
  asleep(t, 'mutex')
  assert.equal(effectiveOf(me), 7)
  assert.equal(inThread(holders.locksThere, { id, storage, mutex, param: newParam(9), abstime: at(CLOCK_REALTIME, 5) }), ETIMEDOUT)
  assert.equal(effectiveOf(me), 7)
  ok(pthread_mutex_unlock(there, mutex))
  assert.equal(effectiveOf(me), 0)
  assert.equal(join(t), 0)
  ok(pthread_mutex_trylock(there, mutex))
  assert.equal(pthread_mutex_trylock(there, mutex), EBUSY)
  ok(pthread_mutex_unlock(there, mutex))
})

test('ENOSYS for such mutexes in the fifth memory, which links cannot name; others can be there', () => {
  const memories = Array.from({ length: 3 }, () => addMemory(new SharedArrayBuffer(4096)))
  const last = memories[2], attr = newMutexAttr({ robust: PTHREAD_MUTEX_ROBUST })
  last.u8.set(m.u8.subarray(attr, attr + 64), 1024)
  assert.equal(pthread_mutex_init(last, 64, 1024), ENOSYS)
  ok(pthread_mutex_init(last, 64))
  ok(pthread_mutex_lock(last, 64))
  ok(pthread_mutex_unlock(last, 64))
})
