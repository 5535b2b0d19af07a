// threads(), deadlocks(), processInfo(), and what the watcher makes of them; the watcher in its place is in watch.test.ts.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Watcher } from '#internal/pthread/watch.js'
import { Condition, deadlocks, load, Mutex, Once, processInfo, Semaphore, Thread, threads, type ThreadInfo } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { asleep, ended, eventually, until, words } from './until.ts'

const work = load<typeof import('./threads-work.ts')>(new URL('./threads-work.js', import.meta.url))

afterEach(() => nothingLeft())

function info(thread: Thread): ThreadInfo {
  const found = threads().find(({ tid }) => tid === thread.tid)
  assert.ok(found !== undefined, `${String(thread)} is in the table`)
  return found
}

// Ends threads that wait for ever.
async function end(...all: Thread<unknown>[]): Promise<void> {
  for (const thread of all) {
    thread.terminate()
    await assert.rejects(thread.joinAsync(20_000), { code: 'ERR_THREAD_TERMINATED' })
  }
}

function bothWait(a: Thread<unknown>, b: Thread<unknown>): void {
  until('both sleep on mutexes', () => [a, b].every(t => info(t).waitsFor?.reason === 'mutex'))
}

test('the first thread is told of as running', () => {
  const [first] = threads()
  assert.deepEqual([first.tid, first.state, first.ended, first.creator, first.carrier, first.osThread, first.waitsFor], [1, 'running', '', 0, 1, process.pid, undefined])
  assert.ok(first.cpuTime > 0 && first.elapsed > 0)
})

test('a thread that sleeps on a mutex names it and who holds it', () => {
  const mutex = new Mutex({ name: 'accounts' })
  mutex.lock()
  const t = Thread.create({ name: 'teller' }, work.locks, mutex)
  asleep(t, 'mutex')
  until('it is suspended', () => info(t).state === 'sleeping')
  const { name, state, creator, detached, waitsFor, sleepsBy } = info(t)
  assert.deepEqual({ name, state, creator, detached }, { name: 'teller', state: 'sleeping', creator: 1, detached: false })
  const { address: _, ...rest } = waitsFor!
  assert.deepEqual(rest, { reason: 'mutex', object: 'Mutex "accounts"', memory: 1, holders: [1], heldBy: 'thread 1', timed: false, site: '' })
  assert.equal(sleepsBy.mutex, 1)
  assert.equal(threads()[0].children, 1)
  mutex.unlock()
  t.join()
  assert.equal(threads()[0].children, 0)
})

test('what a thread waits for is told in words for every object', () => {
  const semaphore = new Semaphore(0, { name: 'items' }), nameless = new Semaphore()
  const condition = new Condition({ name: 'full' }), mutex = new Mutex()
  const sleeper = Thread.create({ name: 'sleeper' }, work.waits, semaphore)
  const others = [Thread.create(work.waits, nameless), Thread.create(work.waitsOn, condition, mutex), Thread.create(work.joins, sleeper)]
  const all: Thread<unknown>[] = [sleeper, ...others]
  until('all sleep', () => all.every(t => info(t).state === 'sleeping'))
  assert.equal(info(all[0]).waitsFor?.object, 'Semaphore "items"')
  assert.match(info(all[1]).waitsFor!.object, /^Semaphore at 0x[0-9a-f]+$/)
  assert.equal(info(all[2]).waitsFor?.object, 'Condition "full"')
  assert.equal(info(all[3]).waitsFor?.object, `the end of thread ${sleeper.tid} "sleeper"`)
  assert.deepEqual(info(all[3]).waitsFor?.holders, [sleeper.tid])
  nameless.post()
  condition.signal()
  semaphore.post()
  for (const t of others) t.join()
})

test('a thread that waits until a deadline says so', () => {
  const semaphore = new Semaphore()
  const t = Thread.create(work.waits, semaphore, 60_000)
  until('it sleeps', () => info(t).state === 'sleeping')
  assert.equal(info(t).waitsFor?.timed, true)
  semaphore.post()
  t.join()
})

test('promises that wait are told with their thread, and an asynchronous holder by its own number', async () => {
  const mutex = new Mutex({ name: 'm' }), hold = await mutex.lockAsync()
  const second = mutex.lockAsync()
  await eventually('it stands in the queue', () => threads()[0].awaits.length === 1)
  const [{ object, holders, heldBy }] = threads()[0].awaits
  assert.equal(heldBy, 'an asynchronous acquisition of thread 1')
  assert.equal(object, 'Mutex "m"')
  assert.equal(threads().length, 1)
  assert.ok(holders.length === 1 && holders[0] > 2 ** 29 - 1)
  assert.equal(threads()[0].state, 'running')
  hold.unlock();
  (await second).unlock()
})

test('a thread that has ended and was not joined says how', () => {
  const returned = Thread.create(work.returns), threw = Thread.create(work.throws)
  ended(returned)
  ended(threw)
  assert.deepEqual([returned, threw].map(t => [info(t).state, info(t).ended, info(t).carrier]), [['exited', 'returned', 0], ['exited', 'threw', 0]])
  returned.join()
  assert.throws(() => { threw.join() })
  assert.deepEqual(threads().map(({ tid }) => tid), [1])
})

test('a running thread has its processor time told, growing', () => {
  const stop = words(1)
  const t = Thread.create(work.spins, stop)
  until('it runs', () => info(t).cpuTime > 0)
  const before = info(t).cpuTime
  until('it runs on', () => info(t).cpuTime > before)
  assert.ok(info(t).osThread > 0 && info(t).osThread !== process.pid)
  assert.ok(info(t).involuntary + info(t).voluntary > 0)
  Atomics.store(stop, 0, 1)
  t.join()
})

