// Shapes: objects that are sent again and again with the same names.

import assert from 'node:assert/strict'
import test, { afterEach, beforeEach } from 'node:test'
import { decode, encode, installShapes } from '#internal/mem/codec.js'
import { Memory } from '#internal/mem/memory.js'
import type { ShapeTable } from '#internal/mem/shapes.js'
import { same } from './same.ts'

const memory = new Memory(1, new SharedArrayBuffer(1 << 20))
const OFTEN = 20

let texts: string[] = []
const table: ShapeTable = {
  add: text => texts.includes(text) ? texts.indexOf(text) + 1 : texts.push(text),
  text: number => texts[number - 1],
}

beforeEach(() => {
  texts = []
  installShapes(table)
})
afterEach(() => { installShapes(undefined) })

// What arrives of the last of many.
function sendOften(make: () => unknown): unknown {
  let arrived: unknown
  for (let i = 0; i < OFTEN; i++) {
    encode(make(), 'body').place(memory, 64)
    arrived = decode(memory, 64)
  }
  return arrived
}

class Point {
  x = 1
  y = 2
}
const odd: object = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3, enumerable: false } }) as object

const cases: [string, () => unknown, known: string[]][] = [
  ['numbers, strings and the rest', () => ({ a: -0, b: NaN, c: 2 ** 40, d: 'text', e: undefined, f: null, g: true, h: 3n }), ['["a","b","c","d","e","f","g","h"]']],
  ['another order of the same names', () => [{ a: 1, b: 2 }, { b: 2, a: 1 }], ['["a","b"]', '["b","a"]']],
  ['names that are numbers', () => ({ b: 1, 7: 2, '-1': 3, 1: 4 }), ['["1","7","b","-1"]']],
  ['names that need more than a byte', () => ({ łódź: 1 }), ['["łódź"]']],
  ['symbols', () => ({ a: 1, [Symbol('s')]: 2 }), ['["a"]']],
  ['no prototype', () => Object.assign(Object.create(null) as object, { a: 1 }), ['["a"]']],
  ['an object in an object', () => ({ id: 1, at: { x: 1, y: 2 } }), ['["x","y"]', '["id","at"]']],
  ['the same object twice, and itself', () => {
    const inner = { a: 1 }, outer = { inner, again: inner, self: undefined as unknown }
    outer.self = outer
    return outer
  }, ['["a"]', '["inner","again","self"]']],
  ['itself, in the last property', () => { const o: Record<string, unknown> = { a: 1, b: 'x' }; o.c = o; return o }, ['["a","b","c"]']],
  ['a part twice, below numbers', () => { const part = { p: 1 }; return { n: 1, s: 'x', one: part, two: [part] } }, ['["p"]', '["n","s","one","two"]']],
  ['an object without names', () => ({}), []],
  ['an instance of a class', () => new Point(), []],
  ['what is inherited, and what is hidden', () => odd, []],
  ['a property called __proto__', () => JSON.parse('{"a":1,"__proto__":{"b":2}}') as unknown, ['["b"]']],
  ['frozen', () => Object.freeze({ a: 1, b: 'x' }), ['["a","b"]']],
  ['a property that was deleted', () => {
    const o: Record<string, number> = { a: 1, b: 2, c: 3 }
    delete o.b
    return o
  }, ['["a","c"]']],
]

for (const [name, make, known] of cases) {
  test(`sent often, ${name} arrive as structuredClone makes it`, () => {
    same(sendOften(make), structuredClone(make()))
    assert.deepEqual([...texts].sort(), [...known].sort())
  })
}

test('an object with the shape of others is read in order, each getter once', () => {
  sendOften(() => ({ a: 1, b: 2, c: 3 }))
  const calls: string[] = []
  const o = { get a() { return calls.push('a') }, get b() { return calls.push('b') }, c: 3 }
  encode(o, 'body').place(memory, 64)
  assert.deepEqual(decode(memory, 64), { a: 1, b: 2, c: 3 })
  assert.deepEqual(calls, ['a', 'b'])
})

test('a getter that changes its object changes nothing else in what is sent', () => {
  const make = (): object => ({
    get a() {
      delete (this as { b?: number }).b
      Object.assign(this, { d: 4 })
      return 1
    },
    b: 2, c: 3,
  })
  encode(make(), 'body').place(memory, 64)
  const byNames = decode(memory, 64)
  sendOften(() => ({ a: 1, b: 2, c: 3 }))
  encode(make(), 'body').place(memory, 64)
  same(decode(memory, 64), byNames)
  assert.deepEqual(texts, ['["a","b","c"]'])
})

test('a getter that throws leaves nothing behind', () => {
  sendOften(() => ({ a: 1, b: 2 }))
  assert.throws(() => encode({ a: 1, get b() { throw new RangeError('b') } }, 'body'), /RangeError: b/)
  assert.throws(() => encode({ a: 1, b: { c: Symbol('s') } }, 'body'), /^TypeError: body\.b\.c: a symbol/)
  same(sendOften(() => ({ a: 1, b: 2 })), { a: 1, b: 2 })
})

test('a name that all objects inherit is not taken for an object\'s own', () => {
  sendOften(() => ({ a: 1, everywhere: 2 }))
  Object.defineProperty(Object.prototype, 'everywhere', { value: 3, enumerable: true, configurable: true })
  try {
    encode({ a: 1 }, 'body').place(memory, 64)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'everywhere')
  }
  same(decode(memory, 64), { a: 1 })
})

test('objects that are used as dictionaries do not fill the table', () => {
  for (let i = 0; i < 20_000; i++) encode({ [`key ${i}`]: i, x: 1 }, 'body').drop()
  assert.deepEqual(texts, [])
  same(sendOften(() => ({ a: 1 })), { a: 1 })
  assert.deepEqual(texts, ['["a"]'])
})

test('an object with many names, or for which there is no room, is sent by its names', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`name ${i}`, i]))
  same(sendOften(() => ({ ...many })), many)
  installShapes({ add: () => 0, text: () => undefined })
  same(sendOften(() => ({ a: 1 })), { a: 1 })
  assert.deepEqual(texts, [])
})

test('a shape that nobody has added is no message', () => {
  sendOften(() => ({ a: 1 }))
  texts = []
  encode({ a: 1 }, 'body').place(memory, 64)
  installShapes(table)
  assert.throws(() => decode(memory, 64), /^Error: corrupt message .* unknown shape 1/)
})
