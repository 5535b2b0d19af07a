// What a user gets who calls something wrongly: a TypeError or a RangeError in words of the library, at once, and
// nothing is changed.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Condition, load, Mutex, Once, Semaphore, Thread, ThreadLocal, transfer } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const any = (value: unknown): never => value as never
const createAny = Thread.create as unknown as (...args: unknown[]) => Thread

afterEach(() => nothingLeft())

const makers = [
  (o: never) => new Mutex(o), (o: never) => new Condition(o), (o: never) => new Semaphore(0, o), (o: never) => new Once(o), (o: never) => new ThreadLocal(o),
]

const ENGINE = /Cannot (read|destructure|convert|set)|is not a function|not iterable|undefined \(reading/

function refuses(call: () => unknown, name: 'TypeError' | 'RangeError', message: RegExp): void {
  assert.throws(call, (error: Error) => {
    assert.equal(error.name, name, String(error.stack))
    assert.doesNotMatch(error.message, ENGINE)
    assert.match(error.message, message)
    return true
  })
}

test('Thread.create of what is no entry says what it got and what to use', () => {
  const HOW = 'use load\\(\\.\\.\\.\\), thread\\(import\\.meta, \\.\\.\\.\\), or Thread\\.inline'
  function local(): void { /* no entry */ }
  refuses(() => createAny(local), 'TypeError', new RegExp(`^Thread\\.create: "local" is not an entry; .*${HOW}$`))
  refuses(() => createAny((() => () => 1)()), 'TypeError', new RegExp(`^Thread\\.create: the function is not an entry; .*${HOW}$`))
  for (const [what, said] of [[undefined, 'undefined'], [null, 'null'], [5, 'number'], ['work', 'string'], [{}, 'undefined']] as const)
    refuses(() => createAny(what), 'TypeError', new RegExp(`^Thread\\.create: ${said}, not an entry; ${HOW}$`))
  refuses(() => createAny({ name: 'x' }, 'f'), 'TypeError', /^Thread\.create: string, not an entry/)
})

test('Thread.create names an option that is none', () => {
  const create = (options: unknown) => () => createAny(options, work.add, 1, 2)
  refuses(create({ name: 5 }), 'TypeError', /^Thread\.create: name: number, not a string/)
  refuses(create({ detached: 1 }), 'TypeError', /^Thread\.create: detached: number, not a boolean/)
  refuses(create({ transfer: 'x' }), 'TypeError', /^Thread\.create: transfer is not an array/)
  refuses(create({ transfer: [null] }), 'TypeError', /^transfer\[0\]: /)
  refuses(create({ stackSize: '1' }), 'TypeError', /^Thread\.create: stackSize: string, not a number of bytes/)
  for (const bytes of [0, -1, NaN, 1000, 2 ** 40]) refuses(create({ stackSize: bytes }), 'RangeError', /^Thread\.create: stackSize: .* is not a number of bytes from 524288 to 1073741824/)
  for (const bytes of [0, -1, NaN, 1000, 2 ** 50]) refuses(create({ heapLimit: bytes }), 'RangeError', /^Thread\.create: heapLimit: .* is not a number of bytes from 8388608 to/)
})

test('timeouts are numbers of milliseconds from 0, wherever they stand', async () => {
  const mutex = new Mutex().lock(), condition = new Condition(), semaphore = new Semaphore(), go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 1)
  const blocking: ((ms: never) => unknown)[] = [ms => t.join(ms), ms => mutex.lock(ms), ms => { condition.wait(mutex, ms) }, ms => { semaphore.wait(ms) }]
  const async: ((ms: never) => Promise<unknown>)[] =
    [ms => t.joinAsync(ms), ms => mutex.lockAsync(ms), ms => condition.waitAsync(mutex, ms), ms => semaphore.waitAsync(ms)]
  for (const ms of [NaN, -1, -Infinity]) {
    for (const call of blocking) refuses(() => call(any(ms)), 'RangeError', /^timeout: (NaN|-1|-Infinity) is not a number of milliseconds from 0$/)
    for (const call of async) await assert.rejects(call(any(ms)), RangeError)
  }
  for (const ms of ['5', null, {}, 5n, true]) {
    for (const call of blocking) refuses(() => call(any(ms)), 'TypeError', /^timeout: \w+, not a number of milliseconds$/)
    for (const call of async) await assert.rejects(call(any(ms)), TypeError)
  }
  mutex.unlock()
  go.post()
  assert.equal(t.join(), 1)
})

test('names are strings', () => {
  for (const make of makers)
    refuses(() => make(any({ name: 5 })), 'TypeError', /name: number, not a string/)
})

test('options are objects', () => {
  for (const make of makers)
    for (const options of [null, 5]) refuses(() => make(any(options)), 'TypeError', /options/)
})

test('a condition waits with a Mutex and nothing else', async () => {
  const condition = new Condition()
  for (const mutex of [undefined, null, {}, 5, condition]) {
    refuses(() => { condition.wait(any(mutex), 1) }, 'TypeError', /Mutex/)
    await assert.rejects(condition.waitAsync(any(mutex), 1), (error: Error) => error.name === 'TypeError' && !ENGINE.test(error.message))
  }
})

test('what shall be called is a function', async () => {
  const mutex = new Mutex(), once = new Once()
  for (const f of [undefined, null, 5]) {
    assert.throws(() => mutex.with(any(f)), TypeError)
    await assert.rejects(mutex.withAsync(any(f)), TypeError)
    assert.throws(() => { once.run(any(f)) }, TypeError)
  }
  mutex.lock().unlock()
  assert.equal(once.done, false)
})

test('initial and destructor of a ThreadLocal are functions', () => {
  refuses(() => new ThreadLocal(any({ initial: 5 })), 'TypeError', /initial/)
  refuses(() => new ThreadLocal(any({ destructor: 5 })), 'TypeError', /destructor/)
})

test('transfer takes an object and a list', () => {
  assert.deepEqual(transfer([1], []), [1])
  refuses(() => transfer(any(5), []), 'TypeError', /transfer/)
  refuses(() => transfer({}, any(undefined)), 'TypeError', /transfer/)
})

test('a method on a wrong object is a TypeError', () => {
  assert.throws(() => Reflect.apply(Thread.prototype.join, {}, []), TypeError)
  assert.throws(() => Reflect.apply(ThreadLocal.prototype.get, {}, []), TypeError)
})
