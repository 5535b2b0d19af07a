import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { deadlocks, load, Message, Port, Semaphore, Thread, ThreadDeathError } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, ended, until, words } from './until.ts'

const work = load<typeof import('./port-work.ts')>(new URL('./port-work.js', import.meta.url))

afterEach(() => nothingLeft())

test('do sends a message and returns its answer', () => {
  const port = new Port<number, number>()
  const server = Thread.create(work.doubler, port)
  for (let i = 0; i < 1000; i++) assert.equal(port.do(i), 2 * i)
  port.close()
  assert.equal(server.join(), 1000)
})

test('what a message is aborted with is thrown where the answer is waited for, with everything', async () => {
  const port = new Port({ name: 'refused' })
  const server = Thread.create(work.refuser, port)
  const whole = (error: unknown): true => {
    assert.ok(error instanceof RangeError && error.cause instanceof TypeError)
    assert.deepEqual([error.message, error.cause.message, Reflect.get(error, 'code'), Reflect.get(error, 'at')], ['no 5', 'because', 'E_NO', [1, 2]])
    assert.match(error.stack!, /refuser[^]*--- thread \d+ answered to thread 1, which asked Port "refused" ---/)
    return true
  }
  assert.throws(() => { port.do(5) }, whole)
  await assert.rejects(port.doAsync(5), whole)
  port.close()
  server.join()
})

test('bodies and answers are what the codec carries: objects, arrays, dates, typed arrays, bigints, undefined', () => {
  const port = new Port()
  const bodies = [{ a: [1, 'two', null, undefined], b: new Date(5) }, new Float64Array([1, 2.5]), 12n ** 30n, undefined, new Map([[1, new Set([2])]]), 'ü'.repeat(5000)]
  for (const body of bodies) port.send(body)
  for (const body of bodies) assert.deepEqual(port.get()!.body, body)
})

test('messages of one thread arrive in the order in which it sent them, those of several are not lost', () => {
  const port = new Port<[number, number]>({ capacity: 64 })
  const taker = Thread.create(work.counter, port, 20_000, 4)
  const senders = [0, 1, 2, 3].map(who => Thread.create(work.sender, port, who, 5000))
  for (const t of senders) t.join()
  assert.deepEqual(taker.join(), [5000, 5000, 5000, 5000])
})

test('several threads serve a port as a queue of work: each message goes to one of them', () => {
  const port = new Port<number, number>({ capacity: 32 }), counts = words(5000)
  const workers = [1, 2, 3].map(() => Thread.create(work.worker, port, counts))
  for (let i = 0; i < 4900; i++) port.send(i)
  for (let i = 4900; i < 5000; i++) assert.equal(port.do(i), i)
  port.close()
  assert.equal(workers.reduce((sum, t) => sum + t.join(), 0), 5000)
  assert.ok(counts.every(n => n === 1))
})

test('get takes what is there, and does not wait', () => {
  const port = new Port<string>()
  assert.equal(port.get(), undefined)
  port.send('a')
  port.send('b')
  assert.equal(port.size, 2)
  assert.deepEqual([port.get()?.body, port.get()?.body, port.get()?.body], ['a', 'b', undefined])
})

test('trySend says that the port is full', () => {
  const port = new Port<number>({ capacity: 3 })
  assert.equal(port.capacity, 3)
  assert.deepEqual([1, 2, 3, 4].map(n => port.trySend(n)), [true, true, true, false])
  assert.equal(port.wait().body, 1)
  assert.deepEqual([port.trySend(5), port.trySend(6)], [true, false])
  assert.deepEqual([port.get()?.body, port.get()?.body, port.get()?.body, port.get()], [2, 3, 5, undefined])
})

test('send blocks while the port is full, and goes on with the first message that is taken', () => {
  const port = new Port<number>({ capacity: 2 })
  port.send(1)
  port.send(2)
  const t = Thread.create(work.sendOne, port as Port, 3)
  asleep(t, 'port')
  assert.equal(port.wait().body, 1)
  assert.equal(t.join(), 'sent')
  assert.deepEqual([port.wait().body, port.wait().body], [2, 3])
})

test('send gives up in time, and what it would have sent is not sent', () => {
  const port = new Port<number>({ capacity: 1, name: 'full' })
  port.send(1)
  assert.equal(Thread.create(work.sendTimed, port, 2, 3).join(), 'ETIMEDOUT')
  assert.throws(() => { port.send(2, { timeout: 1 }) }, failing('ETIMEDOUT', /^ETIMEDOUT: Port "full" was full all the time$/))
  assert.equal(port.get()!.body, 1)
  assert.equal(port.get(), undefined)
})

