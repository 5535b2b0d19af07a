import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ErrnoError, load, Mutex, Semaphore, Thread, ThreadDeathError } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { code } from './code.ts'
import { asleep, ended, until, words } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('a thread runs a function of another module, and join returns its result', () => {
  assert.equal(Thread.create(work.add, 20, 22).join(), 42)
})

test('join waits for a thread that has not ended', () => {
  const go = new Semaphore()
  const joined = Thread.create(work.waitThenReturn, go, 'here')
  const joiner = Thread.create(work.joinIt, joined)
  asleep(joined, 'semaphore')
  asleep(joiner, 'join')
  go.post()
  assert.equal(joiner.join(), 'here')
})

test('join returns at once when the thread has ended', () => {
  const t = Thread.create(work.add, 1, 2)
  ended(t)
  assert.equal(t.join(0), 3)
})

test('a timed join throws ETIMEDOUT, and the thread can still be joined', () => {
  const go = new Semaphore()
  const t = Thread.create({ name: 'slow' }, work.waitThenReturn, go, 1)
  for (const ms of [0, 5])
    assert.throws(() => t.join(ms), (error: ErrnoError) =>
      code('ETIMEDOUT', /^ETIMEDOUT: thread \d+ "slow" did not end in time$/)(error) && error.errno === 110 && error.operation === 'thread.join' && error.object === t)
  go.post()
  assert.equal(t.join(), 1)
})

test('joinAsync lets the event loop turn', async () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, [1, 2])
  setImmediate(() => { go.post() })
  assert.deepEqual(await t.joinAsync(), [1, 2])
})

test('a timed joinAsync rejects with ETIMEDOUT, and the thread can still be joined', async () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 1)
  for (const ms of [0, 5]) await assert.rejects(t.joinAsync(ms), code('ETIMEDOUT', /did not end in time/))
  go.post()
  assert.equal(await t.joinAsync(10_000), 1)
})

test('many threads are joined by promises at once', async () => {
  const threads = Array.from({ length: 8 }, (_, i) => Thread.create(work.add, i, i))
  assert.deepEqual(await Promise.all(threads.map(t => t.joinAsync())), [0, 2, 4, 6, 8, 10, 12, 14])
})

test('a thread may be detached after it has ended', () => {
  const t = Thread.create(work.add, 1, 1)
  ended(t)
  t.detach()
  assert.equal(t.state, 'joined')
})

test('a thread that joins or terminates itself gets EDEADLK or EINVAL', () => {
  assert.deepEqual(Thread.create(work.joinSelf).join(), ['EDEADLK', 'EDEADLK', 'EDEADLK', 'EINVAL'])
})

test('the first thread cannot join itself', async () => {
  assert.throws(() => Thread.current.join(), code('EDEADLK', /^EDEADLK: join: thread 1 is the calling thread$/))
  await assert.rejects(Thread.current.joinAsync(), code('EDEADLK'))
})

test('any thread may join, also one that did not create it', () => {
  const t = Thread.create(work.add, 3, 4)
  assert.equal(Thread.create(work.joinIt, t).join(), 7)
  assert.equal(Thread.create(work.joinItAsync, Thread.create(work.add, 1, 2)).join(), 3)
})

test('a thread made by a thread can be joined by the first', () => {
  const go = new Semaphore()
  const child = Thread.create(work.makeThread, go, work.waitThenReturn, 5).join() as Thread<number>
  asleep(child, 'semaphore')
  go.post()
  assert.equal(child.join(), 5)
})

test('threads create threads', () => {
  assert.equal(Thread.create(work.tree, work.tree as never, 3).join(), 8)
})

test('threads have numbers in order and the names they were given, or their functions\' names', () => {
  assert.deepEqual([Thread.current.tid, Thread.current.state], [1, 'running'])
  assert.equal(Thread.current, Thread.current)
  const named = Thread.create({ name: 'teller "7"' }, work.whoAmI), unnamed = Thread.create(work.whoAmI)
  assert.ok(named.tid > 1)
  assert.equal(unnamed.tid, named.tid + 1)
  assert.deepEqual([named.name, unnamed.name], ['teller "7"', 'whoAmI'])
  assert.deepEqual([String(named), String(unnamed)], [`thread ${named.tid} "teller "7""`, `thread ${unnamed.tid} "whoAmI"`])
  assert.deepEqual(named.join(), { tid: named.tid, name: 'teller "7"', state: 'running', same: true })
  assert.deepEqual(unnamed.join(), { tid: unnamed.tid, name: 'whoAmI', state: 'running', same: true })
})

