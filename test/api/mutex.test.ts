import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Mutex, Semaphore, Thread, type MutexOptions } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, ended, words } from './until.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const types = ['normal', 'recursive', 'errorcheck'] as const

afterEach(() => nothingLeft())

for (const type of types) {
  test(`${type}: three threads never are inside together`, () => {
    const mutex = new Mutex({ type }), counter = words(1)
    const threads = [1, 2, 3].map(() => Thread.create(work.count, mutex, counter, 20_000))
    for (const t of threads) t.join()
    assert.equal(counter[0], 60_000)
  })

  test(`${type}: lock waits until the holder unlocks`, () => {
    const mutex = new Mutex({ type }), order = words(2)
    mutex.lock()
    const t = Thread.create(work.lockAndReturn, mutex, order, 7)
    asleep(t, 'mutex')
    assert.equal(order[0], 0)
    mutex.unlock()
    t.join()
    assert.deepEqual([...order], [1, 7])
  })

  test(`${type}: tryLock returns the mutex, or null while another thread holds it`, () => {
    const mutex = new Mutex({ type })
    assert.equal(mutex.tryLock(), mutex)
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), false)
    mutex.unlock()
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
  })

  test(`${type}: lock(ms) throws ETIMEDOUT and names the holder`, () => {
    const mutex = new Mutex({ type, name: 'accounts' }), held = new Semaphore(), release = new Semaphore()
    const t = Thread.create({ name: 'teller' }, work.hold, mutex, held, release)
    held.wait()
    for (const ms of [0, 5]) assert.throws(() => mutex.lock(ms), failing('ETIMEDOUT', new RegExp(`Mutex "accounts" was not free in time: held by thread \\(tid ${t.tid}, "teller"\\)$`)))
    release.post()
    assert.equal(mutex.lock(10_000), mutex)
    mutex.unlock()
    t.join()
  })

  test(`${type}: with unlocks also when the function throws`, () => {
    const mutex = new Mutex({ type }), error = new Error('inside')
    assert.equal(mutex.with(() => 5), 5)
    assert.throws(() => mutex.with(() => { throw error }), (e: unknown) => e === error)
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
  })

  test(`${type}: using unlocks at the end of the block`, () => {
    const mutex = new Mutex({ type })
    {
      using _ = mutex.lock()
      assert.equal(Thread.create(work.tryLockIt, mutex).join(), false)
    }
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
    {
      using locked = mutex.tryLock()
      assert.equal(locked, mutex)
    }
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
    assert.throws(() => {
      using _ = mutex.lock()
      throw new RangeError('inside')
    }, RangeError)
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
  })
}

test('using a tryLock that failed does nothing', () => {
  const mutex = new Mutex(), held = new Semaphore(), release = new Semaphore()
  const t = Thread.create(work.hold, mutex, held, release)
  held.wait()
  {
    using locked = mutex.tryLock()
    assert.equal(locked, null)
  }
  release.post()
  t.join()
})

test('errorcheck is the default: a second lock throws EDEADLK and names mutex and thread', () => {
  const mutex = new Mutex({ name: 'accounts' })
  mutex.lock()
  for (const lock of [() => mutex.lock(), () => mutex.lock(5), () => mutex.with(() => 1)])
    assert.throws(lock, failing('EDEADLK', /^EDEADLK: Mutex "accounts" is already held by this thread \(tid 1\)$/))
  assert.equal(mutex.tryLock(), null)
  mutex.unlock()
  assert.throws(() => { Thread.create({ name: 'teller' }, work.lockTwice, mutex).join() }, (error: Error & { code: string }) => {
    assert.equal(error.code, 'EDEADLK')
    assert.match(error.message, /Mutex "accounts" is already held by this thread \(tid \d+, "teller"\)$/)
    return true
  })
})

test('recursive counts: as many unlocks as locks', () => {
  const mutex = new Mutex({ type: 'recursive' })
  for (let i = 0; i < 3; i++) assert.equal(mutex.lock(), mutex)
  assert.equal(mutex.tryLock(), mutex)
  assert.equal(mutex.lock(5), mutex)
  for (let i = 0; i < 5; i++) {
    assert.equal(Thread.create(work.tryLockIt, mutex).join(), false)
    mutex.unlock()
  }
  assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
  assert.throws(() => { mutex.unlock() }, failing('EPERM'))
})

test('normal blocks its holder who locks again', () => {
  const mutex = new Mutex({ type: 'normal' })
  const t = Thread.create(work.lockTwice, mutex)
  asleep(t, 'mutex')
  assert.throws(() => { t.join(5) }, failing('ETIMEDOUT'))
  mutex.unlock()
  t.join()
})