test('wait gives up in time', () => {
  const port = new Port({ name: 'empty' })
  for (const ms of [0, 3]) assert.throws(() => { port.wait(ms) }, failing('ETIMEDOUT', /^ETIMEDOUT: no message came to Port "empty" in time$/))
})

test('do gives up in time: a message that nobody has taken is taken back', () => {
  const port = new Port<number>({ name: 'slow' })
  assert.throws(() => { port.do(1, { timeout: 2 }) }, failing('ETIMEDOUT', /^ETIMEDOUT: Port "slow" did not answer in time$/))
  port.send(2)
  assert.equal(port.get()!.body, 2)
})

test('the server of a message whose sender has given up may know, and its answer is thrown away', () => {
  const port = new Port<unknown, number>()
  const t = Thread.create(work.asks, port as Port)
  const message = port.wait()
  assert.equal(message.state, 'taken')
  t.cancel()
  assert.throws(() => { t.join() }, failing('ECANCELED', /was canceled/))
  assert.equal(message.state, 'abandoned')
  message.reply(1)
  assert.equal(message.state, 'replied')
})

test('a message is answered once', () => {
  const port = new Port<number, number>({ name: 'once' })
  port.send(1)
  const message = port.wait()
  message.reply(2)
  assert.throws(() => { message.reply(3) }, failing('EINVAL', /the message to Port "once" was replied before$/))
  assert.throws(() => { message.abort() }, failing('EINVAL', /was replied before$/))
  assert.throws(() => { message.forward(port) }, failing('EINVAL', /was replied before$/))
})

test('an answer that cannot travel is an error of the server, which may answer otherwise', async () => {
  const port = new Port<number, unknown>()
  const answer = port.doAsync(1)
  const message = port.wait()
  assert.throws(() => { message.reply({ f: () => 1 }) }, /TypeError: .*result\.f/)
  assert.equal(message.state, 'taken')
  message.answer(() => Symbol('x'))
  assert.equal(message.state, 'aborted')
  await assert.rejects(answer, TypeError)
})

test('a body that cannot travel is a TypeError that names the path', () => {
  const port = new Port()
  assert.throws(() => { port.send({ a: [Symbol('x')] }) }, /TypeError: .*body\.a\[0\]/)
  assert.throws(() => { port.do(() => 1) }, TypeError)
  assert.equal(port.get(), undefined)
})

test('forward sends a message on, and its answer comes to who has sent it', () => {
  const from = new Port<number, number>(), even = new Port<number, number>(), odd = new Port<number, number>()
  const router = Thread.create(work.router, from, even, odd)
  const servers = [even, odd].map(port => Thread.create(work.doubler, port))
  for (let i = 0; i < 200; i++) assert.equal(from.do(i), 2 * i)
  for (let i = 0; i < 100; i++) from.send(i)
  from.close()
  router.join()
  assert.deepEqual(servers.map(t => t.join()), [150, 150])
})

test('sender is the thread that has sent the message, also when it was forwarded', () => {
  const first = new Port<string, number>(), second = new Port<string, number>()
  const server = Thread.create(work.whoSent, second)
  const asks = [1, 2].map(() => Thread.create(work.tellTid, first))
  for (const _ of asks) first.wait().forward(second)
  for (const t of asks) assert.equal(t.join(), true)
  first.send('one way')
  first.wait().forward(second)
  second.close()
  server.join()
})

test('what moves moves, in messages and answers, and the order is kept among all', () => {
  const port = new Port<ArrayBuffer, ArrayBuffer>()
  const server = Thread.create(work.growBuffers, port)
  let buffer = new ArrayBuffer(8)
  for (let i = 0; i < 20; i++) {
    const longer = port.do(buffer, { transfer: [buffer] })
    assert.deepEqual([buffer.byteLength, longer.byteLength], [0, 9 + i])
    buffer = longer
  }
  port.close()
  server.join()
  const mixed = new Port()
  const taker = Thread.create(work.collector, mixed)
  const sent: number[] = []
  for (let i = 0; i < 60; i++) {
    const body = i % 3 === 0 ? new ArrayBuffer(i) : i
    sent.push(i)
    if (typeof body === 'number') mixed.send(body)
    else if (i % 2 === 0) mixed.send(body, { transfer: [body] })
    else assert.equal(mixed.trySend(body, { transfer: [body] }), true)
  }
  mixed.close()
  assert.deepEqual(taker.join().map(each => each instanceof ArrayBuffer ? each.byteLength : each), sent)
})

