import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, until, words } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const MOST = 2 ** 31 - 1

afterEach(() => nothingLeft())

test('as many waits return as the value says, and posts let more', () => {
  const semaphore = new Semaphore(2)
  semaphore.wait()
  assert.equal(semaphore.value, 1)
  assert.equal(semaphore.tryWait(), true)
  assert.equal(semaphore.tryWait(), false)
  semaphore.post()
  semaphore.post(3)
  assert.equal(semaphore.value, 4)
})

test('the value is 0 by default', () => {
  assert.equal(new Semaphore().value, 0)
  assert.equal(new Semaphore().tryWait(), false)
  assert.equal(new Semaphore(MOST).value, MOST)
})

test('wait blocks until somebody posts', () => {
  const semaphore = new Semaphore(), taken = words(1)
  const t = Thread.create(work.takeOne, semaphore, taken)
  asleep(t, 'semaphore')
  assert.equal(taken[0], 0)
  semaphore.post()
  t.join()
  assert.deepEqual([taken[0], semaphore.value], [1, 0])
})

test('post(n) lets n threads go and no more', () => {
  const semaphore = new Semaphore(), taken = words(1)
  const threads = Array.from({ length: 4 }, () => Thread.create(work.takeOne, semaphore, taken))
  for (const t of threads) asleep(t, 'semaphore')
  semaphore.post(3)
  until('three have gone', () => Atomics.load(taken, 0) === 3)
  assert.equal(threads.filter(t => t.stats.waitsFor === 'semaphore').length, 1)
  semaphore.post()
  for (const t of threads) t.join()
})

test('any thread may post, also one that never waited', () => {
  const semaphore = new Semaphore()
  const t = Thread.create(work.postIt, semaphore, 2)
  semaphore.wait()
  semaphore.wait()
  t.join()
  assert.equal(semaphore.value, 0)
})

test('two threads hand a turn to each other', () => {
  const ping = new Semaphore(), pong = new Semaphore()
  const t = Thread.create(work.pingPong, ping, pong, 2000)
  for (let i = 0; i < 2000; i++) {
    ping.post()
    pong.wait()
  }
  t.join()
})

test('a timed wait throws ETIMEDOUT and takes nothing', () => {
  const semaphore = new Semaphore(0, { name: 'slots' })
  for (const ms of [0, 5]) assert.throws(() => { semaphore.wait(ms) }, failing('ETIMEDOUT', /^ETIMEDOUT: Semaphore "slots" was not posted in time$/))
  semaphore.post()
  semaphore.wait(0)
  assert.equal(Thread.create(work.waitSemaphoreTimed, semaphore, 1).join(), 'ETIMEDOUT')
})

test('waitAsync waits without blocking the event loop', async () => {
  const semaphore = new Semaphore(), taken = words(1)
  const t = Thread.create(work.takeOneAsync, semaphore, taken)
  setImmediate(() => { semaphore.post(2) })
  await semaphore.waitAsync()
  await t.joinAsync()
  assert.deepEqual([taken[0], semaphore.value], [1, 0])
})

test('waitAsync takes at once what is there', async () => {
  const semaphore = new Semaphore(1)
  await semaphore.waitAsync()
  assert.equal(semaphore.value, 0)
})

test('a timed waitAsync rejects with ETIMEDOUT', async () => {
  const semaphore = new Semaphore()
  for (const ms of [0, 5]) await assert.rejects(semaphore.waitAsync(ms), failing('ETIMEDOUT', /was not posted in time/))
  semaphore.post()
  await semaphore.waitAsync(1000)
})

test('many promises and threads wait at once', async () => {
  const semaphore = new Semaphore(), taken = words(1)
  const threads = [Thread.create(work.takeOne, semaphore, taken), Thread.create(work.takeOneAsync, semaphore, taken)]
  const here = Array.from({ length: 10 }, () => semaphore.waitAsync().then(() => Atomics.add(taken, 0, 1)))
  Thread.create(work.postIt, semaphore, 12).join()
  await Promise.all(here)
  for (const t of threads) await t.joinAsync()
  assert.deepEqual([taken[0], semaphore.value], [12, 0])
})

test('a post beyond the most is EOVERFLOW and changes nothing', () => {
  const semaphore = new Semaphore(MOST - 1, { name: 'full' })
  for (const n of [2, MOST, 2 ** 40]) assert.throws(() => { semaphore.post(n) }, failing('EOVERFLOW', /^EOVERFLOW: Semaphore "full" would exceed 2147483647$/))
  semaphore.post()
  assert.equal(semaphore.value, MOST)
  assert.throws(() => { semaphore.post() }, failing('EOVERFLOW'))
})

test('values and counts are whole numbers in range', () => {
  for (const value of [-1, 1.5, NaN, Infinity, 2 ** 31, '1', null]) assert.throws(() => new Semaphore(value as number), { name: 'RangeError', message: /^Semaphore: .* is not a whole number from 0 to 2147483647$/ })
  const semaphore = new Semaphore()
  for (const n of [0, -1, 1.5, NaN, Infinity, '1', null]) assert.throws(() => { semaphore.post(n as number) }, { name: 'RangeError', message: /^post: .* is not a whole number from 1$/ })
  assert.equal(semaphore.value, 0)
  for (const ms of [NaN, -1]) assert.throws(() => { semaphore.wait(ms) }, { name: 'RangeError', message: /^timeout: / })
  assert.throws(() => { semaphore.wait('5' as unknown as number) }, { name: 'TypeError', message: /^timeout: string/ })
})

test('a semaphore that was disposed of throws EINVAL', async () => {
  const semaphore = new Semaphore(1)
  semaphore[Symbol.dispose]()
  const gone = failing('EINVAL', /^EINVAL: this Semaphore was disposed of$/)
  for (const use of [() => { semaphore.wait() }, () => semaphore.tryWait(), () => { semaphore.post() }, () => semaphore.value]) assert.throws(use, gone)
  await assert.rejects(semaphore.waitAsync(), gone)
})
