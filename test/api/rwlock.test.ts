import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { afterEach, test } from 'node:test'
import { load, RwLock, RwLockHold, Semaphore, Thread, type RwLockOptions } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { failing } from './failing.ts'
import { asleep, words } from './until.ts'

const work = load<typeof import('./object-work.ts')>(new URL('./object-work.js', import.meta.url))
const preferences = ['phases', 'readers', 'writers'] as const

afterEach(() => nothingLeft())

const tryBoth = (lock: RwLock): [boolean, boolean] => Thread.create(work.tryBoth, lock).join()

for (const prefer of preferences) {
  test(`${prefer}: nobody reads while another writes`, () => {
    const lock = new RwLock({ prefer }), counter = words(2)
    const threads = [1, 2, 3].map(() => Thread.create(work.countRw, lock, counter, 3000))
    assert.deepEqual(threads.map(t => t.join()), [0, 0, 0])
    assert.deepEqual([...counter], [9000, 9000])
  })

  test(`${prefer}: many read at once, one writes alone`, () => {
    const lock = new RwLock({ prefer })
    assert.equal(lock.read(), lock)
    assert.deepEqual(tryBoth(lock), [true, false])
    lock.unlock()
    assert.equal(lock.write(), lock)
    assert.deepEqual(tryBoth(lock), [false, false])
    lock.unlock()
    assert.deepEqual(tryBoth(lock), [true, true])
  })

  test(`${prefer}: a thread that reads may read again, also while a writer waits`, () => {
    const lock = new RwLock({ prefer }), order = words(3)
    lock.read()
    const writer = Thread.create(work.noteInside, lock, 'write', order, 1)
    asleep(writer, 'rwlock')
    lock.read()
    assert.equal(lock.tryRead(), lock)
    lock.withRead(() => undefined)
    for (let i = 0; i < 3; i++) {
      assert.equal(order[0], 0)
      lock.unlock()
    }
    writer.join()
    assert.equal(order[0], 1)
    assert.throws(() => { lock.unlock() }, failing('EPERM'))
  })
}

test('phases: readers that wait when a writer leaves come before the next writer', () => {
  const lock = new RwLock(), order = words(4)
  lock.write()
  const writer = Thread.create(work.noteInside, lock, 'write', order, 9)
  asleep(writer, 'rwlock')
  const readers = [1, 2].map(id => Thread.create(work.noteInside, lock, 'read', order, id))
  for (const t of readers) asleep(t, 'rwlock')
  lock.unlock()
  for (const t of [writer, ...readers]) t.join()
  assert.equal(order[3], 9)
})

test('writers: a writer that waits comes before the readers that wait', () => {
  const lock = new RwLock({ prefer: 'writers' }), order = words(4)
  lock.write()
  const readers = [1, 2].map(id => Thread.create(work.noteInside, lock, 'read', order, id))
  for (const t of readers) asleep(t, 'rwlock')
  const writer = Thread.create(work.noteInside, lock, 'write', order, 9)
  asleep(writer, 'rwlock')
  lock.unlock()
  for (const t of [writer, ...readers]) t.join()
  assert.equal(order[1], 9)
})

test('a timed lock throws ETIMEDOUT and names the writer, or counts the readers', () => {
  const lock = new RwLock({ name: 'table' }), held = new Semaphore(), release = new Semaphore()
  const writer = Thread.create({ name: 'scribe' }, work.hold, lock, 'write', held, release)
  held.wait()
  const byWriter = failing('ETIMEDOUT', new RegExp(`^ETIMEDOUT: RwLock "table" was not free in time: held for writing by thread \\(tid ${writer.tid}, "scribe"\\)$`))
  for (const ms of [0, 5]) {
    assert.throws(() => lock.read(ms), byWriter)
    assert.throws(() => lock.write(ms), byWriter)
  }
  release.post()
  writer.join()
  const readers = [1, 2].map(() => Thread.create(work.hold, lock, 'read', held, release))
  for (const _ of readers) held.wait()
  assert.throws(() => lock.write(5), failing('ETIMEDOUT', /: held for reading by 2 readers$/))
  lock.read(5).unlock()
  release.post(2)
  for (const t of readers) t.join()
  lock.write(1000).unlock()
})

