// init and dispose: what they fail with is told, and who hangs in them does not outlive destroy.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, ThreadPool } from 'pthreads'
import { eventually } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('close rejects with what dispose has failed with, the first with the others in suppressed', async () => {
  const count = new Int32Array(new SharedArrayBuffer(4))
  const pool = new ThreadPool({ max: 2, init: work.initCount, initArgs: [count], dispose: work.failingDispose })
  const begun = new Semaphore(0), go = new Semaphore(0)
  const both = [pool.run(work.hold, begun, go), pool.run(work.hold, begun, go)]
  go.post(2)
  await Promise.all(both)
  await assert.rejects(pool.close(), (error: Error & { suppressed: Error[] }) => {
    assert.deepEqual([error, ...error.suppressed].map(({ message }) => message).sort(), ['the disposal of thread 0', 'the disposal of thread 1'])
    return true
  })
})

test('an init that fails before there is a task fails the pool\'s end; the next task has its own', async () => {
  const pool = new ThreadPool({ min: 1, max: 1, init: work.failingInit })
  await eventually('the thread has died', () => pool.stats.deaths === 1)
  await assert.rejects(pool.run(work.add, 1, 1), { message: 'there is no such database' })
  await assert.rejects(pool.close(), { message: 'there is no such database' })
})

test('a task whose thread hangs in init is late, and the pool can be destroyed', async () => {
  await Promise.all([work.hangHard, work.hangAsync, work.hang].map(async init => {
    const pool = new ThreadPool({ max: 1, grace: 1, init })
    await assert.rejects(pool.run({ timeout: 1 }, work.add, 1, 1), { code: 'ETIMEDOUT' })
    await pool.destroy()
  }))
})

test('a pool whose threads hang in dispose can be destroyed, also when it is being closed', async () => {
  await Promise.all([work.hangHard, work.hangAsync, work.hang].map(async dispose => {
    const pool = new ThreadPool({ max: 1, grace: 1, dispose })
    assert.equal(await pool.run(work.add, 1, 1), 2)
    const closed = pool.close()
    await pool.destroy()
    await closed
  }))
})

test('a destroyed pool disposes of its threads', async () => {
  const log = new Int32Array(new SharedArrayBuffer(8))
  const pool = new ThreadPool({ max: 1, init: work.init, initArgs: ['open', log], dispose: work.dispose })
  assert.equal(await pool.run(work.add, 1, 1), 2)
  await pool.destroy()
  assert.deepEqual([...log], [1, 1])
})
