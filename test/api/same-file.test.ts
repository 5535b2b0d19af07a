// Entries in the file that creates the threads: every thread imports it again, so the tests are the first one's only.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Semaphore, Thread, thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

export const square = thread(import.meta, function square(n: number) {
  return n * n
})

export const hidden = thread(import.meta, function notExportedUnderThisName(text: string) {
  return text.toUpperCase()
})

const local = thread(import.meta, async function local(n: number) {
  await Promise.resolve()
  return n + 1
})

export const factorial: (n: number) => number = thread(import.meta, function factorial(n: number): number {
  return n < 2 ? 1 : n * Thread.create(thisFactorial, n - 1).join()
})
const thisFactorial = factorial as typeof square

const waitFor = thread(import.meta, function waitFor(go: Semaphore) {
  go.wait()
  return Thread.current.name
})

if (Thread.current.tid === 1) {
  afterEach(() => nothingLeft())

  test('an entry in the same file is a function and a thread', () => {
    assert.equal(square(5), 25)
    assert.equal(Thread.create(square, 6).join(), 36)
  })

  test('an entry need not be exported', async () => {
    assert.equal(Thread.create(hidden, 'a').join(), 'A')
    assert.equal(await Thread.create(local, 1).joinAsync(), 2)
  })

  test('a thread of an entry creates threads of it', () => {
    assert.equal(Thread.create(thisFactorial, 5).join(), 120)
  })

  test('a thread bears its function\'s name, and options are taken', () => {
    const go = new Semaphore(2)
    assert.equal(Thread.create(waitFor, go).join(), 'waitFor')
    assert.equal(Thread.create({ name: 'other' }, waitFor, go).join(), 'other')
  })

  test('an entry goes to a thread and back as the same function', () => {
    const echo = Thread.inline((entry: typeof square) => entry, square)
    assert.equal(echo.join(), square)
  })

  test('thread refuses what is no function, what has no name, and a name twice', () => {
    assert.throws(() => thread(import.meta, 5 as unknown as () => void), { name: 'TypeError', message: /^thread: number, not a function/ })
    assert.throws(() => thread(import.meta, (() => () => undefined)()), { name: 'TypeError', message: /^thread: the function has no name/ })
    assert.throws(() => thread(import.meta, function square() { return 1 }), { name: 'TypeError', message: /^thread: file:.*same-file\.test\.js has two entries named "square"/ })
    for (const meta of [undefined, {}, 5]) assert.throws(() => thread(meta as unknown as ImportMeta, function f() { return 1 }), { name: 'TypeError', message: /^thread: the first argument is import\.meta/ })
  })
}
