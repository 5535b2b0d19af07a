// runSync: calls to the I/O thread by threads that block.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ErrnoError, load, processInfo, runSync, Semaphore, Thread, threads, type IoInfo } from 'pthreads'
import { pthread_kill, SIGUSR1 } from 'pthreads/posix'
import { arena } from '#internal/kernel/process.js'
import { used } from '#internal/mem/arena.js'
import { nothingLeft } from '../leftovers.ts'
import { blockIo } from './run-sync-blocked.ts'
import { asleep, ended, until, words } from './until.ts'

const work = load<typeof import('./run-sync-work.ts')>(new URL('./run-sync-work.js', import.meta.url))

afterEach(() => nothingLeft())

const io = (): IoInfo => processInfo().io
const fails = (code: string) => (error: ErrnoError): boolean => error instanceof ErrnoError && error.code === code

test('the first thread calls an async function and gets what its promise resolves to', () => {
  assert.equal(runSync(work.echo, 42), 42)
  assert.deepEqual(runSync(work.echo, { a: [1, new Map([['b', 2n]])], c: undefined }), { a: [1, new Map([['b', 2n]])], c: undefined })
  assert.equal(runSync(work.double, 21), 42)
  assert.equal(runSync({ timeout: 60_000 }, work.echo, 'x'.repeat(100_000)), 'x'.repeat(100_000))
})

test('all calls of a process run in one thread, which is no thread of the program', () => {
  const before = processInfo().threads
  const here = runSync(work.whoRuns), there = Thread.create(work.callsEcho, 3)
  assert.equal(there.join(), 3)
  assert.equal(runSync(work.whoRuns).tid, here.tid)
  assert.equal(processInfo().threads, before)
  const told = threads().find(({ tid }) => tid === here.tid)!
  assert.deepEqual([told.name, told.system, told.detached], ['io', true, true])
})

test('a blocked thread fetches from a local server, and so does a blocked first thread', () => {
  const listening = new Semaphore(0), stop = new Semaphore(0), address = words(1)
  const server = Thread.create(work.serveHttp, listening, address, stop)
  listening.wait()
  const url = `http://127.0.0.1:${address[0]}`
  assert.equal(runSync(work.fetchText, `${url}/first`), 'you asked for /first')
  const clients = Array.from({ length: 3 }, (_, i) => Thread.create(work.fetches, url, i, 5))
  for (const client of clients) assert.equal(client.join(), 5)
  stop.post()
  assert.equal(server.join(), 16)
})

test('sixteen threads have sixty-four calls and more under way at once', () => {
  runSync(work.close)
  const before = io()
  const callers = Array.from({ length: 16 }, (_, i) => Thread.create(work.callsWaitForOpen, 3, i, words(1)))
  for (const caller of callers) asleep(caller, 'call')
  until('all calls are under way', () => io().inFlight >= 64)
  runSync(work.open)
  assert.deepEqual(callers.map(caller => caller.join()), Array.from({ length: 16 }, (_, i) => i))
  until('the calls that were given up have ended', () => io().inFlight === 0)
  const after = io()
  assert.ok(after.submitted - before.submitted >= 65)
  assert.ok(after.completed - before.completed >= 65)
})

test('calls that come while the I/O thread is busy begin as one batch', () => {
  runSync(work.echo, 1)
  const { blocker, gate } = blockIo()
  const before = io()
  const callers = Array.from({ length: 16 }, () => Thread.create(work.callsEcho, 1))
  for (const caller of callers) asleep(caller, 'call')
  assert.equal(io().inFlight, 17)
  assert.equal(io().batches, before.batches)
  gate.post()
  for (const caller of callers) assert.equal(caller.join(), 0)
  blocker.join()
  assert.equal(io().batches - before.batches, 1)
  assert.ok(io().largestBatch >= 16)
})

test('an error arrives with its class, message, code, cause and both stacks', () => {
  assert.throws(() => runSync(work.fails, 'wrong'), (error: RangeError & { code: string, cause: Error }) => {
    assert.ok(error instanceof RangeError)
    assert.equal(error.message, 'it is wrong')
    assert.equal(error.code, 'ERR_KIND')
    assert.ok(error.cause instanceof TypeError)
    assert.match(error.stack!, /run-sync-work\.js:\d+:\d+[^]*--- the I\/O thread, \d+, ran "fails" for thread 1 ---[^]*run-sync\.test\.js:\d+:\d+/)
    return true
  })
  assert.throws(() => runSync(work.fails, 'a string'), (error: unknown) => error === 'a string')
  assert.throws(() => runSync(work.throwsAtOnce), { name: 'RangeError', message: 'at once' })
})

test('what cannot travel is a TypeError that names the path, there and back', () => {
  assert.throws(() => runSync(work.echo, { f: [() => 1] }), { name: 'TypeError', message: /args\[0\]\.f\[0\]/ })
  assert.throws(() => runSync(work.unsendable as never), { name: 'TypeError', message: /result/ })
})

test('ports and buffers move, shared memory is shared', () => {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage('by port')
  assert.equal(runSync({ transfer: [port2] }, work.readPort, port2 as never), 'by port')
  port1.close()
  const buffer = new ArrayBuffer(5000)
  assert.equal(runSync({ transfer: [buffer] }, work.length, buffer), 5000)
  assert.equal(buffer.byteLength, 0)
  assert.equal(runSync(work.makeBuffer, 9).buffer.byteLength, 9)
  const shared = words(1)
  Atomics.store(runSync(work.echo, shared) as Int32Array, 0, 5)
  assert.equal(shared[0], 5)
  assert.throws(() => runSync({ transfer: [buffer] }, work.length, buffer), { name: 'TypeError', message: /detached/ })
})

