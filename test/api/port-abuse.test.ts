// What programs may do to ports and messages, and should not.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Port, Semaphore, Thread } from 'pthreads'
import { poke } from '#atomics'
import { arena, self, user } from '#internal/kernel/process.js'
import { ObjectHead } from '#internal/kernel/records.js'
import { free, malloc } from '#internal/mem/arena.js'
import { decode, encode } from '#internal/mem/codec.js'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep } from './until.ts'

const work = load<typeof import('./port-abuse-work.ts')>(new URL('./port-abuse-work.js', import.meta.url))
afterEach(() => nothingLeft())

const throwing = { deep: [{ get it(): never { throw new RangeError('from a getter') } }] }

test('a getter that throws ends each way to send with its error, and nothing is in the port', async () => {
  const port = new Port()
  assert.throws(() => { port.send(throwing) }, /^RangeError: from a getter$/)
  assert.throws(() => port.trySend(throwing), RangeError)
  assert.throws(() => port.do(throwing), RangeError)
  await assert.rejects(port.sendAsync(throwing), RangeError)
  await assert.rejects(port.doAsync(throwing), RangeError)
  assert.equal(port.get(), undefined)
})

test('an answer whose getter throws is the server\'s error, and it may answer still; an error goes without what cannot be read of it', async () => {
  const port = new Port<number, unknown>()
  const answer = port.doAsync(1)
  const message = port.wait()
  assert.throws(() => { message.reply(throwing) }, RangeError)
  assert.equal(message.state, 'taken')
  message.reply('an answer')
  assert.equal(await answer, 'an answer')
  const refused = assert.rejects(port.doAsync(2), (error: Error) => error.message === 'no' && !('own' in error))
  port.wait().abort(Object.assign(new Error('no'), { own: throwing }))
  await refused
})

test('a getter in the body may send: what it sends comes first', () => {
  const port = new Port<unknown>()
  port.send({ get a() { port.send('inner'); return port.size }, b: 'x' })
  port.send({ get a() { port.send(7); return port.size } })
  assert.deepEqual(Array.from({ length: 4 }, () => port.wait().body), ['inner', { a: 1, b: 'x' }, 7, { a: 3 }])
})

test('a getter in the body that disposes of the port: nothing is sent anywhere', async () => {
  const doom = (port: Port): object => ({ get a() { port[Symbol.dispose](); return 1 }, long: 'x'.repeat(1000) })
  for (const send of [(p: Port) => { p.send(doom(p)) }, (p: Port) => p.trySend(doom(p)), (p: Port) => p.do(doom(p))]) {
    const port = new Port()
    assert.throws(() => send(port), failing('EINVAL', /this Port was disposed of/))
  }
  for (const send of [(p: Port) => p.sendAsync(doom(p)), (p: Port) => p.doAsync(doom(p))]) await assert.rejects(send(new Port()), failing('EINVAL', /this Port was disposed of/))
})

test('a getter in an answer that answers itself: the first answer counts, the other one is an error', async () => {
  const port = new Port<number, unknown>()
  for (const spoil of [(inner: () => void) => ({ get a() { inner(); return 1 } }), (inner: () => void) => ({ get a() { inner(); return 'x'.repeat(1000) } })]) {
    const answer = port.doAsync(1)
    const message = port.wait()
    assert.throws(() => { message.reply(spoil(() => { message.reply('first') })) }, failing('EINVAL', /was replied before$/))
    assert.equal(await answer, 'first')
    const refused = assert.rejects(port.doAsync(2), /^Error: no$/)
    const other = port.wait()
    assert.throws(() => { other.abort(Object.assign(new Error('late'), { own: spoil(() => { other.abort(new Error('no')) }) })) }, failing('EINVAL', /was aborted before$/))
    await refused
  }
})

test('a getter in an answer that outlasts the patience of who asks: the answer is thrown away', () => {
  const port = new Port<number, unknown>({ name: 'slow' })
  const asks = Thread.create(work.asks, port as Port<number, number>, 1)
  const message = port.wait()
  message.reply({
    get a() {
      asks.cancel()
      assert.throws(() => { asks.join() }, failing('ECANCELED', /was canceled/))
      return message.state
    },
  })
  assert.equal(message.state, 'replied')
})

