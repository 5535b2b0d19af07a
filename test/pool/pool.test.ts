// Pools: tasks, their arguments and results, their ends; threads that come and go.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Mutex, Semaphore, Thread, ThreadPool } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('a task gets its arguments and gives its result', async () => {
  await using pool = new ThreadPool()
  assert.equal(await pool.run(work.add, 1, 2), 3)
  assert.equal(await pool.run(work.later, 7), 7)
  assert.equal(await pool.run(work.generator, new Semaphore(1), 41), 42)
  assert.deepEqual(await pool.run(work.echo, { a: [1, 'zwei', 3n], b: new Map([[1, new Date(2)]]) }), { a: [1, 'zwei', 3n], b: new Map([[1, new Date(2)]]) })
  assert.equal(await pool.run(work.inTask), true)
  assert.equal(ThreadPool.task, undefined)
})

test('twenty thousand tasks at once all come back, each with its own result', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const sums = await Promise.all(Array.from({ length: 20_000 }, (_, i) => pool.run(work.add, i, 1)))
  assert.deepEqual(sums, sums.map((_, i) => i + 1))
  const { completed, failed, queued, wait, run } = pool.stats
  assert.deepEqual([completed, failed, queued, wait.count, run.count], [20_000, 0, 0, 20_000, 20_000])
  let counted = 0
  pool.histogram('run', (_, count) => { counted += count })
  assert.equal(counted, 20_000)
  assert.ok(run.min <= run.p50 && run.p50 <= run.p90 && run.p90 <= run.p99 && run.p99 <= run.max)
})

test('a task that throws rejects with its error, whole', async () => {
  await using pool = new ThreadPool({ max: 1 })
  await assert.rejects(pool.run(work.fail, 'too far'), { name: 'RangeError', message: 'too far', code: 'ERR_OF_MINE', extra: [1, 2] })
  await assert.rejects(pool.run(work.unsendable), /result\.f: .*cannot be sent to another thread/)
  assert.equal(await pool.run(work.add, 1, 1), 2)
  const { completed, failed, deaths, threads } = pool.stats
  assert.deepEqual([completed, failed, deaths, threads], [1, 2, 0, 1])
})

test('arguments that cannot travel reject, and name the path', async () => {
  await using pool = new ThreadPool({ max: 1 })
  await assert.rejects(pool.run(work.echo, { inner: { f: () => 1 } }), /args\[0\]\.inner\.f/)
  const { port1, port2 } = new MessageChannel()
  await assert.rejects(pool.run(work.echo, port1 as unknown), /not in the transfer list/)
  port1.close()
  port2.close()
  assert.equal(await pool.run(work.add, 1, 1), 2)
})

test('what is no entry, and options that are none, are refused with their names', async () => {
  await using pool = new ThreadPool({ max: 1 })
  assert.throws(() => pool.run(((n: number) => n) as never), /not an entry/)
  assert.throws(() => pool.run({ prio: 1 } as never, work.add, 1, 2), /unknown option "prio"/)
  assert.throws(() => pool.run({ timeout: -1 }, work.add, 1, 2), RangeError)
  assert.throws(() => pool.run({ signal: {} as AbortSignal }, work.add, 1, 2), /not an AbortSignal/)
  assert.throws(() => new ThreadPool({ threads: 2 } as never), /unknown option "threads"/)
  assert.throws(() => new ThreadPool({ min: 3, max: 2 }), /max: 2 is not a whole number from 3/)
  assert.throws(() => new ThreadPool({ resourceLimits: { heap: 3 } as never }), /resourceLimits\.heap/)
})

test('messages too large for an entry, strings, typed arrays and shared memory travel', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const text = 'ä€'.repeat(5000)
  assert.equal(await pool.run(work.echo, text), text)
  const array = new Float64Array(131_072).fill(0.5)
  assert.equal(await pool.run(work.sum, array), 65_536)
  const shared = new Int32Array(new SharedArrayBuffer(4))
  await Promise.all(Array.from({ length: 20 }, () => pool.run(work.increment, shared, 500)))
  assert.equal(shared[0], 10_000)
})

test('what is transferred moves: arguments by the option, results by transfer()', async () => {
  await using pool = new ThreadPool({ max: 2 })
  for (let i = 0; i < 20; i++) {
    const array = new Float64Array(1000).fill(1)
    assert.equal(await pool.run({ transfer: [array.buffer] }, work.sum, array), 1000)
    assert.equal(array.byteLength, 0)
  }
  const made = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.run(work.makeLarge, i + 1)))
  assert.deepEqual(made.map(array => array.length), made.map((_, i) => i + 1))
})

test('objects of the library are shared with tasks', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const begun = new Semaphore(0), go = new Semaphore(0)
  const held = [pool.run(work.hold, begun, go), pool.run(work.hold, begun, go)]
  await begun.waitAsync()
  await begun.waitAsync()                                                 // two at once: on two threads
  assert.equal(pool.stats.busy, 2)
  go.post()
  go.post()
  await Promise.all(held)
})

test('a task that waits for one behind it gets it: as many run at once as there are threads', async () => {
  await using pool = new ThreadPool({ max: 2 })
  await Promise.all(Array.from({ length: 2000 }, (_, i) => pool.run(work.add, i, i)))   // tasks are short, it seems
  const begun = new Semaphore(0), go = new Semaphore(0)
  const first = pool.run(work.hold, begun, go), others = Array.from({ length: 100 }, (_, i) => pool.run(work.add, i, 1))
  assert.deepEqual(await Promise.all(others), others.map((_, i) => i + 1))
  go.post()
  await first
})

