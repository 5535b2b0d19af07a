// Shared buffers among the arguments of fibers.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Semaphore, Thread } from 'pthreads'
import { succeeds } from '../api/child.ts'
import { words } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'

const CARRIERS = 3
configure({ model: 'm:n', carriers: CARRIERS })
const work = load<typeof import('./buffer-work.ts')>(new URL('./buffer-work.js', import.meta.url))
const createAny = Thread.create.bind(Thread) as (...args: unknown[]) => Thread

afterEach(() => nothingLeft())

test('a fiber that is given shared memory is stolen as another is, and it is the same memory there', () => {
  const together = new Semaphore(), cell = words(2)
  assert.equal(Thread.create(work.createMeetingsWith, CARRIERS, together, cell).join(), CARRIERS)      // each on another carrier
  assert.deepEqual([...cell], [CARRIERS, CARRIERS])
})

test('who was given a buffer gives it to others', () => {
  const cell = words(1)
  assert.equal(Thread.create(work.passOn, cell, 20).join(), 21)
  assert.equal(cell[0], 21)
})

test('a buffer is one object in each heap, however often it comes', () => {
  const buffer = new SharedArrayBuffer(16)
  for (let i = 0; i < 20; i++) assert.equal(Thread.create(work.sameAgain, buffer, new Uint8Array(buffer, 3, 2)).join(), true)
})

test('buffers of any length go, those that grow too', () => {
  const Growable = SharedArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => SharedArrayBuffer
  for (const buffer of [new SharedArrayBuffer(0), new SharedArrayBuffer(3), new Growable(8, { maxByteLength: 16 })])
    assert.equal(Thread.create(work.fillAndDrop, new Uint8Array(buffer)).join(), buffer.byteLength)
})

test('a carrier that dies takes no buffer along that it had lent', () => {
  const cell = words(2), creator = Thread.create(work.createAndExit, cell)
  assert.throws(() => creator.join(), { code: 'ERR_THREAD_CALLED_EXIT' })
  while (Atomics.load(cell, 1) < 5) Atomics.wait(cell, 1, Atomics.load(cell, 1), 1000)
})

test('buffers that nobody uses any more are forgotten', () => {
  assert.equal(succeeds(`
    import { configure, load, Semaphore, Thread } from 'pthreads'
    import { held } from '#internal/kernel/handle.js'
    configure({ model: 'm:n', carriers: 2 })
    const work = load('${new URL('./buffer-work.js', import.meta.url).href}')
    const bytes = 4 << 20, together = new Semaphore()
    let most = 0, rss = 0
    for (let turn = 0; turn < 10; turn++) {
      const all = Array.from({ length: 30 }, () => Thread.create(work.fillAndDrop, new Uint8Array(new SharedArrayBuffer(bytes))))
      for (const each of all) if (each.join() !== bytes) throw new Error('too short')
      all.length = 0
      const collectors = [1, 2].map(() => Thread.create(work.collect, 2 * turn + 2, together))
      for (const each of collectors) each.join()
      gc()
      await new Promise(resolve => setTimeout(resolve, 1))
      most = Math.max(most, held())
      if (turn === 2) rss = process.memoryUsage.rss()
    }
    const grown = process.memoryUsage.rss() - rss
    console.log(most < 250 ? 'bounded' : most, grown < 100 * bytes ? 'flat' : grown / bytes)`, ['--expose-gc']), 'bounded flat\n')
})

test('a create that fails keeps no buffer', () => {
  const cell = words(1)
  assert.throws(() => createAny(work.passOn, cell, () => 1), TypeError)
  assert.equal(Thread.create(work.passOn, cell, 0).join(), 1)
})