test('the state follows the thread from its start to its join', () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 1)
  assert.ok(['starting', 'running', 'sleeping'].includes(t.state))
  asleep(t, 'semaphore')
  assert.equal(t.state, 'sleeping')
  go.post()
  ended(t)
  assert.equal(t.state, 'exited')
  t.join()
  assert.equal(t.state, 'joined')
  const word = words(1), busy = Thread.create(work.spins, word)
  until('it spins', () => Atomics.load(word, 0) === 1)
  assert.equal(busy.state, 'running')
  Atomics.store(word, 0, 2)
  busy.join()
})

test('a handle whose record is another thread\'s by now says joined', () => {
  const go = new Semaphore(), old = Thread.create(work.add, 1, 1)
  old.join()
  const next = Thread.create(work.waitThenReturn, go, 2)
  asleep(next, 'semaphore')
  assert.equal(old.state, 'joined')
  old.terminate()
  go.post()
  assert.equal(next.join(), 2)
})

test('Thread.exit ends the thread with a result, through its finally blocks', () => {
  const word = words(1)
  assert.deepEqual(Thread.create(work.exits, { a: [1] }, word).join(), { a: [1] })
  assert.equal(word[0], 1)
  assert.equal(Thread.create(work.exits, undefined).join(), undefined)
})

test('stats say how often a thread slept and on what, also after join', () => {
  const go = new Semaphore()
  const t = Thread.create(work.waitThenReturn, go, 1)
  asleep(t, 'semaphore')
  assert.equal(t.stats.waitsFor, 'semaphore')
  go.post()
  t.join()
  const { stats } = t
  assert.ok((stats.sleepsBy.semaphore ?? 0) >= 1 && stats.sleeps >= 1 && stats.wakeups >= 1, JSON.stringify(stats))
  assert.equal(stats.waitsFor, '')
  assert.ok(stats.elapsed > 0)
  assert.ok(Thread.current.stats.elapsed === 0 || Thread.current.stats.elapsed > 0)
})

test('processor time is told while a thread runs, by itself, and at its end', () => {
  const t = Thread.inline(() => {
    const end = performance.now() + 5
    while (performance.now() < end) { /* busy */ }
  })
  t.join()
  assert.ok(Number.isNaN(t.stats.cpuTime) || t.stats.cpuTime > 0, String(t.stats.cpuTime))
})

test('stackSize makes a deeper or a shallower stack', () => {
  const depth = (stackSize: number): number => Thread.create({ stackSize }, work.depthOfStack).join()
  assert.ok(depth(8 * 2 ** 20) > 2 * depth(512 * 2 ** 10))
})

test('a thread that reaches its heapLimit dies, and its join says so', () => {
  const t = Thread.create({ name: 'greedy', heapLimit: 16 * 2 ** 20 }, work.fillsItsHeap)
  assert.throws(() => t.join(), (error: ThreadDeathError) => {
    assert.ok(error instanceof ThreadDeathError, String(error))
    assert.deepEqual([error.code, error.tid, error.exitCode], ['ERR_THREAD_OUT_OF_MEMORY', t.tid, undefined])
    assert.match(error.message, /^thread \d+ "greedy" ran out of memory/)
    return true
  })
})

test('process.exit in a thread ends that thread only, and its join says so', () => {
  for (const exitCode of [0, 3]) {
    const t = Thread.create(work.callsProcessExit, exitCode)
    assert.throws(() => t.join(), (error: ThreadDeathError) => {
      assert.ok(error instanceof ThreadDeathError, String(error))
      assert.deepEqual([error.code, error.tid, error.exitCode], ['ERR_THREAD_CALLED_EXIT', t.tid, exitCode])
      assert.match(error.message, new RegExp(`called process.exit\\(${exitCode}\\)`))
      return true
    })
  }
})

test('terminate ends a thread that sleeps, and one that spins', async () => {
  const word = words(1)
  const sleeper = Thread.create(work.waitThenReturn, new Semaphore(), 1), spinner = Thread.create(work.spins, word)
  asleep(sleeper, 'semaphore')
  until('it spins', () => Atomics.load(word, 0) === 1)
  for (const t of [sleeper, spinner]) {
    t.terminate()
    await assert.rejects(t.joinAsync(), (error: ThreadDeathError) => error instanceof ThreadDeathError && error.code === 'ERR_THREAD_TERMINATED' && error.tid === t.tid)
    assert.equal(t.state, 'joined')
    t.terminate()
  }
})

test('a terminated thread leaves its mutex locked', () => {
  const mutex = new Mutex({ name: 'orphan' }), held = new Semaphore()
  const t = Thread.create(work.hold, mutex, held, new Semaphore())
  held.wait()
  t.terminate()
  assert.throws(() => t.join(), ThreadDeathError)
  assert.equal(mutex.tryLock(), null)
  assert.throws(() => mutex.lock(1), code('ETIMEDOUT', /Mutex "orphan" was not free in time: held by thread \(tid \d+\), which has ended/))
})

test('the first thread cannot be terminated', () => {
  assert.throws(() => { Thread.current.terminate() }, code('EINVAL', /thread 1 cannot be terminated/))
})
