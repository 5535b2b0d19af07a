// dispatch() under m:1: there is one carrier, 0.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { carriers, configure, dispatch, load, Semaphore, Thread } from 'pthreads'
import { words } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { replaced } from './dispatch.ts'

const work = load<typeof import('./dispatch-work.ts')>(new URL('./dispatch-work.js', import.meta.url))

configure({ model: 'm:1' })
afterEach(() => nothingLeft())

test('all functions run on it, and see what its modules keep', async () => {
  assert.equal(carriers(), 1)
  assert.deepEqual([1, 2, 3].map(() => dispatch(0, work.tally).join()), [1, 2, 3])
  assert.equal(await dispatch(0, work.add, 3, 4).joinAsync(), 7)
  assert.equal(dispatch(0, work.sleepFor, 1).join(), 'slept')
  assert.throws(() => dispatch(0, work.fail).join(), { name: 'RangeError', code: 'ESHARD' })
})

test('a fiber dispatches to the carrier that it runs on, and joins', () => {
  assert.equal(Thread.create(work.dispatchesAndJoins, 0, 5, 6).join(), 11)
})

test('what is sent begins in that order', () => {
  const runs = new Semaphore(), word = words(1), log = words(4)
  const thread = dispatch(0, work.freeze, runs, word)
  runs.wait()
  const sent = [1, 2, 3].map(n => dispatch(0, work.write, log, n))
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
  for (const each of [thread, ...sent]) each.join()
  assert.deepEqual([...log], [3, 1, 2, 3])
})

test('it dies in the middle: the joins say so, and the next one runs what comes', () => {
  const runs = new Semaphore(), word = words(1)
  const thread = dispatch(0, work.freezeAndExit, runs, word)
  runs.wait()
  const waits = dispatch(0, work.add, 1, 1)
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
  assert.throws(() => thread.join(), { name: 'ThreadDeathError', code: 'ERR_THREAD_CALLED_EXIT' })
  assert.throws(() => waits.join(), { name: 'ThreadDeathError', code: 'ERR_THREAD_NEVER_STARTED' })
  assert.equal(replaced().join(), 5)
})

test('what is no carrier is refused, and what there is is said', () => {
  assert.throws(() => dispatch(1, work.add, 1, 1), { name: 'RangeError', message: 'dispatch: 1 is no carrier: there is one, 0' })
  assert.throws(() => dispatch(-1, work.add, 1, 1), { name: 'RangeError', message: 'dispatch: -1 is no carrier: there is one, 0' })
})

test('what is no entry is refused, and what cannot travel', () => {
  assert.throws(() => dispatch(0, (() => 1) as never), TypeError)
  assert.throws(() => dispatch(0, work.add, (() => 1) as unknown as number, 1), { name: 'TypeError' })
})
