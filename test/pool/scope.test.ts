// scope: no thread outlives its block.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, scope, Semaphore, Thread, ThreadPool, threads } from 'pthreads'
import { eventually } from '../api/until.ts'
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

type Failed = Error & { suppressed?: unknown[] }

test('a child that is canceled because the scope has failed is no failure, though the block rethrows its end', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0), go = new Semaphore(0)
  await assert.rejects(scope(async s => {
    const waiting = s.spawn(work.waitFor, begun, never, 1)
    await begun.waitAsync()
    void s.spawn(work.failAfter, go, 'I am first')
    go.post()
    await waiting
  }), (error: Failed) => error.message === 'I am first' && error.suppressed === undefined)
})

test('what the block rethrows of a child\'s is told once', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0), go = new Semaphore(1)
  await assert.rejects(scope(async s => {
    const stubborn = [1, 2].map(() => s.spawn(work.failWhenCanceled, begun, never)), outcomes = Promise.allSettled(stubborn)
    for (let i = 0; i < 2; i++) await begun.waitAsync()
    void s.spawn(work.failAfter, go, 'I am first')
    for (const each of await outcomes) if (each.status === 'rejected') throw each.reason
  }), (error: Failed) => {
    assert.equal(error.message, 'I am first')
    assert.deepEqual(error.suppressed?.map(each => (each as Error).message), ['cannot clean up', 'cannot clean up'])
    return true
  })
})

test('an error that cannot carry others is the cause of one that does', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0)
  await assert.rejects(scope(async s => {
    void s.spawn(work.failWhenCanceled, begun, never).catch(() => undefined)
    await begun.waitAsync()
    throw 'just a string'
  }), (error: Failed) => {
    assert.deepEqual([error.message, error.cause, error.suppressed?.length], ['just a string', 'just a string', 1])
    return true
  })
})

test('a thread that is canceled in a scope ends after the children', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0)
  const thread = Thread.create(work.scoped, begun, never)
  for (let i = 0; i < 2; i++) await begun.waitAsync()
  thread.cancel()
  await assert.rejects(thread.joinAsync(), { code: 'ECANCELED' })
  assert.equal(others(), 0)
})

test('a scope in a thread of a scope that fails ends with it, and so does one of fibers', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0)
  await assert.rejects(scope(async s => {
    void s.spawn(work.scoped, begun, never).catch(() => undefined)
    void s.spawn({ scope: 'process' }, work.scopedFiber, begun, never).catch(() => undefined)
    for (let i = 0; i < 3; i++) await begun.waitAsync()
    throw new Error('all of it')
  }), (error: Failed) => error.message === 'all of it' && error.suppressed === undefined)
  assert.equal(others(), 0)
})

test('a thread that returns without waiting for its scope cancels the children', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0)
  await Thread.create(work.leavesScope, begun, never).joinAsync()
  await eventually('none is left', () => others() === 0)
})

test('a task that is aborted in a scope takes the children along', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 60_000, min: 1 })
  const begun = new Semaphore(0), never = new Semaphore(0), controller = new AbortController()
  const task = pool.run({ signal: controller.signal }, work.scoped, begun, never)
  for (let i = 0; i < 2; i++) await begun.waitAsync()
  controller.abort(new Error('enough'))
  await assert.rejects(task, { message: 'enough' })
  await eventually('one thread of the pool is left', () => threads().filter(({ name, state }) => name !== 'pool' && state !== 'exited').length === 1)
})

test('tasks of a pool are children as well: a failure aborts them, and theirs is the scope\'s', async () => {
  await using pool = new ThreadPool({ max: 2, grace: 60_000 })
  const begun = new Semaphore(0), never = new Semaphore(0)
  assert.equal(await scope(async s => await s.run(pool, work.add, 1, 2) + await s.run(pool, { priority: 1 }, work.add, 3, 4)), 10)
  await assert.rejects(scope(async s => {
    void s.run(pool, work.hold, begun, never).catch(() => undefined)
    void s.spawn(work.waitFor, begun, never, 1).catch(() => undefined)
    for (let i = 0; i < 2; i++) await begun.waitAsync()
    await s.run(pool, work.fail, 'a task')
  }), (error: Failed) => error.message === 'a task' && error.suppressed === undefined)
  assert.equal(pool.stats.aborted, 1)
  assert.equal(await pool.run(work.add, 1, 1), 2)
})

test('arguments that are none are refused', async () => {
  await assert.rejects(scope(5 as never), /scope: number, not a function/)
  await assert.rejects(scope(() => 1, { grace: -1 }), RangeError)
  await assert.rejects(scope(() => 1, { signal: {} as AbortSignal }), /scope: signal is not an AbortSignal/)
  await assert.rejects(scope(() => 1, null as never), /scope: options: null, not an object/)
  await assert.rejects(scope(() => 1, { graze: 1 } as never), /unknown option "graze"/)
  await assert.rejects(scope(async s => await s.run({} as ThreadPool, work.add, 1, 1)), /not a ThreadPool/)
})