test('a call that takes too long is given up: ETIMEDOUT, and its result is thrown away', () => {
  runSync(work.close)
  const begun = words(1)
  let timeout = 1                                                         // a call that was given up before it was taken does not count
  do assert.throws(() => runSync({ timeout }, work.waitForOpen, new Semaphore(0), begun), fails('ETIMEDOUT'))
  while (Atomics.load(begun, 0) === 0 && (timeout *= 2) < 60_000)
  until('those that were taken run on', () => io().inFlight === Atomics.load(begun, 0))   // more than one, if one was given up just when it was taken
  runSync(work.open)
  until('they have ended', () => io().inFlight === 0)
  assert.equal(runSync({ timeout: 60_000 }, work.echo, 'in time'), 'in time')
})

test('a call that is given up before it has begun never runs', () => {
  runSync(work.echo, 1)
  const counted = words(1), { blocker, gate } = blockIo()
  assert.throws(() => runSync({ timeout: 1 }, work.count, counted), fails('ETIMEDOUT'))
  gate.post()
  blocker.join()
  runSync(work.echo, 1)
  assert.equal(counted[0], 0)
})

test('a thread that is canceled in a call ends, and the call is given up', () => {
  runSync(work.close)
  const caller = Thread.create(work.callsWaitForOpen, 0, 1, words(1))
  asleep(caller, 'call')
  assert.equal(threads().find(({ tid }) => tid === caller.tid)!.waitsFor!.object, 'a call of "waitForOpen"')
  until('the call has begun', () => io().inFlight === 1)
  caller.cancel()
  assert.throws(() => caller.join(), fails('ECANCELED'))
  runSync(work.open)
  until('it has ended', () => io().inFlight === 0)
})

test('a handler of a signal runs in a call, and may itself call', () => {
  runSync(work.close)
  const got = new Semaphore(0)
  const caller = Thread.create(work.handlesAndCalls, got)
  asleep(caller, 'call')
  pthread_kill(caller.tid, SIGUSR1)
  got.wait()
  runSync(work.open)
  assert.deepEqual(caller.join(), ['opened', 14])
})

test('ten thousand calls leave nothing behind', () => {
  runSync(work.echo, 1)
  const before = used(arena)
  const callers = [1, 2].map(() => Thread.create(work.callsEcho, 2500))
  for (let i = 0; i < 2500; i++) runSync(work.echo, 'x'.repeat(i % 2000))
  for (const caller of callers) assert.equal(caller.join(), 2500 * 2499 / 2)
  assert.ok(used(arena) <= before)
  assert.equal(io().inFlight, 0)
})

test('a call from the I/O thread itself is EDEADLK, and Thread.exit there ends the call', () => {
  assert.equal(runSync(work.nested), 'EDEADLK')
  assert.equal(runSync(work.exitsWith, 5), 5)
})

test('what is no entry, no option, no duration and no list is told', () => {
  const call = runSync as (...args: unknown[]) => unknown
  assert.throws(() => call(() => 1), { name: 'TypeError', message: /^runSync: the function is not an entry/ })
  assert.throws(() => call({}, 5), { name: 'TypeError', message: /^runSync: number is not an entry/ })
  assert.throws(() => call(null), { name: 'TypeError', message: /^runSync: null is not an entry/ })
  assert.throws(() => call({ timeuot: 1 }, work.echo), { name: 'TypeError', message: 'runSync: unknown option "timeuot"' })
  assert.throws(() => call({ timeout: -1 }, work.echo), RangeError)
  assert.throws(() => call({ timeout: '1' }, work.echo), TypeError)
  assert.throws(() => call({ transfer: 1 }, work.echo), { name: 'TypeError', message: 'runSync: transfer is not an array' })
  assert.throws(() => call(load<{ echo(): void }>(() => undefined).echo), fails('ENOSYS'))
  assert.throws(() => call((work as unknown as Record<string, unknown>).missing), { code: 'ERR_THREAD_ENTRY' })
  assert.throws(() => call(load<{ f(): void }>(new URL('./no-such-file.js', import.meta.url)).f), { code: 'ERR_THREAD_IMPORT' })
})

test('a thread that dies in a call leaves it to the I/O thread, which frees it', () => {
  runSync(work.close)
  const caller = Thread.create(work.callsWaitForOpen, 2, 1, words(1))
  asleep(caller, 'call')
  until('three calls are under way', () => io().inFlight >= 3)
  caller.terminate()
  assert.throws(() => caller.join(), { code: 'ERR_THREAD_TERMINATED' })
  runSync(work.open)
  until('they have ended', () => io().inFlight === 0)
})

test('a thread that dies before its call has begun takes it along', () => {
  runSync(work.echo, 1)
  const counted = words(1), { blocker, gate } = blockIo()
  const caller = Thread.create(work.callsCount, counted)
  asleep(caller, 'call')
  caller.terminate()
  ended(caller)
  until('its call is gone', () => io().inFlight === 1)
  gate.post()
  blocker.join()
  assert.throws(() => caller.join(), { code: 'ERR_THREAD_TERMINATED' })
  runSync(work.echo, 1)
  assert.equal(counted[0], 0)
})
