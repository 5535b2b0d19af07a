// The example resp as its clients see it, in each of its ways to serve.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../api/until.ts'
import { alone, Client, request, serve, WAYS, type Answer, type Server } from './server.ts'

/** Keys of all threads, however they are dealt out. */
const KEYS = Array.from({ length: 40 }, (_, i) => `key ${i}`)

const error = (message: string): Error => new Error(message)

for (const [way, options] of Object.entries(WAYS)) {
  describe(way, () => {
    let server: Server, client: Client

    before(async () => {
      server = await serve(...options, '--maxclients', '300')
      client = await Client.to(server.port)
    })

    after(async () => {
      assert.equal(await server.stop(), 0)
      assert.equal(server.said(), '')
      assert.equal(await client.answer(), undefined, 'its connections are closed')
    })

    test('each command does what it does in Redis', async () => {
      for (const key of KEYS.slice(0, 4)) {
        const asked: readonly (readonly [string, Answer])[] = [
          [`FLUSHALL`, 'OK'], [`GET ${key}`, null], [`SET ${key} 5`, 'OK'], [`get ${key}`, '5'], [`INCR ${key}`, 6], [`DECR ${key}`, 5], [`INCRBY ${key} -7`, -2],
          [`SET ${key} x NX`, null], [`SET ${key} x XX`, 'OK'], [`SET ${key} y GET`, 'x'], [`SET ${key} z EX 0`, error('ERR invalid expire time in \'set\' command')],
          [`SET ${key} z EX`, error('ERR syntax error')], [`SET ${key} z EX x`, error('ERR value is not an integer or out of range')],
          [`SET ${key} z NX XX`, error('ERR syntax error')], [`INCR ${key}`, error('ERR value is not an integer or out of range')],
          [`TTL ${key}`, -1], [`EXPIRE ${key} 100`, 1], [`TTL ${key}`, 100], [`SET ${key} w KEEPTTL`, 'OK'], [`TTL ${key}`, 100], [`PERSIST ${key}`, 1], [`PERSIST ${key}`, 0],
          [`TTL ${key}`, -1], [`SET ${key} v EX 50`, 'OK'], [`TTL ${key}`, 50], [`SET ${key} v`, 'OK'], [`TTL ${key}`, -1], [`EXPIRE ${key} -1`, 1], [`TTL ${key}`, -2],
          [`EXPIRE ${key} 10`, 0], [`SET ${key} 9223372036854775807`, 'OK'], [`INCR ${key}`, error('ERR increment or decrement would overflow')], [`EXISTS ${key} ${key} no`, 2],
          [`EXPIRE ${key} 9223372036854775807`, error('ERR invalid expire time in \'expire\' command')], [`DEL ${key} no`, 1], [`SET ${key} 01`, 'OK'],
          [`INCR ${key}`, error('ERR value is not an integer or out of range')], [`DBSIZE`, 1], [`PING`, 'PONG'], [`PING hello`, 'hello'], [`ECHO x`, 'x'],
          [`GET`, error('ERR wrong number of arguments for \'get\' command')], [`MSET a`, error('ERR wrong number of arguments for \'mset\' command')],
          [`MSET a 1 b`, error('ERR wrong number of arguments for \'mset\' command')], [`SELECT 0`, 'OK'], [`SELECT 1`, error('ERR DB index is out of range')],
          [`CONFIG GET save`, ['save', '']], [`CONFIG GET appendonly`, ['appendonly', 'no']], [`COMMAND DOCS`, []], [`COMMAND INFO get none`, [['get', 2, ['readonly'], 1, 1, 1], null]],
          [`LPUSH l 1`, error('ERR unknown command \'LPUSH\', with args beginning with: \'l\' \'1\' ')],
        ]
        const spoken = asked.map(([line]) => line.replace(key, key.replace(' ', '_')).replace(key, key.replace(' ', '_')).split(' '))
        assert.deepEqual(await client.pipeline(spoken), asked.map(([, answer]) => answer), key)
        for (const [i, words] of spoken.entries()) assert.deepEqual(await client.ask(...words), asked[i][1], words.join(' '))
      }
    })

    test('commands with keys of several threads, and a pipeline that mixes them, are answered in order', async () => {
      await client.ask('FLUSHALL')
      const commands: string[][] = [], wanted: Answer[] = []
      const both = (words: string[], answer: Answer): void => {
        commands.push(words)
        wanted.push(answer)
      }
      for (const [i, key] of KEYS.entries()) {
        both(['SET', key, `${i}`], 'OK')
        both(['MSET', ...KEYS.slice(i).flatMap(later => [later, `${i}`])], 'OK')
        both(['MGET', ...KEYS, 'none'], [...KEYS.map((_, n) => n < i ? `${n + 1}` : `${i}`), null])
        both(['INCR', key], i + 1)
        both(['GET', key], `${i + 1}`)
        both(['PING', key], key)
        both(['EXISTS', ...KEYS, key], KEYS.length + 1)
      }
      both(['DEL', ...KEYS, ...KEYS], KEYS.length)
      both(['DBSIZE'], 0)
      assert.deepEqual(await client.pipeline(commands), wanted)
    })

    test('thousands of requests at once are answered in order, and many clients count to the same number', async () => {
      await client.ask('FLUSHALL')
      const clients = await Promise.all(Array.from({ length: 8 }, () => Client.to(server.port)))
      const commands = Array.from({ length: 3000 }, (_, i) => ['INCR', KEYS[i % 10]])
      await Promise.all(clients.map(async (one) => {
        const answers = await one.pipeline(commands), last = new Map<number, number>()
        for (const [i, answer] of answers.entries()) {
          assert.ok(typeof answer === 'number' && answer > (last.get(i % 10) ?? 0), 'each sees its own before')
          last.set(i % 10, answer)
        }
        await one.close()
      }))
      assert.deepEqual(await client.ask('MGET', ...KEYS.slice(0, 10)), Array.from({ length: 10 }, () => '2400'))
    })

    test('keys and values hold any bytes, of any length', async () => {
      const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
      for (const [i, length] of [0, 1, 208, 16383, 16384, 70_000, 3_000_000].entries()) {
        const value = all.repeat(length / 256 + 1).slice(0, length)
        for (const key of [`${all}${i}`, `${i}`, `${i}\r\n`]) {
          assert.equal(await client.ask('SET', key, value), 'OK')
          assert.equal(await client.ask('GET', key), value)
          assert.deepEqual(await client.ask('MGET', key, KEYS[0], key), [value, '2400', value])
        }
      }
      assert.deepEqual(await client.ask('GET', 'k'.repeat(16384)), error('ERR a key is longer than 16383 bytes'))
      assert.equal(await client.ask('FLUSHALL'), 'OK')
    })

    test('a large value stays what it is, whoever has set it and whoever asks for it, again and again', async () => {
      const clients = await Promise.all(Array.from({ length: 6 }, () => Client.to(server.port)))
      const value = (i: number): string => String.fromCharCode(i).repeat(70_000 + i)
      for (const [i, one] of clients.entries()) for (const key of [2 * i, 2 * i + 1]) assert.equal(await one.ask('SET', KEYS[key], value(key)), 'OK')
      for (const one of [...clients, ...clients]) {
        const asked = Array.from({ length: 24 }, (_, i) => i % 12)
        assert.deepEqual(await one.pipeline(asked.map(i => ['GET', KEYS[i]])), asked.map(value))
        assert.deepEqual(await one.ask('MGET', ...asked.map(i => KEYS[i])), asked.map(value))
      }
      await Promise.all(clients.map(one => one.close()))
      assert.equal(await client.ask('FLUSHALL'), 'OK')
    })

    test('what is no request is answered with an error, behind the answers before it, and the connection is closed', async () => {
      for (const [bytes, message] of [['*1\r\n$x\r\n', 'invalid bulk length'], ['SET "a\r\n', 'unbalanced quotes in request'], ['*1\r\n!', 'expected \'$\', got \'!\'']] as const) {
        const wrong = await Client.to(server.port)
        wrong.say(KEYS.map(key => request('SET', key, 'v')).join('') + bytes + request('PING'))
        for (const _ of KEYS) assert.equal(await wrong.answer(), 'OK')
        assert.deepEqual(await wrong.answer(), error(`ERR Protocol error: ${message}`))
        assert.equal(await wrong.answer(), undefined)
        await wrong.close()
      }
    })

    test('QUIT, and a client that says no more, get all answers before the end', async () => {
      const quits = await Client.to(server.port)
      quits.say(KEYS.map(key => request('SET', key, 'q')).join('') + request('QUIT') + request('PING'))
      for (const _ of KEYS) assert.equal(await quits.answer(), 'OK')
      assert.deepEqual([await quits.answer(), await quits.answer()], ['OK', undefined])
      const ends = await Client.to(server.port)
      ends.socket.end(KEYS.map(key => request('GET', key)).join(''), 'latin1')
      for (const _ of KEYS) assert.equal(await ends.answer(), 'q')
      assert.equal(await ends.answer(), undefined)
      await Promise.all([quits.close(), ends.close()])
    })

    test('clients that disappear in the middle of a request, or before their answers, do no harm', async () => {
      const value = 'x'.repeat(100_000)
      await client.ask('SET', KEYS[0], value)
      for (const bytes of ['*3\r\n$3\r\nSE', `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\n${value}`, KEYS.map(key => request('GET', key)).join(''), request('GET', KEYS[0]).repeat(500)]) {
        const gone = await Client.to(server.port)
        gone.socket.pause()
        gone.say(bytes)
        await new Promise<void>(resolve => gone.socket.write('', () => { resolve() }))
        gone.socket.resetAndDestroy()
        assert.equal(await client.ask('PING'), 'PONG')
      }
      await alone(client)
      assert.equal(await client.ask('GET', KEYS[0]), value)
    })

    test('a client that does not read waits for itself only, and gets all when it reads', async () => {
      const value = 'y'.repeat(200_000), slow = await Client.to(server.port)
      for (const key of KEYS.slice(0, 4)) await client.ask('SET', key, value)
      slow.socket.pause()
      slow.say(Array.from({ length: 200 }, (_, i) => request('GET', KEYS[i % 4])).join(''))
      for (let i = 0; i < 20; i++) assert.equal(await client.ask('GET', KEYS[0]), value)
      slow.socket.resume()
      for (let i = 0; i < 200; i++) assert.equal(await slow.answer(), value)
      await slow.close()
    })

    test('INFO says what there is', async () => {
      await client.ask('FLUSHALL')
      await client.ask('MSET', ...KEYS.flatMap(key => [key, 'v']))
      await client.ask('EXPIRE', KEYS[0], '1000')
      const info = String(await client.ask('INFO'))
      assert.match(info, /^# Server\r\nserver_name:pthreads-resp\r\n/)
      assert.match(info, new RegExp(`^threads_alive:${options[1]}\r$`, 'm'))
      assert.match(info, /^db0:keys=40,expires=1,avg_ttl=0\r$/m)
      assert.match(info, /^connected_clients:1\r$/m)
    })

    test('connections that come and go by the hundred are all served', async () => {
      for (let round = 0; round < 10; round++) {
        const clients = await Promise.all(Array.from({ length: 30 }, () => Client.to(server.port)))
        assert.deepEqual(await Promise.all(clients.map((one, i) => one.ask('SET', KEYS[i], `${i}`))), clients.map(() => 'OK'))
        await Promise.all(clients.map(one => one.close()))
      }
      await alone(client)
    })

    test('an expired key goes away though nobody asks for it', async () => {
      await client.ask('FLUSHALL')
      for (const key of KEYS) await client.ask('SET', key, 'v', 'PX', '1')
      let size: Answer | undefined
      const looking = (async () => { while ((size = await client.ask('DBSIZE')) !== 0); })()
      await eventually('all keys have expired', () => size === 0)
      await looking
      assert.match(String(await client.ask('INFO')), /^expired_keys:\d\d+\r$/m)
    })
  })
}

for (const [way, options] of Object.entries(WAYS).slice(1, -1)) {
  test(`${way}: when one dies, its keys are answered with an error, other keys and new clients are served, and the end says so`, async () => {
    const server = await serve(...options, '--enable-debug-command')
    const clients: Client[] = []
    for (let i = 0; i < 20; i++) {
      clients.push(await Client.to(server.port))
      assert.equal(await clients[i].ask('MSET', ...KEYS.flatMap(key => [key, 'v'])), 'OK')
    }
    clients[0].say(request('DEBUG', 'PANIC'))
    await eventually('its death is told', () => /thread \d has ended/.test(server.said()))
    const answers = await Promise.all(clients.map(async (one) => {
      one.say(KEYS.map(key => request('GET', key)).join(''))
      const got: (Answer | undefined)[] = []
      for (const _ of KEYS) got.push(await one.answer())
      return got
    }))
    const fates = answers.map(got => got.every(answer => answer instanceof Error || answer === undefined || answer === 'OK') ? 'closed' : 'served')
    assert.equal(fates[0], 'closed', 'its own clients have lost their connection')
    for (const [i, got] of answers.entries()) {
      if (fates[i] === 'closed') continue
      assert.ok(got.includes('v'), 'the keys of the other are there')
      const lost = got.filter(answer => answer instanceof Error)
      assert.ok(lost.length > 0 && lost.every(answer => /^SHARDDOWN thread \d, which owned the key, has ended/.test((answer as Error).message)))
    }
    const later = await Client.to(server.port)
    assert.equal(await later.ask('PING'), 'PONG')
    assert.match(String(await later.ask('INFO')), /^threads_alive:1\r$/m)
    assert.match(String(await later.ask('DBSIZE')), /SHARDDOWN/)
    await Promise.all([later, ...clients].map(one => one.close()))
    assert.equal(await server.stop('SIGINT'), 1)
    assert.match(server.said(), /^resp: thread \d has ended, and with it the keys that it owned: .*DEBUG PANIC/m)
  })
}

test('a port that is in use is said in one line, with exit code 1', async () => {
  const server = await serve('--threads', '1')
  await assert.rejects(serve('--threads', '1', '--port', String(server.port)), /it ended: 1: resp: .*EADDRINUSE.*\n$/)
  await assert.rejects(serve('--threads', '2', '--accept', 'one', '--port', String(server.port)), /it ended: 1: resp: .*EADDRINUSE.*\n$/)
  assert.equal(await server.stop(), 0)
})

test('too many clients are told so, and the place of one that has gone is free', async () => {
  const server = await serve('--threads', '1', '--maxclients', '2')
  const [one, two] = [await Client.to(server.port), await Client.to(server.port)]
  assert.deepEqual([await one.ask('PING'), await two.ask('PING')], ['PONG', 'PONG'])
  const three = await Client.to(server.port)
  assert.deepEqual([await three.answer(), await three.answer()], [error('ERR max number of clients reached'), undefined])
  await Promise.all([two.close(), three.close()])
  await alone(one)
  const four = await Client.to(server.port)
  assert.equal(await four.ask('PING'), 'PONG')
  await Promise.all([one.close(), four.close()])
  assert.equal(await server.stop(), 0)
})

test('memory has a limit: what does not fit is refused, and what is there stays', async () => {
  const server = await serve('--threads', '2', '--maxmemory', '8')
  const client = await Client.to(server.port), value = 'x'.repeat(100_000)
  const answers = await client.pipeline(Array.from({ length: 100 }, (_, i) => ['SET', `k${i}`, value]))
  const refused = answers.filter(answer => answer instanceof Error)
  assert.ok(refused.length > 15 && refused.length < 60, `${refused.length} refused`)
  assert.ok(refused.every(answer => answer.message === 'OOM command not allowed when used memory > \'maxmemory\'.'))
  assert.equal(await client.ask('DBSIZE'), 100 - refused.length)
  assert.equal(await client.ask('FLUSHALL'), 'OK')
  assert.equal(await client.ask('SET', 'k', value), 'OK')
  await client.close()
  assert.equal(await server.stop(), 0)
})
