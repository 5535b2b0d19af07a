import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Mutex, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

configure({ model: 'm:1', scheduler: 'fifo' })
const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('what the only carrier has taken in and not begun is begun by the spare one, the first time and later', () => {
  for (const n of [100, 10]) assert.equal(Thread.create(work.blockBeforeOthers, new Semaphore(), n).join(), 'others ran meanwhile')
})

test('who is in short blocking sections all the time keeps nobody from beginning', () => {
  assert.equal(Thread.create(work.blockAgainAndAgain, new Semaphore(), 20).join(), 20)
})

test('while the only carrier is in a blocking section, a spare one runs what has not begun', () => {
  assert.equal(Thread.create(work.blockUntil, new Semaphore(), 100).join(), 'others ran meanwhile')
  assert.equal(Thread.create(work.blockUntil, new Semaphore(), 10).join(), 'others ran meanwhile')
})

test('a blocking section of a thread with a Worker of its own is just called', () => {
  assert.equal(Thread.create({ scope: 'system' }, work.blockUntil, new Semaphore(), 3).join(), 'others ran meanwhile')
})

test('threads begin in the order of their priorities, equals in the order of their creation', () => {
  assert.equal(Thread.create({ priority: 50 }, work.byPriority).join(), 'high, high too, mid, low, other')
})

test('who holds a mutex that a thread of higher priority wants runs before those in between', () => {
  const mutex = new Mutex({ protocol: 'inherit' })
  assert.equal(Thread.create({ priority: 40 }, work.inversion, mutex).join(), 'low holds, high wants, low unlocks, high has, burnt, burnt, burnt')
})
