// pthread_rwlock_rdlock, pthread_rwlock_wrlock and pthread_rwlock_unlock under Thread Execution Scheduling.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { EBUSY, pthread_rwlock_rdlock, pthread_rwlock_trywrlock, pthread_rwlock_unlock, pthread_rwlock_wrlock } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { holders, newParam } from './mutexes.ts'
import { create, inThread, join, listed, m, newList, newRwlock, ok } from './setup.ts'
import { asleep } from './state.ts'

afterEach(() => nothingLeft())

const READS = 100, WRITES = 200

function waiter(lock: number, list: number, how: 'reads' | 'writes', priority: number): number {
  const t = create(holders.locksRwWithPriority, { lock, how, param: newParam(priority), list, id: (how === 'reads' ? READS : WRITES) + priority })
  asleep(t, 'rwlock')
  return t
}

test('threads shall acquire the lock in priority order when it becomes available; for equal priority, write locks take precedence', () => {
  const lock = newRwlock(), list = newList()
  ok(pthread_rwlock_wrlock(m, lock))
  const threads = ([['reads', 5], ['writes', 5], ['reads', 2], ['writes', 3], ['writes', 9], ['reads', 7]] as const).map(([how, priority]) => waiter(lock, list, how, priority))
  ok(pthread_rwlock_unlock(m, lock))
  for (const t of threads) assert.deepEqual(join(t), [0, 0, 0])
  assert.deepEqual(listed(list), [WRITES + 9, READS + 7, WRITES + 5, READS + 5, WRITES + 3, READS + 2])
  ok(pthread_rwlock_trywrlock(m, lock))
  ok(pthread_rwlock_unlock(m, lock))
})

test('a reader acquires the lock while writers of lower priority are blocked, not while one of higher or equal priority is', () => {
  const lock = newRwlock(), list = newList()
  ok(pthread_rwlock_rdlock(m, lock))
  const writer = waiter(lock, list, 'writes', 5)
  assert.equal(inThread(holders.triesToReadWithPriority, { lock, param: newParam(6) }), 0)
  for (const priority of [4, 5]) assert.equal(inThread(holders.triesToReadWithPriority, { lock, param: newParam(priority) }), EBUSY)
  assert.deepEqual(inThread(holders.locksRwWithPriority, { lock, how: 'reads', param: newParam(6), list, id: 6 }), [0, 0, 0])
  const reader = waiter(lock, list, 'reads', 5)
  ok(pthread_rwlock_unlock(m, lock))
  for (const t of [writer, reader]) assert.deepEqual(join(t), [0, 0, 0])
  assert.deepEqual(listed(list), [6, WRITES + 5, READS + 5])
})
