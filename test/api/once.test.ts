import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Once, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, words } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('the routine runs exactly once over many threads, and everybody sees it done', () => {
  const once = new Once(), counter = words(1)
  const threads = Array.from({ length: 6 }, () => Thread.create(work.runOnce, once, counter))
  assert.equal(once.done || !once.done, true)
  assert.deepEqual(threads.map(t => t.join()), [1, 1, 1, 1, 1, 1])
  assert.equal(once.done, true)
  once.run(() => assert.fail('again'))
})

test('others wait until the routine has returned', () => {
  const once = new Once(), inside = new Semaphore(), go = new Semaphore(), counter = words(1)
  const runner = Thread.create(work.runOnceSlowly, once, inside, go, counter)
  inside.wait()
  assert.equal(once.done, false)
  const others = [1, 2].map(() => Thread.create(work.runOnce, once, counter))
  for (const t of others) asleep(t, 'once')
  go.post()
  assert.deepEqual([runner, ...others].map(t => t.join()), [1, 1, 1])
})

test('what the routine throws passes through, and the next caller runs its own', () => {
  const once = new Once(), error = new Error('not yet')
  assert.throws(() => { once.run(() => { throw error }) }, (e: unknown) => e === error)
  assert.equal(once.done, false)
  let ran = 0
  once.run(() => { ran++ })
  once.run(() => { ran++ })
  assert.deepEqual([ran, once.done], [1, true])
})

test('a thread that waited for a routine that throws runs its own', () => {
  const once = new Once(), inside = new Semaphore(), go = new Semaphore(), counter = words(1)
  const runner = Thread.create(work.runOnceAndThrow, once, inside, go)
  inside.wait()
  const next = Thread.create(work.runOnce, once, counter)
  asleep(next, 'once')
  go.post()
  assert.throws(() => { runner.join() }, { message: 'not this time' })
  assert.equal(next.join(), 1)
})

test('run from within its own routine is EDEADLK', () => {
  const once = new Once({ name: 'setup' })
  once.run(() => {
    assert.throws(() => { once.run(() => undefined) }, failing('EDEADLK', /^EDEADLK: Once "setup" is being done by this thread, further up the stack$/))
  })
  assert.equal(once.done, true)
})

test('different objects are different matters', () => {
  const outer = new Once(), inner = new Once()
  let ran = ''
  outer.run(() => {
    inner.run(() => { ran += 'inner' })
    ran += ' outer'
  })
  assert.equal(ran, 'inner outer')
})

test('runAsync awaits the routine, and runs it once over tasks and threads', async () => {
  const once = new Once(), counter = words(1)
  const threads = [1, 2].map(() => Thread.create(work.runOnceAsync, once, counter))
  const tasks = [1, 2, 3].map(() => once.runAsync(async () => {
    const before = counter[0]
    await new Promise(resolve => setTimeout(resolve, 1))                 // a routine that is not done in the same turn
    counter[0] = before + 1
  }))
  await Promise.all(tasks)
  assert.deepEqual(await Promise.all(threads.map(t => t.joinAsync())), [1, 1])
  assert.equal(counter[0], 1)
  await once.runAsync(() => assert.fail('again'))
})

test('a rejected runAsync passes through, and the next runs its own', async () => {
  const once = new Once(), error = new Error('not yet')
  await assert.rejects(once.runAsync(() => Promise.reject(error)), (e: unknown) => e === error)
  await assert.rejects(once.runAsync(() => { throw error }), (e: unknown) => e === error)
  let ran = 0
  await Promise.all([once.runAsync(() => { ran++ }), once.runAsync(() => { ran++ })])
  assert.deepEqual([ran, once.done], [1, true])
})

test('a thread that was terminated inside the routine is succeeded by another', () => {
  const once = new Once(), inside = new Semaphore(), counter = words(1)
  const runner = Thread.create(work.runOnceSlowly, once, inside, new Semaphore(), counter)
  inside.wait()
  const next = Thread.create(work.runOnce, once, counter)
  asleep(next, 'once')
  runner.terminate()
  assert.throws(() => runner.join(), { code: 'ERR_THREAD_TERMINATED' })
  assert.equal(next.join(20_000), 1)
})

test('a thread that ended while its runAsync was under way is succeeded by another', () => {
  const once = new Once(), inside = new Semaphore(), counter = words(1)
  Thread.create(work.beginOnceAndReturn, once, inside).join()
  const next = Thread.create(work.runOnce, once, counter)
  assert.equal(next.join(3000), 1)
})

test('the routine is a function', async () => {
  const once = new Once()
  for (const f of [undefined, null, 5, {}]) {
    assert.throws(() => { once.run(f as () => void) }, TypeError)
    await assert.rejects(once.runAsync(f as () => void), TypeError)
  }
  assert.equal(once.done, false)
  once.run(() => undefined)
})

test('a once that was disposed of throws EINVAL', async () => {
  const once = new Once()
  once[Symbol.dispose]()
  const gone = failing('EINVAL', /^EINVAL: this Once was disposed of$/)
  assert.throws(() => { once.run(() => undefined) }, gone)
  assert.throws(() => once.done, gone)
  await assert.rejects(once.runAsync(() => undefined), gone)
})
