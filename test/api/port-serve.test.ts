// Port.serve: who serves a port before it has waited.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Port, Semaphore, Thread } from 'pthreads'
import { forServers } from '#internal/port/server.js'
import { nothingLeft } from '../leftovers.ts'
import { until } from './until.ts'

const work = load<typeof import('./port-serve-work.ts')>(new URL('./port-serve-work.js', import.meta.url))
afterEach(() => nothingLeft())

const EPIPE = { code: 'EPIPE' }

const serving = (): number[] => {
  const tids: number[] = []
  forServers((_, tid) => { tids.push(tid) })
  return tids
}

for (const how of ['return', 'throw', 'exit', 'terminate'] as const) {
  for (const scope of ['system', 'process'] as const) {
    if (scope === 'process' && (how === 'exit' || how === 'terminate')) continue     // these end the carrier
    test(`a thread of scope ${scope} that was appointed ends before it has waited (${how}): who asks is refused`, async () => {
      const port = new Port<number, number>(), go = new Semaphore()
      const thread = Thread.create({ scope }, scope === 'process' ? work.endsFiber : work.ends, go, how)
      port.serve(thread)
      const answer = assert.rejects(port.doAsync(1), EPIPE)
      port.send(2)
      if (how === 'terminate') thread.terminate()
      else go.post()
      await answer
      await thread.joinAsync().catch(() => undefined)
      assert.throws(() => port.do(3), EPIPE)
      until('nobody serves', () => serving().length === 0)
    })
  }
}

test('a thread that has ended when it is appointed serves nothing', () => {
  const port = new Port<number, number>(), go = new Semaphore(1)
  const thread = Thread.create(work.ends, go, 'return')
  thread.join()
  const asked = Thread.create(work.asks, port)
  port.serve(thread)
  assert.equal(asked.join(), 'EPIPE')
  assert.throws(() => port.send(1), EPIPE)
})

test('a thread that was appointed serves once it waits, and is one server', () => {
  const port = new Port<number, number>(), go = new Semaphore()
  const thread = Thread.create(work.servesTwo, port, go)
  port.serve(thread)
  port.serve(thread)
  assert.deepEqual(serving(), [thread.tid])
  go.post()
  assert.equal(port.do(1), 2)
  assert.deepEqual(serving(), [thread.tid])
  assert.equal(port.do(2), 4)
  thread.join()
  until('nobody serves', () => serving().length === 0)
  assert.throws(() => port.do(3), EPIPE)
})

test('while another one was appointed, the end of a thread is no end of the port', () => {
  const port = new Port<number, number>(), go = new Semaphore(), late = new Semaphore()
  const first = Thread.create(work.ends, go, 'return'), second = Thread.create(work.servesTwo, port, late)
  port.serve(first)
  port.serve(second)
  go.post()
  first.join()
  const one = Thread.create(work.doubled, port, 1), two = Thread.create(work.doubled, port, 2)
  late.post()
  assert.deepEqual([one.join(), two.join()], [2, 4])
  second.join()
})

test('a thread serves a port that it has made, without having waited, and lets go of it', () => {
  const port = new Port<number, number>()
  const thread = Thread.create(work.servesItself, port)
  assert.equal(thread.join(), 'EPIPE')
  assert.throws(() => port.do(1), EPIPE)
  port.serve()
  assert.deepEqual(serving(), [Thread.current.tid])
  port[Symbol.dispose]()
  until('nobody serves', () => serving().length === 0)
  assert.throws(() => { port.serve() }, { code: 'EINVAL' })
})
