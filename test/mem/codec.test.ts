import test from 'node:test'
import assert from 'node:assert/strict'
import { decode, encode, extend, extrasNeeded, installPlatform, installStrings, messageSize, portableStrings, releaseMessage } from '#internal/mem/codec.js'
import { nodeStrings } from '#internal/host/strings.js'
import { nodePlatform } from '#internal/host/platform-objects.js'
import { Memory } from '#internal/mem/memory.js'
import type { Extension, Platform, Strings } from '#internal/mem/codec.js'
import { same } from './same.ts'

// The types of WebAssembly come with the browser's library only.
const { WebAssembly } = globalThis as unknown as { WebAssembly: Record<string, new (description: unknown) => object> }

const memory = new Memory(1, new SharedArrayBuffer(1 << 25))

function through(value: unknown, root = 'result', transfer: object[] = []): unknown {
  const message = encode(value, root, transfer), { size, extras } = message
  message.place(memory, 64)
  assert.equal(messageSize(memory, 64), size)
  assert.equal(extrasNeeded(memory, 64), extras.length)
  return decode(memory, 64, structuredClone(extras, { transfer: transfer as ArrayBuffer[] }))
}

const hosts: Record<string, [Strings, Platform]> = {
  'anywhere': [portableStrings, { carriage: () => 'plain' }],
  'on Node': [nodeStrings!, nodePlatform],
}

class Point {
  x = 1
  #hidden = 2
  get length(): number { return this.#hidden }
}

class Table extends Map<string, number> {
  override get [Symbol.toStringTag](): string { return 'Table' }
}

function shared(): unknown {
  const a: Record<string, unknown> = { name: 'a' }, list: unknown[] = [a, a]
  a.self = a
  a.list = list
  return { list, a, map: new Map<unknown, unknown>([[a, list], [list, a]]), set: new Set([a, list]) }
}

function views(): unknown {
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]).buffer
  return [new Uint8Array(buffer, 3, 4), new DataView(buffer, 1), new Float64Array(buffer, 8, 1), buffer, new BigInt64Array(buffer)]
}

function extraNames(n: number): unknown {
  return Object.assign(Array.from({ length: n }, (_, i) => i), { 'name': 'n', '01': 1, '4294967295': 2, '-1': 3 })
}

const halves = Array.from({ length: 12 }, (_, i) => i - 3.5)