test('shared memory is shared', () => {
  const port = new Port<Int32Array>(), cells = words(1)
  const server = Thread.create(work.bump, port)
  for (let i = 0; i < 5; i++) port.do(cells)
  port.close()
  server.join()
  assert.equal(cells[0], 5)
})

test('a port travels in messages', () => {
  const port = new Port<{ value: number, to: Port<number> }>(), mine = new Port<number>()
  const server = Thread.create(work.callBack, port)
  for (let i = 0; i < 50; i++) {
    port.send({ value: i, to: mine })
    assert.equal(mine.wait().body, i + 1)
  }
  port.close()
  server.join()
})

test('after close nothing can be sent, what is in the port is still taken, then its servers are told', () => {
  const port = new Port<number>({ name: 'done' })
  port.send(1)
  port.close()
  port.close()
  for (const send of [() => { port.send(2) }, () => { port.trySend(2) }, () => { port.do(2) }]) assert.throws(send, failing('EPIPE', /^EPIPE: Port "done" is closed, or all who served it have ended$/))
  assert.equal(port.wait().body, 1)
  for (const take of [() => { port.wait() }, () => { port.get() }]) assert.throws(take, failing('EPIPE', /^EPIPE: Port "done" is closed, and empty$/))
  assert.deepEqual([...port], [])
})

test('close wakes servers that wait, and senders', () => {
  const port = new Port<number>({ capacity: 1 })
  const server = Thread.create(work.doubler, port as Port<number, number>)
  asleep(server, 'port')
  port.close()
  assert.equal(server.join(), 0)
  const full = new Port<number>({ capacity: 1 })
  full.send(1)
  const sender = Thread.create(work.sendOne, full as Port, 2)
  asleep(sender, 'port')
  full.close()
  assert.equal(sender.join(), 'EPIPE')
  assert.equal(full.get()!.body, 1)
})

for (const how of ['return', 'throw']) {
  test(`when the only server ends by ${how}, what it had taken and what was in the port is answered EPIPE, and so is what is sent later`, () => {
    const port = new Port({ name: 'orphan' }), taken = new Semaphore(), go = new Semaphore()
    const server = Thread.create(work.deserter, port, taken, how, go)
    const asks = [1, 2, 3].map(i => Thread.create(work.ask, port, i))
    taken.wait()
    until('two wait in the port', () => port.size === 2)
    for (const t of asks) asleep(t, 'reply')
    go.post()
    for (const t of asks) assert.equal(t.join(), 'ErrnoError EPIPE')
    if (how === 'return') server.join()
    else assert.throws(() => { server.join() }, /deserter of/)
    assert.throws(() => { port.do(4) }, failing('EPIPE', /^EPIPE: Port "orphan" is closed, or all who served it have ended$/))
    assert.throws(() => { port.send(4) }, failing('EPIPE', /orphan/))
  })
}

for (const how of ['exit', 'loop']) {
  test(`when the server dies (${how}), who waits for it is told of the death, and the others EPIPE`, () => {
    const port = new Port({ name: 'dead' }), taken = new Semaphore(), go = new Semaphore()
    const server = Thread.create(work.deserter, port, taken, how, go)
    const asks = [1, 2, 3].map(i => Thread.create(work.ask, port, i))
    taken.wait()
    until('two wait in the port', () => port.size === 2)
    go.post()
    if (how === 'loop') server.terminate()
    const told = asks.map(t => t.join()).sort()
    assert.deepEqual(told, ['ErrnoError EPIPE', 'ErrnoError EPIPE', `ThreadDeathError ERR_THREAD_${how === 'loop' ? 'TERMINATED' : 'CALLED_EXIT'}`])
    assert.throws(() => { server.join() }, ThreadDeathError)
  })
}

test('another thread may take over: then messages are taken again', () => {
  const port = new Port<number, number>(), taken = new Semaphore(), go = new Semaphore()
  const first = Thread.create(work.deserter, port as Port, taken, 'return', go)
  port.send(0)
  taken.wait()
  go.post()
  first.join()
  assert.throws(() => { port.send(1) }, failing('EPIPE', /ended/))
  const second = Thread.create(work.doubler, port)
  asleep(second, 'port')
  assert.equal(port.do(4), 8)
  port.close()
  second.join()
})

