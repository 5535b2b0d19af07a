// pthread_rwlock_rdlock and pthread_rwlock_tryrdlock.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EAGAIN, EBUSY, EDEADLK, PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP,
  pthread_rwlock_rdlock, pthread_rwlock_timedrdlock, pthread_rwlock_tryrdlock, pthread_rwlock_trywrlock, pthread_rwlock_unlock, pthread_rwlock_wrlock,
  sem_post, sem_wait,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { at } from './clock.ts'
import { create, inThread, join, listed, m, newList, newRwlock, newSem, newWord, ok, put, word, work } from './setup.ts'
import { asleep, ended, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

const kinds = [
  ['PREFER_WRITER', PTHREAD_RWLOCK_PREFER_WRITER_NP], ['PREFER_READER', PTHREAD_RWLOCK_PREFER_READER_NP],
  ['PREFER_WRITER_NONRECURSIVE', PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP],
] as const

for (const [name, kind] of kinds) {
  test(`${name}: the calling thread acquires the read lock if a writer does not hold the lock and there are no writers blocked on the lock`, () => {
    const lock = newRwlock(kind), held = newSem(0), release = newSem(0)
    const readers = [1, 2, 3].map(() => create(work.holdRead, { lock, held, release }))
    for (const _ of readers) ok(sem_wait(m, held))
    ok(pthread_rwlock_rdlock(m, lock))
    ok(pthread_rwlock_unlock(m, lock))
    for (const _ of readers) ok(sem_post(m, release))
    for (const t of readers) assert.equal(join(t), 0)
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  })

  test(`${name}: the calling thread shall not acquire the read lock if a writer holds it; it shall block until it can`, () => {
    const lock = newRwlock(kind)
    ok(pthread_rwlock_wrlock(m, lock))
    const readers = [1, 2, 3].map(() => create(work.readOnce, { lock }))
    for (const t of readers) asleep(t, 'rwlock')
    ok(pthread_rwlock_unlock(m, lock))
    for (const t of readers) assert.deepEqual(join(t), [0, 0])
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  })

  test(`${name}: a thread may hold multiple concurrent read locks; it shall perform matching unlocks`, () => {
    const lock = newRwlock(kind)
    for (let i = 0; i < 5; i++) ok(pthread_rwlock_rdlock(m, lock))
    for (let i = 0; i < 5; i++) {
      assert.deepEqual(inThread(work.tryBoth, lock), [0, EBUSY])
      ok(pthread_rwlock_unlock(m, lock))
    }
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  })

  test(`${name}: nobody reads while another writes`, () => {
    const lock = newRwlock(kind), words = newWord()
    const threads = [1, 2, 3].map(every => create(work.readAndWrite, { lock, words, times: 3000, every: every + 2 }))
    for (const t of threads) assert.equal(join(t), 0)
    assert.equal(word(words), 1000 + 750 + 600)
  })

  test(`${name}: tryrdlock shall fail with EBUSY: a writer holds the lock`, () => {
    const lock = newRwlock(kind)
    ok(pthread_rwlock_wrlock(m, lock))
    assert.deepEqual(inThread(work.tryBoth, lock), [EBUSY, EBUSY])
    assert.equal(pthread_rwlock_tryrdlock(m, lock), EBUSY)
    ok(pthread_rwlock_unlock(m, lock))
    ok(pthread_rwlock_tryrdlock(m, lock))
    ok(pthread_rwlock_unlock(m, lock))
  })

  test(`${name}: may fail with EAGAIN: the maximum number of read locks has been exceeded`, () => {
    const lock = newRwlock(kind)
    put(lock, 32_767)
    assert.equal(pthread_rwlock_rdlock(m, lock), EAGAIN)
    assert.equal(pthread_rwlock_tryrdlock(m, lock), EAGAIN)
    assert.equal(pthread_rwlock_timedrdlock(m, lock, at(0, 1000)), EAGAIN)
    assert.equal(word(lock), 32_767)
    ok(pthread_rwlock_unlock(m, lock))
    ok(pthread_rwlock_rdlock(m, lock))
  })

  test(`${name}: shall fail with EDEADLK: the calling thread already owns the lock for writing`, () => {
    const lock = newRwlock(kind)
    ok(pthread_rwlock_wrlock(m, lock))
    assert.equal(pthread_rwlock_rdlock(m, lock), EDEADLK)
    ok(pthread_rwlock_unlock(m, lock))
    assert.deepEqual(inThread(work.tryBoth, lock), [0, 0])
  })
}

for (const [name, kind] of kinds.filter(([, kind]) => kind !== PTHREAD_RWLOCK_PREFER_READER_NP)) {
  test(`${name}: while a writer waits, new readers wait behind it, and tryrdlock fails with EBUSY`, () => {
    const lock = newRwlock(kind), list = newList()
    ok(pthread_rwlock_rdlock(m, lock))
    const writer = create(work.writeOnce, { lock, list, id: 1 })
    asleep(writer, 'rwlock')
    const readers = [2, 3].map(id => create(work.readOnce, { lock, list, id }))
    for (const t of readers) asleep(t, 'rwlock')
    assert.equal(pthread_rwlock_tryrdlock(m, lock), EBUSY)
    ok(pthread_rwlock_unlock(m, lock))
    for (const t of [writer, ...readers]) assert.deepEqual(join(t), [0, 0])
    assert.equal(listed(list)[0], 1)
  })
}

test('PREFER_READER: readers enter while a writer waits, also one that reads already', () => {
  const lock = newRwlock(PTHREAD_RWLOCK_PREFER_READER_NP)
  ok(pthread_rwlock_rdlock(m, lock))
  const writer = create(work.writeOnce, { lock })
  asleep(writer, 'rwlock')
  ok(pthread_rwlock_rdlock(m, lock))
  assert.deepEqual(inThread(work.readOnce, { lock }), [0, 0])
  ok(pthread_rwlock_unlock(m, lock))
  assert.ok(sleepsOn(writer, 'rwlock'))
  ok(pthread_rwlock_unlock(m, lock))
  assert.deepEqual(join(writer), [0, 0])
})

test('PREFER_WRITER: all readers that wait when a writer leaves come before the next writer', () => {
  const lock = newRwlock(), list = newList()
  ok(pthread_rwlock_wrlock(m, lock))
  const writer = create(work.writeOnce, { lock, list, id: 9 })
  asleep(writer, 'rwlock')
  const readers = [1, 2, 3].map(id => create(work.readOnce, { lock, list, id }))
  for (const t of readers) asleep(t, 'rwlock')
  ok(pthread_rwlock_unlock(m, lock))
  if (pthread_rwlock_trywrlock(m, lock) === 0) {                          // who comes by does not get in between either
    assert.ok(listed(list).length >= 3)
    ok(pthread_rwlock_unlock(m, lock))
  }
  for (const t of readers) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(join(writer), [0, 0])
  assert.deepEqual(listed(list).slice(0, 3).sort(), [1, 2, 3])
  assert.equal(listed(list)[3], 9)
})

test('PREFER_WRITER_NONRECURSIVE: a writer that waits comes before all readers', () => {
  const lock = newRwlock(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP), list = newList()
  ok(pthread_rwlock_wrlock(m, lock))
  const readers = [1, 2, 3].map(id => create(work.readOnce, { lock, list, id }))
  for (const t of readers) asleep(t, 'rwlock')
  const writers = [8, 9].map(id => create(work.writeOnce, { lock, list, id }))
  for (const t of writers) asleep(t, 'rwlock')
  ok(pthread_rwlock_unlock(m, lock))
  for (const t of [...writers, ...readers]) assert.deepEqual(join(t), [0, 0])
  assert.deepEqual(listed(list).slice(0, 2).sort(), [8, 9])
})

test('a reader that waits while readers come and go and writers follow each other gets in', () => {
  const lock = newRwlock(), held = newSem(0), release = newSem(0)
  ok(pthread_rwlock_wrlock(m, lock))
  const next = create(work.holdWrite, { lock, held, release })
  asleep(next, 'rwlock')
  const reader = create(work.readOnce, { lock })
  asleep(reader, 'rwlock')
  ok(pthread_rwlock_unlock(m, lock))
  ok(sem_wait(m, held))                                                   // the second writer is inside
  ended(reader)                                                           // so the reader was, before it
  ok(sem_post(m, release))
  assert.equal(join(next), 0)
  assert.deepEqual(join(reader), [0, 0])
})