const values: Record<string, () => unknown> = {
  'undefined, null, booleans': () => [undefined, null, true, false],
  'integers': () => [0, 1, -1, 255, 8388607, 8388608, -8388608, -8388609, 2147483647, -2147483648, 2147483648, -2147483649],
  'doubles': () => [-0, 0.1, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER],
  'rows of numbers': () => [7, 8, 9, 1023, 1024, 1025, 2100].map(n => Array.from({ length: n }, (_, i) => i + 0.5)),
  'rows that begin late, end early, have names, or holes': () => [
    [1, 2, ...halves, -0, NaN, 3, 2 ** 40], [...halves, 'text', ...halves], [...halves, , ...halves, undefined, null],
    Object.assign([...halves], { name: 0.5 }), Object.assign([...halves], { length: 50_000_000 }), [...halves, halves, [...halves]],
  ],
  'bigints': () => [0n, 1n, -1n, 2n ** 63n, -(2n ** 64n), 123456789012345678901234567890n, -(2n ** 5000n)],
  'strings': () => ['', 'a', 'abc', '\0', 'äÿ', 'Ł', '\u{1f600}', '\ud800', 'x\udc00y',
    ...Array.from({ length: 70 }, (_, i) => 'é'.repeat(i)), ...Array.from({ length: 70 }, (_, i) => `${'a'.repeat(i)}\u20ac\ud800`)],
  'long strings': () => ['x'.repeat(100_000), 'ÿ'.repeat(10_001), 'x'.repeat(9_999) + '\ud800Ł', 'Ł'.repeat(5_000)],
  'boxed primitives': () => [Object(1), Object('s'), Object(true), Object(false), Object(7n), Object(-0)],
  'dates': () => [new Date(0), new Date(NaN), new Date(1e12 + 0.5)],
  'regular expressions': () => { const r = /a(?<b>b)\/[/]/dgimsuy; r.lastIndex = 3; return [r, new RegExp(''), /\n/] },
  'plain objects': () => ({ a: 1, b: { c: 'd' }, '': 0, 'a b': 1, 'Ł': 2, 2: 'two', 1: 'one', ['k'.repeat(100)]: 3, [Symbol('s')]: 4 }),
  'an object without prototype': () => Object.assign(Object.create(null) as object, { a: 1 }),
  'getters': () => ({ get a() { return { b: 1 } } }),
  'what is not enumerable': () => Object.defineProperty({ a: 1 }, 'b', { value: 2 }),
  'class instances': () => [new Point(), new (class Empty {})(), Object.create({ inherited: 1 })],
  'arrays': () => [[], [1], [[], [[]]], [1, 'a', null]],
  'arrays with holes': () => [[, 1], [1, , undefined, , 2], new Array(3), new Array(40), [1, ...new Array<number>(3), 2]],
  'sparse arrays': () => { const a: number[] = []; a[5] = 1; a[100_000] = 2; a[4_000_000_000] = 3; return [a, new Array(4_294_967_295), new Array(5000)] },
  'arrays with named properties': () => [extraNames(0), extraNames(3), extraNames(40), Object.assign(new Array(100), { a: 1 }), /b(c)?/.exec('abd')],
  'an array of a class': () => (class List extends Array<number> {}).of(1, 2),
  'maps and sets': () => [new Map<unknown, unknown>([[1, 'a'], ['b', { c: 1 }], [NaN, -0], [null, undefined]]), new Set([1, 'a', NaN, undefined]), new Map(), new Set()],
  'a map of a class': () => new Table([['a', 1]]),
  'what only looks like a map': () => [Object.create(Map.prototype), Object.create(Date.prototype), Object.create(ArrayBuffer.prototype), { [Symbol.toStringTag]: 'Map' }],
  'cycles and shared parts': shared,
  'many shared parts': () => { const parts = Array.from({ length: 50 }, (_, i) => ({ i })); return [parts, parts.slice().reverse(), [...parts, ...parts]] },
  'an array that contains itself': () => { const a: unknown[] = [1]; a.push(a); return a },
  'an array of which a named property is itself': () => { const a: unknown[] & { self?: unknown } = [1, 'a']; a.self = a; return a },
  'a sparse array that contains itself': () => { const a: unknown[] = []; a[100_000] = a; return a },
  'short strings that come again': () => Array.from({ length: 3 }, () => Array.from({ length: 25 }, (_, n) => ['a'.repeat(n), 'a'.repeat(n) + '\0', 'é'.repeat(n), 'abcdefgh'.slice(n)])),
  'an object that contains itself': () => { const o: Record<string, unknown> = {}; o.o = o; return o },
  'buffers': () => [new ArrayBuffer(0), new Uint8Array([1, 2, 3]).buffer, new ArrayBuffer(100_000)],
  'views of one buffer': views,
  'typed arrays': () => [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array].map(type => type.of(1, 2, 3)),
  'node buffers': () => { const b = Buffer.alloc(10, 'ab'); return [b, b.subarray(2, 4), Buffer.from('pooled')] },
  'errors': () => [new Error('m'), new TypeError('t', { cause: new RangeError('r') }), new Error(), new Error(''), new SyntaxError('s', { cause: undefined }), Object.assign(new EvalError('e'), { stack: 'mine' })],
  'errors of a class': () => [new (class Mine extends URIError {})('u'), Object.defineProperty(new Error('x'), 'name', { value: 'ReferenceError' }), Object.defineProperty(new TypeError('x'), 'name', { value: 'Strange' })],
}

for (const [host, [strings, platform]] of Object.entries(hosts)) {
  for (const [name, make] of Object.entries(values)) {
    test(`${name} arrive as structuredClone makes them, ${host}`, () => {
      installStrings(strings)
      installPlatform(platform)
      const value = make()
      same(through(value), structuredClone(value))
    })
  }
}

test('resizable buffers keep their room, and views that follow their length go on doing so', () => {
  type Resizable = ArrayBuffer & { resize(n: number): void, maxByteLength: number }
  const buffer = new (ArrayBuffer as unknown as new (n: number, o: object) => Resizable)(8, { maxByteLength: 32 })
  const [a, fixed, follows] = through([buffer, new Uint8Array(buffer, 2, 6), new Uint16Array(buffer, 2)]) as [Resizable, Uint8Array, Uint16Array]
  assert.deepEqual([a.byteLength, a.maxByteLength, fixed.length, follows.length], [8, 32, 6, 3])
  a.resize(16)
  assert.deepEqual([fixed.length, follows.length, fixed.buffer === a], [6, 7, true])
  assert.equal(buffer.byteLength, 8)
})

