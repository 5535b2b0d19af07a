// The example resp and clients that mean it harm: whatever they send, and however they go, nobody else notices.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { chance, seed } from './chance.ts'
import { alone, Client, request, serve, WAYS, type Answer, type Server } from './server.ts'

type Random = (n: number) => number

const KEYS = Array.from({ length: 20 }, (_, i) => `key ${i}`)

const STREAMS = 100

/** What does harm when it stands where it should not. */
const SPLINTERS = ['\r\n', '\r', '\n', '\0', '*', '$', '*-1\r\n', '$-1\r\n', '*0\r\n', '*3\r\n', '$0\r\n', '$999999999999\r\n', '*2147483647\r\n', '*1048576\r\n', '$536870912\r\n',
  '+', '-', ':', '"', '\'', '\\x', ' ', '\xff', 'PING\r\n', 'MGET "', '*1\r\n*1\r\n$4\r\nPING\r\n', 'x'.repeat(70_000)]

/** A stream that was good, until chance has put splinters into it, and taken parts of it away. */
function spoilt(random: Random): string {
  let stream = ''
  for (let n = 1 + random(8); n > 0; n--) {
    const key = KEYS[random(KEYS.length)], value = ['v', '\0\r\n', 'y'.repeat(20_000), 'z'.repeat(100_000)][random(4)]
    stream += [request('SET', key, value), request('GET', key), request('MSET', ...KEYS.flatMap(each => [each, value])), request('MGET', ...KEYS), `SET ${n} "a b"\r\n`, request('PING')][random(6)]
  }
  for (let n = 1 + random(3); n > 0; n--) {
    const at = random(stream.length)
    stream = stream.slice(0, at) + (random(3) > 0 ? SPLINTERS[random(SPLINTERS.length)] : '') + stream.slice(at + random(3) * random(5))
  }
  return stream
}

async function written(client: Client, text: string): Promise<void> {
  if (client.socket.writable) await new Promise<void>(resolve => client.socket.write(text, 'latin1', () => { resolve() }))
}

/** Sends the stream in pieces, goes as chance will have it, and checks that what was answered are answers. */
async function attack(port: number, stream: string, random: Random): Promise<void> {
  const client = await Client.to(port), pieces = random(2) === 0 ? 1 : stream.length < 2000 ? stream.length : 20
  for (let i = 0; i < pieces; i++) {
    const [from, to] = [i, i + 1].map(n => Math.floor(stream.length * n / pieces))
    await written(client, stream.slice(from, to))
  }
  if (random(3) === 0) {
    client.socket.resetAndDestroy()
    return
  }
  client.socket.end()
  let answer: Answer | undefined, last: Answer | undefined
  while ((answer = await client.answer()) !== undefined) {
    assert.ok(!(last instanceof Error && last.message.startsWith('ERR Protocol error')), 'nothing follows a protocol error')
    last = answer
  }
  await client.close()
}