test('who holds it gets EDEADLK instead of waiting for himself', () => {
  const lock = new RwLock({ name: 'table' })
  lock.write()
  for (const again of [() => lock.read(), () => lock.write(), () => lock.read(5), () => lock.withRead(() => 1), () => lock.withWrite(() => 1)])
    assert.throws(again, failing('EDEADLK', /^EDEADLK: RwLock "table" is already held for writing by this thread \(tid 1\)$/))
  assert.deepEqual([lock.tryRead(), lock.tryWrite()], [null, null])
  lock.unlock()
  lock.read()
  assert.throws(() => lock.write(), failing('EDEADLK', /is already held for reading by this thread/))
  assert.equal(lock.tryWrite(), null)
  lock.unlock()
  assert.deepEqual(Thread.create(work.relock, lock).join(), ['EDEADLK', 'EDEADLK', 'EDEADLK', 'EDEADLK'])
  assert.deepEqual(tryBoth(lock), [true, true])
})

test('unlock by who does not hold it throws EPERM and says who does', () => {
  const lock = new RwLock({ name: 'table' })
  assert.throws(() => { lock.unlock() }, failing('EPERM', /^EPERM: RwLock "table" is not locked: only its holder can unlock it$/))
  for (const mode of ['read', 'write'] as const) {
    const held = new Semaphore(), release = new Semaphore(), t = Thread.create(work.hold, lock, mode, held, release)
    held.wait()
    assert.throws(() => { lock.unlock() }, failing('EPERM', mode === 'read' ? /is held for reading by 1 reader: only/ : new RegExp(`is held for writing by thread \\(tid ${t.tid}, "hold"\\): only`)))
    assert.equal(Thread.create(work.unlockCode, lock).join(), 'EPERM')
    release.post()
    t.join()
  }
})

test('a thread that ended while it read does not pass its right to unlock to the next', () => {
  const lock = new RwLock()
  Thread.create(work.leaveRead, lock).join()
  for (let i = 0; i < 3; i++) assert.equal(Thread.create(work.unlockCode, lock).join(), 'EPERM')
  assert.deepEqual(tryBoth(lock), [true, false])
})

test('withRead and withWrite unlock also when the function throws', () => {
  const lock = new RwLock(), error = new Error('inside')
  for (const within of [<T>(f: () => T) => lock.withRead(f), <T>(f: () => T) => lock.withWrite(f)]) {
    assert.equal(within(() => 5), 5)
    assert.throws(() => within(() => { throw error }), (e: unknown) => e === error)
    assert.deepEqual(tryBoth(lock), [true, true])
  }
})

test('using unlocks at the end of the block', () => {
  const lock = new RwLock()
  {
    using _ = lock.read()
    assert.deepEqual(tryBoth(lock), [true, false])
  }
  {
    using _ = lock.write()
    assert.deepEqual(tryBoth(lock), [false, false])
  }
  {
    using locked = lock.tryWrite()
    assert.equal(locked, lock)
  }
  assert.deepEqual(tryBoth(lock), [true, true])
})

test('what lies about the preference, the options or the time is refused', () => {
  for (const prefer of ['fair', '', 5, null, 'toString']) assert.throws(() => new RwLock({ prefer } as unknown as RwLockOptions), { name: 'TypeError', message: /^RwLock: prefer ".*" is not "phases", "readers" or "writers"$/ })
  assert.throws(() => new RwLock(null as unknown as RwLockOptions), { name: 'TypeError' })
  const lock = new RwLock()
  for (const ms of [NaN, -1]) {
    assert.throws(() => lock.read(ms), { name: 'RangeError', message: /^timeout: / })
    assert.throws(() => lock.write(ms), { name: 'RangeError', message: /^timeout: / })
  }
  assert.deepEqual(tryBoth(lock), [true, true])
})

test('it says its name', () => {
  assert.equal(String(new RwLock({ name: 'table' })), 'RwLock "table"')
  assert.equal(inspect(new RwLock({ name: 'table' })), 'RwLock { name: \'table\' }')
})

test('a lock that was disposed of throws EINVAL', async () => {
  const lock = new RwLock(), gone = failing('EINVAL', /^EINVAL: this RwLock was disposed of$/)
  lock[Symbol.dispose]()
  const uses = [() => lock.read(), () => lock.write(), () => lock.tryRead(), () => lock.tryWrite(), () => { lock.unlock() }, () => lock.withRead(() => 1)]
  for (const use of uses) assert.throws(use, gone)
  for (const use of [lock.readAsync(), lock.writeAsync(), lock.withReadAsync(() => 1), lock.withWriteAsync(() => 1)]) await assert.rejects(use, gone)
})