for (const type of ['recursive', 'errorcheck'] as const) {
  test(`${type}: unlock by who does not hold it throws EPERM and says who does`, () => {
    const mutex = new Mutex({ type, name: 'accounts' }), held = new Semaphore(), release = new Semaphore()
    assert.throws(() => { mutex.unlock() }, failing('EPERM', /^EPERM: Mutex "accounts" is not locked: only its holder can unlock it$/))
    const t = Thread.create({ name: 'teller' }, work.hold, mutex, held, release)
    held.wait()
    assert.throws(() => { mutex.unlock() }, failing('EPERM', new RegExp(`Mutex "accounts" is held by thread \\(tid ${t.tid}, "teller"\\): only its holder`)))
    release.post()
    t.join()
  })
}

test('a mutex that its thread left locked stays locked, and the message says that the thread has ended', () => {
  const mutex = new Mutex({ name: 'left' })
  Thread.create(work.lockAndLeave, mutex).join()
  assert.equal(mutex.tryLock(), null)
  assert.throws(() => mutex.lock(1), failing('ETIMEDOUT', /held by thread \(tid \d+\), which has ended/))
})

test('waiting threads all get the mutex', () => {
  const mutex = new Mutex(), order = words(6)
  mutex.lock()
  const threads = [1, 2, 3, 4, 5].map(id => {
    const t = Thread.create(work.lockAndReturn, mutex, order, id)
    asleep(t, 'mutex')
    return t
  })
  mutex.unlock()
  for (const t of threads) t.join()
  assert.deepEqual([order[0], ...[...order.subarray(1)].sort()], [5, 1, 2, 3, 4, 5])
})

test('a mutex has a name, and says it', () => {
  assert.deepEqual([new Mutex({ name: 'Konten €' }).name, String(new Mutex({ name: 'Konten €' })), new Mutex().name], ['Konten €', 'Mutex "Konten €"', ''])
  assert.match(String(new Mutex()), /^Mutex at 0x[0-9a-f]+$/)
})

test('dispose lets go of a mutex that is not held, and using it then throws EINVAL', async () => {
  const mutex = new Mutex({ name: 'gone' })
  mutex[Symbol.dispose]()
  mutex[Symbol.dispose]()
  const gone = failing('EINVAL', /^EINVAL: this Mutex was disposed of$/)
  for (const use of [() => mutex.lock(), () => mutex.lock(1), () => mutex.tryLock(), () => { mutex.unlock() }, () => mutex.with(() => 1)])
    assert.throws(use, gone)
  await assert.rejects(mutex.lockAsync(), gone)
  await assert.rejects(mutex.withAsync(() => 1), gone)
})

test('dispose unlocks a mutex that the thread holds, and keeps it', () => {
  const mutex = new Mutex()
  mutex.lock()
  mutex[Symbol.dispose]()
  mutex.lock().unlock()
})

test('dispose in one thread does not take the mutex from another', () => {
  const mutex = new Mutex(), held = new Semaphore(), release = new Semaphore()
  const t = Thread.create(work.hold, mutex, held, release)
  held.wait()
  mutex[Symbol.dispose]()
  const others = Array.from({ length: 50 }, () => new Mutex({ type: 'normal' }))
  for (const other of others) other.lock()
  release.post()
  t.join()
  for (const other of others) assert.equal(other.tryLock(), null)
  for (const other of others) other.unlock()
})

test('the type is one of three', () => {
  for (const type of ['fast', '', 5, null, 'toString']) assert.throws(() => new Mutex({ type } as unknown as MutexOptions), { name: 'TypeError', message: /^Mutex: type ".*" is not "normal", "recursive" or "errorcheck"$/ })
})

test('lock(ms) takes a free mutex without waiting, and checks ms all the same', () => {
  const mutex = new Mutex()
  mutex.lock(0).unlock()
  mutex.lock(Infinity).unlock()
  for (const ms of [NaN, -1]) assert.throws(() => mutex.lock(ms), { name: 'RangeError', message: /^timeout: (NaN|-1) is not a number of milliseconds from 0$/ })
  for (const ms of ['5', null, {}]) assert.throws(() => mutex.lock(ms as number), { name: 'TypeError', message: /^timeout: (string|object), not a number of milliseconds$/ })
  assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
})

// Asynchronous -----------------------------------------------------------------------------------------------------

test('two asynchronous tasks of one thread exclude each other', async () => {
  const mutex = new Mutex(), counter = words(1)
  let inside = 0
  const task = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) {
      await mutex.withAsync(async () => {
        assert.equal(++inside, 1)
        await Promise.resolve()
        inside--
        counter[0]++
      })
    }
  }
  await Promise.all([task(), task(), task()])
  assert.equal(counter[0], 150)
})

