// The example resp beside Redis: what both are asked, they answer with the same bytes.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { chance, seed } from './chance.ts'
import { answersIn, last, noRedis, redis } from './redis-server.ts'
import { request, serve, WAYS, type Server } from './server.ts'

const COMMANDS = 6000, AT_ONCE = 300

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', '', 'key with spaces', '\r\n', '\0\xff\x80', 'k'.repeat(300), '*1\r\n$4\r\nPING\r\n']
const NUMBERS = ['0', '-1', '1', '42', '-42', '9223372036854775806', '9223372036854775807', '-9223372036854775808', '9223372036854775808', '-9223372036854775809',
  '01', '+1', '-0', ' 1', '1 ', '1.0', '1e3', '0x10', '', '-', 'ten', '99999999999999999999', '123456789012345678901234567890']
const VALUES = [...NUMBERS, 'v', '\r\n', '\0', '$5\r\nhello\r\n', '\xff\xfe', 'x'.repeat(1000), 'y'.repeat(16383), 'z'.repeat(16384), 'w'.repeat(70000)]
/** Far away, and far from each other: which second it is makes no difference of note. */
const TIMES = ['100000', '200000', '900000', '-5', '-100000']
const OPTIONS = ['nx', 'NX', 'xx', 'XX', 'get', 'GET', 'keepttl', 'KEEPTTL', 'nope', '', 'ex', 'PX']

/** Who is asked a little later would know another answer. */
const SOON = /^[1-9]\d?$/

type Random = (n: number) => number
const one = <T>(random: Random, of: readonly T[]): T => of[random(of.length)]
const some = <T>(random: Random, most: number, make: () => T): T[] => Array.from({ length: random(most + 1) }, make)

function time(random: Random, unit: number): string {
  if (random(6) === 0) return one(random, NUMBERS.filter(text => !SOON.test(text)))
  const seconds = one(random, TIMES)
  return unit === 1 ? seconds : `${seconds}000`
}

function setOf(random: Random): string[] {
  const words = ['SET', one(random, KEYS), one(random, VALUES)]
  for (const option of some(random, 3, () => one(random, ['ex', 'PX', 'nx', 'xx', 'get', 'keepttl', ...random(8) === 0 ? OPTIONS : []]))) {
    words.push(option)
    if (/^[ep]x$/i.test(option) && random(15) > 0) words.push(time(random, /^e/i.test(option) ? 1 : 1000))
  }
  return words
}

/** Commands by chance, each as often as it stands here. */
const MAKERS: readonly ((random: Random) => string[])[] = [
  setOf, setOf, setOf,
  random => ['SET', one(random, KEYS), one(random, VALUES)],
  random => ['SET', one(random, KEYS), one(random, NUMBERS)],
  random => ['GET', one(random, KEYS)],
  random => ['GET', one(random, KEYS)],
  random => [one(random, ['INCR', 'DECR', 'incr', 'InCr']), one(random, KEYS)],
  random => ['INCRBY', one(random, KEYS), one(random, NUMBERS)],
  random => ['DEL', ...some(random, 4, () => one(random, KEYS))],
  random => ['EXISTS', ...some(random, 4, () => one(random, KEYS))],
  random => ['MGET', ...some(random, 6, () => one(random, KEYS))],
  random => ['MSET', ...some(random, 7, () => one(random, random(2) === 0 ? KEYS : NUMBERS))],
  random => ['MSET', ...some(random, 5, () => [one(random, KEYS), one(random, VALUES)]).flat()],
  random => ['EXPIRE', one(random, KEYS), time(random, 1)],
  random => ['PEXPIRE', one(random, KEYS), time(random, 1000)],
  random => ['TTL', one(random, KEYS)],
  random => ['PTTL', one(random, KEYS)],
  random => ['PERSIST', one(random, KEYS)],
  random => [one(random, ['PING', 'ping', 'Echo']), ...some(random, 2, () => one(random, VALUES))],
  random => ['SELECT', one(random, ['0', ...NUMBERS])],
  random => [one(random, ['FLUSHALL', 'FLUSHDB']), ...random(4) > 0 ? [] : [one(random, ['sync', 'ASYNC', 'nope', ''])]],
  () => ['DBSIZE'],
  random => [one(random, ['GET', 'SET', 'DEL', 'MGET', 'MSET', 'INCR', 'INCRBY', 'TTL', 'PERSIST', 'DBSIZE', 'ECHO', 'SELECT', 'EXISTS']), ...some(random, 1, () => 'x')],
  random => [one(random, ['NOPE', 'nope', '', 'G\0ET', 'G\r\nET', 'x'.repeat(200), '\xff']), ...some(random, 10, () => one(random, [...KEYS, ...VALUES.slice(0, -2)]))],
]

