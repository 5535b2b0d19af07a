// Tasks that are to stop: in the queue, in a lane, where they listen, where they wait, where nothing but force helps.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, ThreadPool } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

const begin = (): { begun: Semaphore, go: Semaphore, controller: AbortController, signal: AbortSignal } => {
  const controller = new AbortController()
  return { begun: new Semaphore(0), go: new Semaphore(0), controller, signal: controller.signal }
}

test('a task that waits in the queue is taken out of it', async () => {
  await using pool = new ThreadPool({ max: 1 })
  const { begun, go, controller, signal } = begin()
  const first = pool.run(work.hold, begun, go), log = new Int32Array(new SharedArrayBuffer(40))
  const second = assert.rejects(pool.run({ signal }, work.order, log, 1), { message: 'not any more' })
  const third = pool.run(work.order, log, 2)
  controller.abort(new Error('not any more'))
  await second
  assert.equal(pool.stats.queued, 1)
  go.post()
  await Promise.all([first, third])
  assert.deepEqual([...log.subarray(0, 3)], [1, 2, 0])
  assert.equal(pool.stats.aborted, 1)
})

test('an aborted signal is refused at once', async () => {
  await using pool = new ThreadPool()
  await assert.rejects(pool.run({ signal: AbortSignal.abort() }, work.add, 1, 1), { name: 'AbortError' })
  assert.equal(pool.stats.threads, 0)
})

test('a loop that looks ends by itself, and its thread stays', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 60_000 })
  const { begun, go, controller, signal } = begin(), tid = await pool.run(work.tid)
  const task = assert.rejects(pool.run({ signal }, work.polite, begun, go), { name: 'AbortError' })
  await begun.waitAsync()
  await pool.run({ signal: AbortSignal.abort() }, work.add, 1, 1).catch(() => undefined)
  controller.abort()
  await task
  await go.waitAsync()
  assert.equal(await pool.run(work.tid), tid)
})

test('an asynchronous task hears its signal, and its thread stays', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 60_000 })
  const { begun, go, controller, signal } = begin(), tid = await pool.run(work.tid)
  const task = assert.rejects(pool.run({ signal }, work.listening, begun, go), { name: 'AbortError' })
  await begun.waitAsync()
  controller.abort()
  await task
  await go.waitAsync()
  assert.equal(await pool.run(work.tid), tid)
})

test('a task that waits is canceled, and another thread takes the place', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 60_000 })
  const { begun, go, controller, signal } = begin(), tid = await pool.run(work.tid)
  const task = assert.rejects(pool.run({ signal }, work.hold, begun, go), { name: 'AbortError' })
  await begun.waitAsync()
  controller.abort()
  await task
  assert.notEqual(await pool.run(work.tid), tid)
})

test('a loop that does not look is ended by force, and the place serves again', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 1 })
  const { begun, controller, signal } = begin()
  const task = assert.rejects(pool.run({ signal }, work.spin, begun), { name: 'AbortError' })
  await begun.waitAsync()
  const after = Array.from({ length: 50 }, (_, i) => pool.run(work.add, i, 1))
  controller.abort()
  await task
  assert.deepEqual(await Promise.all(after), after.map((_, i) => i + 1))
  assert.equal(pool.stats.deaths, 0)
})

test('a task that is too late is stopped: ETIMEDOUT', async () => {
  await using pool = new ThreadPool({ max: 1, grace: 1 })
  const begun = new Semaphore(0)
  await assert.rejects(pool.run({ timeout: 5 }, work.spin, begun), { code: 'ETIMEDOUT', message: /not done within 5 ms/ })
  assert.equal(await pool.run({ timeout: 60_000 }, work.add, 1, 1), 2)
})

test('one signal for many tasks', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const { begun, go, controller, signal } = begin()
  const all = Promise.allSettled(Array.from({ length: 100 }, () => pool.run({ signal }, work.hold, begun, go)))
  await begun.waitAsync()
  controller.abort()
  for (const each of await all) assert.equal(each.status, 'rejected')
  assert.equal(await pool.run(work.add, 1, 1), 2)
})

test('a thousand aborts among ten thousand tasks: no other task fails, none hangs', async () => {
  await using pool = new ThreadPool({ max: 2 })
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  let random = seed
  const next = (): number => (random = Math.imul(random, 1103515245) + 12345 & 0x7fff_ffff) / 2 ** 31
  const aborted = new Set<number>(), controllers = new Map<number, AbortController>()
  while (aborted.size < 1000) aborted.add(Math.floor(next() * 10_000))
  const all = Array.from({ length: 10_000 }, (_, i) => {
    if (!aborted.has(i)) return pool.run(work.add, i, 1)
    const controller = new AbortController()
    controllers.set(i, controller)
    return pool.run({ signal: controller.signal }, work.add, i, 1)
  })
  const outcomes = Promise.allSettled(all)
  for (const [i, controller] of controllers) {
    if (next() < 0.5) await Promise.race([all[Math.max(0, i - 1)].catch(() => undefined), new Promise(resolve => setImmediate(resolve))])
    controller.abort()
  }
  let failed = 0
  for (const [i, outcome] of (await outcomes).entries()) {
    if (outcome.status === 'fulfilled') assert.equal(outcome.value, i + 1)
    else assert.ok(aborted.has(i), `task ${i} failed, seed ${seed}: ${String(outcome.reason)}`)
    if (outcome.status === 'rejected') failed++
  }
  assert.equal(pool.stats.aborted, failed)
})