test('a message is answered once, in whichever way, and not after it was forwarded', async () => {
  const port = new Port<number, number>({ name: 'once' }), other = new Port<number, number>()
  const acts = { reply: (m: ReturnType<typeof port.wait>) => { m.reply(1) }, abort: (m: ReturnType<typeof port.wait>) => { m.abort(new Error('no')) }, forward: (m: ReturnType<typeof port.wait>) => { m.forward(other) } }
  const done = { reply: 'replied', abort: 'aborted', forward: 'forwarded' }
  for (const awaited of [true, false]) {
    for (const [name, first] of Object.entries(acts)) {
      const answer = awaited ? port.doAsync(5).catch((error: unknown) => error) : undefined
      if (!awaited) port.send(5)
      const message = port.wait()
      first(message)
      for (const again of Object.values(acts)) assert.throws(() => { again(message) }, failing('EINVAL', new RegExp(`the message to Port "once" was ${done[name as 'reply']} before$`)))
      if (name === 'forward') other.wait().reply(2)
      await answer
    }
  }
})

test('what cannot be forwarded stays with its server: to a closed port, a full one, itself when it is full', async () => {
  const closed = new Port<number, number>({ name: 'closed' }), full = new Port<number, number>({ capacity: 1 })
  closed.close()
  full.send(0)
  for (const awaited of [true, false]) {
    const port = new Port<number, number>({ capacity: 1 })
    const answer = awaited ? port.doAsync(5) : undefined
    if (!awaited) port.send(5)
    const message = port.wait()
    port.send(6)
    assert.throws(() => { message.forward(closed) }, failing('EPIPE', /Port "closed" is closed/))
    assert.throws(() => { message.forward(full, { timeout: 1 }) }, failing('ETIMEDOUT', /was full all the time/))
    assert.throws(() => { message.forward(port, { timeout: 1 }) }, failing('ETIMEDOUT', /was full all the time/))
    await assert.rejects(message.forwardAsync(full, { timeout: 1 }), { code: 'ETIMEDOUT' })
    assert.throws(() => { message.forward(full, { timeout: -1 }) }, RangeError)
    assert.equal(message.state, 'taken')
    message.reply(7)
    if (awaited) assert.equal(await answer, 7)
    assert.equal(port.wait().body, 6)
  }
})

test('while a message is being forwarded it is nobody\'s to answer; when that fails it is its server\'s again', async () => {
  const port = new Port<number, number>(), full = new Port<number, number>({ capacity: 1 })
  full.send(0)
  const answer = port.doAsync(5)
  const message = port.wait()
  const forwards = message.forwardAsync(full)
  assert.throws(() => { message.reply(1) }, failing('EINVAL', /was forwarded before$/))
  assert.throws(() => { message.forward(port) }, failing('EINVAL', /was forwarded before$/))
  full.wait()
  await forwards
  full.wait().reply(2)
  assert.equal(await answer, 2)
  full.send(0)
  const other = port.doAsync(6)
  const again = port.wait()
  const refused = assert.rejects(again.forwardAsync(full), { code: 'EPIPE' })
  full.close()
  await refused
  again.reply(3)
  assert.equal(await other, 3)
  assert.equal(full.wait().body, 0)
})

test('a thread that ends while it forwards: who asks is told', () => {
  const port = new Port<number, number>(), full = new Port<number, number>({ capacity: 1 }), begun = new Semaphore(), go = new Semaphore()
  full.send(0)
  const forwards = Thread.create(work.forwardsAndEnds, port, full, begun, go)
  const asks = Thread.create(work.asks, port, 5)
  begun.wait()
  asleep(asks, 'reply')
  go.post()
  assert.match(asks.join(), /^EPIPE: thread \d+, which had taken the message .* has ended without an answer$/)
  forwards.join()
  assert.deepEqual([full.wait().body, full.get()], [0, undefined])
})

test('a message belongs to the heap that has taken it: what is sent of it is what it says, and answers nothing', () => {
  const port = new Port<unknown, number>()
  port.send(1)
  const message = port.wait()
  port.send(message)
  assert.deepEqual(port.wait().body, { body: 1, sender: Thread.current.tid, awaited: false })
})