test('while another thread serves the port, the end of one is no end of the port', () => {
  const port = new Port<number, number>(), taken = new Semaphore(), go = new Semaphore()
  const one = Thread.create(work.deserter, port as Port, taken, 'return', go)
  port.send(0)
  taken.wait()
  const other = Thread.create(work.doubler, port)
  asleep(other, 'port')
  go.post()
  one.join()
  assert.equal(port.do(4), 8)
  port.close()
  other.join()
})

test('a sender that dies has sent what it has sent, and a caller that dies has asked in vain', () => {
  const port = new Port<unknown, number>(), arrived = new Semaphore()
  const asks = Thread.create(work.ask, port as Port, 'dying')
  asleep(asks, 'reply')
  const message = port.wait()
  asks.terminate()
  assert.throws(() => { asks.join() }, ThreadDeathError)
  assert.equal(message.state, 'abandoned')
  message.reply(1)
  const full = new Port<number>({ capacity: 1 })
  full.send(1)
  const blocked = Thread.create(work.sendOne, full as Port, 2)
  asleep(blocked, 'port')
  blocked.terminate()
  assert.throws(() => { blocked.join() }, ThreadDeathError)
  assert.equal(full.get()!.body, 1)
  assert.equal(full.get(), undefined)
  arrived.post()
})

test('a thread that waits for a message, or for an answer, can be canceled', () => {
  const port = new Port()
  const waits = Thread.create(work.waits, port)
  asleep(waits, 'port')
  waits.cancel()
  assert.throws(() => { waits.join() }, failing('ECANCELED', /was canceled/))
  const asked = new Port()
  const asks = Thread.create(work.asks, asked)
  asleep(asks, 'reply')
  asks.cancel()
  assert.throws(() => { asks.join() }, failing('ECANCELED', /was canceled/))
  assert.equal(asked.get(), undefined)
})

test('a thread that ends leaves no question behind', () => {
  const port = new Port<number, number>()
  const t = Thread.create(work.leavesPromise, port)
  assert.equal(t.join(), 'left')
  assert.equal(port.get(), undefined)
})

test('two servers that ask each other are a deadlock, which is told', () => {
  const a = new Port({ name: 'a' }), b = new Port({ name: 'b' }), ready = new Semaphore(), go = new Semaphore()
  const threads = [Thread.create({ name: 'first' }, work.asksFirst, a, b, ready, go), Thread.create({ name: 'second' }, work.asksFirst, b, a, ready, go)]
  ready.wait()
  ready.wait()
  go.post(2)
  for (const t of threads) asleep(t, 'reply')
  until('the two are found', () => deadlocks().length === 1)              // a death before this test may make them look again meanwhile
  const [cycle] = deadlocks()
  assert.deepEqual(cycle.map(({ thread, waitsFor }) => [thread.name, waitsFor.reason]), [['first', 'reply'], ['second', 'reply']])
  assert.match(cycle[0].waitsFor.object, /^an answer of thread \d+ "second"$/)
  a.get()!.abort(new Error('no'))
  threads[0].join()
  b.close()
  ended(threads[1])
  threads[1].join()
})

test('options are checked', () => {
  for (const capacity of [0, 1.5, 40_000, -1]) assert.throws(() => new Port({ capacity }), RangeError)
  assert.throws(() => new Port(null as never), TypeError)
  const port = new Port<number>()
  assert.throws(() => { port.send(1, { tiemout: 5 } as never) }, /unknown option "tiemout"/)
  assert.throws(() => { port.send(1, { timeout: -1 }) }, RangeError)
  assert.throws(() => { port.trySend(1, { timeout: 1 } as never) }, /unknown option "timeout"/)
  assert.throws(() => { port.do(1, { transfer: 5 } as never) }, TypeError)
  assert.throws(() => { port.wait('x' as never) }, TypeError)
  assert.equal(port.size, 0)
})

test('a disposed port says so', () => {
  const port = new Port()
  port[Symbol.dispose]()
  assert.throws(() => { port.send(1) }, failing('EINVAL', /this Port was disposed of/))
  assert.throws(() => { port.wait() }, failing('EINVAL', /this Port was disposed of/))
})

test('a message is shown by what it is', () => {
  const port = new Port<string>()
  port.send('hello')
  const message = port.wait()
  assert.ok(message instanceof Message)
  assert.deepEqual([message.body, message.sender, message.awaited, message.state], ['hello', 1, false, 'taken'])
})
