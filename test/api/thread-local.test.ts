import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, Thread, ThreadLocal } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { words } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('every thread has its own value', () => {
  const local = new ThreadLocal<unknown>()
  local.set('mine')
  assert.deepEqual(Thread.create(work.localValue, local, 'yours').join(), [undefined, 'yours'])
  assert.deepEqual(Thread.create(work.localValue, local, { any: ['thing'] }).join(), [undefined, { any: ['thing'] }])
  assert.equal(local.get(), 'mine')
})

test('two objects have two values', () => {
  const a = new ThreadLocal<number>(), b = new ThreadLocal<number>()
  a.set(1)
  b.set(2)
  assert.deepEqual([a.get(), b.get()], [1, 2])
})

test('a value need not travel', () => {
  const f = (): number => 1, local = new ThreadLocal<() => number>()
  local.set(f)
  assert.equal(local.get(), f)
})

test('initial makes the first value of a thread, once', () => {
  const word = words(1)
  assert.deepEqual(Thread.create(work.initialValue, word).join(), [10, 10])
  assert.equal(word[0], 1)
  let made = 0
  const local = new ThreadLocal({ initial: () => ++made })
  assert.deepEqual([local.get(), local.get(), made], [1, 1, 1])
  local.set(7)
  assert.deepEqual([local.get(), made], [7, 1])
})

test('initial does not travel', () => {
  const local = new ThreadLocal<unknown>({ initial: () => 'here' })
  assert.deepEqual(Thread.create(work.localValue, local, 1).join(), [undefined, 1])
})

test('destructors run at the end of the thread, with its values', () => {
  const order = words(4)
  assert.equal(Thread.create(work.ownDestructors, order).join(), 0)
  assert.deepEqual([order[0], ...[...order.subarray(1, 3)].sort()], [2, 1, 2])
})

test('a destructor that is an entry travels with the object', () => {
  const local = new ThreadLocal<Int32Array>({ destructor: work.noteDestroyed }), word = words(1)
  Thread.create(work.setLocal, local, word).join()
  assert.equal(word[0], 1)
  Thread.create(work.setLocal, local, word).join()
  assert.equal(word[0], 2)
})

test('a destructor runs also when the thread throws', () => {
  const local = new ThreadLocal<Int32Array>({ destructor: work.noteDestroyed }), word = words(1)
  assert.throws(() => { Thread.create(work.setLocalAndThrow, local, word).join() }, { message: 'after it was set' })
  assert.equal(word[0], 1)
})

test('a destructor is awaited', () => {
  const word = words(1)
  Thread.create(work.asyncDestructor, word).join()
  assert.equal(word[0], 5)
})

test('what a destructor throws is the thread\'s error', () => {
  assert.throws(() => Thread.create(work.destructorThatThrows).join(), { name: 'RangeError', message: 'in a destructor' })
})

test('a destructor that sets the value again is called up to four times', () => {
  const word = words(1)
  Thread.create(work.destructorThatSetsAgain, word).join()
  assert.equal(word[0], 4)
})

test('a destructor that is a function does not travel', () => {
  const local = new ThreadLocal({ destructor() { /* here only */ } })
  assert.throws(() => Thread.create(work.localValue, local, 1), { name: 'TypeError', message: /a ThreadLocal whose destructor is a plain function cannot travel; make the destructor an entry/ })
})

test('after dispose values are forgotten and destructors do not run', () => {
  const word = words(1)
  assert.equal(Thread.create(work.deletedKey, word).join(), undefined)
  assert.equal(word[0], 0)
})

test('after dispose in one thread destructors do not run in another', () => {
  const local = new ThreadLocal<Int32Array>({ destructor: work.noteDestroyed }), word = words(1), ready = new Semaphore(), go = new Semaphore()
  const t = Thread.create(work.holdLocal, local, word, ready, go)
  ready.wait()
  local[Symbol.dispose]()
  go.post()
  t.join()
  assert.equal(word[0], 0)
})

test('set after dispose throws EINVAL', () => {
  const local = new ThreadLocal<number>({ name: 'gone' })
  local[Symbol.dispose]()
  assert.throws(() => { local.set(1) }, failing('EINVAL'))
  assert.equal(local.get(), undefined)
})

test('a carrier that runs another thread has none of the values of the one before', () => {
  const local = new ThreadLocal<unknown>()
  for (let i = 0; i < 20; i++) assert.deepEqual(Thread.create(work.localValue, local, i).join(), [undefined, i])
})
