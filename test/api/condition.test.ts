import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Condition, load, Mutex, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, ended, until, words } from './until.ts'
import type { Queue } from './work.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

interface Meeting { mutex: Mutex, condition: Condition, order: Int32Array, threads: Thread<void>[] }

/** So many threads that wait on the condition, in the order of their numbers from 1. */
function waiting(count: number, mutex = new Mutex()): Meeting {
  const condition = new Condition(), order = words(count + 1), threads: Thread<void>[] = []
  for (let id = 1; id <= count; id++) {
    const t = Thread.create(work.waitOnce, mutex, condition, order, id)
    asleep(t, 'condition')
    threads.push(t)
  }
  return { mutex, condition, order, threads }
}

const noted = (order: Int32Array): number[] => [...order.subarray(1, order[0] + 1)]

test('signal wakes the thread that has waited longest, and no other', () => {
  const { condition, order, threads } = waiting(3)
  for (const [i, t] of threads.entries()) {
    condition.signal()
    ended(t)
    assert.deepEqual(noted(order), [1, 2, 3].slice(0, i + 1))
    for (const other of threads.slice(i + 1)) assert.equal(other.stats.waitsFor, 'condition')
    t.join()
  }
})

test('broadcast wakes all', () => {
  const { condition, order, threads } = waiting(4)
  condition.broadcast()
  for (const t of threads) t.join()
  assert.deepEqual(noted(order).sort(), [1, 2, 3, 4])
})

test('threads that a broadcast wakes take the mutex one after the other, in their order', () => {
  const { mutex, condition, order, threads } = waiting(4)
  mutex.lock()
  condition.broadcast()
  for (const t of threads) asleep(t, 'mutex')                            // moved to its queue, not woken
  assert.equal(order[0], 0)
  mutex.unlock()
  for (const t of threads) t.join()
  assert.deepEqual(noted(order), [1, 2, 3, 4])
})

test('a signal that nobody waits for is forgotten', () => {
  const mutex = new Mutex(), condition = new Condition()
  condition.signal()
  condition.broadcast()
  assert.throws(() => mutex.with(() => { condition.wait(mutex, 5) }), failing('ETIMEDOUT'))
})

test('wait releases the mutex and has it again when it returns', () => {
  const mutex = new Mutex(), condition = new Condition(), word = words(1)
  mutex.lock()
  const t = Thread.create(work.signalHolding, mutex, condition, word)
  while (word[0] === 0) condition.wait(mutex)
  assert.equal(mutex.tryLock(), null)
  assert.throws(() => mutex.lock(), failing('EDEADLK'))
  mutex.unlock()
  t.join()
})

test('a timed wait throws ETIMEDOUT, with the mutex locked', () => {
  const mutex = new Mutex(), condition = new Condition({ name: 'ready' })
  mutex.lock()
  for (const ms of [0, 5]) assert.throws(() => { condition.wait(mutex, ms) }, failing('ETIMEDOUT', /^ETIMEDOUT: Condition "ready" was not signalled in time$/))
  assert.equal(Thread.create(work.tryLockIt, mutex).join(), false)
  mutex.unlock()
})

test('a timed wait returns when it is signalled', () => {
  const mutex = new Mutex(), condition = new Condition()
  const t = Thread.create(work.waitTimed, mutex, condition, 30_000)
  asleep(t, 'condition')
  condition.signal()
  assert.equal(t.join(), 'no error')
})

test('a wait that timed out takes no signal from who waits on', () => {
  const { mutex, condition, order, threads } = waiting(1)
  for (const ms of [0, 1, 5]) assert.equal(Thread.create(work.waitTimed, mutex, condition, ms).join(), 'ETIMEDOUT')
  condition.signal()
  threads[0].join()
  assert.deepEqual(noted(order), [1])
})

for (const type of ['normal', 'recursive', 'errorcheck'] as const) {
  test(`${type}: wait without the mutex throws EPERM`, () => {
    const mutex = new Mutex({ type, name: 'm' }), condition = new Condition({ name: 'c' })
    const refused = failing('EPERM', /^EPERM: Condition "c": wait needs the mutex, which this thread does not hold$/)
    assert.throws(() => { condition.wait(mutex, 1) }, refused)
    const held = new Semaphore(), release = new Semaphore()
    const t = Thread.create(work.hold, mutex, held, release)
    held.wait()
    assert.throws(() => { condition.wait(mutex, 1) }, refused)
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), false)
    release.post()
    t.join()
  })
}

test('a recursive mutex is released whole, and locked as deeply again', () => {
  const mutex = new Mutex({ type: 'recursive' }), condition = new Condition(), word = words(1)
  mutex.lock().lock().lock()
  const t = Thread.create(work.signalHolding, mutex, condition, word)
  while (word[0] === 0) condition.wait(mutex)
  t.join()
  for (let i = 0; i < 3; i++) {
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), false)
    mutex.unlock()
  }
  assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
})

test('threads that wait on different conditions with one mutex are told apart', () => {
  const mutex = new Mutex(), a = waiting(2, mutex), b = waiting(1, mutex)
  b.condition.broadcast()
  b.threads[0].join()
  for (const t of a.threads) assert.equal(t.stats.waitsFor, 'condition')
  a.condition.broadcast()
  for (const t of a.threads) t.join()
})

function queue(): Queue {
  return { mutex: new Mutex(), notEmpty: new Condition(), notFull: new Condition(), state: words(6) }
}

test('producers and consumers lose no wakeup', () => {
  const q = queue(), many = 3000
  const producers = [Thread.create(work.produce, q, 0, many), Thread.create(work.produce, q, many, 2 * many)]
  const consumers = [Thread.create(work.consume, q, many), Thread.create(work.consume, q, many)]
  for (const t of producers) t.join()
  assert.equal(consumers[0].join() + consumers[1].join(), many * (2 * many - 1))
})