test('an error brings its code and what else it carries', () => {
  class Failure extends TypeError {
    override name = 'Failure'
    code = 'EFAIL'
    details = { list: [1, 2] }
  }
  const failure = new Failure('m', { cause: { why: 'w' } }), e = through(failure) as Failure
  assert.equal(Object.getPrototypeOf(e), Error.prototype)
  assert.deepEqual([e.name, e.code, e.details, e.cause, e.message, e.stack], ['Failure', 'EFAIL', { list: [1, 2] }, { why: 'w' }, 'm', failure.stack])
  assert.deepEqual(Object.keys(e), ['name', 'code', 'details'])
})

test('an error arrives without what cannot travel', () => {
  const e = Object.assign(new Error('m', { cause: () => 1 }), { code: 'E', request: { send() { /* */ } }, after: 1, get bad() { return Promise.resolve() } })
  const arrived = through(e) as typeof e
  assert.deepEqual({ ...arrived }, { code: 'E', after: 1 })
  assert.deepEqual([arrived.message, arrived.stack, 'cause' in arrived], ['m', e.stack, false])
})

test('an AggregateError brings its errors', () => {
  const e = through(new AggregateError([new TypeError('a'), 7], 'both')) as AggregateError
  assert.ok(e instanceof AggregateError)
  assert.ok(e.errors[0] instanceof TypeError)
  assert.deepEqual([e.message, e.errors.length, e.errors[1], Object.keys(e)], ['both', 2, 7, []])
})

test('an error that contains itself arrives so', () => {
  const e = new Error('m') as Error & { self: unknown }
  e.self = e.cause = e
  const arrived = through(e) as typeof e
  assert.ok(arrived.self === arrived && arrived.cause === arrived)
})

test('a DOMException arrives by name', () => {
  const e = new DOMException('late', 'TimeoutError'), arrived = through(e) as DOMException
  assert.ok(arrived instanceof DOMException)
  assert.deepEqual([arrived.name, arrived.message, arrived.code, arrived.stack], ['TimeoutError', 'late', 23, e.stack])
})

test('a property called __proto__ arrives as a property', () => {
  const o = through(JSON.parse('{"__proto__":{"a":1},"b":2}')) as object
  assert.equal(Object.getPrototypeOf(o), Object.prototype)
  assert.deepEqual(Object.getOwnPropertyDescriptor(o, '__proto__'), { value: { a: 1 }, writable: true, enumerable: true, configurable: true })
})

test('a list of 100000 links arrives, in objects, arrays, maps, sets and errors', () => {
  const wrap: Record<string, [(inner: unknown) => unknown, (outer: never) => unknown]> = {
    object: [next => ({ next }), (o: { next: unknown }) => o.next],
    array: [next => [next], (a: unknown[]) => a[0]],
    map: [next => new Map([[next, 1]]), (m: Map<unknown, unknown>) => m.keys().next().value],
    set: [next => new Set([next]), (s: Set<unknown>) => s.values().next().value],
    error: [cause => { const e = new Error('', { cause }); delete e.stack; return e }, (e: Error) => e.cause],
  }
  for (const [name, [outer, inner]] of Object.entries(wrap)) {
    let list: unknown = 'end', n = 0
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    for (let i = 0; i < 100_000; i++) list = outer(list)
    Error.stackTraceLimit = limit
    for (list = through(list); list !== 'end'; list = inner(list as never)) n++
    assert.equal(n, 100_000, name)
  }
})

test('what is shared stays shared below the depth that is written in place', () => {
  const leaf = { leaf: true }
  let a: unknown = [leaf, leaf], b: unknown = { leaf }
  for (let i = 0; i < 200; i++) [a, b] = [[a, i], { b, i, e: new Error(String(i), { cause: b }), m: new Map([[i, b]]) }]
  const value = { a, b, leaf }
  same(through(value), structuredClone(value))
})

const circular: Record<string, unknown> = { f() { /* */ } }
circular.self = circular
let deep: unknown = { onDone() { /* */ } }
for (let i = 0; i < 80; i++) deep = { next: deep }

