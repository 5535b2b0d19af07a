import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load } from 'pthreads'
import {
  Attr, EAGAIN, EINVAL, malloc, pthread_attr_destroy, pthread_attr_init, pthread_attr_setdetachstate, pthread_attr_setstacksize, pthread_create,
  PTHREAD_CREATE_DETACHED, PTHREAD_CREATE_JOINABLE, sem_post, type Entry,
} from 'pthreads/posix'
import { succeeds } from '../api/child.ts'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newSem, newWord, ok, put, word, work } from './setup.ts'
import { asleep, exists, gone } from './state.ts'

afterEach(() => nothingLeft())

function newAttr(): number {
  const attr = malloc(Attr.size)
  ok(pthread_attr_init(m, attr))
  return attr
}

test('shall create a new thread, with attributes specified by attr, within a process', () => {
  assert.notEqual(inThread(work.self), 1)
})

test('if attr is NULL, the default attributes shall be used: the thread is joinable', () => {
  const thread = newWord()
  ok(pthread_create(m, thread, 0, work.echo as Entry, 5))
  assert.equal(join(word(thread)), 5)
})

test('the thread is created with the detach state of attr', () => {
  const attr = newAttr(), thread = newWord(), sem = newSem(0)
  ok(pthread_attr_setdetachstate(m, attr, PTHREAD_CREATE_DETACHED))
  ok(pthread_create(m, thread, attr, work.waitFor as Entry, sem))
  asleep(word(thread), 'semaphore')
  ok(sem_post(m, sem))
  gone(word(thread))
  ok(pthread_attr_setdetachstate(m, attr, PTHREAD_CREATE_JOINABLE))
  ok(pthread_create(m, thread, attr, work.echo as Entry, 1))
  assert.equal(join(word(thread)), 1)
})

test('the thread is created with the stack size of attr', () => {
  const attr = newAttr(), thread = newWord()
  const depth = (size: number): number => {
    ok(pthread_attr_setstacksize(m, attr, size))
    ok(pthread_create(m, thread, attr, work.stackDepth as Entry))
    return join(word(thread)) as number
  }
  assert.ok(depth(8 << 20) > 2 * depth(512 << 10))
})

test('if the attributes specified by attr are modified later, the thread\'s attributes shall not be affected', () => {
  const attr = newAttr(), thread = newWord(), sem = newSem(0)
  ok(pthread_create(m, thread, attr, work.waitFor as Entry, sem))
  ok(pthread_attr_setdetachstate(m, attr, PTHREAD_CREATE_DETACHED))
  ok(pthread_attr_destroy(m, attr))
  ok(sem_post(m, sem))
  assert.equal(join(word(thread)), sem)
})

test('upon successful completion, shall store the ID of the created thread in the location referenced by thread', () => {
  const thread = newWord()
  ok(pthread_create(m, thread, 0, work.self as Entry))
  const id = word(thread)
  assert.equal(join(id), id)
})

test('the thread is created executing start_routine with arg as its sole argument', () => {
  for (const arg of [0, 'text', { a: [1] }, null]) assert.deepEqual(inThread(work.argumentsOf, arg), [arg])
  assert.equal((inThread(work.argumentsOf) as unknown[]).length, 1)
})

test('if the start_routine returns, the effect shall be as if there was an implicit call to pthread_exit() using the return value as the exit status', () => {
  assert.deepEqual(inThread(work.echo, { status: 7 }), { status: 7 })
  assert.deepEqual(inThread(work.exitsWith, { status: 7 }), { status: 7 })
})

test('any thread may create threads', () => {
  assert.equal(join(inThread(work.createsAndReturns, [work.echo, 6]) as number), 6)
})

test('a thread created by a thread goes on when its creator has ended', () => {
  const sem = newSem(0), child = inThread(work.createsAndReturns, [work.waitFor, sem]) as number
  asleep(child, 'semaphore')
  ok(sem_post(m, sem))
  assert.equal(join(child), sem)
})

test('IDs of threads that exist are different', () => {
  const sem = newSem(0), threads = Array.from({ length: 4 }, () => create(work.waitFor, sem))
  assert.equal(new Set([1, ...threads]).size, 5)
  for (let i = 0; i < 4; i++) ok(sem_post(m, sem))
  for (const t of threads) join(t)
})

test('shall fail with EAGAIN: the system-imposed limit on the total number of threads in a process would be exceeded', () => {
  assert.equal(succeeds(`
    import { configure, load } from 'pthreads'
    import { malloc, memory, pthread_create, pthread_join } from 'pthreads/posix'
    configure({ threads: 2 })
    const { f } = load('data:text/javascript,export function f(word) { Atomics.wait(word, 0, 0) }')
    const m = memory(), word = new Int32Array(new SharedArrayBuffer(4)), thread = malloc(4)
    const ids = []
    for (let i = 0; i < 2; i++) { console.log(pthread_create(m, thread, 0, f, word)); ids.push(m.i32[thread >> 2]) }
    console.log(pthread_create(m, thread, 0, f, word))
    Atomics.store(word, 0, 1)
    Atomics.notify(word, 0)
    for (const id of ids) console.log(pthread_join(id))
    console.log(pthread_create(m, thread, 0, f, word), pthread_join(m.i32[thread >> 2]))`), `0\n0\n${EAGAIN}\n0\n0\n0 0\n`)
})

test('may fail with EINVAL: the value specified by attr does not refer to an initialized thread attributes object', () => {
  const attr = newAttr(), thread = newWord()
  ok(pthread_attr_destroy(m, attr))
  put(thread, -1)
  assert.equal(pthread_create(m, thread, attr, work.echo as Entry), EINVAL)
  assert.equal(pthread_create(m, thread, malloc(Attr.size), work.echo as Entry), EINVAL)
  assert.equal(word(thread), -1)
})

test('what is no entry is EINVAL', () => {
  for (const routine of [() => 1, undefined, null, 5, {}]) assert.equal(pthread_create(m, newWord(), 0, routine as unknown as Entry), EINVAL)
})

test('an argument that cannot travel is a TypeError, and no thread is created', () => {
  assert.throws(() => pthread_create(m, newWord(), 0, work.echo as Entry, { f: () => 1 }), { name: 'TypeError', message: /^args\[0\]\.f: a function/ })
})

test('a thread whose function does not exist ends with an error that its join gives', () => {
  const { nowhere } = load<{ nowhere(): void }>(new URL('./work.js', import.meta.url))
  const thread = create(nowhere)
  assert.throws(() => join(thread), { message: /has no function "nowhere"/ })
  assert.equal(exists(thread), false)
})
