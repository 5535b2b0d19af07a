import assert from 'node:assert/strict'
import { afterEach, before, test } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { Condition, load, Mutex, Once, Semaphore, Thread, ThreadLocal } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { same } from '../mem/same.ts'
import { eventually, words } from './until.ts'
import { addition, WebAssembly } from './wasm.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const there = <T>(value: T): T => Thread.create(work.echo, value).join() as T

before(() => { there(0) })
afterEach(() => nothingLeft())

const cyclic: Record<string, unknown> = { name: 'cyclic' }
cyclic.self = cyclic
const shared = { n: 1 }
class Point { x = 1; get length(): number { return this.x } }

const cloned: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined], ['null', null], ['booleans', [true, false]],
  ['numbers', [0, -0, 1, -1, 2 ** 31, -(2 ** 31), 1.5, NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE]],
  ['bigints', [0n, -1n, 2n ** 64n, -(2n ** 200n)]],
  ['strings', ['', 'a', 'ä', '\u{1f9f5} thread', '\0', '\ud800', 'x'.repeat(100_000)]],
  ['arrays', [[], [1, [2, [3]]], new Array(5), [1, , 3], Object.assign([1], { named: 2 })]],
  ['objects', { a: { b: { c: 1 } }, 'd e': 2, 3: 4, ['__proto__']: 5 }],
  ['a cycle', cyclic], ['one object twice', [shared, shared]],
  ['Map', new Map<unknown, unknown>([['a', 1], [{ k: 1 }, new Map()], [NaN, null]])], ['Set', new Set<unknown>([1, 'a', new Set([2])])],
  ['Date', [new Date(0), new Date(NaN)]], ['RegExp', [/a+(?<b>c)/giu, new RegExp('')]],
  ['boxes', [Object(1), Object('a'), Object(true), Object(1n)]],
  ['errors', [new Error('e'), new TypeError('t', { cause: new RangeError('r') })]],
  ['ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  ['typed arrays', [new Int8Array([-1]), new Uint8ClampedArray([300]), new Float64Array([1.5]), new BigInt64Array([-1n]), new DataView(new ArrayBuffer(3), 1)]],
  ['two views of one buffer', ((b: ArrayBuffer) => [new Uint8Array(b, 1, 2), new Uint16Array(b)])(new ArrayBuffer(8))],
  ['an object of a class', new Point()], ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ['depth', Array.from({ length: 500 }).reduce<unknown>(inner => ({ inner }), 'the bottom')],
]

test('a number alone arrives as it is, in a Worker and in a thread that shares one, and comes back so', () => {
  const numbers = [0, -0, 1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, 1.5, NaN, Infinity, -Infinity]
  for (const scope of ['system', 'process'] as const) {
    const back = numbers.map(value => Thread.create({ scope }, work.echo, value)).map(thread => thread.join())
    numbers.forEach((value, i) => { assert.ok(Object.is(back[i], value), `${scope}: ${value} became ${String(back[i])}`) })
  }
})

test('a number that nobody asks for is nobody else\'s: neither the argument of a thread without parameters nor the result of a detached one', () => {
  assert.equal(Thread.create(work.nothing, ...[7] as unknown as []).join(), undefined)
  const done = new Semaphore()
  for (let i = 0; i < 3; i++) Thread.create({ detached: true }, work.postAndReturn, done, 7)
  for (let i = 0; i < 3; i++) done.wait()
  assert.equal(Thread.create(work.nothing).join(), undefined)
})

for (const [name, value] of cloned) {
  test(`${name}: an argument and a result is a structured clone`, () => {
    same(there(value), structuredClone(value))
  })
}

test('as many arguments arrive as were given', () => {
  assert.equal(Thread.create(work.countArguments).join(), 0)
  assert.equal(Thread.create(work.countArguments, undefined).join(), 1)
  assert.equal(Thread.create(work.countArguments, ...new Array<number>(300).fill(1)).join(), 300)
})

test('one object in two arguments is one object in the thread', () => {
  assert.equal(Thread.create(work.areSame, shared, shared).join(), true)
  assert.equal(Thread.create(work.areSame, shared, { ...shared }).join(), false)
})

test('the arguments are as they were when the thread was created', () => {
  const value = { n: 1 }
  const t = Thread.create(work.echo, value)
  value.n = 2
  assert.deepEqual(t.join(), { n: 1 })
})

