// scope: no thread outlives its block.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, scope, Semaphore, threads } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const others = (): number => threads().filter(({ tid, state }) => tid !== 1 && state !== 'exited').length

afterEach(() => nothingLeft())

test('children are joined before the block ends, and its value is the result', async () => {
  const begun = new Semaphore(0), go = new Semaphore(0)
  const sum = await scope(async s => {
    const [a, b] = [s.spawn(work.waitFor, begun, go, 1), s.spawn(work.waitFor, begun, go, 2)]
    void s.spawn(work.waitFor, begun, go, 3)                              // nobody looks at it
    for (let i = 0; i < 3; i++) go.post()
    return await a + await b
  })
  assert.deepEqual([sum, others()], [3, 0])
})

test('user-level threads are children as well', async () => {
  const begun = new Semaphore(0), go = new Semaphore(0)
  const sum = await scope(async s => {
    const all = [1, 2, 3].map(n => s.spawn({ scope: 'process' }, work.waitAsFiber, begun, go, n))
    for (let i = 0; i < 3; i++) go.post()
    return (await Promise.all(all)).reduce((a, b) => a + b)
  })
  assert.equal(sum, 6)
})

test('the first child that fails cancels the others, and its error is the block\'s', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0), go = new Semaphore(0)
  await assert.rejects(scope(async s => {
    for (let i = 0; i < 2; i++) void s.spawn(work.waitFor, begun, never, i).catch(() => undefined)
    void s.spawn({ scope: 'process' }, work.waitAsFiber, begun, never, 2).catch(() => undefined)
    for (let i = 0; i < 3; i++) await begun.waitAsync()
    void s.spawn(work.failAfter, go, 'I am first')
    go.post()
  }), (error: Error & { suppressed?: unknown }) => error.message === 'I am first' && error.suppressed === undefined)
  assert.equal(others(), 0)
})

test('what fails after that is in suppressed', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0), go = new Semaphore(1)
  await assert.rejects(scope(async s => {
    void s.spawn(work.failWhenCanceled, begun, never).catch(() => undefined)
    await begun.waitAsync()
    await s.spawn(work.failAfter, go, 'I am first')
  }), (error: Error & { suppressed?: Error[] }) => {
    assert.equal(error.message, 'I am first')
    assert.deepEqual(error.suppressed?.map(({ message }) => message), ['cannot clean up'])
    return true
  })
})

test('an error of the block cancels its children', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0)
  await assert.rejects(scope(async s => {
    void s.spawn(work.waitFor, begun, never, 1)
    await begun.waitAsync()
    throw new TypeError('the block')
  }), { name: 'TypeError', message: 'the block' })
  assert.equal(others(), 0)
})

test('an abort cancels all; what does not end in time is terminated', async () => {
  const begun = new Semaphore(0), controller = new AbortController()
  await assert.rejects(scope(async s => {
    void s.spawn(work.spin, begun).catch(() => undefined)
    await begun.waitAsync()
    assert.equal(s.signal.aborted, false)
    controller.abort(new Error('no more'))
    assert.equal(s.signal.aborted, true)
    assert.throws(() => s.spawn(work.add, 1, 1), { code: 'ECANCELED' })
  }, { signal: controller.signal, grace: 1 }), { message: 'no more' })
  assert.equal(others(), 0)
})

test('a scope that is over takes no children', async () => {
  const over = await scope(s => s)
  assert.throws(() => over.spawn(work.add, 1, 1), { code: 'EINVAL' })
})
