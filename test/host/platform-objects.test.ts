import test from 'node:test'
import assert from 'node:assert/strict'
import { X509Certificate, createSecretKey, webcrypto } from 'node:crypto'
import { open } from 'node:fs/promises'
import { BlockList } from 'node:net'
import { decode, encode, installPlatform } from '#internal/mem/codec.js'
import { nodePlatform } from '#internal/host/platform-objects.js'
import { Memory } from '#internal/mem/memory.js'

installPlatform(nodePlatform)
const { carriage } = nodePlatform
const memory = new Memory(1, new SharedArrayBuffer(1 << 16))

const certificate = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUThdS+kY8epbOKnRMDK5y1BTb7cgwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIwMzMwMDRaGA8yMDgxMDgyNTAzMzAw
NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH5q
sO/689D3XKGStnTKeXBVDVippkxm9t4GwvYHT9o+l/H00uU0Sdmp0LayrOG4BAxb
WQGOCP0lnWLk/PXPCISjUzBRMB0GA1UdDgQWBBRBk0I6RdwfVeiG8abecRcNCWgV
gzAfBgNVHSMEGDAWgBRBk0I6RdwfVeiG8abecRcNCWgVgzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIBhT9iLF8w0ZA5MjoZgU7S263S3EzcxEZy8Z
/PEZ/OnpAiEApQqDPwA4z9rd4JmHJWYEUkM4CgRSMVt1mycZ7LxPJ/g=
-----END CERTIFICATE-----`

function through(value: unknown, transfer: object[] = []): unknown {
  const message = encode(value, 'args', transfer), { extras } = message
  message.place(memory, 64)
  return decode(memory, 64, structuredClone(extras, { transfer: transfer as ArrayBuffer[] }))
}

test('what Node can clone is cloned', async () => {
  const key = await webcrypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt'])
  for (const o of [new Blob(['a']), createSecretKey(Buffer.from('a')), new X509Certificate(certificate), key, new BlockList()]) {
    assert.equal(carriage(o as object), 'clone', o.constructor.name)
    const [arrived, again] = through([o, o]) as object[]
    assert.equal(arrived, again)
    assert.notEqual(arrived, o)
    assert.equal(arrived.constructor.name, o.constructor.name)
  }
})

test('what Node can transfer is sent only with a transfer list', async () => {
  const { port1, port2 } = new MessageChannel(), file = await open('/dev/null')
  for (const o of [port1, file, new ReadableStream(), new WritableStream(), new TransformStream()]) {
    const type = o.constructor.name
    assert.equal(carriage(o), 'transfer', type)
    assert.throws(() => encode([o]), { name: 'TypeError', message: `args[0]: a ${type} that is not in the transfer list` })
  }
  const [port] = through([port1], [port1]) as [unknown]
  assert.ok(port instanceof MessagePort && port !== port1)
  port2.close()
  await file.close()
})

test('every other object of Node is treated as structuredClone treats it', () => {
  const others = [new URL('http://a/'), new URLSearchParams('a=1'), new AbortController(), new AbortController().signal, new Event('e'),
    new EventTarget(), new Headers(), new TextEncoder()]
  for (const o of others) {
    let copy: unknown
    try {
      copy = structuredClone(o)
    } catch {
      assert.throws(() => encode([o]), { name: 'TypeError', message: new RegExp(`^args\\[0\\]: an? ${o.constructor.name} cannot be sent`) })
      continue
    }
    assert.deepEqual((through([o]) as unknown[])[0], copy)
  }
})

test('an object of a class of the program is plain, and is not copied to find out', () => {
  let reads = 0
  class Account { get balance(): number { return ++reads } }
  const account = Object.defineProperty(new Account(), 'own', { enumerable: true, get: () => ++reads })
  assert.equal(carriage(account), 'plain')
  assert.equal(reads, 0)
})

test('a long array is known to have named properties or not', () => {
  const { mayHaveNames } = nodePlatform, long = new Array(1000).fill('... 5 more items ]') as unknown[]
  assert.equal(mayHaveNames!(long), false)
  assert.equal(mayHaveNames!(Object.assign(new Array(1000), { 3: '' })), false)
  for (const extra of [1, 'a', '... 5 more items ]', [1, 2, 3], { a: [1] }, undefined])
    assert.equal(mayHaveNames!(Object.assign(long.slice(), { name: extra })), true, String(extra))
})
