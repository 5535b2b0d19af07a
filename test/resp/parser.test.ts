// The parser of the example resp: the cut of the stream makes no difference, and no stream makes it take more than it is given.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Budget } from '../../examples/resp/budget.ts'
import { LARGE, Parser, ProtocolError, split, type Arg } from '../../examples/resp/parser.ts'
import { chance, seed } from './chance.ts'
import { request } from './server.ts'

const text = (arg: Arg): string => typeof arg === 'string' ? arg : Buffer.from(arg).toString('latin1')

/** What a parser makes of a stream in these pieces: requests, and at last the protocol error if there is one. */
function parsed(stream: string, cuts: readonly number[]): unknown[] {
  const budget = new Budget(64 * 2 ** 20), parser = new Parser(budget), bytes = Buffer.from(stream, 'latin1'), found: unknown[] = []
  let at = 0
  try {
    for (const cut of [...cuts, bytes.length]) {
      parser.push(bytes.subarray(at, cut))
      at = cut
      for (let args = parser.next(); args !== undefined; args = parser.next()) found.push(args.map(text))
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    found.push(`error: ${error.message}`)
  }
  parser.close()
  assert.equal(budget.used, 0, 'what was charged is given back')
  return found
}

function cutsOf(length: number, random: (n: number) => number): number[] {
  return Array.from({ length: random(12) }, () => random(length + 1)).sort((a, b) => a - b)
}

const WORDS = ['SET', 'k', '', '\0\r\n\xff', '*1\r\n$4\r\nPING\r\n', 'x'.repeat(LARGE - 1), 'y'.repeat(LARGE), 'z\r\n'.repeat(30000)]

test(`requests are the same however the stream is cut (SEED=${seed})`, () => {
  const random = chance(seed)
  for (let round = 0; round < 150; round++) {
    const requests = Array.from({ length: 1 + random(6) }, () => Array.from({ length: 1 + random(5) }, () => WORDS[random(WORDS.length)]))
    const stream = requests.map(words => request(...words)).join(random(2) === 0 ? '' : '\r\n')
    const cuts = cutsOf(stream.length, random)
    assert.deepEqual(parsed(stream, cuts), requests, `cut at ${cuts}`)
  }
})

test('a stream that comes byte by byte, and one that is cut at every byte once', () => {
  const stream = request('SET', 'k', '\r\n') + 'PING "a b"\r\n' + request('GET', 'k') + 'PING\n' + '*0\r\n' + request('')
  const wanted = [['SET', 'k', '\r\n'], ['PING', 'a b'], ['GET', 'k'], ['PING'], ['']]
  assert.deepEqual(parsed(stream, Array.from({ length: stream.length }, (_, i) => i)), wanted)
  for (let cut = 0; cut <= stream.length; cut++) assert.deepEqual(parsed(stream, [cut]), wanted)
})

test(`what is no request is the same error however it is cut, and the requests before it are there (SEED=${seed})`, () => {
  const random = chance(seed)
  const streams = Array.from({ length: 400 }, () => {
    const good = request('SET', 'key', 'value') + request('GET', 'key'), at = random(good.length)
    return good.slice(0, at) + String.fromCharCode(random(256)) + good.slice(at + random(2))
  })
  for (const stream of streams) {
    const whole = parsed(stream, [])
    for (let n = 0; n < 4; n++) {
      const cuts = cutsOf(stream.length, random)
      assert.deepEqual(parsed(stream, cuts), whole, `${JSON.stringify(stream)} cut at ${cuts}`)
    }
  }
})

const errors: readonly (readonly [stream: string, error: string])[] = [
  ['*x\r\n', 'invalid multibulk length'], ['*1x\r\n', 'invalid multibulk length'], ['*\r\n', 'invalid multibulk length'],
  ['*1048577\r\n', 'invalid multibulk length'], ['*1\rx', 'invalid multibulk length'], ['*12345678901\r\n', 'invalid multibulk length'],
  ['*1\r\nPING\r\n', 'expected \'$\', got \'P\''], ['*1\r\n\0', 'expected \'$\', got \'\0\''],
  ['*1\r\n$-1\r\n', 'invalid bulk length'], ['*1\r\n$536870913\r\n', 'invalid bulk length'], ['*1\r\n$a\r\n', 'invalid bulk length'],
  ['*1\r\n$4\r\nPINGxx', 'expected the end of a bulk string'], ['*1\r\n$4\r\nPINGPONG\r\n', 'expected the end of a bulk string'],
  [`*1\r\n$${LARGE}\r\n${'x'.repeat(LARGE)}xx`, 'expected the end of a bulk string'],
  ['POST / HTTP/1.1\r\n', 'this is not HTTP'], ['Host: localhost\r\n', 'this is not HTTP'],
  ['SET "k\r\n', 'unbalanced quotes in request'], ['SET "k"v\r\n', 'unbalanced quotes in request'],
  ['x'.repeat(65537), 'too big inline request'], [`${'x'.repeat(65537)}\r\n`, 'too big inline request'],
]
for (const [stream, error] of errors) {
  test(`${JSON.stringify(stream.slice(0, 30))} is refused: ${error}`, () => {
    assert.deepEqual(parsed(stream, []), [`error: ${error}`])
    assert.deepEqual(parsed('PING\r\n' + stream, [3]), [['PING'], `error: ${error}`])
  })
}

test('an array of no or negative length, and an empty line, ask for nothing', () => {
  assert.deepEqual(parsed('*0\r\n*-1\r\n\r\n   \r\nPING\r\n', []), [['PING']])
})

test('the words of a line', () => {
  assert.deepEqual(split('  set\tk  "a \\"b\\" \\x41\\n\\q"  \'it\\\'s \\n\' "" '), ['set', 'k', 'a "b" A\nq', 'it\'s \\n', ''])
  assert.deepEqual(split('\xa0\xff'), ['\xa0\xff'])
  for (const wrong of ['"', '\'a', 'a"b"', '"a"b', '\'a\'\'b\'']) assert.equal(split(wrong), undefined, wrong)
})

test('a length that is claimed takes no memory; what arrives takes twice as much at most; what is too much is refused', () => {
  const budget = new Budget(2 ** 20), parser = new Parser(budget)
  parser.push(Buffer.from('*2\r\n$3\r\nSET\r\n$536870912\r\n'))
  assert.equal(parser.next(), undefined)
  assert.equal(budget.used, 0)
  let arrived = 0
  assert.throws(() => {
    for (;; arrived += 50000) {
      parser.push(Buffer.alloc(50000))
      assert.equal(parser.next(), undefined)
      assert.ok(budget.used <= 2 * (arrived + 50000) && budget.used <= budget.limit)
    }
  }, { message: 'no memory is left for the request' })
  assert.ok(arrived >= 2 ** 19, 'half of the limit is there')
  parser.close()
  assert.equal(budget.used, 0)
})

test('many short arguments are charged too, and a request may not be larger than its largest argument and a little', () => {
  const parser = new Parser(new Budget(100_000)), argument = `$1000\r\n${'x'.repeat(1000)}\r\n`
  parser.push(Buffer.from(`*1000\r\n${argument.repeat(200)}`))
  assert.throws(() => parser.next(), { message: 'no memory is left for the request' })
  const other = new Parser(new Budget(Infinity))
  other.push(Buffer.from(`*1000000\r\n${`$16383\r\n${'x'.repeat(16383)}\r\n`.repeat(80)}$536870912\r\n`))
  assert.throws(() => other.next(), { message: 'too big request' })
})
