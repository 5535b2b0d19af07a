import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Mutex, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { succeeds } from './child.ts'
import { words } from './until.ts'

afterEach(() => nothingLeft())

const limit = 10
void Thread.current

test('it may be the first use of the library', () => {
  assert.equal(succeeds(`import { Thread } from 'pthreads'
    console.log(Thread.inline(n => n * 2, 21).join())`), '42\n')
})

test('a thread that imports nothing takes objects of the library', () => {
  for (const made of ['new Mutex()', 'new Condition()', 'new Semaphore()', 'new Once()', 'new ThreadLocal()', 'Thread.current', `load(new URL('file:///x.js')).f`])
    assert.equal(succeeds(`import { Condition, load, Mutex, Once, Semaphore, Thread, ThreadLocal } from 'pthreads'
      const object = ${made}
      console.log(Thread.inline(o => o.constructor.name, object).join() === object.constructor.name)`), 'true\n', made)
})

test('a function runs by its source text', () => {
  assert.equal(Thread.inline((n: number) => n * 2, 21).join(), 42)
  assert.deepEqual(Thread.inline(function (...parts: string[]) { return parts.join('-') }, 'a', 'b').join(), 'a-b')
})

test('an asynchronous function is awaited', async () => {
  const t = Thread.inline(async (ms: number) => {
    await new Promise(resolve => setTimeout(resolve, ms))
    return 'later'
  }, 1)
  assert.equal(await t.joinAsync(), 'later')
})

test('it sees globals and what it imports, of the thread', () => {
  const t = Thread.inline(async (text: string) => {
    const { Thread, Mutex } = await import('pthreads')
    const { basename } = await import('node:path')
    return [Thread.current.tid, basename(text), new Mutex({ name: 'x' }).name, typeof structuredClone]
  }, '/a/b')
  assert.deepEqual(t.join(), [t.tid, 'b', 'x', 'function'])
})

test('objects of the library are arguments as ever', () => {
  const mutex = new Mutex(), done = new Semaphore(), counter = words(1)
  const threads = [1, 2].map(() => Thread.inline((mutex: Mutex, counter: Int32Array, done: Semaphore) => {
    for (let i = 0; i < 1000; i++) mutex.with(() => counter[0]++)
    done.post()
  }, mutex, counter, done))
  for (const t of threads) t.join()
  assert.deepEqual([counter[0], done.value], [2000, 2])
})

test('a free variable is a TypeError that names it, and no thread is made', () => {
  assert.throws(() => Thread.inline((n: number) => n * limit, 1),
    { name: 'TypeError', message: 'Thread.inline: the function uses "limit", which does not exist in the new thread (a free variable); pass it as an argument' })
})

test('what has no text is a TypeError', () => {
  for (const [f, message] of [[5, /^Thread\.inline: number, not a function/], [undefined, /^Thread\.inline: undefined, not a function/], [Math.max, /^Thread\.inline: a native function/]] as const)
    assert.throws(() => Thread.inline(f as () => void), { name: 'TypeError', message })
})

test('what cannot travel is named', () => {
  assert.throws(() => Thread.inline((f: () => void) => f, () => undefined), { name: 'TypeError', message: /^args\[0\]: a function cannot be sent/ })
})

test('its error has the thread\'s stack and the creator\'s', () => {
  const t = Thread.inline(function inTheThread() { throw new RangeError('inside') })
  assert.throws(() => t.join(), (error: RangeError) => error instanceof RangeError && /inTheThread[\s\S]*was created by thread 1[\s\S]*thread-inline\.test/.test(error.stack!))
})

test('the same text a thousand times is one entry', () => {
  let sum = 0
  for (let i = 0; i < 1000; i++) sum += Thread.inline((n: number) => n + 1, i).join()
  assert.equal(sum, 500_500)
})
