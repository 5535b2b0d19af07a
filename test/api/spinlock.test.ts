import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, SpinLock, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, words } from './until.ts'

const work = load<typeof import('./object-work.ts')>(new URL('./object-work.js', import.meta.url))

afterEach(() => nothingLeft())

test('three threads never are inside together', () => {
  const lock = new SpinLock(), counter = words(1)
  const threads = [1, 2, 3].map(() => Thread.create(work.countSpinning, lock, counter, 20_000))
  for (const t of threads) t.join()
  assert.equal(counter[0], 60_000)
})

test('lock waits until the holder unlocks, and leaves its core if that takes long', () => {
  const lock = new SpinLock(), counter = words(1)
  assert.equal(lock.lock(), lock)
  const t = Thread.create(work.countSpinning, lock, counter, 1)
  asleep(t, 'futex')
  assert.equal(counter[0], 0)
  lock.unlock()
  t.join()
  assert.equal(counter[0], 1)
})

test('tryLock returns the lock, or null while another thread holds it', () => {
  const lock = new SpinLock()
  assert.equal(lock.tryLock(), lock)
  assert.equal(lock.tryLock(), null)
  assert.equal(Thread.create(work.trySpin, lock).join(), false)
  lock.unlock()
  assert.equal(Thread.create(work.trySpin, lock).join(), true)
})

test('a second lock throws EDEADLK, and unlock by another thread EPERM: both name the holder', () => {
  const lock = new SpinLock({ name: 'hot' }), held = new Semaphore(), release = new Semaphore()
  assert.throws(() => { lock.unlock() }, failing('EPERM', /^EPERM: SpinLock "hot" is not locked: only its holder can unlock it$/))
  lock.lock()
  for (const again of [() => lock.lock(), () => lock.with(() => 1)]) assert.throws(again, failing('EDEADLK', /^EDEADLK: SpinLock "hot" is already held by this thread \(tid 1\)$/))
  assert.equal(Thread.create(work.unlockCode, lock).join(), 'EPERM')
  lock.unlock()
  const t = Thread.create({ name: 'spinner' }, work.holdSpin, lock, held, release)
  held.wait()
  assert.throws(() => { lock.unlock() }, failing('EPERM', new RegExp(`SpinLock "hot" is held by thread \\(tid ${t.tid}, "spinner"\\): only its holder`)))
  release.post()
  t.join()
  lock.lock().unlock()
})

test('with and using unlock also when the function throws', () => {
  const lock = new SpinLock(), error = new Error('inside')
  assert.equal(lock.with(() => 5), 5)
  assert.throws(() => lock.with(() => { throw error }), (e: unknown) => e === error)
  assert.equal(Thread.create(work.trySpin, lock).join(), true)
  {
    using _ = lock.lock()
    assert.equal(Thread.create(work.trySpin, lock).join(), false)
  }
  assert.equal(Thread.create(work.trySpin, lock).join(), true)
})

test('it says its name, and when it was disposed of', () => {
  const lock = new SpinLock({ name: 'hot' })
  assert.equal(String(lock), 'SpinLock "hot"')
  lock[Symbol.dispose]()
  for (const use of [() => lock.lock(), () => lock.tryLock(), () => { lock.unlock() }, () => lock.with(() => 1)]) assert.throws(use, failing('EINVAL', /^EINVAL: this SpinLock was disposed of$/))
})