const refusals: [unknown, string][] = [
  [[1, { onDone: () => 1 }], 'args[1].onDone: a function'],
  [[Symbol('s')], 'args[0]: a symbol'],
  [[{ x: Promise.resolve() }], 'args[0].x: a Promise'],
  [[{ 'a b': { '1x': Symbol.iterator } }], 'args[0]["a b"]["1x"]: a symbol'],
  [[{ größe: () => 1 }], 'args[0].größe: a function'],
  [[new Map([['key', () => 1]])], 'args[0].get("key"): a function'],
  [[new Map([[7, { f: () => 1 }]])], 'args[0].get(7).f: a function'],
  [[new Map([[{}, () => 1]])], 'args[0].get(an Object): a function'],
  [[new Map([[1, 2], [() => 1, 2] as never])], 'args[0].keys()[1]: a function'],
  [[new Set([1, [Symbol.iterator]])], 'args[0].values()[1][0]: a symbol'],
  [[[[], [0, 1, class A {}]]], 'args[0][1][2]: a function'],
  [[Object.assign([1], { name: Symbol.iterator })], 'args[0].name: a symbol'],
  [[new WeakMap()], 'args[0]: a WeakMap'],
  [[new WeakSet()], 'args[0]: a WeakSet'],
  [[new WeakRef({})], 'args[0]: a WeakRef'],
  [[new FinalizationRegistry(() => 1)], 'args[0]: a FinalizationRegistry'],
  [[(function* () { /* */ })()], 'args[0]: a generator'],
  [[(async function* () { /* */ })()], 'args[0]: an async generator'],
  [[[][Symbol.iterator]()], 'args[0]: an Array Iterator'],
  [[new Map().keys()], 'args[0]: a Map Iterator'],
  [[new Intl.NumberFormat()], 'args[0]: an Intl.NumberFormat'],
  [[Object(Symbol('s'))], 'args[0]: a boxed symbol'],
  [[globalThis], 'args[0]: the global object'],
  [[new WebAssembly.Table({ initial: 1, element: 'anyfunc' })], 'args[0]: a WebAssembly.Table'],
  [[new WebAssembly.Memory({ initial: 1 })], 'args[0]: a WebAssembly.Memory'],
  [[circular], 'args[0].f: a function'],
  [[deep], 'args … '],
]

for (const [value, path] of refusals) {
  test(`what cannot travel is named: ${path}`, () => {
    assert.throws(() => encode(value, 'args'), (e: Error) => {
      assert.ok(e instanceof TypeError)
      assert.ok(e.message.startsWith(path), e.message)
      assert.ok(e.message.endsWith('cannot be sent to another thread'), e.message)
      return true
    })
    assert.throws(() => structuredClone(value))
  })
}

test('a result that cannot travel is named as a result', () => {
  assert.throws(() => encode(() => 1, 'result'), { name: 'TypeError', message: 'result: a function cannot be sent to another thread' })
  assert.throws(() => encode({ a: [Symbol.iterator] }, 'result'), { message: 'result.a[0]: a symbol cannot be sent to another thread' })
})

