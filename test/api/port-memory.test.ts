// Ports when user memory is small: a body, or an answer, that does not fit is refused, and nothing of it stays.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure, load, Port, Thread } from 'pthreads'
import { baseline, nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'

configure({ memory: 32 << 20 })
const work = load<typeof import('./port-abuse-work.ts')>(new URL('./port-abuse-work.js', import.meta.url))
const TOO_MUCH = 100 << 20

test('a body that does not fit is refused in each form, and what fits still goes', async () => {
  const port = new Port<unknown>({ name: 'small' })
  port.send(0)
  const { bytes } = baseline(), body = new Uint8Array(TOO_MUCH), refused = failing('ENOMEM', /^ENOMEM: Port "small": user memory is full, the message does not fit$/)
  for (const send of [() => { port.send(body) }, () => port.trySend(body), () => port.do(body)]) assert.throws(send, refused)
  for (const send of [port.sendAsync(body), port.doAsync(body)]) await assert.rejects(send, refused)
  port.send(body, { transfer: [body.buffer] })
  assert.deepEqual([port.wait().body, (port.wait().body as Uint8Array).length, port.get()], [0, TOO_MUCH, undefined])
  await nothingLeft({ handles: Infinity, bytes })
})

test('an answer that does not fit is the server\'s error, and it may give another one', async () => {
  const port = new Port<number, unknown>(), server = Thread.create(work.repliesTooMuch, port)
  assert.equal((port.do(1000) as Uint8Array).length, 1000)
  const { bytes } = baseline()
  assert.equal(port.do(TOO_MUCH), 'ENOMEM: message.reply: user memory is full, the answer does not fit')
  assert.ok(baseline().bytes <= bytes, `${baseline().bytes} bytes, before ${bytes}`)
  port.close()
  server.join()
  await nothingLeft()
})