// Asynchronous -----------------------------------------------------------------------------------------------------

test('asynchronous tasks and threads exclude each other', async () => {
  const lock = new RwLock(), counter = words(2)
  const threads = [Thread.create(work.countRwAsync, lock, counter, 200), Thread.create(work.countRw, lock, counter, 2000)]
  let torn = 0
  const task = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) {
      await lock.withWriteAsync(async hold => {
        assert.equal(hold.mode, 'write')
        counter[0]++
        await Promise.resolve()
        counter[1]++
      })
      using hold = await lock.readAsync()
      assert.equal(hold.mode, 'read')
      if (counter[0] !== counter[1]) torn++
    }
  }
  await Promise.all([task(), task()])
  for (const t of threads) torn += await t.joinAsync()
  assert.deepEqual([...counter, torn], [2300, 2300, 0])
})

test('what writeAsync returned owns the lock, not the thread', async () => {
  const lock = new RwLock({ name: 'table' }), hold = await lock.writeAsync()
  assert.ok(hold instanceof RwLockHold)
  assert.equal(hold.lock, lock)
  assert.throws(() => { lock.unlock() }, failing('EPERM', /held for writing by an asynchronous acquisition \(unlock it through what writeAsync returned\)/))
  assert.deepEqual([lock.tryRead(), lock.tryWrite()], [null, null])
  await assert.rejects(lock.readAsync(1), failing('ETIMEDOUT', /was not free in time: held for writing by an asynchronous acquisition/))
  await assert.rejects(lock.writeAsync(1), failing('ETIMEDOUT'))
  hold.unlock()
  assert.throws(() => { hold.unlock() }, failing('EPERM', /RwLock "table": this acquisition has unlocked it already/))
  hold[Symbol.dispose]()
  assert.deepEqual(tryBoth(lock), [true, true])
})

test('what readAsync returned reads, not the thread', async () => {
  const lock = new RwLock(), holds = [await lock.readAsync(), await lock.readAsync()]
  assert.throws(() => { lock.unlock() }, failing('EPERM', /held for reading by 2 readers/))
  await assert.rejects(lock.writeAsync(1), failing('ETIMEDOUT', /held for reading by 2 readers/))
  holds[0].unlock()
  assert.throws(() => { holds[0].unlock() }, failing('EPERM'))
  assert.equal(lock.tryWrite(), null)
  holds[1][Symbol.dispose]()
  assert.deepEqual(tryBoth(lock), [true, true])
})

test('the event loop turns while a lock is waited for', async () => {
  const lock = new RwLock(), held = new Semaphore(), release = new Semaphore(), t = Thread.create(work.hold, lock, 'write', held, release)
  held.wait()
  const both = Promise.all([lock.withReadAsync(hold => hold.mode), lock.withWriteAsync(hold => hold.mode)])
  setImmediate(() => { release.post() })                                // runs only if the event loop turns; the lock is held until then
  const modes = await both
  assert.deepEqual(modes, ['read', 'write'])
  await t.joinAsync()
})

test('withReadAsync and withWriteAsync unlock when the function throws or rejects', async () => {
  const lock = new RwLock(), error = new Error('inside'), same = (e: unknown): boolean => e === error
  assert.equal(await lock.withReadAsync(() => 5), 5)
  assert.equal(await lock.withWriteAsync(async () => await Promise.resolve(6)), 6)
  await assert.rejects(lock.withReadAsync(() => { throw error }), same)
  await assert.rejects(lock.withWriteAsync(() => Promise.reject(error)), same)
  assert.deepEqual(tryBoth(lock), [true, true])
})

test('a thread that ends without unlocking what it acquired asynchronously leaves it locked, and no record of it', () => {
  for (const mode of ['read', 'write'] as const) {
    const lock = new RwLock()
    Thread.create(work.leaveAsync, lock, mode).join()
    assert.deepEqual(tryBoth(lock), [mode === 'read', false])
  }
})

test('a lock that was disposed of while an acquisition holds it is not another lock\'s memory', async () => {
  const lock = new RwLock(), hold = await lock.writeAsync()
  lock[Symbol.dispose]()
  const next = Array.from({ length: 20 }, () => new RwLock().write())
  hold.unlock()
  for (const each of next) assert.equal(Thread.create(work.tryBoth, each).join()[0], false)
  for (const each of next) each.unlock()
})
