import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { load, Mutex, Semaphore, serve, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { succeeds } from './child.ts'
import { asleep, words } from './until.ts'

let made = 0
const { double, later, count, nests, fails, notServed } = load<typeof import('./factory-worker.ts')>(() => {
  made++
  return new Worker(new URL('./factory-worker.js', import.meta.url))
})
const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('a thread runs in a Worker that the factory made, and the Worker is used again', () => {
  assert.equal(Thread.create(double, 21).join(), 42)
  assert.equal(Thread.create(double, 4).join(), 8)
  assert.equal(Thread.create(later, 4).join(), 5)
  assert.equal(made, 1)
})

test('two threads at once need two Workers', () => {
  const go = new Semaphore()
  const threads = [Thread.create(nests, go), Thread.create(nests, go)]
  for (const t of threads) asleep(t, 'semaphore')
  assert.equal(made, 2)
  go.post(2)
  assert.deepEqual(threads.map(t => t.join()), [2, 2])
})

test('threads of a factory and of the library share objects', () => {
  const mutex = new Mutex(), counter = words(1)
  const threads = [Thread.create({ name: 'named' }, count, mutex, counter, 5000), Thread.create(count, mutex, counter, 5000)]
  const other = Thread.create(work.count, mutex, counter, 5000)
  assert.deepEqual(threads.map(t => t.join()), ['named', 'count'])
  other.join()
  assert.equal(counter[0], 15_000)
})

test('an error arrives as ever', () => {
  assert.throws(() => Thread.create(fails).join() as unknown, { name: 'RangeError', message: 'in the factory\'s Worker' })
})

test('a function that was not registered fails at join, by name', () => {
  assert.throws(() => { Thread.create(notServed).join() }, { code: 'ERR_THREAD_ENTRY', message: /^the Worker that the factory made has not registered "notServed"; it should call serve\(\{ notServed \}\)/ })
})

test('sizes are the factory\'s to set', () => {
  assert.throws(() => Thread.create({ stackSize: 2 ** 20 }, double, 1), { name: 'TypeError', message: /a factory makes its own Workers/ })
  assert.throws(() => Thread.create({ heapLimit: 2 ** 25 }, double, 1), { name: 'TypeError', message: /a factory makes its own Workers/ })
})

test('another thread runs the entry in a parked Worker of the factory, and cannot make one', () => {
  assert.equal(Thread.create(double, 1).join(), 2)
  assert.equal(Thread.create(work.runEntry, double as never, 4, 0).join(), 8)
  const go = new Semaphore(), busy = Array.from({ length: made }, () => Thread.create(nests, go))
  for (const t of busy) asleep(t, 'semaphore')
  assert.throws(() => Thread.create(work.runEntry, double as never, 4, 0).join(), { code: 'ENOSYS', message: /"double" was loaded from a factory in another thread; only that one can start its Workers/ })
  go.post(busy.length)
  for (const t of busy) t.join()
})

test('what a factory throws is what create throws', () => {
  const error = new Error('no Worker today')
  const { f } = load<{ f(): void }>(() => { throw error })
  assert.throws(() => Thread.create(f), (e: unknown) => e === error)
})

test('a factory that makes no Worker is a TypeError, and does no harm', () => {
  for (const worker of [5, undefined, {}]) {
    const { f } = load<{ f(): void }>(() => worker)
    assert.throws(() => Thread.create(f), { name: 'TypeError', message: /^load: the factory returned something that is not a Worker/ })
  }
})

test('after a factory that made no Worker other threads run as ever', () => {
  assert.equal(succeeds(`import { load, Thread } from 'pthreads'
    void Thread.current
    Thread.inline(() => 1).join()
    const { f } = load(() => 5), word = new Int32Array(new SharedArrayBuffer(4)), threads = []
    for (let i = 0; i < 4; i++) {
      try { Thread.create(f) } catch {}
      threads.push(Thread.inline(w => { Atomics.wait(w, 0, 0); return 'ran' }, word))
    }
    let collected = false
    const registry = new FinalizationRegistry(() => { collected = true })
    registry.register({}, 0)
    while (!collected) { gc(); await new Promise(setImmediate) }
    Atomics.store(word, 0, 1)
    Atomics.notify(word, 0)
    try { for (const t of threads) console.log(t.join(3000)) } catch (e) { console.log(e.message); process.exit() }`, ['--expose-gc']), 'ran\n'.repeat(4))
})

test('a Worker that ends before it serves is an error of join', () => {
  const { f } = load<{ f(): void }>(() => new Worker('process.exit(0)', { eval: true }))
  assert.throws(() => { Thread.create(f).join(20_000) }, { code: 'ERR_THREAD_NEVER_STARTED' })
})

test('a Worker of a factory that is terminated ends its thread', async () => {
  let worker: Worker | undefined
  const mine = load<typeof import('./factory-worker.ts')>(() => worker = new Worker(new URL('./factory-worker.js', import.meta.url)))
  const t = Thread.create(mine.nests, new Semaphore())
  asleep(t, 'semaphore')
  await worker!.terminate()
  await assert.rejects(t.joinAsync(20_000), { name: 'ThreadDeathError' })
})

test('serve is for Workers', () => {
  assert.throws(() => { serve({}) }, { message: /^serve: this heap belongs to a process already/ })
})
