import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ErrnoError, load, Mutex, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { run } from './child.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

/** What the thread's join throws. */
function thrownBy(t: Thread): unknown {
  try {
    t.join()
  } catch (error) {
    return error
  }
  assert.fail('join returned')
}

const failure = (kind: string): Error & Record<string, unknown> => thrownBy(Thread.create(work.fails, kind)) as Error & Record<string, unknown>

test('an error keeps its class and message', () => {
  for (const [kind, Class, message] of [['TypeError', TypeError, 'a type'], ['RangeError', RangeError, 'a range'], ['SyntaxError', SyntaxError, 'a syntax'], ['plain', Error, 'plain']] as const) {
    const error = failure(kind)
    assert.equal(Object.getPrototypeOf(error), Class.prototype)
    assert.deepEqual([error.name, error.message, error.constructor], [Class.name, message, Class])
  }
})

test('an error keeps its code and other properties of its own', () => {
  const { code, errno, syscall, path } = failure('system')
  assert.deepEqual({ code, errno, syscall, path }, { code: 'ENOENT', errno: -2, syscall: 'open', path: '/nowhere' })
})

test('an error of a class of the program is an Error with its name and properties', () => {
  const error = failure('own')
  assert.ok(error instanceof Error)
  assert.deepEqual([error.name, error.message, error.detail], ['Custom', 'with more', { of: ['what', 1, new Date(0)] }])
})

test('an error keeps its cause, and its cause\'s', () => {
  const error = failure('cause'), cause = error.cause as Error
  assert.ok(cause instanceof RangeError)
  assert.deepEqual([cause.message, cause.cause], ['inner', 'the root'])
})

test('an AggregateError keeps its errors', () => {
  const error = failure('AggregateError') as unknown as AggregateError
  assert.ok(error instanceof AggregateError)
  const [one, two, three] = error.errors as [Error, Error, number]
  assert.deepEqual([error.message, one.constructor, one.message, two.message, three], ['several', TypeError, 'one', 'two', 3])
})

test('a DOMException keeps its name and code', () => {
  const error = failure('AbortError')
  assert.ok(error instanceof DOMException)
  assert.deepEqual([error.name, error.message, error.code], ['AbortError', 'stopped', 20])
})

test('an error arrives without what it carries and cannot travel', () => {
  const error = failure('unsendable')
  assert.deepEqual([error.message, error.kept, 'onDone' in error, error.cause], ['with a function', 'this', false, undefined])
})

test('the stack is the thread\'s, followed by where the thread was created', () => {
  function whereItIsCreated(): Thread<void> {
    return Thread.create({ name: 'diver' }, work.throwsDeep)
  }
  const t = whereItIsCreated()
  const lines = (thrownBy(t) as Error).stack!.split('\n')
  const between = lines.findIndex(line => line.includes(`--- thread ${t.tid} "diver" was created by thread 1 ---`))
  assert.ok(between > 0, lines.join('\n'))
  assert.equal(lines[0], 'Error: from the depth')
  assert.match(lines[1], /theInnermostFunction .*work\.js:\d+:\d+/)
  assert.match(lines[2], /throwsDeep/)
  assert.match(lines[between + 1], /whereItIsCreated .*errors\.test\.js:\d+:\d+/)
})

test('a rejected joinAsync has both stacks too', async () => {
  await assert.rejects(Thread.create(work.throwsDeep).joinAsync(), (error: Error) => /theInnermostFunction[\s\S]*was created by thread 1/.test(error.stack!))
})

test('an error that passes through two threads has the story of both', () => {
  const error = thrownBy(Thread.create(work.joinIt, Thread.create(work.fails, 'RangeError'))) as Error
  assert.ok(error instanceof RangeError)
  assert.match(error.stack!, /fails[\s\S]*--- thread \d+ "joinIt" was created by thread 1 ---/)
})

test('what is thrown and no error arrives as it is', () => {
  for (const value of ['text', 42, null, undefined, false, { code: 'X', list: [1] }, ['a']]) assert.deepEqual(thrownBy(Thread.create(work.throws, value)), value)
})