test('typed arrays over SharedArrayBuffers stay shared', () => {
  const word = words(2), second = word.subarray(1)
  assert.equal(Thread.create(work.increment, word).join(), 1)
  assert.equal(Thread.create(work.increment, second).join(), 1)
  assert.deepEqual([...word], [1, 1])
  assert.equal(Thread.create(work.sameBuffer, word, new Uint8Array(word.buffer)).join(), true)
  assert.equal(Thread.create(work.sameBuffer, word, new Uint8Array(words(1).buffer)).join(), false)
})

test('a SharedArrayBuffer that a thread made is shared when it is the result', () => {
  const word = Thread.create(work.makeShared, 41).join()
  assert.ok(word.buffer instanceof SharedArrayBuffer)
  assert.equal(Thread.create(work.increment, word).join(), 42)
  assert.equal(word[0], 42)
})

test('many threads get shared memory and count in it', () => {
  const word = words(1)
  const threads = Array.from({ length: 4 }, () => Thread.create(work.increment, word))
  assert.deepEqual(threads.map(t => t.join()).sort(), [1, 2, 3, 4])
})

test('a buffer in the transfer list moves, and one that is not is copied', () => {
  const moved = new ArrayBuffer(1000), copied = new ArrayBuffer(1000)
  const back = Thread.create({ transfer: [moved] }, work.fill, moved, 7).join().buffer
  assert.equal(moved.byteLength, 0)
  assert.deepEqual(new Uint8Array(back), new Uint8Array(1000).fill(7))
  assert.deepEqual(new Uint8Array(Thread.create(work.fill, copied, 8).join().buffer), new Uint8Array(1000).fill(8))
  assert.deepEqual(copied, new ArrayBuffer(1000))
})

test('what is in the transfer list moves also when it is no argument', () => {
  const unused = new ArrayBuffer(8)
  assert.equal(Thread.create({ transfer: [unused] }, work.add, 1, 2).join(), 3)
  assert.equal(unused.byteLength, 0)
})

test('a transfer list that cannot be is a TypeError, and nothing moves', () => {
  const buffer = new ArrayBuffer(8)
  const create = (transfer: unknown) => () => Thread.create({ transfer: transfer as object[] }, work.echo, buffer)
  assert.throws(create([buffer, buffer]), { name: 'TypeError', message: /^transfer\[1\]: the same ArrayBuffer as transfer\[0\]/ })
  assert.throws(create([buffer, {}]), { name: 'TypeError', message: /^transfer\[1\]: an Object cannot be transferred/ })
  assert.throws(create([new SharedArrayBuffer(8)]), { name: 'TypeError', message: /^transfer\[0\]: a SharedArrayBuffer cannot be transferred/ })
  assert.throws(create(buffer), { name: 'TypeError', message: /^Thread.create: transfer is not an array/ })
  assert.equal(buffer.byteLength, 8)
  const detached = new ArrayBuffer(8)
  structuredClone(detached, { transfer: [detached] })
  assert.throws(() => Thread.create(work.echo, detached), { name: 'TypeError', message: /^args\[0\]: a detached ArrayBuffer/ })
})

test('a MessagePort moves to a thread, which reads what was sent before and after', async () => {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage('before')
  assert.equal(Thread.create({ transfer: [port2 as unknown as object] }, work.readPort, port2).join(), 'before')
  const second = new MessageChannel()
  const t = Thread.create({ transfer: [second.port2 as unknown as object] }, work.answerPort, second.port2)
  second.port1.postMessage(21)
  await t.joinAsync()
  assert.deepEqual(receiveMessageOnPort(second.port1), { message: 42 })
  port1.close()
  second.port1.close()
})

test('a MessagePort comes back as a result', () => {
  const port = Thread.create(work.makePort, 'from the thread').join()
  assert.deepEqual(receiveMessageOnPort(port), { message: 'from the thread' })
  port.close()
})

test('a result with ports that nobody takes is dropped', async () => {
  Thread.create({ detached: true }, work.makePort, 'nobody')
  const t = Thread.create(work.makePort, 'nobody')
  await eventually('it has ended', () => t.state === 'exited')
  t.detach()
})

