import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Condition, load, Mutex, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { asleep, words } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('the result is what the promise resolves to, while the joiner is blocked', () => {
  assert.equal(Thread.create(work.afterTimers, 1).join(), 'immediate,microtask,tick,timer')
})

test('a thread fetches, imports and reads files', () => {
  assert.deepEqual(Thread.create(work.fetchNothing).join(), [200, 'nothing'])
  assert.equal(Thread.create(work.importsAndReads).join(), true)
})

test('a thenable is awaited', () => {
  assert.equal(Thread.create(work.thenable, 3).join(), 3)
})

test('many asynchronous threads run at once', async () => {
  const threads = Array.from({ length: 4 }, () => Thread.create(work.afterTimers, 2))
  for (const result of await Promise.all(threads.map(t => t.joinAsync()))) assert.equal(result, 'immediate,microtask,tick,timer')
})

test('a rejection is thrown by join', async () => {
  assert.throws(() => Thread.create(work.rejects, 'no') .join() as unknown, { name: 'TypeError', message: 'no' })
  await assert.rejects(Thread.create(work.rejects, 'no').joinAsync(), { name: 'TypeError', message: 'no' })
})

test('a promise that can never settle is an error', () => {
  assert.throws(() => { Thread.create(work.neverSettles).join() }, { name: 'Error', message: /the promise of the thread never settles/ })
})

test('an exception from a callback ends the thread with that error', () => {
  assert.throws(() => { Thread.create(work.throwsInCallback).join() }, { name: 'RangeError', message: 'from a timer' })
})

test('a rejection that nobody handles ends the thread with that error', () => {
  assert.throws(() => { Thread.create(work.rejectsUnhandled).join() }, { name: 'RangeError', message: 'unhandled' })
})

test('Thread.exit ends an asynchronous thread, also from a callback', () => {
  assert.equal(Thread.create(work.exitsAsync, 5).join(), 5)
  assert.equal(Thread.create(work.exitsInCallback, 6).join() as unknown, 6)
})

test('timers that a thread leaves do not keep it, and do not run on', () => {
  const word = words(1)
  assert.equal(Thread.create(work.leavesTimer, word).join(), 'done')
})

test('a thread waits by a promise', () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitsAsync, go, 'went')
  assert.throws(() => t.join(5), { code: 'ETIMEDOUT' })
  go.post()
  assert.equal(t.join(), 'went')
})

test('an asynchronous thread joins another', () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 8)
  const joiner = Thread.create(work.joinItAsync, t)
  asleep(t, 'semaphore')
  go.post()
  assert.equal(joiner.join(), 8)
})

test('waits that a thread abandons at its end are nobody\'s, and take nothing', async () => {
  const semaphore = new Semaphore(), mutex = new Mutex(), condition = new Condition()
  mutex.lock()
  assert.equal(Thread.create(work.abandonsWaits, semaphore, mutex, condition).join(), 'gone')
  semaphore.post()
  assert.equal(semaphore.value, 1)
  mutex.unlock()
  mutex.lock(1000).unlock()
  condition.broadcast()
  await nothingLeft()
})
