// What a thread, a message or an object takes from the process, it gives back.  The tests that compare with a
// baseline stand alone in this file: nothing here is left to the collector.

import assert from 'node:assert/strict'
import { afterEach, before, test } from 'node:test'
import { Condition, load, Mutex, Once, Semaphore, Thread, ThreadLocal } from 'pthreads'
import { baseline, nothingLeft } from '../leftovers.ts'
import { ended, until } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

// Names of entries stay for ever: they are made known before anything is counted.
before(() => {
  Thread.create(work.echo, 0).join()
  Thread.create(work.countArguments).join()
  Thread.create(work.disposeOf).join()
  Thread.create(work.bigBuffer, 1).join()
  Thread.create(work.whoAmI).join()
  for (const entry of [work.fails, work.throws]) assert.throws(() => Thread.create(entry, 'x').join() as unknown)
  Thread.create(work.waitThenReturn, new Semaphore(1), 1).join()
  assert.throws(() => Thread.create(work.waitThenThrow, new Semaphore(1), 'x').join() as unknown)
})
afterEach(() => nothingLeft())

const gone = (t: Thread): void => { until(`${String(t)} is gone`, () => t.state === 'joined') }

test('an object that is disposed of leaves nothing', async () => {
  const since = baseline()
  for (let i = 0; i < 1000; i++)
    for (const object of [new Mutex({ name: `mutex ${i}` }), new Condition({ name: 'c' }), new Semaphore(1, { name: 's' }), new Once({ name: 'o' })]) object[Symbol.dispose]()
  await nothingLeft(since)
})

test('an object that every heap disposes of leaves nothing', async () => {
  const since = baseline()
  const made = [new Mutex({ name: 'a mutex' }), new Condition(), new Semaphore(1), new Once()]
  Thread.create(work.disposeOf, ...made).join()
  for (const each of made) each[Symbol.dispose]()
  await nothingLeft(since)
})

test('an object lives as long as one heap holds it, or a message', () => {
  const semaphore = new Semaphore(7, { name: 'kept' })
  const t = Thread.create(work.echo, semaphore)
  semaphore[Symbol.dispose]()
  const back = t.join() as Semaphore
  assert.notEqual(back, semaphore)
  assert.deepEqual([back.value, back.name], [7, 'kept'])
  back[Symbol.dispose]()
})

test('a create that fails leaves nothing', async () => {
  const mutex = new Mutex(), semaphore = new Semaphore(), since = baseline()
  for (let i = 0; i < 100; i++) {
    assert.throws(() => Thread.create(work.countArguments, mutex, new Uint8Array(100_000), { semaphore }, () => 1), TypeError)
    assert.throws(() => Thread.create({ name: 'n'.repeat(100), transfer: [{}] }, work.countArguments, mutex), TypeError)
  }
  await nothingLeft(since)
  mutex[Symbol.dispose]()
  semaphore[Symbol.dispose]()
})

test('large arguments and results use memory only while they are under way', async () => {
  const bytes = new Uint8Array(3 << 20).fill(5), since = baseline()
  for (let i = 0; i < 3; i++) assert.deepEqual(Thread.create(work.echo, bytes).join(), bytes)
  assert.equal(Thread.create(work.bigBuffer, 2 << 20).join()[12345], 7)
  await nothingLeft(since)
})

test('the name of a thread goes when it is joined', async () => {
  const since = baseline()
  for (let i = 0; i < 10; i++) Thread.create({ name: 'n'.repeat(1000) }, work.echo, i).join()
  await nothingLeft(since)
})

test('the name of a detached thread goes with it', async () => {
  const since = baseline()
  for (let i = 0; i < 10; i++) gone(Thread.create({ detached: true, name: 'n'.repeat(1000) }, work.whoAmI))
  await nothingLeft(since)
})

test('the result of a detached thread goes with it', async () => {
  const since = baseline()
  gone(Thread.create({ detached: true }, work.bigBuffer, 1 << 20))
  await nothingLeft(since)
})

test('the result of a thread that was detached while it ran goes with it', async () => {
  const go = new Semaphore(), bytes = new Uint8Array(1 << 20), since = baseline()
  const t = Thread.create(work.waitThenReturn, go, bytes)
  t.detach()
  go.post()
  gone(t)
  await nothingLeft({ ...since, handles: since.handles + 1 })             // the thread's heap still has its semaphore
})

test('the result of a thread that was detached after it had ended goes with it', async () => {
  const since = baseline()
  const t = Thread.create({ name: 'n'.repeat(1000) }, work.bigBuffer, 1 << 20)
  ended(t)
  t.detach()
  await nothingLeft(since)
})

test('a thread that ends with an error leaves nothing', async () => {
  const since = baseline()
  for (let i = 0; i < 10; i++) assert.throws(() => Thread.create(work.fails, 'own').join() as unknown)
  for (let i = 0; i < 10; i++) assert.throws(() => Thread.create(work.throws, 'x'.repeat(100_000)).join() as unknown)
  await nothingLeft(since)
})

test('a thread that is terminated leaves no more than its heap held, which is swept', async () => {
  const go = new Semaphore(), since = baseline()
  const t = Thread.create({ name: 'doomed' }, work.waitThenReturn, go, new Uint8Array(1 << 20))
  until('it sleeps', () => t.stats.waitsFor === 'semaphore')
  t.terminate()
  assert.throws(() => t.join() as unknown, { code: 'ERR_THREAD_TERMINATED' })
  await nothingLeft(since)
})

test('promises that wait leave no record when they have settled', async () => {
  const since = baseline(), mutex = new Mutex(), condition = new Condition(), semaphore = new Semaphore()
  await assert.rejects(semaphore.waitAsync(1), { code: 'ETIMEDOUT' })
  await mutex.withAsync(async hold => {
    await assert.rejects(condition.waitAsync(hold, 1), { code: 'ETIMEDOUT' })
    await assert.rejects(mutex.lockAsync(1), { code: 'ETIMEDOUT' })
  })
  for (const each of [mutex, condition, semaphore]) each[Symbol.dispose]()
  await nothingLeft(since)
})

test('keys of thread-local values are not in user memory', async () => {
  const since = baseline()
  for (let i = 0; i < 100; i++) new ThreadLocal()[Symbol.dispose]()
  await nothingLeft(since)
})
