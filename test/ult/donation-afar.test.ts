// Directed yield across the models: a thread with a Worker of its own waits for a lock of a user-level thread.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Mutex, RwLock, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const OTHERS = 20

configure({ model: 'm:1', scheduler: new URL('./fixtures/lending.js', import.meta.url) })
const work = load<typeof import('./fixtures/lending.ts')>(new URL('./fixtures/lending.js', import.meta.url))

afterEach(() => nothingLeft())

/** The holder, once somebody waits for what it has: the turns of others before its own, or -1. */
function turnsBefore(begin: (has: Semaphore) => Thread<number>, wait: () => void): number {
  const has = new Semaphore(), over = new Int32Array(new SharedArrayBuffer(4))
  const holder = begin(has)
  const others = Array.from({ length: OTHERS }, () => Thread.create(work.stands, over))
  has.wait()
  wait()
  const turns = holder.join()
  over[0] = 1
  for (const other of others) other.join()
  return turns
}

for (const options of [{}, { robust: true }, { protocol: 'inherit' }] as const) {
  test(`the holder of a mutex ${JSON.stringify(options)} runs next when a Worker waits for it`, () => {
    const mutex = new Mutex(options)
    assert.equal(turnsBefore(has => Thread.create(work.holds, mutex, has), () => { mutex.lock().unlock() }), 0)
  })
}

for (const how of ['read', 'write'] as const) {
  test(`the writer of a read-write lock runs next when a Worker waits to ${how}`, () => {
    const lock = new RwLock()
    assert.equal(turnsBefore(has => Thread.create(work.writes, lock, has), () => {
      lock[how]()
      lock.unlock()
    }), 0)
  })
}
