// Mutexes that are robust or have a protocol, and priorities of threads.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Condition, load, Mutex, Semaphore, Thread, type MutexOptions, type ThreadOptions } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, words } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const holders = load<typeof import('./robust-work.ts')>(new URL('./robust-work.js', import.meta.url))

afterEach(() => nothingLeft())

test('a robust mutex tells the next holder that the one before ended, until it says that all is consistent', () => {
  const mutex = new Mutex({ robust: true })
  assert.equal(mutex.ownerDied, false)
  Thread.create(work.lockAndLeave, mutex).join()
  {
    using _ = mutex.lock()
    assert.equal(mutex.ownerDied, true)
    mutex.consistent()
    assert.equal(mutex.ownerDied, false)
  }
  assert.equal(mutex.tryLock(), mutex)
  assert.equal(mutex.ownerDied, false)
  mutex.unlock()
})

test('tryLock, lock(ms), lockAsync and with tell it too', async () => {
  const mutex = new Mutex({ robust: true })
  const leave = (): void => { Thread.create(work.lockAndLeave, mutex).join() }
  leave()
  assert.equal(mutex.tryLock()?.ownerDied, true)
  mutex.consistent()
  mutex.unlock()
  leave()
  assert.equal(mutex.lock(5).ownerDied, true)
  mutex.consistent()
  mutex.unlock()
  leave()
  const hold = await mutex.lockAsync()
  assert.equal(hold.ownerDied, true)
  assert.throws(() => { mutex.consistent() }, failing('EINVAL', /this thread does not hold it after the death of its holder$/))
  hold.consistent()
  assert.throws(() => { hold.consistent() }, failing('EINVAL', /this acquisition does not hold it/))
  hold.unlock()
  assert.equal(hold.ownerDied, false)
  leave()
  assert.equal(mutex.with(() => {
    const { ownerDied } = mutex
    mutex.consistent()
    return ownerDied
  }), true)
})

test('unlocked without consistent: ENOTRECOVERABLE for everybody, also who waits', async () => {
  const mutex = new Mutex({ robust: true, name: 'accounts' })
  Thread.create(work.lockAndLeave, mutex).join()
  mutex.lock()
  const waiting = Thread.create(holders.triesLock, mutex), promise = mutex.lockAsync()
  asleep(waiting, 'mutex')
  mutex.unlock()
  const lost = failing('ENOTRECOVERABLE', /^ENOTRECOVERABLE: Mutex "accounts" was unlocked after the death of its holder, and what it guards was not made consistent$/)
  assert.equal(waiting.join(), 'ENOTRECOVERABLE')
  await assert.rejects(promise, lost)
  for (const lock of [() => mutex.lock(), () => mutex.lock(1), () => mutex.tryLock()]) assert.throws(lock, lost)
  await assert.rejects(mutex.lockAsync(), lost)
})

test('a terminated holder, one that calls process.exit, and one that leaves an asynchronous acquisition', () => {
  const mutex = new Mutex({ robust: true }), held = new Semaphore()
  const expectOrphan = (): void => {
    mutex.lock(10_000)
    assert.equal(mutex.ownerDied, true)
    mutex.consistent()
    mutex.unlock()
  }
  for (const routine of [holders.holdsForEver, holders.holdsAsyncForEver]) {
    const t = Thread.create(routine, mutex, held)
    held.wait()
    t.terminate()
    assert.throws(() => { t.join() }, { name: 'ThreadDeathError' })
    expectOrphan()
  }
  assert.throws(() => { Thread.create(holders.holdsAndExits, mutex).join() }, { name: 'ThreadDeathError' })
  expectOrphan()
  Thread.create(work.lockAsyncAndLeave, mutex).join()
  expectOrphan()
})

test('a condition wait that finds the holder dead returns with the mutex, and ownerDied says so', () => {
  const mutex = new Mutex({ robust: true }), condition = new Condition(), held = new Semaphore(), go = new Semaphore()
  const t = Thread.create(holders.waitsOnce, mutex, condition)
  asleep(t, 'condition')
  const owner = Thread.create(holders.signalsAndLeaves, mutex, condition, held, go)
  held.wait()
  asleep(t, 'mutex')
  go.post()
  owner.join()
  assert.equal(t.join(), true)
  mutex.lock().unlock()
})

test('a robust mutex that its holder has dropped is there when the holder ends', () => {
  const ended = Thread.create(holders.locksAndDrops, 50)
  assert.equal(ended.join(), 50)
  const others = Array.from({ length: 50 }, () => new Mutex({ robust: true }))
  for (const mutex of others) {
    assert.equal(mutex.lock().ownerDied, false)
    mutex.unlock()
  }
})

test('robust, inherit and protect mutexes exclude, synchronous and not', async () => {
  for (const options of [{ robust: true }, { protocol: 'inherit' }, { protocol: 'protect', ceiling: 3 }, { robust: true, protocol: 'inherit', type: 'recursive' }] as const) {
    const mutex = new Mutex(options), counter = words(1)
    const threads = [Thread.create(work.count, mutex, counter, 2000), Thread.create(work.countAsync, mutex, counter, 200)]
    for (let i = 0; i < 100; i++) {
      const hold = await mutex.lockAsync()
      counter[0]++
      hold.unlock()
    }
    for (const t of threads) await t.joinAsync()
    assert.equal(counter[0], 2300)
  }
})

