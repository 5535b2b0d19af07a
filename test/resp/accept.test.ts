// How the example resp gives descriptors away: nothing is closed that is somebody else's by now, and no handle stays for ever.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { test } from 'node:test'
import { Acceptor } from '../../examples/resp/accept.ts'

// Skipped on Windows, where a connection has no number.
const skip = process.platform === 'win32' && 'a connection has no number there'

/** A server that echoes on descriptors it was given; `ended` gets the number when one is closed. */
function echo(ended: (descriptor: number) => void): Acceptor {
  return new Acceptor((descriptor) => {
    const socket = new Socket({ fd: descriptor, readable: true, writable: true })
    socket.on('close', () => { ended(descriptor) })
    socket.pipe(socket)
    return Promise.resolve(true)
  })
}

/** Connects, hears its echo, and closes; all of it has ended when the promise settles, but for the other side. */
async function visit(port: number): Promise<void> {
  const client = connect(port, '127.0.0.1')
  client.end('hello')
  let heard = ''
  client.setEncoding('utf8').on('data', (text: string) => { heard += text })
  await once(client, 'close')
  assert.equal(heard, 'hello')
}

test('connections that come and go leave no handle', { skip }, async () => {
  const acceptor: Acceptor = echo((descriptor) => { acceptor.ended(descriptor) })
  const port = await acceptor.listen(0, '127.0.0.1')
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, () => visit(port)))
  while (acceptor.kept > 0) {                                             // of numbers that were taken again when we looked
    await new Promise(resolve => setImmediate(resolve))
    acceptor.threadEnded()
  }
  await acceptor.close()
})

test('a number that is somebody else\'s by now stays open, and the handle goes when it is free', { skip }, async () => {
  const taken: number[] = []
  let closed: () => void = () => undefined
  const acceptor: Acceptor = echo((descriptor) => {
    for (let mine = -1; mine < descriptor;) taken.push(mine = openSync('/dev/null', 'r'))
    acceptor.ended(descriptor)
    closed()
  })
  const port = await acceptor.listen(0, '127.0.0.1')
  const over = new Promise<void>((resolve) => { closed = resolve })
  await visit(port)
  await over
  assert.equal(acceptor.kept, 1)
  for (const descriptor of taken) assert.ok(fstatSync(descriptor).isCharacterDevice())
  for (const descriptor of taken) closeSync(descriptor)
  acceptor.threadEnded()
  assert.equal(acceptor.kept, 0)
  await acceptor.close()
})

test('a connection that nobody takes is closed', { skip }, async () => {
  const acceptor = new Acceptor(() => Promise.resolve(false))
  const client = connect(await acceptor.listen(0, '127.0.0.1'), '127.0.0.1')
  client.on('error', () => undefined)
  client.resume()
  await once(client, 'close')
  assert.equal(acceptor.kept, 0)
  await acceptor.close()
})