test('bodies of 100 MB arrive: copied, moved, shared; and so do such answers', () => {
  const size = 100 << 20, sums = new Port<Uint8Array, number>(), copies = new Port<Uint8Array, Uint8Array>(), moves = new Port<Uint8Array, Uint8Array>()
  const servers = [Thread.create(work.sums, sums), Thread.create(work.returns, copies, false), Thread.create(work.returns, moves, true)]
  const bytes = new Uint8Array(size), shared = new Uint8Array(new SharedArrayBuffer(size))
  bytes[0] = shared[0] = 3
  bytes[size - 1] = shared[size - 1] = 4
  assert.equal(sums.do(bytes), size + 7)
  assert.equal(sums.do(shared), size + 7)
  const copy = copies.do(bytes)
  assert.deepEqual([copy.length, copy[0], copy[size - 1]], [size, 3, 4])
  const moved = moves.do(bytes, { transfer: [bytes.buffer] })
  assert.deepEqual([bytes.length, moved.length, moved[0], moved[size - 1]], [0, size, 3, 4])
  for (const port of [sums, copies, moves]) port.close()
  for (const t of servers) t.join()
})

test('the smallest and the largest port: what fits fits, one more does not, and close does', () => {
  for (const capacity of [1, 2, 32_768]) {
    const port = new Port<unknown>({ capacity })
    for (let i = 0; i < capacity; i++) if (!port.trySend(i % 3 === 0 ? `number ${i}` : i)) assert.fail(`${i} of ${capacity}`)
    assert.deepEqual([port.trySend(1), port.trySend('one'), port.trySend({ long: 'x'.repeat(1000) }), port.size], [false, false, false, capacity])
    port.close()
    let next = 0
    for (const { body } of port) if (body !== (next % 3 === 0 ? `number ${next}` : next) || ++next > capacity) assert.fail(`${String(body)}, not ${next}`)
    assert.equal(next, capacity)
  }
})

test('more messages than there can be are refused, and what was sent before is there', () => {
  const long = { text: 'x'.repeat(500) }, ports = [1, 2].map(n => new Port<object>({ name: `of two, ${n}`, capacity: 32_768 }))
  let sent = 0
  assert.throws(() => {
    for (const port of ports) for (; port.trySend(long); sent++);
  }, failing('EAGAIN', /^EAGAIN: Port "of two, 2": too many messages are under way/))
  assert.ok(sent > 65_000, `${sent}`)
  ports[1].get()
  assert.equal(ports[1].trySend(long), true)
  let taken = 1
  for (const port of ports) while (port.get() !== undefined) taken++
  assert.equal(taken, sent + 1)
})

test('a message that names a port where there is none is an error that says where', () => {
  const port = new Port(), other = new Semaphore()
  const message = encode([port], 'body', [])
  const at = malloc(arena, message.size, self.carrier)
  message.place(user, at)
  const word = Array.from({ length: message.size >>> 2 }, (_, i) => at + 4 * i).find(a => user.i32[a >>> 2] === blockOf(port))!
  for (const address of [16, 4096 + 7, -16, 0x7ffffff0, 0, blockOf(other)]) {
    poke(user, word, address)
    assert.throws(() => decode(user, at, []), failing('EINVAL', new RegExp(`^EINVAL: Port: a message names one at 0x${(address >>> 0).toString(16)}, where there is none$`)))
  }
  poke(user, word, blockOf(port))
  assert.deepEqual(decode(user, at, []), [port])
  free(arena, at, self.carrier)
})

function blockOf(o: Port | Semaphore): number {
  return parseInt(/0x([0-9a-f]+)/.exec(String(o))![1], 16) - ObjectHead.size
}

test('what is no port is told from one: its methods say so', () => {
  for (const impostor of [{}, Object.create(Port.prototype) as Port, new Semaphore()]) {
    const { send, wait } = Port.prototype as { send(this: unknown, body: unknown): void, wait(this: unknown): void }
    assert.throws(() => { send.call(impostor, 1) }, TypeError)
    assert.throws(() => { wait.call(impostor) }, TypeError)
  }
})
