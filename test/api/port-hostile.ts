// Ports among threads that die, break off, forward in circles and answer what is not theirs. For each model.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Port, Semaphore, Thread, ThreadDeathError } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import type { End, Hop } from './port-hostile-work.ts'
import { asleep } from './until.ts'

const work = load<typeof import('./port-hostile-work.ts')>(new URL('./port-hostile-work.js', import.meta.url))

const isDeath = (how: End): boolean => how === 'exit' || how === 'terminate'

// Lets it end, and sees to it that it has ended so.
async function finish(thread: Thread<void>, how: End, go: Semaphore): Promise<void> {
  if (how === 'terminate') thread.terminate()
  else go.post()
  if (how === 'return') return thread.joinAsync()
  await assert.rejects(thread.joinAsync(), isDeath(how) ? ThreadDeathError : /it ends so/)
}

const codeOf = (result: PromiseSettledResult<unknown>): string => result.status === 'rejected' ? (result.reason as { code: string }).code : `answered ${String(result.value)}`

export function hostileUnder(model: '1:1' | 'm:1' | 'm:n'): void {
  configure({ model, ...model === 'm:n' && { carriers: 2 } })
  afterEach(() => nothingLeft())

  // Where a thread shares its Worker it cannot be terminated alone; the largest number is for one model.
  const ends: readonly End[] = model === '1:1' ? ['return', 'throw', 'exit', 'terminate'] : ['return', 'throw', 'exit']
  const MANY = model === '1:1' ? 10_000 : 1000

  for (const how of ends) {
    test(`${MANY} questions are in the port when its server ends (${how}): each one is refused, and once`, async () => {
      const port = new Port({ capacity: 16_384 }), taken = new Semaphore(), go = new Semaphore()
      const server = Thread.create(work.deserter, port, 3, how, taken, go)
      const settled = new Uint8Array(MANY)
      const asked = Promise.allSettled(Array.from({ length: MANY }, (_, i) => port.doAsync(i).finally(() => { settled[i]++ })))
      taken.wait()
      assert.equal(port.size, MANY - 3)
      await finish(server, how, go)
      const codes = (await asked).map(codeOf)
      assert.ok(settled.every(n => n === 1))
      assert.equal(codes.filter(code => code === 'EPIPE').length, isDeath(how) ? MANY - 3 : MANY)
      assert.equal(codes.filter(code => code.startsWith('ERR_THREAD_')).length, isDeath(how) ? 3 : 0)
      assert.equal(port.size, 0)
    })

    for (const [kind, bodyOf] of [['integers', (i: number) => i], ['strings', (i: number) => `number ${i}`]] as const) {
      test(`one of two servers ends (${how}) in the middle of a run of ${kind}: the other one gets the rest, each once, in order`, async () => {
        const port = new Port(), taken = new Semaphore(), go = new Semaphore()
        port.serve()
        for (let i = 0; i < 30; i++) port.send(bodyOf(i))
        const server = Thread.create(work.deserter, port, 10, how, taken, go)
        taken.wait()
        const before = [port.wait().body, port.wait().body]
        await finish(server, how, go)
        for (let i = 30; i < 35; i++) port.send(bodyOf(i))
        const rest = Array.from({ length: 23 }, () => port.wait().body)
        assert.deepEqual([...before, ...rest], Array.from({ length: 25 }, (_, i) => bodyOf(i + 10)))
        assert.equal(port.get(), undefined)
      })
    }

    test(`one of two servers ends (${how}) with what it has taken: that is refused, all else is answered`, async () => {
      const port = new Port<number, number>(), taken = new Semaphore(), go = new Semaphore()
      const dies = Thread.create(work.deserter, port as Port, 5, how, taken, go)
      const first = Array.from({ length: 5 }, (_, i) => port.doAsync(i))
      taken.wait()
      const stays = Thread.create({ scope: 'system' }, work.doubler, port)
      asleep(stays, 'port')
      const later = Array.from({ length: 100 }, (_, i) => port.doAsync(i))
      const refused = Promise.allSettled(first)
      await finish(dies, how, go)
      assert.ok((await refused).every(each => codeOf(each) === (how === 'exit' ? 'ERR_THREAD_CALLED_EXIT' : how === 'terminate' ? 'ERR_THREAD_TERMINATED' : 'EPIPE')))
      assert.deepEqual(await Promise.all(later), Array.from({ length: 100 }, (_, i) => 2 * i))
      port.close()
      assert.equal(await stays.joinAsync(), 100)
    })
  }

  test('a sender that is canceled while it waits for room has sent nothing, and neither has one whose carrier dies', async () => {
    const port = new Port<string>({ capacity: 1 })
    port.send('first')
    const canceled = Thread.create(work.sends, port as Port, 'canceled')
    asleep(canceled, 'port')
    canceled.cancel()
    await assert.rejects(canceled.joinAsync(), failing('ECANCELED', /was canceled/))
    const killed = Thread.create(work.sends, port as Port, { long: 'x'.repeat(2000) })
    asleep(killed, 'port')
    if (model === '1:1') killed.terminate()
    else while (killed.state !== 'exited') await assert.rejects(Thread.create(work.exits).joinAsync(), ThreadDeathError)   // in time on the same carrier
    await assert.rejects(killed.joinAsync(), ThreadDeathError)
    assert.deepEqual([port.get()?.body, port.get()], ['first', undefined])
  })

  test('close refuses a hundred senders that wait for room', async () => {
    const port = new Port<number>({ capacity: 1 }), threads = model === '1:1' ? 8 : 60
    port.send(-1)
    const blocked = Array.from({ length: threads }, (_, i) => Thread.create(work.sends, port as Port, i))
    const promised = Promise.allSettled(Array.from({ length: 100 - threads }, (_, i) => port.sendAsync(i)))
    for (const t of blocked) asleep(t, 'port')
    port.close()
    for (const t of blocked) assert.equal(await t.joinAsync(), 'EPIPE')
    assert.ok((await promised).every(each => codeOf(each) === 'EPIPE'))
    assert.deepEqual(Array.from(port, ({ body }) => body), [-1])
  })

  test('what is forwarded in a circle goes round until somebody answers, also what nobody has asked for', async () => {
    const a = new Port<Hop, string>(), b = new Port<Hop, string>(), done = new Port<string>()
    const threads = [Thread.create(work.hops, a, b, done, 'a'), Thread.create(work.hops, b, a, done, 'b')]
    assert.deepEqual([1, 2, 101, 300].map(left => a.do({ left })), ['a', 'b', 'a', 'b'])
    for (const left of [51, 40]) a.send({ left })
    assert.deepEqual([done.wait().body, done.wait().body].sort(), ['a', 'b'])
    a.close()
    b.close()
    assert.deepEqual((await Promise.all(threads.map(t => t.joinAsync()))).reduce((x, y) => x + y), 1 + 2 + 101 + 300 + 51 + 40)
  })

  test('what goes round for ever ends when who asks gives up, or when a port of the circle is closed', async () => {
    const a = new Port<Hop, string>(), b = new Port<Hop, string>(), done = new Port<string>()
    const threads = [Thread.create(work.hops, a, b, done, 'a'), Thread.create(work.hops, b, a, done, 'b')]
    assert.throws(() => { a.do({ left: -1 }, { timeout: 5 }) }, failing('ETIMEDOUT', /did not answer in time/))
    assert.equal(a.do({ left: 2 }), 'b')
    const asked = assert.rejects(a.doAsync({ left: -1 }), { code: 'EPIPE' })
    b.close()
    await asked
    a.close()
    for (const t of threads) await t.joinAsync()
  })

  test('a message that its server forwards to the port it came from is taken again', () => {
    const port = new Port<Hop, string>(), done = new Port<string>()
    const server = Thread.create(work.hops, port, port, done, 'self')
    assert.equal(port.do({ left: 100 }), 'self')
    port.close()
    assert.equal(server.join(), 100)
  })

  test('a message is answered by another thread of the same heap; once its own has ended that answer is thrown away', async () => {
    if (model !== 'm:1') return
    const port = new Port<number, number>(), taken = new Semaphore(), go = new Semaphore()
    const takes = Thread.create(work.takesFor, port, taken, go)
    const answer = port.doAsync(1)
    taken.wait()
    assert.equal(Thread.create(work.repliesFor).join(), 'replied')
    assert.equal(await answer, 2)
    go.post()
    takes.join()
    const later = Thread.create(work.takesFor, port, taken, go)
    asleep(later, 'port')
    const refused = assert.rejects(port.doAsync(1), { code: 'EPIPE' })
    taken.wait()
    go.post()
    later.join()
    await refused
    assert.equal(Thread.create(work.repliesFor).join(), 'replied')
  })

  test('a port goes through itself, through another one, and comes back as an answer', () => {
    const port = new Port<Port>(), other = new Port(), asked = new Port<number, Port>()
    port.send(port as Port)
    assert.equal(port.wait().body, port)
    port.send(other)
    const sends = Thread.create(work.sendsItself, port)
    assert.equal(sends.join(), true)
    const replies = Thread.create(work.repliesPort, asked)
    assert.equal(asked.do(1), asked)
    replies.join()
  })

  test('an answer that cannot travel is the server\'s error, and it may give another one', () => {
    const port = new Port<number, unknown>()
    const server = Thread.create(work.repliesBadly, port)
    assert.equal(port.do(1), 'at last')
    assert.deepEqual(server.join(), ['TypeError', 'taken', 'TypeError', 'taken', 'TypeError', 'taken', 'RangeError', 'taken'])
  })

  test('a loop that is broken off leaves the rest in the port, and its thread serves it still', async () => {
    const port = new Port<number>()
    for (let i = 1; i <= 6; i++) port.send(i)
    const server = Thread.create({ scope: 'system' }, work.breaksOut, port)
    assert.deepEqual(await server.joinAsync(), [1, 2, 30, 40, 500])
    assert.throws(() => { port.send(7) }, failing('EPIPE', /all who served it have ended/))
  })

  test('a server and who asks it run wherever the model puts them', () => {
    assert.equal(Thread.create(work.asksPair, new Port<number, number>({ capacity: 1 }), 200).join(), 200 * 199)
  })
}
