// Limits of the process, each in a process of its own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run, succeeds } from './child.ts'

/** Prints what the expressions throw, or what they are. */
const say = (...expressions: string[]): string => expressions.map(e => `try { console.log(await (${e})) } catch (e) { console.log(e.name + ': ' + e.message) }`).join('\n')
const all = `import { configure, load, Mutex, Semaphore, Thread, ThreadLocal } from 'pthreads'\n`

test('configure comes before everything else, and may come more than once', () => {
  assert.equal(succeeds(all + say('configure({ threads: 3 })', 'configure({ memory: 2 ** 22 })', 'new Semaphore(4).value', 'configure({ threads: 4 })')),
    'undefined\nundefined\n4\nError: configure: the process exists already; configure it before the first use of the library\n')
})

for (const [what, first] of [['a Mutex', 'new Mutex()'], ['a ThreadLocal', 'new ThreadLocal()'], ['Thread.current', 'Thread.current']] as const) {
  test(`${what} is a use of the library`, () => {
    assert.match(succeeds(`${all}${first}\n${say('configure({})')}`), /^Error: configure: the process exists already/)
  })
}

test('load is none', () => {
  assert.equal(succeeds(`${all}load('file:///x.js')\n${say('configure({})')}`), 'undefined\n')
})

test('an unknown option is a TypeError that names it', () => {
  assert.equal(succeeds(all + say('configure({ thread: 3 })')), 'TypeError: configure: unknown option "thread"\n')
})

test('what is no configuration is a TypeError of the library', () => {
  for (const value of ['undefined', 'null', '5']) assert.match(succeeds(all + say(`configure(${value})`)), /^TypeError: configure: /, value)
})

test('a limit that is none is a RangeError of configure, at once', () => {
  for (const [limits, message] of [
    ['{ threads: 0 }', 'threads: 0 is not a whole number from 1 to 1,048,000'], ['{ threads: 1.5 }', 'threads: 1.5 is not'], ['{ threads: 1e7 }', 'threads: 10000000 is not'],
    ['{ memory: 1000 }', 'memory: 1000 is not a number of bytes from 1 MiB to 2 GiB'], ['{ memory: 2 ** 40 }', 'memory: 1099511627776 is not'],
    ['{ cache: -1 }', 'cache: -1 is not a whole number from 0 to 65,535'],
  ] as const) {
    const said = succeeds(all + say(`configure(${limits})`))
    assert.ok(said.startsWith(`RangeError: ${message}`), `${limits}: ${said}`)
  }
})

test('a limit that is none is a RangeError at the first use at the latest', () => {
  assert.match(run(`${all}configure({ threads: 0 })\nnew Mutex()`).err, /RangeError: threads: 0 is not a whole number/)
})

test('with all threads in use create throws EAGAIN, and a join makes room', () => {
  assert.equal(succeeds(`${all}
    configure({ threads: 2 })
    void Thread.current
    const word = new Int32Array(new SharedArrayBuffer(4))
    const wait = word => { Atomics.wait(word, 0, 0) }
    const threads = [Thread.inline(wait, word), Thread.inline(wait, word)]
    try { Thread.inline(wait, word) } catch (e) { console.log(e.code, e.message) }
    Atomics.store(word, 0, 1)
    Atomics.notify(word, 0)
    threads[0].join()
    const third = Thread.inline(() => 3)
    threads[1].join()
    console.log(third.join())`),
  'EAGAIN EAGAIN: Thread.create: there are too many threads, or the host refuses another Worker\n3\n')
})

test('a thread that has ended and was not joined counts', () => {
  assert.equal(succeeds(`${all}
    configure({ threads: 1 })
    void Thread.current
    const t = Thread.inline(() => 1)
    while (t.state !== 'exited') await null
    try { Thread.inline(() => 2) } catch (e) { console.log(e.code) }
    t.detach()
    console.log(Thread.inline(() => 3).join())`), 'EAGAIN\n3\n')
})

test('without a cache every thread gets a Worker of its own', () => {
  assert.equal(succeeds(`${all}
    configure({ cache: 0 })
    void Thread.current
    const mark = () => { const had = globalThis.marked === true; globalThis.marked = true; return had }
    console.log(Thread.inline(mark).join(), Thread.inline(mark).join())`), 'false false\n')
})

test('user memory that is full is ENOMEM, and what was let go of can be used again', () => {
  assert.equal(succeeds(`${all}
    configure({ memory: 2 ** 20 })
    const fill = () => { const made = []; try { for (;;) made.push(new Mutex()) } catch (e) { console.log(e.name, e.code, e.message) } return made }
    const first = fill()
    for (const each of first) each[Symbol.dispose]()
    const second = fill()
    console.log(first.length > 1000, first.length === second.length)`),
  'ErrnoError ENOMEM ENOMEM: user memory is full (see configure: memory)\n'.repeat(2) + 'true true\n')
})

test('a create with user memory full says so', () => {
  assert.match(succeeds(`${all}
    configure({ memory: 2 ** 20 })
    for (const size of [4000, 400, 40, 0]) try { for (;;) new Semaphore(0, { name: 'n'.repeat(size) }) } catch {}
    try { Thread.inline(a => a, 1) } catch (e) { console.log(e.message) }`), /^ENOMEM: Thread\.create: user memory is full/)
})

test('arguments that do not fit are ENOMEM, and the thread is not made', () => {
  assert.equal(succeeds(`${all}
    configure({ memory: 2 ** 20, threads: 1 })
    void Thread.current
    for (let i = 0; i < 3; i++) try { Thread.inline(a => a, new Uint8Array(2 ** 20)) } catch (e) { console.log(e.code, e.message) }
    console.log(Thread.inline(a => a.length, new Uint8Array(1000)).join())`),
  'ENOMEM ENOMEM: Thread.create: user memory is full, the arguments do not fit\n'.repeat(3) + '1000\n')
})

test('a result that does not fit is the thread\'s error', () => {
  assert.equal(succeeds(`${all}
    configure({ memory: 2 ** 20 })
    void Thread.current
    ${say('Thread.inline(() => new Uint8Array(2 ** 21)).join()', 'Thread.inline(() => 5).join()')}`),
  'Error: ENOMEM: user memory is full, the result of the thread does not fit\n5\n')
})