test('what is thrown and cannot travel arrives as an Error', () => {
  const error = failure('function')
  assert.ok(error instanceof Error)
  assert.match(error.message, /=> 1/)
})

test('a result that cannot travel is a TypeError that names the path to it', () => {
  assert.throws(() => Thread.create(work.withFunctionInside).join() as unknown, { name: 'TypeError', message: /^result\.tasks\[0\]\.onDone: a function cannot be sent to another thread/ })
  assert.throws(() => Thread.create(work.withGetterThatThrows).join() as unknown, { name: 'RangeError', message: 'read me not' })
})

test('an error of the library keeps code and errno', () => {
  const mutex = new Mutex({ name: 'twice' })
  const error = thrownBy(Thread.create(work.unlockIt, mutex)) as ErrnoError
  assert.deepEqual([error.name, error.code, error.errno, error.operation], ['ErrnoError', 'EPERM', 1, 'mutex.unlock'])
  assert.match(error.message, /^EPERM: Mutex "twice" is not locked/)
})

test('a module that does not exist fails at join, naming the URL', () => {
  const nowhere = load<{ f(): void }>(new URL('./there-is-no-such-file.js', import.meta.url))
  const t = Thread.create(nowhere.f)
  const error = thrownBy(t) as Error & { code: string }
  assert.equal(error.code, 'ERR_THREAD_IMPORT')
  assert.match(error.message, /^cannot import file:.*there-is-no-such-file\.js: /)
  assert.equal((error.cause as { code: string }).code, 'ERR_MODULE_NOT_FOUND')
})

test('a module that throws while it is imported fails at join, and the thrown error is the cause', () => {
  const broken = load<{ f(): void }>(`data:text/javascript,throw new RangeError('while it was imported')`)
  const error = thrownBy(Thread.create(broken.f)) as Error & { code: string }
  assert.equal(error.code, 'ERR_THREAD_IMPORT')
  assert.match(error.message, /while it was imported/)
  assert.ok(error.cause instanceof RangeError)
})

test('an export that does not exist, or is no function, fails at join, naming both', () => {
  const { missing, number } = load<{ missing(): void, number(): void }>('data:text/javascript,export const number = 1')
  for (const [entry, name] of [[missing, 'missing'], [number, 'number']] as const) {
    const error = thrownBy(Thread.create(entry)) as Error & { code: string }
    assert.equal(error.code, 'ERR_THREAD_ENTRY')
    assert.match(error.message, new RegExp(`^data:text/javascript,.* has no function "${name}"$`))
  }
})

test('load refuses what is no URL, at once', () => {
  for (const url of ['./work.js', '', 5, null, undefined, {}]) assert.throws(() => load(url as string), { name: 'TypeError', message: /^load: .* is not a URL; use new URL\(/ }, String(url))
})

test('a thread that failed and that nobody joined is printed at the end, and the exit code is 1', () => {
  const { code, err } = run(`import { Thread } from 'pthreads'
    void Thread.current
    Thread.inline(() => { throw new RangeError('unseen') })`)
  assert.equal(code, 1)
  assert.match(err, /^thread 2 failed and nobody joins it:\n {4}RangeError: unseen\n {4} {4}at /)
})

test('a detached thread that fails is printed, and the exit code is 1', () => {
  const { code, err } = run(`import { load, Thread } from 'pthreads'
    const { f } = load('data:text/javascript,export function f() { throw new TypeError("unseen") }')
    Thread.create({ detached: true, name: 'lost' }, f)`)
  assert.equal(code, 1)
  assert.match(err, /^thread 2 "lost" failed and nobody joins it:\n {4}TypeError: unseen\n/)
})

test('a thread that failed and was joined is not printed', () => {
  const { code, err } = run(`import { load, Thread } from 'pthreads'
    const { f } = load('data:text/javascript,export function f() { throw new TypeError("seen") }')
    try { Thread.create(f).join() } catch {}`)
  assert.deepEqual([code, err], [0, ''])
})