test('a detached buffer is refused', () => {
  const buffer = new ArrayBuffer(8), view = new Uint8Array(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  assert.throws(() => encode([buffer]), { message: 'args[0]: a detached ArrayBuffer cannot be sent to another thread' })
  assert.throws(() => encode([{ view }]), { message: /^args\[0\]\.view/ })
  assert.throws(() => encode([], 'args', [buffer]), { message: 'transfer[0]: a detached ArrayBuffer cannot be transferred' })
})

test('a transfer list with what cannot be transferred is refused', () => {
  const buffer = new ArrayBuffer(8)
  assert.throws(() => encode([], 'args', [buffer, {}]), { name: 'TypeError', message: 'transfer[1]: an Object cannot be transferred' })
  assert.throws(() => encode([], 'args', [new SharedArrayBuffer(8)]), { message: 'transfer[0]: a SharedArrayBuffer cannot be transferred' })
  assert.throws(() => encode([], 'args', [new Uint8Array(8)]), { message: 'transfer[0]: a Uint8Array cannot be transferred' })
  assert.throws(() => encode([], 'args', [buffer, buffer]), { message: 'transfer[1]: the same ArrayBuffer as transfer[0]' })
  assert.throws(() => encode([], 'args', [1 as unknown as object]), { message: 'transfer[0]: a number cannot be transferred' })
})

test('two views of a transferred buffer share it on arrival', () => {
  const buffer = new Uint8Array([1, 2, 3, 4]).buffer
  const [a, b, c] = through([new Uint8Array(buffer, 1), new Int16Array(buffer, 0, 1), buffer], 'args', [buffer]) as [Uint8Array, Int16Array, ArrayBuffer]
  assert.equal(buffer.byteLength, 0)
  assert.ok(a.buffer === c && b.buffer === c)
  assert.deepEqual([[...a], b.length], [[2, 3, 4], 1])
})

test('what stands only in the transfer list travels too', () => {
  const buffer = new ArrayBuffer(8), message = encode([], 'args', [buffer])
  assert.deepEqual([message.extras.length, message.extras[0] === buffer], [1, true])
  message.drop()
})

test('views of shared memory stay views of the same memory', () => {
  const buffer = new SharedArrayBuffer(16)
  const [a, b, c] = through([new Int32Array(buffer, 4), new Uint8Array(buffer, 2, 3), buffer]) as [Int32Array, Uint8Array, SharedArrayBuffer]
  a[0] = 7
  assert.deepEqual([new Int32Array(buffer)[1], a.length, b.byteOffset, b.length, a.buffer === c, b.buffer === c], [7, 3, 2, 3, true, true])
})

test('views of growable shared memory keep following its length', () => {
  type Growable = SharedArrayBuffer & { grow(n: number): void }
  const buffer = new (SharedArrayBuffer as unknown as new (n: number, o: object) => Growable)(8, { maxByteLength: 64 })
  const [a] = through([new Uint8Array(buffer)]) as [Uint8Array]
  buffer.grow(16)
  assert.equal(a.length, 16)
})

test('compiled modules and shared WebAssembly memories go beside the bytes', () => {
  const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
  const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const message = encode([module, shared, module], 'args')
  assert.deepEqual([message.extras.length, message.extras[0] === module, message.extras[1] === shared], [2, true, true])
  message.drop()
})

// An extension: handles to objects elsewhere, whose references are counted here.
class Handle {
  readonly address: number
  constructor(address: number) { this.address = address }
}
const counts = new Map<number, number>()
const count = (address: number, n: number): void => void counts.set(address, (counts.get(address) ?? 0) + n)
const held = (): number => [...counts.values()].reduce((a, b) => a + b, 0)
const handles: Extension = {
  tag: 200,
  matches: o => o instanceof Handle,
  encode: (o, w) => {
    const { address } = o as Handle
    if (address < 0) throw new RangeError('the object is gone')
    count(address, 1)
    w.word(address)
    w.text(`handle ${address}`)
  },
  decode: r => {
    const address = r.word()
    assert.equal(r.text(), `handle ${address}`)
    return new Handle(address)
  },
  release: r => count(r.word(), -1),
}
extend(handles)
extend({ tag: 255, matches: o => typeof o === 'function' && 'entry' in o, encode: (o, w) => w.word((o as unknown as { entry: number }).entry), decode: r => new Handle(-r.word()) })

test('a function of an extension that comes first is not taken for what it is in', () => {
  const entry = Object.assign(() => 1, { entry: 5 })
  for (const o of [{ entry, again: entry, self: undefined as unknown }, Object.assign([entry, entry], { self: undefined as unknown })]) {
    o.self = o
    const arrived = through(o) as { self: unknown }, values = Object.values(arrived)
    assert.ok(arrived.self === arrived && values[0] === values[1] && values[0] instanceof Handle)
  }
  counts.clear()
})

test('an object of an extension arrives by what the extension wrote, once however often it is named', () => {
  const h = new Handle(1 << 30), entry = Object.assign(() => 1, { entry: 5 })
  const [a, b, c, d] = through([h, { h }, entry, new Handle(2)]) as [Handle, { h: Handle }, Handle, Handle]
  assert.ok(a instanceof Handle && a.address === 1 << 30 && b.h === a && c.address === -5 && d.address === 2)
  assert.equal(held(), 2)
  counts.clear()
})

test('a tag can be taken once', () => {
  assert.throws(() => extend(handles), { message: 'extend: tag 200 is out of range or taken' })
  assert.throws(() => extend({ ...handles, tag: 256 }), RangeError)
})

test('a message that nobody decodes gives back what was taken', () => {
  const many = Array.from({ length: 20 }, (_, i) => new Map([[i, [new Handle(i), { h: new Handle(i + 100) }]]]))
  const message = encode(many)
  assert.equal(held(), 40)
  message.place(memory, 1024)
  releaseMessage(memory, 1024)
  assert.equal(held(), 0)
  assert.ok([...counts.values()].every(n => n === 0))
})

test('a message that is not sent gives back what was taken', () => {
  const message = encode([new Handle(1), new Handle(2)])
  assert.equal(held(), 2)
  message.drop()
  message.drop()
  assert.equal(held(), 0)
})

test('a failure gives back what was taken before it', () => {
  const failing: [unknown, object][] = [
    [[new Handle(1), [new Handle(2), () => 1]], { message: /^args\[1\]\[1\]: a function/ }],
    [[new Handle(1), new Handle(-1)], { message: 'the object is gone' }],
    [[new Handle(1), { get a() { throw new Error('from a getter') } }], { message: 'from a getter' }],
  ]
  for (const [value, error] of failing) {
    assert.throws(() => encode(value), error)
    assert.equal(held(), 0)
  }
})

test('what an error leaves behind gives back what was taken for it, and nothing refers to it', () => {
  const lost = { h: new Handle(1), f: () => 1 }, kept = new Handle(2)
  const many = Array.from({ length: 30 }, () => ({}))
  const e = Object.assign(new Error('m'), { first: kept, lost, later: [kept, lost.h] })
  const [, , arrived] = through([many, kept, e, many[3]], 'args') as [unknown, unknown, typeof e]
  assert.deepEqual(Object.keys(arrived), ['first', 'later'])
  assert.ok(arrived.later[0] === arrived.first && arrived.later[1].address === 1)
  assert.equal(held(), 2)
  counts.clear()
})

test('a getter may send a message of its own', () => {
  const value = { a: 1, get b() { return through({ inner: [1, 2, { c: 'd' }] }) }, e: 'f' }
  assert.deepEqual(through(value), { a: 1, b: { inner: [1, 2, { c: 'd' }] }, e: 'f' })
})

test('a message is placed once, inside the memory, at a multiple of 4', () => {
  const message = encode([1, 2, 3]), { size } = message
  assert.throws(() => message.place(memory, 2), { message: /do not fit at address 2/ })
  assert.throws(() => message.place(memory, memory.size - 8), RangeError)
  message.place(memory, memory.size - size)
  assert.throws(() => message.place(memory, 64), { message: /placed or dropped already/ })
  assert.deepEqual(decode(memory, memory.size - size), [1, 2, 3])
})

test('large buffers among other things arrive, and those of an error that is cut short do not', () => {
  const large = (n: number): Uint8Array => new Uint8Array(n).fill(n & 255, 0, n)
  const value = [1, large(100_001), 'between', new Map([[large(70_000), large(65_536)]]), large(65_535), { a: large(1 << 20) }]
  same(through(value), structuredClone(value))
  const e = Object.assign(new Error('m'), { cut: [large(90_000), () => 1], whole: large(80_000) })
  const [arrived, after] = through([e, large(70_001)]) as [typeof e, Uint8Array]
  assert.deepEqual([Object.keys(arrived), arrived.whole, after], [['whole'], large(80_000), large(70_001)])
})

test('a row of numbers that is longer than its array, or than the message, is refused', () => {
  for (const [count, message] of [[9, /9 numbers for 8 elements/], [0, /0 numbers for 8 elements/], [-1, /-1 numbers/]] as const) {
    encode(halves.slice(0, 8)).place(memory, 64)
    const word = memory.i32.indexOf(8 << 8 | 26)
    memory.i32[word] = count << 8 | 26
    assert.throws(() => decode(memory, 64), message)
  }
  encode(halves.slice(0, 8)).place(memory, 64)
  memory.i32[(64 >> 2) + 1] -= 16
  assert.throws(() => decode(memory, 64), /64 bytes past the end/)
})

test('bytes that are no message are refused', () => {
  memory.u8.fill(0, 64, 256)
  assert.throws(() => decode(memory, 64), { name: 'Error', message: 'corrupt message at address 64: no message at byte 0' })
  assert.throws(() => decode(memory, memory.size), /no message/)
  assert.throws(() => decode(memory, 66), /no message/)
  encode([new SharedArrayBuffer(8)]).place(memory, 64)
  assert.throws(() => decode(memory, 64), /extra 0 of 0/)
})
