// Threads of a pool that die: each fails the task that it ran, the pool heals.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, ThreadPool } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

// Runs `die` among neighbours on the same two threads: these all succeed.
async function amongOthers(pool: ThreadPool, die: () => Promise<unknown>, error: assert.AssertPredicate): Promise<void> {
  const before = Array.from({ length: 200 }, (_, i) => pool.run(work.add, i, 1))
  const dying = die(), verdict = assert.rejects(dying, error)
  const after = Array.from({ length: 200 }, (_, i) => pool.run(work.add, i, 1))
  await verdict
  for (const all of [before, after]) assert.deepEqual(await Promise.all(all), all.map((_, i) => i + 1))
}

test('process.exit in a task ends its thread: the task says so, no other fails', async () => {
  await using pool = new ThreadPool({ max: 2 })
  await amongOthers(pool, () => pool.run(work.leave, 3), { name: 'ThreadDeathError', code: 'ERR_THREAD_CALLED_EXIT', exitCode: 3 })
  assert.equal(pool.stats.deaths, 1)
  assert.equal(await pool.run(work.add, 2, 2), 4)
})

test('an uncaught exception of a callback ends the thread: its task fails with that error', async () => {
  await using pool = new ThreadPool({ max: 2 })
  await amongOthers(pool, () => pool.run(work.uncaught, 'in a callback'), /in a callback/)
  assert.equal(pool.stats.deaths, 1)
})

test('a thread that reaches its heap limit fails its own task', async () => {
  await using pool = new ThreadPool({ max: 2, resourceLimits: { maxOldGenerationSizeMb: 32 } })
  await amongOthers(pool, () => pool.run(work.hoard), { code: 'ERR_THREAD_OUT_OF_MEMORY' })
})

test('a task that ends its thread is told from one that returns', async () => {
  await using pool = new ThreadPool({ max: 2 })
  await amongOthers(pool, () => pool.run(work.exitThread), /the task ended its thread, thread \d+ "pool" of ThreadPool "pool"/)
})

test('what has moved to a thread that dies before it begins it is lost, and says so; the rest goes on', async () => {
  await using pool = new ThreadPool({ max: 1 })
  await Promise.all(Array.from({ length: 500 }, (_, i) => pool.run(work.add, i, i)))
  const dying = assert.rejects(pool.run(work.leave, 0), { code: 'ERR_THREAD_CALLED_EXIT' })
  const arrays = Array.from({ length: 5 }, () => new Float64Array(100).fill(1))
  const moved = Promise.allSettled(arrays.map(array => pool.run({ transfer: [array.buffer] }, work.sum, array)))
  await dying
  for (const each of await moved)
    if (each.status === 'fulfilled') assert.equal(each.value, 100)
    else assert.equal((each.reason as { code: string }).code, 'ERR_THREAD_CALLED_EXIT')
})

test('deaths one after another, each of a thread anew', async () => {
  await using pool = new ThreadPool({ max: 2, min: 1 })
  for (let i = 0; i < 5; i++) {
    await assert.rejects(pool.run(work.leave, i), { exitCode: i })
    assert.equal(await pool.run(work.add, i, 1), i + 1)
  }
  assert.equal(pool.stats.deaths, 5)
})

test('while one thread dies, another one goes on with its task', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const begun = new Semaphore(0), go = new Semaphore(0)
  const held = pool.run(work.tidAfter, begun, go)
  await begun.waitAsync()
  await assert.rejects(pool.run(work.leave, 1), { exitCode: 1 })
  go.post()
  assert.equal(typeof await held, 'number')
})
