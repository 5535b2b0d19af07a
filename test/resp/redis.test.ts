// The example resp, driven by the clients that Redis itself comes with.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { noRedisTools, serve, WAYS } from './server.ts'

const run = async (command: string, ...args: string[]): Promise<{ stdout: string, stderr: string }> =>
  promisify(execFile)(command, args, { timeout: 100_000, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 })

/** A multiple of 16: redis-benchmark sends whole pipelines. */
const REQUESTS = 3200

for (const [way, options] of Object.entries(WAYS)) {
  // Skipped where Debian's redis-tools are not installed; .ci/run installs them.
  test(`${way}: redis-benchmark runs its SET, GET, INCR, MSET and PING with 50 clients, with and without -P 16, without an error`, { skip: noRedisTools }, async () => {
    const server = await serve(...options)
    for (const more of [[], ['-P', '16'], ['-P', '16', '-r', '1000', '-d', '300']]) {
      const { stdout, stderr } = await run('redis-benchmark', '-p', String(server.port), '--csv', '-c', '50', '-n', String(REQUESTS), '-t', 'ping,set,get,incr,mset', ...more)
      assert.equal(stderr, '', 'no error, and no warning that CONFIG cannot be read')
      const rates = stdout.trim().split('\n').slice(1).map(line => line.split(',').map(cell => JSON.parse(cell) as string))
      assert.deepEqual(rates.map(([name]) => name), ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'MSET (10 keys)'])
      for (const [name, rate] of rates) assert.ok(Number(rate) > 0, name)
    }
    const cli = async (...words: string[]): Promise<string> => (await run('redis-cli', '-p', String(server.port), ...words)).stdout
    assert.equal(await cli('get', 'counter:__rand_int__'), `${2 * REQUESTS}\n`, 'each INCR has counted')
    assert.equal(await server.stop(), 0)
    assert.equal(server.said(), '')
  })

  // Skipped where Debian's redis-tools are not installed; .ci/run installs them.
  test(`${way}: redis-cli shows what it shows of Redis`, { skip: noRedisTools }, async () => {
    const server = await serve(...options)
    const cli = async (...words: string[]): Promise<string> => (await run('redis-cli', '-p', String(server.port), '--no-raw', ...words)).stdout
    const shown: readonly (readonly [words: string[], text: string])[] = [
      [['ping'], 'PONG\n'], [['set', 'k', 'a "b"\n'], 'OK\n'], [['get', 'k'], '"a \\"b\\"\\n"\n'], [['get', 'none'], '(nil)\n'],
      [['incr', 'n'], '(integer) 1\n'], [['mset', 'a', '1', 'b', '2', 'c', '3'], 'OK\n'], [['mget', 'a', 'none', 'b', 'c'], '1) "1"\n2) (nil)\n3) "2"\n4) "3"\n'],
      [['expire', 'a', '100'], '(integer) 1\n'], [['ttl', 'a'], '(integer) 100\n'], [['ttl', 'b'], '(integer) -1\n'], [['ttl', 'none'], '(integer) -2\n'],
      [['set', 'a', '2', 'nx'], '(nil)\n'], [['set', 'a', '2', 'ex', '50'], 'OK\n'], [['ttl', 'a'], '(integer) 50\n'], [['del', 'a', 'b', 'c', 'none'], '(integer) 3\n'],
      [['incr', 'k'], '(error) ERR value is not an integer or out of range\n'], [['lpush', 'l', 'x'], '(error) ERR unknown command \'lpush\', with args beginning with: \'l\' \'x\' \n'],
    ]
    for (const [words, text] of shown) assert.equal(await cli(...words), text, words.join(' '))
    assert.match(await cli('info'), /threads_alive:\d/)
    assert.equal(await server.stop(), 0)
  })
}
