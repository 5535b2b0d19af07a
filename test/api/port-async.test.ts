// Ports without blocking: promises, and fibers of all models.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Port, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep } from './until.ts'

const work = load<typeof import('./port-work.ts')>(new URL('./port-work.js', import.meta.url))

afterEach(() => nothingLeft())

test('doAsync asks without blocking the event loop', async () => {
  const port = new Port<number, number>()
  const server = Thread.create(work.doubler, port)
  const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => port.doAsync(i)))
  assert.deepEqual(answers, answers.map((_, i) => 2 * i))
  port.close()
  assert.equal(await server.joinAsync(), 500)
})

test('for await takes messages as they come, until the port is closed', async () => {
  const port = new Port<[number, number]>({ capacity: 8 })
  const t = Thread.create(work.sender, port, 7, 300)
  void t.joinAsync().then(() => { port.close() })
  let next = 0
  for await (const { body: [who, n] } of port) {
    assert.deepEqual([who, n], [7, next])
    next++
  }
  assert.equal(next, 300)
})

test('a server may be asynchronous: answers come when their promises settle', async () => {
  const port = new Port<number, number>()
  const server = Thread.create(work.asyncServer, port)
  assert.equal(port.do(1), 2)
  assert.throws(() => port.do(-1), /RangeError: below 0/)
  assert.deepEqual(await Promise.all([5, 6, 7].map(n => port.doAsync(n))), [6, 7, 8])
  port.close()
  assert.equal(await server.joinAsync(), 5)
})

test('sendAsync waits until there is room', async () => {
  const port = new Port<number>({ capacity: 2 })
  let sent = 0
  const all = Promise.all([1, 2, 3, 4, 5].map(n => port.sendAsync(n).then(() => { sent++ })))
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(sent, 2)
  const taken: number[] = []
  for (let i = 0; i < 5; i++) taken.push((await port.waitAsync()).body)
  await all
  assert.deepEqual([taken.sort(), sent], [[1, 2, 3, 4, 5], 5])
})

test('asynchronous forms give up in time', async () => {
  const port = new Port<number>({ capacity: 1, name: 'x' })
  await assert.rejects(port.waitAsync(1), failing('ETIMEDOUT', /no message came to Port "x" in time/))
  await assert.rejects(port.doAsync(1, { timeout: 1 }), failing('ETIMEDOUT', /Port "x" did not answer in time/))
  assert.equal(port.get(), undefined)
  await port.sendAsync(1)
  await assert.rejects(port.sendAsync(2, { timeout: 1 }), failing('ETIMEDOUT', /Port "x" was full all the time/))
  assert.equal(port.get()!.body, 1)
  port.close()
  await assert.rejects(port.sendAsync(2), failing('EPIPE', /closed/))
  await assert.rejects(port.waitAsync(), failing('EPIPE', /closed, and empty/))
})

test('forwardAsync sends a message on without blocking', async () => {
  const from = new Port<number, number>(), to = new Port<number, number>({ capacity: 1 })
  to.send(100)
  const answer = from.doAsync(4)
  const message = from.wait()
  const forwarded = message.forwardAsync(to)
  assert.equal(to.wait().body, 100)
  await forwarded
  assert.equal(message.state, 'forwarded')
  to.wait().reply(8)
  assert.equal(await answer, 8)
})

for (const [server, client] of [['process', 'process'], ['process', 'system'], ['system', 'process']] as const) {
  test(`generators talk through a port: a server of scope ${server}, clients of scope ${client}`, () => {
    const port = new Port<number, number>({ capacity: 4 })
    const serves = Thread.create({ scope: server }, work.fiberServer, port, 400)
    const clients = [0, 100, 200, 300].map(from => Thread.create({ scope: client }, work.fiberClient, port, from, 100))
    assert.equal(clients.reduce((sum, t) => sum + t.join(), 0), 3 * 400 * 399 / 2)
    assert.equal(serves.join(), 400 * 399 / 2)
  })
}

test('fibers of one carrier send more than fits: whoever would block lets the other run', () => {
  assert.equal(Thread.create({ scope: 'process' }, work.fiberPair, 500).join(), true)
})

test('a fiber that would block its carrier is told the form that does not', () => {
  const said = (how: string): string => Thread.create({ scope: 'process' }, work.fiberThatBlocks, how).join()
  assert.match(said('send'), /^EDEADLK: Port "full": send would block the carrier and all its fibers; use yield\* fiber\.send\(port, body\)$/)
  assert.match(said('do'), /^EDEADLK: .*fiber\.do\(port, body\)$/)
  assert.match(said('wait'), /^EDEADLK: .*fiber\.receive\(port\)$/)
})

test('a fiber that ends leaves its port to nobody: who asks is told', () => {
  const port = new Port<number, number>()
  const server = Thread.create({ scope: 'process' }, work.fiberServer, port, 1)
  assert.equal(port.do(5), 15)
  server.join()
  assert.throws(() => port.do(6), failing('EPIPE', /all who served it have ended/))
})

test('a canceled fiber takes its question back', () => {
  const port = new Port<number, number>()
  const t = Thread.create({ scope: 'process' }, work.fiberClient, port, 0, 1)
  asleep(t, 'reply')
  t.cancel()
  assert.throws(() => { t.join() }, failing('ECANCELED', /was canceled/))
  assert.equal(port.get(), undefined)
})
