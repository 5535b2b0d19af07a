// What travels by mail: buffers and ports that move, from one heap to another.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, test } from 'node:test'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { load, Port, Semaphore, Thread, ThreadPool } from 'pthreads'
import { ended } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import * as here from './fixtures/mail-work.ts'

const work = load<typeof here>(new URL('./fixtures/mail-work.js', import.meta.url))
const MEGABYTE = 2 ** 20

afterEach(() => nothingLeft())

async function give(pool: ThreadPool, megabytes: number): Promise<void> {
  for (let i = 0; i < megabytes; i++) {
    const buffer = new ArrayBuffer(MEGABYTE)
    assert.equal(await pool.run({ transfer: [buffer] }, work.sizeOf, buffer), MEGABYTE)
    assert.equal(buffer.byteLength, 0)
  }
}

test('a heap that is given 24 MB of buffers has V8 collect, and not before', async () => {
  await using pool = new ThreadPool({ max: 1 })
  await pool.run(work.count)
  await give(pool, 23)
  assert.equal(await pool.run(work.counted, 0), 0)
  await give(pool, 1)
  assert.equal(await pool.run(work.counted, 1), 1)
  await give(pool, 24)
  assert.equal(await pool.run(work.counted, 2), 2)
  assert.equal(await pool.run(work.seesCollector), false)
})

test('so does one that gets them as results', async () => {
  await using pool = new ThreadPool({ max: 1 })
  here.count()
  for (let i = 0; i < 48; i++) assert.equal((await pool.run(work.make, MEGABYTE)).byteLength, MEGABYTE)
  assert.equal(await here.counted(2), 2)
})

// A port that moves, and a promise of its end: whoever has the port closes it, or is no more.
function mortal(): { port: MessagePort, ended: Promise<unknown> } {
  const { port1, port2 } = new MessageChannel()
  port1.ref()                                                             // until then it is waited for
  return { port: port2, ended: once(port1, 'close') }
}

test('what has moved to a thread that dies before it looks goes with it', async () => {
  await using pool = new ThreadPool({ max: 1 })
  const go = new Semaphore(0), dying = assert.rejects(pool.run(work.leave, go), { exitCode: 3 })
  const ports = Array.from({ length: 100 }, mortal)
  const tasks = Promise.allSettled(ports.map(({ port }) => pool.run({ transfer: [port] }, work.shut, port)))
  go.post()
  await dying
  for (const each of await tasks) if (each.status === 'rejected') assert.equal((each.reason as { code: string }).code, 'ERR_THREAD_CALLED_EXIT')
  await Promise.all(ports.map(each => each.ended))
})

test('what a thread has left is closed when it is detached', async () => {
  const mine = mortal(), thread = Thread.create({ transfer: [mine.port] }, work.giveBack, mine.port)
  ended(thread)
  thread.detach()
  await mine.ended
})

test('ten thousand letters that wait for a thread which dies: each is answered, nothing stays open', async () => {
  const COUNT = 10_000, port = new Port<unknown, never>({ capacity: COUNT }), go = new Semaphore(0)
  const server = Thread.create(work.takeAndDie, port, 10, go)
  port.serve(server)
  const ends: Promise<unknown>[] = []
  const asked = Array.from({ length: COUNT }, (_, i) => {
    if (i % 100 !== 0) {
      const buffer = new ArrayBuffer(64)
      return port.doAsync(buffer, { transfer: [buffer] })
    }
    const mine = mortal()
    ends.push(mine.ended)
    return port.doAsync(mine.port, { transfer: [mine.port] })
  })
  go.post()
  for (const each of await Promise.allSettled(asked)) assert.equal(each.status, 'rejected')
  await assert.rejects(server.joinAsync(), { exitCode: 4 })
  await Promise.all(ends)
  port[Symbol.dispose]()
})

test('a buffer that has moved, or is named twice, does not move, and nothing else does', async () => {
  await using pool = new ThreadPool({ max: 1 })
  const gone = new ArrayBuffer(8), buffer = new ArrayBuffer(8), mine = mortal(), { port } = mine
  await pool.run({ transfer: [gone] }, work.sizeOf, gone)
  await assert.rejects(pool.run({ transfer: [gone] }, work.sizeOf, gone))
  await assert.rejects(pool.run({ transfer: [buffer, buffer] }, work.sizeOf, buffer))
  await assert.rejects(pool.run({ transfer: [port, gone] }, work.isOne, gone))
  assert.equal(buffer.byteLength, 8)
  assert.equal(await pool.run({ transfer: [buffer] }, work.isOne, buffer, new Uint8Array(buffer), new Uint8Array(buffer, 4)), true)
  assert.equal(buffer.byteLength, 0)
  await pool.run({ transfer: [port] }, work.shut, port)
  await mine.ended
})

test('a stream moves', async () => {
  await using pool = new ThreadPool({ max: 1 })
  const stream = new ReadableStream<string>({
    start(controller) {
      for (const text of ['one', 'three', 'five']) controller.enqueue(text)
      controller.close()
    },
  })
  assert.equal(await pool.run({ transfer: [stream] }, work.read, stream), 12)
})