test('threads begin when tasks need them, up to max', async () => {
  await using pool = new ThreadPool({ max: 3 })
  assert.equal(pool.stats.threads, 0)
  const begun = new Semaphore(0), go = new Semaphore(0)
  const all: Promise<number>[] = []
  for (let i = 1; i <= 3; i++) {
    all.push(pool.run(work.tidAfter, begun, go))
    assert.equal(pool.stats.threads, i)
  }
  all.push(pool.run(work.tidAfter, begun, go))
  assert.deepEqual([pool.stats.threads, pool.stats.queued], [3, 1])
  for (let i = 0; i < 4; i++) go.post()
  assert.equal(new Set(await Promise.all(all)).size, 3)
})

test('min threads are there from the start and stay, the others end when they are idle', async () => {
  await using pool = new ThreadPool({ min: 1, max: 2, idleTimeout: 0 })
  assert.equal(pool.stats.threads, 1)
  const begun = new Semaphore(0), go = new Semaphore(0)
  const both = [pool.run(work.hold, begun, go), pool.run(work.hold, begun, go)]
  assert.equal(pool.stats.threads, 2)
  go.post()
  go.post()
  await Promise.all(both)
  while (pool.stats.threads !== 1) await new Promise(resolve => setImmediate(resolve))
  assert.equal(await pool.run(work.add, 1, 2), 3)
})

test('a full queue refuses: EAGAIN', async () => {
  await using pool = new ThreadPool({ max: 1, maxQueue: 2 })
  const begun = new Semaphore(0), go = new Semaphore(0)
  const first = pool.run(work.hold, begun, go)
  const waiting = [pool.run(work.add, 1, 1), pool.run(work.add, 2, 2)]
  await assert.rejects(pool.run(work.add, 3, 3), { code: 'EAGAIN', message: /ThreadPool "pool": 2 tasks wait already/ })
  go.post()
  await first
  assert.deepEqual(await Promise.all(waiting), [2, 4])
})

test('higher priorities leave the queue first, equals in their order', async () => {
  await using pool = new ThreadPool({ max: 1 })
  await Promise.all(Array.from({ length: 500 }, (_, i) => pool.run(work.add, i, i)))
  const begun = new Semaphore(0), go = new Semaphore(0), seen = new Int32Array(new SharedArrayBuffer(40))
  const all = [pool.run(work.hold, begun, go)]
  await begun.waitAsync()
  for (const [priority, value] of [[0, 1], [-1, 2], [5, 3], [0, 4], [5, 5], [9, 6]]) all.push(pool.run({ priority }, work.order, seen, value))
  go.post()
  await Promise.all(all)
  assert.deepEqual([...seen.subarray(1, 7)], [6, 3, 5, 1, 4, 2])
})

test('init runs in each thread before its first task, dispose before its end', async () => {
  const log = new Int32Array(new SharedArrayBuffer(8))
  {
    await using pool = new ThreadPool({ max: 2, init: work.init, initArgs: ['open', log], dispose: work.dispose })
    const begun = new Semaphore(0), go = new Semaphore(0)
    const both = [pool.run(work.hold, begun, go), pool.run(work.hold, begun, go)]
    go.post()
    go.post()
    await Promise.all(both)
    assert.equal(await pool.run(work.stateNow), 'open')
    assert.deepEqual([...log], [2, 0])
  }
  assert.deepEqual([...log], [2, 2])
})

test('a thread whose init fails fails the task that it was made for, with that error', async () => {
  await using pool = new ThreadPool({ max: 1, init: work.failingInit })
  const two = [pool.run(work.add, 1, 1), pool.run(work.add, 1, 1)]
  for (const each of await Promise.allSettled(two)) {
    assert.equal(each.status, 'rejected')
    assert.match(String(each.reason), /TypeError: there is no such database/)
  }
})

test('close waits for all tasks; after it none are taken', async () => {
  const pool = new ThreadPool({ max: 2, name: 'closing' })
  const all = Array.from({ length: 300 }, (_, i) => pool.run(work.add, i, 1))
  const closed = pool.close()
  await assert.rejects(pool.run(work.add, 1, 1), { code: 'EPIPE', message: /ThreadPool "closing" is closed/ })
  await closed
  assert.deepEqual(await Promise.all(all), all.map((_, i) => i + 1))
  await pool.close()
})

test('a pool that was never used can be closed', async () => {
  await new ThreadPool().close()
  await new ThreadPool({ min: 2, max: 2 }).close()
})

test('destroy rejects what waits and what runs', async () => {
  const pool = new ThreadPool({ max: 1 })
  const begun = new Semaphore(0), never = new Semaphore(0)
  const all = [pool.run(work.hold, begun, never), pool.run(work.add, 1, 1)]
  await begun.waitAsync()
  const outcomes = Promise.allSettled(all)
  await pool.destroy()
  for (const each of await outcomes) assert.match(String((each as PromiseRejectedResult).reason), /ECANCELED: .*was destroyed/)
})

test('a pool in a task of another pool, and in a thread', async () => {
  await using pool = new ThreadPool({ max: 1 })
  assert.equal(await pool.run(work.nested, 5), 10)
  assert.equal(await Thread.create(work.nested, 6).joinAsync(), 12)
})

test('a mutex that a canceled task holds is given back', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 60_000 })
  const mutex = new Mutex(), begun = new Semaphore(0), never = new Semaphore(0), controller = new AbortController()
  const task = pool.run({ signal: controller.signal }, work.holding, mutex, begun, never)
  await begun.waitAsync()
  controller.abort()
  await assert.rejects(task, { name: 'AbortError' })
  const hold = await mutex.lockAsync()                                    // before the grace is over: by cancellation
  hold.unlock()
})