const MARK = 'these were all'

/** What a server answers to all of them: they are sent a few hundred at once, in pieces by chance. */
async function answered(server: string | number, commands: readonly string[][], random: Random): Promise<string[]> {
  const socket = typeof server === 'string' ? connect(server) : connect(server, '127.0.0.1'), answers: string[] = []
  socket.setEncoding('latin1')
  for (let from = 0; from < commands.length; from += AT_ONCE) {
    const asked = commands.slice(from, from + AT_ONCE)
    const bytes = Buffer.from([...asked, ['ECHO', MARK]].map(words => request(...words)).join(''), 'latin1')
    let text = ''
    const over = new Promise<void>((resolve, reject) => {
      socket.on('data', function take(part: string) {
        text += part
        if (!text.endsWith(`${MARK}\r\n`)) return
        socket.off('data', take)
        resolve()
      })
      socket.once('close', () => { reject(new Error(`closed, after ${JSON.stringify(text.slice(-200))}`)) })
    })
    for (let at = 0, next = 0; at < bytes.length; at = next) {
      next = Math.min(bytes.length, at + 1 + random(random(4) === 0 ? 20 : 30_000))
      socket.write(bytes.subarray(at, next))
    }
    await over
    socket.removeAllListeners('close')
    answers.push(...answersIn(text).slice(0, -1))
  }
  socket.destroy()
  return answers
}

/** Times to live are the same if they differ by less than such a test may take. */
function same(words: readonly string[], ours: string, theirs: string): boolean {
  if (ours === theirs) return true
  const name = words[0].toLowerCase(), unit = name === 'ttl' ? 1 : name === 'pttl' ? 1000 : 0
  const [a, b] = [ours, theirs].map(answer => Number(answer.slice(1)))
  return unit > 0 && a > 0 && b > 0 && Math.abs(a - b) < 1000 * unit
}

/** What is no request. */
const NONSENSE = [
  '*x', '*', '*1x', '*+1', '*01', '*-x', '*2147483648', '*-9223372036854775809', '*99999999999999999999', '*1 ', '* 1', '*1\r\nPING', '*1\r\n:4', '*1\r\n*1', '*1\r\n',
  '*1\r\n$', '*1\r\n$-1', '*1\r\n$-0', '*1\r\n$+4', '*1\r\n$04', '*1\r\n$4x', '*1\r\n$536870913', '*1\r\n$999999999999', '*1\r\n$99999999999999999999',
  '*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n!1', '*1\r\n\xff', 'ECHO "a', 'ECHO \'a', 'ECHO "a"b', 'ECHO \'a\'b',
]

const short = (text: string): string => JSON.stringify(text.length > 400 ? `${text.slice(0, 400)}… (${text.length})` : text)

// Skipped where Debian's redis-server is not installed; .ci/run installs it.
describe('beside Redis', { skip: noRedis }, () => {
  let theirs: Awaited<ReturnType<typeof redis>>

  before(async () => { theirs = await redis() })
  after(async () => { await theirs.stop() })

  for (const [way, options] of Object.entries(WAYS)) {
    describe(way, () => {
      let ours: Server

      before(async () => { ours = await serve(...options) })
      after(async () => { assert.equal(await ours.stop(), 0) })

      test(`${COMMANDS} commands by chance are answered byte for byte as Redis answers them (SEED=${seed})`, async () => {
        const random = chance(seed)
        const commands = [['FLUSHALL'], ...Array.from({ length: COMMANDS }, () => one(random, MAKERS)(random))]
        const [mine, its] = await Promise.all([answered(ours.port, commands, chance(seed + 1)), answered(theirs.path, commands, chance(seed + 2))])
        assert.equal(mine.length, its.length, 'as many answers')
        for (const [i, words] of commands.entries()) {
          assert.ok(same(words, mine[i], its[i]), `command ${i}, ${short(words.join(' '))}, is answered ${short(mine[i])}, by Redis ${short(its[i])}`)
        }
      })

      for (const stream of NONSENSE) {
        test(`${short(stream)} is answered as Redis answers it, and the connection is closed`, async () => {
          const bytes = Buffer.from(`${request('PING')}${stream}\r\n${request('PING')}`, 'latin1')
          assert.equal(await last(ours.port, [bytes]), await last(theirs.path, [bytes]))
        })
      }
    })
  }
})