test('a thread with a priority above the ceiling cannot lock', () => {
  const mutex = new Mutex({ protocol: 'protect', ceiling: 10, name: 'low' })
  assert.equal(Thread.create({ priority: 11 }, holders.triesLock, mutex).join(), 'EINVAL')
  assert.equal(Thread.create({ priority: 10 }, holders.triesLock, mutex).join(), 'locked')
  Thread.current.setPriority(11)
  assert.throws(() => mutex.lock(), failing('EINVAL', /^EINVAL: Mutex "low": the priority of this thread is above the mutex's ceiling, 10$/))
  Thread.current.setPriority(0)
  mutex.lock().unlock()
})

test('options that are none', () => {
  const make = (options: unknown) => () => new Mutex(options as MutexOptions)
  assert.throws(make({ robust: 1 }), { name: 'TypeError', message: 'Mutex: robust: number, not a boolean' })
  assert.throws(make({ protocol: 'fast' }), { name: 'TypeError', message: 'Mutex: protocol "fast" is not "none", "inherit" or "protect"' })
  assert.throws(make({ ceiling: 5 }), { name: 'TypeError', message: 'Mutex: a ceiling needs the protocol "protect"' })
  for (const ceiling of [0, 100, 1.5, '5']) assert.throws(make({ protocol: 'protect', ceiling }), { name: 'RangeError', message: /^Mutex: ceiling: .* is not a whole number from 1 to 99$/ })
  const create = (options: unknown) => () => Thread.create(options as ThreadOptions, work.lockAndLeave, new Mutex())
  for (const priority of [-1, 100, 1.5, NaN]) assert.throws(create({ priority }), { name: 'RangeError', message: /is no priority of "fifo": it has 1 to 99$/ })
  assert.throws(create({ priority: 5, policy: 'other' }), { name: 'RangeError', message: 'Thread.create: 5 is no priority of "other": it has 0' })
  assert.throws(create({ policy: 'batch' }), { name: 'TypeError', message: 'Thread.create: policy "batch" is not "other", "fifo" or "rr"' })
  assert.throws(create({ priority: '5' }), { name: 'TypeError', message: 'Thread.create: priority: string, not a number' })
})

test('two threads that lock two mutexes in opposite order: the second one is told, with names', () => {
  const a = new Mutex({ name: 'accounts' }), b = new Mutex({ name: 'audit' }), held = new Semaphore(), go = new Semaphore()
  const t = Thread.create({ name: 'teller' }, holders.locksBoth, b, a, held, go)
  held.wait()
  a.lock()
  go.post()
  asleep(t, 'mutex')
  assert.throws(() => b.lock(), failing('EDEADLK',
    new RegExp(`^EDEADLK: Mutex "audit" is held by thread \\(tid ${t.tid}, "teller"\\), which waits for a mutex that this thread holds, itself or through others$`)))
  a.unlock()
  t.join()
})

test('a thread has the priority and the policy it was made with, its creator\'s, or what it was given', () => {
  const go = new Semaphore(), make = (options: ThreadOptions): Thread<void> => Thread.create(options, holders.waits, go)
  const threads = [make({}), make({ priority: 7 }), make({ policy: 'rr' }), make({ policy: 'rr', priority: 9 }), make({ priority: 0 })]
  assert.deepEqual(threads.map(t => [t.policy, t.priority]), [['other', 0], ['fifo', 7], ['rr', 1], ['rr', 9], ['other', 0]])
  threads[0].setPriority(50)
  threads[1].setPriority(3, 'rr')
  threads[2].setPriority(0)
  assert.deepEqual(threads.slice(0, 3).map(t => [t.policy, t.priority]), [['fifo', 50], ['rr', 3], ['other', 0]])
  assert.throws(() => { threads[0].setPriority(100) }, { name: 'RangeError' })
  Thread.current.setPriority(4)
  threads.push(make({}))
  Thread.current.setPriority(0)
  assert.deepEqual([threads[5].policy, threads[5].priority], ['fifo', 4])
  go.post(6)
  for (const t of threads) t.join()
  assert.throws(() => { threads[0].setPriority(1) }, failing('ESRCH', /is no more$/))
  assert.equal(threads[0].priority, 0)
})

test('who has the highest priority gets the mutex first', () => {
  const mutex = new Mutex(), order = words(6)
  mutex.lock()
  const threads = [3, 9, 1].map(priority => {
    const t = Thread.create({ priority }, work.lockAndReturn, mutex, order, priority)
    asleep(t, 'mutex')
    return t
  })
  mutex.unlock()
  for (const t of threads) t.join()
  assert.deepEqual([...order.subarray(0, 4)], [3, 9, 3, 1])
})
