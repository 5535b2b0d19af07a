// Pools on a carrier of fibers: made by one of them, by a module, between two of them.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

configure({ model: 'm:1' })

const work = load<typeof import('./fiber-work.ts')>(new URL('./fiber-work.js', import.meta.url))

afterEach(() => nothingLeft())

test('a fiber\'s pool runs tasks of others, whose ends are nothing to it', async () => {
  const made = new Semaphore(0), go = new Semaphore(0), begun = new Semaphore(0), done = new Semaphore(0)
  const lender = Thread.create(work.lends, made, go)
  await made.waitAsync()
  for (let i = 0; i < 3; i++) assert.equal(await Thread.create(work.borrows).joinAsync(), 3)
  await Thread.create(work.leavesTask, begun, done).joinAsync()
  done.post()
  assert.equal(await Thread.create(work.borrows).joinAsync(), 3)
  go.post()
  assert.equal(await lender.joinAsync(), 5)
})

test('a pool that a module made belongs to the carrier', async () => {
  for (let i = 0; i < 3; i++) assert.equal(await Thread.create(work.usesEarly).joinAsync(), 3)
})

test('a pool may be made between two fibers', async () => {
  assert.equal(await Thread.create(work.makesBetween).joinAsync(), 7)
})