test('the process is told of', async () => {
  const mutex = new Mutex()
  const before = processInfo()
  assert.deepEqual([before.pid, before.ppid, before.state, before.threads, before.threadsMax], [process.pid, process.ppid, 'running', 1, 32_000])
  const detached = new Semaphore()
  Thread.create({ detached: true }, work.waits, detached)
  assert.equal(processInfo().threads, 2)
  assert.ok(processInfo().memoryUsed > 0 && processInfo().objects >= 2 && processInfo().resident > 2 ** 20 && processInfo().cpuTime > 0)
  detached.post()
  await eventually('it is gone', () => processInfo().threads === 1)
  assert.ok(processInfo().parked >= 1)
  mutex[Symbol.dispose]()
})

test('two threads that wait for each other are a deadlock, told once after it stood for a second', async () => {
  const a = new Mutex({ name: 'a' }), b = new Mutex({ name: 'b' }), held = [new Semaphore(), new Semaphore()]
  const [one, two] = [Thread.create({ name: 'one' }, work.embraces, a, b, held[0], held[1]), Thread.create({ name: 'two' }, work.embraces, b, a, held[1], held[0])]
  bothWait(one, two)
  const [cycle, ...more] = deadlocks()
  assert.deepEqual(more, [])
  assert.deepEqual(cycle.map(({ thread, holds, waitsFor }) => [thread.name, holds, waitsFor.object]).sort(), [['one', 'Mutex "a"', 'Mutex "b"'], ['two', 'Mutex "b"', 'Mutex "a"']])

  let time = 0
  const watcher = new Watcher(() => time)
  assert.deepEqual(watcher.look(), [])
  time = 999
  assert.deepEqual(watcher.look(), [])
  time = 1000
  const [report] = watcher.look()
  assert.match(report, /^deadlock: 2 threads wait for each other\n {2}tid \d+ {2}one {2}holds Mutex "a" {2}waits for Mutex "b"\n {2}tid \d+ {2}two {2}holds Mutex "b" {2}waits for Mutex "a"\n {2}one -> Mutex "b" -> two -> Mutex "a" -> one\n$/)
  for (time = 1250; time < 60_000; time += 250) assert.deepEqual(watcher.look(), [])
  await end(one, two)
  assert.deepEqual(deadlocks(), [])
})

test('a cycle through join and a mutex is a deadlock', async () => {
  const mutex = new Mutex({ name: 'm', type: 'normal' })
  const joiner = Thread.create({ name: 'joiner' }, work.locksAndJoins, mutex)
  until('there are two that wait', () => threads().filter(({ waitsFor }) => waitsFor !== undefined).length === 2)
  const [cycle] = deadlocks()
  assert.deepEqual(cycle.map(({ thread, holds }) => [thread.name, holds]).sort(), [['joiner', 'Mutex "m"'], ['locks', 'its end']])
  const child = threads().find(({ name }) => name === 'locks')!
  joiner.terminate()
  await assert.rejects(joiner.joinAsync(20_000))
  assert.deepEqual(deadlocks(), [])
  Thread.create(work.unlocks, mutex).join()                               // the type is normal there: anybody may
  await eventually('the child is through', () => threads().find(({ tid }) => tid === child.tid)?.state === 'exited')
  await nothingLeftOf(child.tid)
})

// The child of a thread that was terminated: joined by its number.
async function nothingLeftOf(tid: number): Promise<void> {
  const { pthread_join } = await import('pthreads/posix')
  assert.equal(pthread_join(tid), 0)
}

test('a thread that waits for itself is a deadlock', async () => {
  const mutex = new Mutex({ name: 'm', type: 'normal' })
  const t = Thread.create({ name: 'twice' }, work.locksTwice, mutex)
  until('it sleeps', () => info(t).waitsFor !== undefined)
  assert.deepEqual(deadlocks().map(cycle => cycle.map(({ thread }) => thread.name)), [['twice']])
  await end(t)
})

test('a cycle in which one waits until a deadline is none', async () => {
  const a = new Mutex(), b = new Mutex(), held = [new Semaphore(), new Semaphore()]
  const one = Thread.create(work.embraces, a, b, held[0], held[1], 60_000), two = Thread.create(work.embraces, b, a, held[1], held[0])
  bothWait(one, two)
  assert.deepEqual(deadlocks(), [])
  await end(one, two)
})

test('threads in a row that a running one will let through are no deadlock', () => {
  const mutex = new Mutex()
  mutex.lock()
  const all = [1, 2, 3].map(() => Thread.create(work.locks, mutex))
  until('all sleep', () => all.every(t => info(t).waitsFor !== undefined))
  let time = 0
  const watcher = new Watcher(() => time)
  for (; time < 10_000; time += 250) assert.deepEqual(watcher.look(), [])
  assert.deepEqual(deadlocks(), [])
  mutex.unlock()
  for (const t of all) t.join()
})

test('who waits on a once is told who runs it', () => {
  const once = new Once(), inside = new Semaphore(), go = new Semaphore()
  const runner = Thread.create(work.runsOnce, once, inside, go)
  inside.wait()
  const waiter = Thread.create(work.runsOnce, once, inside, go)
  until('it sleeps', () => info(waiter).waitsFor?.reason === 'once')
  assert.deepEqual(info(waiter).waitsFor?.holders, [runner.tid])
  go.post()
  runner.join()
  waiter.join()
})