test('blocking and asynchronous consumers share a queue', () => {
  const q = queue(), many = 500
  const producer = Thread.create(work.produce, q, 0, 3 * many)
  const consumers = [Thread.create(work.consume, q, many), Thread.create(work.consumeAsync, q, many), Thread.create(work.consumeAsync, q, many)]
  producer.join()
  assert.equal(consumers.reduce((sum, t) => sum + t.join(), 0), 3 * many * (3 * many - 1) / 2)
})

// Asynchronous -----------------------------------------------------------------------------------------------------

test('waitAsync with an asynchronous acquisition returns when signalled, with the mutex', async () => {
  const mutex = new Mutex(), condition = new Condition(), word = words(1), hold = await mutex.lockAsync()
  const t = Thread.create(work.signalHolding, mutex, condition, word)
  while (word[0] === 0) await condition.waitAsync(hold)
  assert.equal(mutex.tryLock(), null)
  hold.unlock()
  await t.joinAsync()
})

test('waitAsync with a mutex that the thread locked returns it to the thread', async () => {
  const mutex = new Mutex(), condition = new Condition(), word = words(1)
  mutex.lock()
  const t = Thread.create(work.signalHolding, mutex, condition, word)
  while (word[0] === 0) await condition.waitAsync(mutex)
  assert.throws(() => mutex.lock(), failing('EDEADLK'))
  mutex.unlock()
  await t.joinAsync()
})

test('a timed waitAsync rejects with ETIMEDOUT, with the mutex locked', async () => {
  const mutex = new Mutex(), condition = new Condition({ name: 'ready' })
  await mutex.withAsync(async hold => {
    for (const ms of [0, 5]) await assert.rejects(condition.waitAsync(hold, ms), failing('ETIMEDOUT', /Condition "ready" was not signalled in time/))
    assert.equal(mutex.tryLock(), null)
  })
  mutex.lock()
  await assert.rejects(condition.waitAsync(mutex, 1), failing('ETIMEDOUT'))
  mutex.unlock()
})

test('waitAsync without the mutex rejects with EPERM', async () => {
  const mutex = new Mutex(), condition = new Condition(), refused = failing('EPERM', /waitAsync needs the mutex/)
  await assert.rejects(condition.waitAsync(mutex), refused)
  const hold = await mutex.lockAsync()
  hold.unlock()
  await assert.rejects(condition.waitAsync(hold), refused)
  const held = new Semaphore(), release = new Semaphore()
  const t = Thread.create(work.hold, mutex, held, release)
  held.wait()
  await assert.rejects(condition.waitAsync(mutex), refused)
  release.post()
  t.join()
})

test('waitAsync with an acquisition that has unlocked rejects with EPERM while another task holds the mutex', async () => {
  const mutex = new Mutex(), condition = new Condition()
  const stale = await mutex.lockAsync()
  stale.unlock()
  const hold = await mutex.lockAsync()
  await assert.rejects(condition.waitAsync(stale, 1), failing('EPERM'))
  assert.equal(mutex.tryLock(), null)
  hold.unlock()
})

test('tasks of one thread that wait are woken in their order, and exclude each other', async () => {
  const mutex = new Mutex(), condition = new Condition(), order: number[] = []
  let waits = 0, inside = 0
  const task = (id: number): Promise<void> => mutex.withAsync(async hold => {
    waits++
    await condition.waitAsync(hold)
    assert.equal(++inside, 1)
    await Promise.resolve()
    order.push(id)
    inside--
  })
  const tasks = [1, 2, 3].map(task)
  while (waits < 3) await new Promise(resolve => setImmediate(resolve))
  await mutex.withAsync(() => { condition.broadcast() })
  await Promise.all(tasks)
  assert.deepEqual(order, [1, 2, 3])
})

test('a thread and a promise stand in one queue', async () => {
  const { mutex, condition, order, threads } = waiting(1)
  const second = mutex.withAsync(async hold => {
    await condition.waitAsync(hold)
    order[Atomics.add(order, 0, 1) + 1] = 2
  })
  await new Promise(resolve => setImmediate(resolve))
  condition.signal()
  ended(threads[0])
  assert.deepEqual(noted(order), [1])
  condition.signal()
  await second
  threads[0].join()
  assert.equal(order[0], 2)
})

test('a condition that was disposed of throws EINVAL', async () => {
  const mutex = new Mutex().lock(), condition = new Condition()
  condition[Symbol.dispose]()
  const gone = failing('EINVAL', /this Condition was disposed of/)
  assert.throws(() => { condition.wait(mutex) }, gone)
  assert.throws(() => { condition.signal() }, gone)
  assert.throws(() => { condition.broadcast() }, gone)
  await assert.rejects(condition.waitAsync(mutex), gone)
  mutex.unlock()
})

test('waiting with a mutex that was disposed of throws EINVAL', async () => {
  const mutex = new Mutex(), condition = new Condition()
  mutex[Symbol.dispose]()
  assert.throws(() => { condition.wait(mutex) }, failing('EINVAL', /this Mutex was disposed of/))
  await assert.rejects(condition.waitAsync(mutex), failing('EINVAL', /this Mutex was disposed of/))
})

test('a thread that is terminated while it waits passes on the signal it may have got', () => {
  const { condition, order, threads } = waiting(2)
  threads[0].terminate()
  assert.throws(() => { threads[0].join() }, { code: 'ERR_THREAD_TERMINATED' })
  condition.signal()
  until('the other is woken', () => order[0] === 1)
  threads[1].join()
  assert.deepEqual(noted(order), [2])
})