for (const [way, options] of Object.entries(WAYS)) {
  describe(way, () => {
    let server: Server, client: Client

    before(async () => {
      server = await serve(...options)
      client = await Client.to(server.port)
    })

    after(async () => {
      assert.equal(await server.stop(), 0)
      assert.equal(server.said(), '')
      await client.close()
    })

    test(`${STREAMS} streams that make no sense get answers, or an error as the last; a neighbour loses nothing (SEED=${seed})`, async () => {
      const random = chance(seed)
      assert.equal(await client.ask('SET', 'mine', '0'), 'OK')
      for (let n = 0; n < STREAMS; n += 10) {
        const attacks = Promise.all(Array.from({ length: 10 }, () => attack(server.port, spoilt(random), random)))
        for (let i = 1; i <= 10; i++) assert.equal(await client.ask('INCR', 'mine'), n + i)
        await attacks
      }
      await alone(client)
      assert.match(String(await client.ask('INFO', 'threads')), /^(?:# Threads\r\n)(?:thread\d:keys=\d+,connections=\d,commands=\d+,messages=\d+,requests=0,unread=0\r\n)+$/)
    })

    test('a stream that ends at any of its bytes: whole requests are answered, the rest is nothing', async () => {
      const requests = [request('SET', 'cut', '\r\n'), 'INCR n\r\n', request('MGET', 'cut', ...KEYS), request('MSET', 'cut', '1', 'other', '2')], stream = requests.join('')
      const ends = requests.map((_, i) => requests.slice(0, i + 1).join('').length)
      for (let from = 0; from <= stream.length; from += 20) {
        await Promise.all(Array.from({ length: Math.min(20, stream.length + 1 - from) }, async (_, i) => {
          const one = await Client.to(server.port)
          one.socket.end(stream.slice(0, from + i), 'latin1')
          let n = 0
          while (await one.answer() !== undefined) n++
          assert.equal(n, ends.filter(end => end <= from + i).length, `cut at ${from + i}`)
          await one.close()
        }))
      }
    })

    test('a client that is killed in the middle of MSET has set nothing', async () => {
      assert.equal(await client.ask('FLUSHALL'), 'OK')
      const mset = request('MSET', ...KEYS.flatMap(key => [key, 'x'.repeat(30_000)]))
      for (const cut of [20, mset.length >> 1, mset.length - 1]) {
        const killed = await Client.to(server.port)
        await written(killed, mset.slice(0, cut))
        killed.socket.resetAndDestroy()
      }
      await alone(client)
      assert.equal(await client.ask('DBSIZE'), 0)
    })

    test('a byte a packet is a request like another, and 100,000 requests at once are', async () => {
      const slow = await Client.to(server.port)
      slow.socket.setNoDelay(true)
      for (const byte of request('SET', 'slow', 'a\r\nb') + request('GET', 'slow')) await written(slow, byte)
      assert.deepEqual([await slow.answer(), await slow.answer()], ['OK', 'a\r\nb'])
      await slow.close()
      await client.ask('DEL', ...KEYS)
      const answers = await client.pipeline(Array.from({ length: 100_000 }, (_, i) => ['INCR', KEYS[i % KEYS.length]]))
      for (const [i, answer] of answers.entries()) if (answer !== Math.floor(i / KEYS.length) + 1) assert.fail(`answer ${i} is ${String(answer)}`)
    })

    test('a thousand connections, of which each goes in its own way', async () => {
      for (let round = 0; round < 10; round++) {
        await Promise.all(Array.from({ length: 100 }, async (_, i) => {
          const one = await Client.to(server.port)
          if (i % 4 === 0) one.socket.resetAndDestroy()
          else if (i % 4 === 1) one.socket.end('*3\r\n$3\r\nSE')
          else if (i % 4 === 2) one.say(request('GET', KEYS[i % KEYS.length]))
          else assert.equal(await one.ask('SET', KEYS[i % KEYS.length], 'v'), 'OK')
          await one.close()
        }))
        assert.equal(await client.ask('PING'), 'PONG')
      }
      await alone(client)
    })
  })

  test(`${way}: a client that asks for much and reads nothing is closed, or not read from; the others go on`, async () => {
    const server = await serve(...options, '--maxmemory-clients', '8')
    const client = await Client.to(server.port), value = 'x'.repeat(200_000), greedy: Client[] = []
    for (const key of KEYS) assert.equal(await client.ask('SET', key, value), 'OK')
    for (let i = 0; i < 6; i++) {
      const one = await Client.to(server.port)
      one.socket.pause()
      one.say(KEYS.map(key => request('GET', key)).join('').repeat(45))     // 180 MB
      greedy.push(one)
    }
    for (let i = 0; i < 200; i++) assert.equal(await client.ask('GET', KEYS[i % KEYS.length]), value)
    for (let mine = KEYS.length + 200, late = performance.now() + 60_000; ; mine++) {
      const info = String(await client.ask('INFO')), asked = Number(/total_commands_processed:(\d+)/.exec(info)![1]) - mine
      const unread = [...info.matchAll(/unread=(\d+)/g)].map(([, bytes]) => Number(bytes))
      if (asked >= greedy.length && Math.max(...unread) <= 2 ** 23) break
      assert.ok(performance.now() < late, `unread: ${unread.join(', ')} bytes, after ${asked} requests`)
    }
    for (const one of greedy) one.socket.destroy()
    await alone(client)
    await client.close()
    assert.equal(await server.stop(), 0)
  })
}

// Skipped where the system does not show its sockets so, and where only one thread can listen.
const skip = !('two threads, each listens' in WAYS) && 'threads cannot listen each at the same port on this Node'

test('each thread has a socket of its own that listens, and connections come to all of them', { skip }, async () => {
  const server = await serve('--threads', '3', '--accept', 'each')
  const listening = readFileSync('/proc/net/tcp', 'latin1').split('\n').filter(line => line.includes(`:${server.port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A `))
  assert.equal(listening.length, 3)
  const clients = await Promise.all(Array.from({ length: 120 }, () => Client.to(server.port)))
  await Promise.all(clients.map(one => one.ask('PING')))
  const info = String(await clients[0].ask('INFO', 'Threads')), held = [...info.matchAll(/connections=(\d+)/g)].map(([, n]) => Number(n))
  assert.equal(held.reduce((a, b) => a + b), 120)
  assert.ok(Math.min(...held) > 10, `${held.join(', ')}: the system deals them out by chance, 40 each, give or take 5`)
  await Promise.all(clients.map(one => one.close()))
  assert.equal(await server.stop(), 0)
})