test('a WebAssembly.Module is an argument and a result', () => {
  const module = new WebAssembly.Module(addition)
  assert.equal(Thread.create(work.callExport, module, 'add', 20, 22).join(), 42)
  const back = Thread.create(work.compile, addition).join()
  assert.equal((new WebAssembly.Instance(back).exports.add as (a: number, b: number) => number)(1, 2), 3)
})

test('a shared WebAssembly.Memory stays shared', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })
  const back = there(memory)
  assert.equal(back.buffer.byteLength, memory.buffer.byteLength)
  new Uint8Array(back.buffer)[7] = 9
  assert.equal(new Uint8Array(memory.buffer)[7], 9)
})

const objects = (): readonly object[] => [new Mutex({ name: 'a' }), new Condition({ name: 'b' }), new Semaphore(3, { name: 'c' }), new Once({ name: 'd' }), new ThreadLocal({ name: 'e' })]

for (const object of ['Mutex', 'Condition', 'Semaphore', 'Once', 'ThreadLocal']) {
  test(`a ${object} goes to a thread and back as the same handle`, () => {
    const it = objects().find(each => each.constructor.name === object)! as { name: string }
    assert.equal(there(it), it)
    assert.deepEqual(Thread.create(work.classesOf, it, { deep: it }).join(), [object, 'Object'])
    assert.equal(Thread.create(work.areSame, it, it).join(), true)
    assert.equal((Thread.inline((o: { name: string }) => o.name, there(it))).join(), it.name)
  })
}

test('a Thread goes to a thread and back as the same handle', () => {
  const t = Thread.create({ name: 'traveller' }, work.add, 1, 2)
  assert.equal(Thread.create(work.areSame, t, t).join(), true)
  const back = there(t)
  assert.deepEqual([back.tid, back.name], [t.tid, 'traveller'])
  t.join()
  assert.equal(back, t)
})

test('an entry goes to a thread, which creates threads of it, and back as the same entry', () => {
  assert.equal(Thread.create(work.runEntry, work.add, 3, 4).join(), 7)
  assert.equal(there(work.add), work.add)
  assert.equal(work.add, work.add)
})

test('what cannot travel is a TypeError that names the path to it', () => {
  const echo = work.countArguments
  const onDone = (): void => undefined
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [() => Thread.create(echo, 1, { onDone }), /^args\[1\]\.onDone: a function cannot be sent to another thread$/],
    [() => Thread.create(echo, onDone), /^args\[0\]: a function cannot be sent/],
    [() => Thread.create(echo, [[Symbol('s')]]), /^args\[0\]\[0\]\[0\]: a symbol cannot be sent/],
    [() => Thread.create(echo, { 'a-b': [{ c: Promise.resolve() }] }), /^args\[0\]\["a-b"\]\[0\]\.c: a Promise cannot be sent/],
    [() => Thread.create(echo, new Map([['key', new WeakMap()]])), /^args\[0\]\.get\("key"\): a WeakMap cannot be sent/],
    [() => Thread.create(echo, new Set([new WeakRef({})])), /^args\[0\]\.values\(\)\[0\]: a WeakRef cannot be sent/],
    [() => Thread.create(echo, new MessageChannel().port1), /^args\[0\]: a MessagePort that is not in the transfer list/],
    [() => Thread.inline((f: unknown) => f, { f: onDone }), /^args\[0\]\.f: a function cannot be sent/],
  ]
  for (const [create, message] of refused) assert.throws(create, { name: 'TypeError', message })
})

test('an object of the library that cannot travel is named with its path', () => {
  const disposed = new Mutex({ name: 'gone' })
  disposed[Symbol.dispose]()
  assert.throws(() => Thread.create(work.countArguments, 1, { lock: disposed }), { name: 'TypeError', message: /^args\[1\]\.lock: / })
  assert.throws(() => Thread.create(work.countArguments, 1, { local: new ThreadLocal({ destructor() { /* nothing */ } }) }),
    { name: 'TypeError', message: /^args\[1\]\.local: a ThreadLocal whose destructor is a plain function/ })
})

test('what a getter in the arguments throws passes through', () => {
  const error = new RangeError('mine')
  assert.throws(() => Thread.create(work.echo, { get a(): never { throw error } }), (e: unknown) => e === error)
})