test('asynchronous tasks of several threads and blocking threads exclude each other', async () => {
  const mutex = new Mutex(), counter = words(1)
  const threads = [1, 2].map(() => Thread.create(work.countAsync, mutex, counter, 500))
  threads.push(Thread.create(work.count, mutex, counter, 5000))
  for (let i = 0; i < 200; i++) {
    const hold = await mutex.lockAsync()
    counter[0]++
    hold.unlock()
  }
  for (const t of threads) await t.joinAsync()
  assert.equal(counter[0], 6200)
})

test('lockAsync waits for a thread without blocking the event loop', async () => {
  const mutex = new Mutex(), held = new Semaphore(), release = new Semaphore()
  const t = Thread.create(work.hold, mutex, held, release)
  await held.waitAsync()
  let turns = 0
  const ticking = setInterval(() => { if (++turns === 3) release.post() }, 1)
  const hold = await mutex.lockAsync()
  clearInterval(ticking)
  assert.ok(turns >= 3)
  assert.equal(hold.mutex, mutex)
  hold.unlock()
  await t.joinAsync()
})

test('what lockAsync returned owns the mutex, not the thread', async () => {
  const mutex = new Mutex({ name: 'held' }), hold = await mutex.lockAsync()
  assert.throws(() => { mutex.unlock() }, failing('EPERM', /held by an asynchronous acquisition \(unlock it through what lockAsync returned\)/))
  assert.equal(mutex.tryLock(), null)
  assert.throws(() => mutex.lock(1), failing('ETIMEDOUT'))
  await assert.rejects(mutex.lockAsync(1), failing('ETIMEDOUT', /was not free in time: held by an asynchronous acquisition/))
  assert.equal(Thread.create(work.tryLockIt, mutex).join(), false)
  hold.unlock()
  assert.throws(() => { hold.unlock() }, failing('EPERM', /Mutex "held": this acquisition has unlocked it already/))
  hold[Symbol.dispose]()
  assert.equal(Thread.create(work.tryLockIt, mutex).join(), true)
})

test('using unlocks an asynchronous acquisition', async () => {
  const mutex = new Mutex()
  {
    using _ = await mutex.lockAsync()
    assert.equal(mutex.tryLock(), null)
  }
  mutex.lock().unlock()
})

test('withAsync unlocks when the function throws or rejects', async () => {
  const mutex = new Mutex(), error = new Error('inside')
  assert.equal(await mutex.withAsync(() => 5), 5)
  await assert.rejects(mutex.withAsync(() => { throw error }), (e: unknown) => e === error)
  await assert.rejects(mutex.withAsync(() => Promise.reject(error)), (e: unknown) => e === error)
  mutex.lock().unlock()
})

test('a thread waits by a promise for the mutex', () => {
  const mutex = new Mutex(), held = new Semaphore(), release = new Semaphore(1)
  mutex.lock()
  const t = Thread.create(work.holdAsync, mutex, held, release)
  assert.throws(() => { t.join(5) }, failing('ETIMEDOUT'))
  mutex.unlock()
  held.wait()
  t.join()
  mutex.lock().unlock()
})

test('a thread that ends without unlocking what lockAsync gave it leaves no record of it', () => {
  const mutex = new Mutex()
  Thread.create(work.lockAsyncAndLeave, mutex).join()
  assert.equal(mutex.tryLock(), null)
})

test('a mutex that was disposed of while an acquisition holds it is not another mutex\'s memory', async () => {
  const mutex = new Mutex({ type: 'normal' }), hold = await mutex.lockAsync()
  mutex[Symbol.dispose]()
  const next = Array.from({ length: 20 }, () => new Mutex({ type: 'normal' }).lock())
  hold.unlock()
  for (const each of next) assert.equal(each.tryLock(), null)
})

test('many asynchronous acquisitions come in their order', async () => {
  const mutex = new Mutex(), order: number[] = []
  const first = await mutex.lockAsync()
  const rest = [1, 2, 3, 4].map(id => mutex.withAsync(() => { order.push(id) }))
  first.unlock()
  await Promise.all(rest)
  assert.deepEqual(order, [1, 2, 3, 4])
})

test('a thread ends while it waits by a promise, and the mutex goes on', () => {
  const mutex = new Mutex()
  mutex.lock()
  const t = Thread.inline(async (mutex: Mutex) => {
    void mutex.lockAsync()
    await Promise.resolve()
    const { Mutex } = await import('pthreads')
    return mutex instanceof Mutex
  }, mutex)
  ended(t)
  assert.equal(t.join(), true)
  mutex.unlock()
  mutex.lock(1000).unlock()
})
