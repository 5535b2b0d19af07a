import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Barrier, Condition, configure, load, Mutex, RwLock, Semaphore, Thread, threads } from 'pthreads'
import { EDEADLK, pthread_kill, SIGUSR2 } from 'pthreads/posix'
import { code } from '../api/code.ts'
import { asleep, until, words } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'

configure({ model: 'm:1' })
const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

test('a generator is a thread, and join returns what it returns', () => {
  assert.equal(Thread.create(work.add, 20, 22).join(), 42)
})

test('the same generator runs on a Worker of its own', () => {
  assert.equal(Thread.create({ scope: 'system' }, work.add, 20, 22).join(), 42)
})

test('a plain function and an asynchronous one run as fibers too, also by their source text', () => {
  assert.equal(Thread.create(work.plain, 21).join(), 42)
  assert.equal(Thread.create(work.asynchronous, 14).join(), 42)
  assert.equal(Thread.inline((x: number) => x + 1, 41).join(), 42)
})

test('fibers and a Worker exclude each other by one mutex', () => {
  const mutex = new Mutex(), cell = words(1)
  const all = [
    Thread.create(work.count, mutex, cell, 3000), Thread.create(work.count, mutex, cell, 3000),
    Thread.create({ scope: 'system' }, work.count, mutex, cell, 3000), Thread.create(work.count, mutex, cell, 3000),
  ]
  for (const each of all) each.join()
  assert.equal(cell[0], 12_000)
})

test('fibers of one process share one carrier under m:1, and a Worker has its own', () => {
  const never = new Semaphore()
  const fibers = [1, 2, 3].map(() => Thread.create(work.acquire, never))
  const worker = Thread.create({ scope: 'system' }, work.acquire, never)
  for (const each of [...fibers, worker]) asleep(each, 'semaphore')
  const carriers = [...fibers, worker].map(({ tid }) => threads().find(each => each.tid === tid)!.carrier)
  assert.equal(new Set(carriers.slice(0, 3)).size, 1)
  assert.notEqual(carriers[3], carriers[0])
  never.post(4)
  for (const each of [...fibers, worker]) each.join()
})

test('a fiber waits on a condition, and is signalled', () => {
  const mutex = new Mutex(), condition = new Condition(), cell = words(1)
  const all = [Thread.create(work.waitUntil, mutex, condition, cell), Thread.create({ scope: 'system' }, work.waitUntil, mutex, condition, cell)]
  for (const each of all) asleep(each, 'condition')
  mutex.lock()
  cell[0] = 1
  condition.broadcast()
  mutex.unlock()
  assert.deepEqual(all.map(each => each.join()), ['signalled', 'signalled'])
})

test('timeouts end the waits of fibers, with the mutex of a condition locked', () => {
  const mutex = new Mutex(), condition = new Condition(), cell = words(1)
  assert.equal(Thread.create(work.waitUntil, mutex, condition, cell, 10).join(), 'ETIMEDOUT')
  mutex.lock()
  assert.equal(Thread.create(work.lockFor, mutex, 10).join(), 'ETIMEDOUT')
  const patient = Thread.create(work.lockFor, mutex, 3_600_000)
  asleep(patient, 'mutex')
  mutex.unlock()
  assert.equal(patient.join(), 'locked')
})

test('sleeps of fibers end in the order of their times, and not too early', () => {
  const times = [30, 10, 20].map(ms => Thread.create(work.sleepFor, ms))
  times.forEach((each, i) => { assert.ok(each.join() >= [30, 10, 20][i] - 0.1) })
})

test('semaphore, barrier and read-write lock have verbs', () => {
  const barrier = new Barrier(3), lock = new RwLock(), both = new Semaphore()
  const met = [1, 2, 3].map(() => Thread.create(work.meet, barrier))
  assert.equal(met.filter(each => each.join()).length, 1)
  const inside = words(1)
  const two = [1, 2].map(() => Thread.create(work.readers, lock, inside, both))
  for (const each of two) each.join()
  assert.equal(Thread.create(work.writeThenRead, lock).join(), 'busy')
})

test('fibers and Workers join each other; a fiber that joins itself is told so', () => {
  const joined = Thread.create(work.add, 1, 2)
  assert.equal(Thread.create(work.joinIt, joined).join(), 3)
  const worker = Thread.create({ scope: 'system' }, work.add, 3, 4)
  assert.equal(Thread.create(work.joinIt, worker).join(), 7)
  assert.equal(Thread.create({ scope: 'system' }, work.joinIt, Thread.create(work.add, 5, 6)).join(), 11)
  assert.match(Thread.create(work.joinItself).join(), /^EDEADLK: join: thread \d+ "joinItself" is the calling thread$/)
})

test('a detached fiber leaves nothing', () => {
  const done = new Semaphore()
  Thread.create({ detached: true }, work.acquire, done)
  done.post()
})

for (const scope of ['process', 'system'] as const) {
  test(`await gives the value of a promise, or throws its error: scope ${scope}`, () => {
    assert.deepEqual(Thread.create({ scope }, work.awaitThese).join(), ['at once', 'later', 'RangeError: no'])
  })
}

test('a fiber whose verbs never switch does not keep the event loop from settling the promises of others', () => {
  const mutex = new Mutex(), settled = words(1)
  const busy = Thread.create(work.locksUntil, mutex, settled)
  Thread.create(work.settles, settled).join()
  assert.ok(busy.join() > 0)
})

test('another fiber may settle the promise', () => {
  assert.equal(Thread.create(work.awaitAnother).join(), 'by a fiber')
})

test('a promise that nothing can settle fails the fiber that awaits it', () => {
  assert.throws(() => Thread.create(work.awaitForEver).join(), /never settles/)
})

test('a fiber that throws fails alone', () => {
  const fails = Thread.create(work.fail), adds = Thread.create(work.add, 1, 1)
  assert.throws(() => fails.join(), { name: 'RangeError', message: 'out of a fiber' })
  assert.equal(adds.join(), 2)
})

test('Thread.exit ends a fiber', () => {
  assert.equal(Thread.create(work.exitEarly).join(), 'early')
})

test('what is yielded and is no verb is a TypeError there', () => {
  for (const scope of ['process', 'system'] as const)
    assert.equal(Thread.create({ scope }, work.yieldNonsense).join(), 'TypeError: a generator that is a thread yields what the verbs of `fiber` do: yield* fiber.yield(), not yield')
})

test('a method that would sleep throws EDEADLK, changes nothing, and names the verb', () => {
  const mutex = new Mutex({ name: 'm' }), semaphore = new Semaphore(0, { name: 's' })
  const lock = new RwLock({ name: 'l' }), barrier = new Barrier(2, { name: 'b' }), sleeper = Thread.create({ name: 't' }, work.acquire, semaphore)
  const held = new Mutex({ name: 'held' })
  held.lock()
  lock.write()
  const says = (how: Parameters<typeof import('./work.ts').block>[0], object: object): string => Thread.create(work.block, how, object, mutex).join()
  const advice = 'would block the carrier and all its fibers; use yield* fiber.'
  assert.equal(says('lock', held), `EDEADLK: Mutex "held": lock ${advice}lock(mutex)`)
  assert.equal(says('acquire', semaphore), `EDEADLK: Semaphore "s": wait ${advice}acquire(semaphore)`)
  assert.equal(says('write', lock), `EDEADLK: RwLock "l": write ${advice}write(rwlock)`)
  assert.equal(says('read', lock), `EDEADLK: RwLock "l": read ${advice}read(rwlock)`)
  assert.equal(says('meet', barrier), `EDEADLK: Barrier "b": wait ${advice}barrier(barrier)`)
  assert.equal(says('join', sleeper), `EDEADLK: thread ${sleeper.tid} "t": join ${advice}join(thread)`)
  assert.equal(says('sleep', mutex), `EDEADLK: Thread.sleep ${advice}sleep(ms)`)
  lock.unlock()
  assert.equal(lock.tryRead(), lock)                                      // no writer is waited for
  lock.unlock()
  held.unlock()
  assert.equal(barrier.waiting, 0)
  semaphore.post()
  sleeper.join()
})

test('where no generator is, in an asynchronous function, it names the form that returns a promise', () => {
  const held = new Mutex({ name: 'held' })
  held.lock()
  assert.deepEqual(Thread.create(work.blockAsynchronously, held, new Semaphore(0, { name: 's' })).join(), [
    'EDEADLK: Mutex "held": lock would block the carrier and all its fibers; use await mutex.lockAsync()',
    'EDEADLK: Semaphore "s": wait would block the carrier and all its fibers; use await semaphore.waitAsync()',
    'EDEADLK: Thread.sleep would block the carrier and all its fibers; use await Thread.sleepAsync(ms)',
  ])
  held.unlock()
})

test('a deadlock is told as one, also after a call that would have frozen the carrier and whose errno nobody asked about', () => {
  const thread = Thread.create({ name: 'twice' }, work.relock, new Mutex({ name: 'm' }), new RwLock({ name: 'l' }))
  const by = `by this thread (tid ${thread.tid}, "twice")`
  assert.deepEqual(thread.join(), [EDEADLK, `EDEADLK: Mutex "m" is already held ${by}`, EDEADLK, `EDEADLK: RwLock "l" is already held for writing ${by}`])
})

test('a wait on a condition by its method leaves the mutex locked', () => {
  const mutex = new Mutex(), condition = new Condition({ name: 'c' })
  assert.equal(Thread.create(work.block, 'wait', condition, mutex).join(), 'the mutex is held')
})

test('methods that need not sleep work in a fiber', () => {
  assert.equal(Thread.create(work.blockWhenFree, new Mutex(), new Semaphore(1), new RwLock()).join(), 0)
})

test('each fiber has its own thread-specific values and its own handle', () => {
  const all = [1, 2, 3].map(n => Thread.create(work.keepsItsOwn, n))
  assert.deepEqual(all.map(each => each.join()), [true, true, true])
})

test('destructors run at the end of a fiber', () => {
  const cell = words(1)
  Thread.create(work.destroys, cell).join()
  assert.equal(cell[0], 7)
})

test('a fiber is not terminated, for others share its Worker: the error says so, and cancel ends it', () => {
  const never = new Semaphore(), sleeper = Thread.create(work.acquire, never)
  asleep(sleeper, 'semaphore')
  assert.throws(() => { sleeper.terminate() }, code('ENOSYS', /thread \d+.* shares its Worker with others, which would end with it: cancel\(\) ends it/))
  sleeper.cancel()
  assert.throws(() => { sleeper.join() }, { code: 'ECANCELED' })
})

test('a canceled fiber runs its finally blocks, then its cleanup handlers', () => {
  const cell = words(2)
  const sleeper = Thread.create(work.sleepWell, cell)
  asleep(sleeper, 'sleep')
  sleeper.cancel()
  assert.throws(() => sleeper.join(), code('ECANCELED'))
  assert.deepEqual([...cell], [1, 12])
})

for (const scope of ['process', 'system'] as const) {
  test(`a generator is canceled where it awaits, and its finally blocks run, which may await: scope ${scope}`, () => {
    const cell = words(1)
    const thread = Thread.create({ scope }, work.awaitCanceled, cell)
    until('it awaits', () => Atomics.load(cell, 0) === 1)
    thread.cancel()
    assert.throws(() => thread.join(), code('ECANCELED'))
    assert.equal(cell[0], 2)
  })

  test(`what a handler throws comes out of the await that it interrupts: scope ${scope}`, () => {
    const cell = words(1)
    const thread = Thread.create({ scope }, work.awaitStopped, cell)
    until('it awaits', () => Atomics.load(cell, 0) === 1)
    pthread_kill(thread.tid, SIGUSR2)
    assert.equal(thread.join(), 'stopped')
  })
}

test('a signal that is sent to a fiber runs its handler as that fiber, and its sleep goes on', () => {
  const cell = words(1), ready = new Semaphore()
  const thread = Thread.create(work.handles, cell, ready)
  ready.wait()
  asleep(thread, 'sleep')
  pthread_kill(thread.tid, SIGUSR2)
  until('the handler has run', () => Atomics.load(cell, 0) === thread.tid)
  asleep(thread, 'sleep')
  thread.cancel()
  assert.throws(() => thread.join(), code('ECANCELED'))
})

test('a fiber signals itself', () => {
  assert.equal(Thread.create(work.signalsItself).join(), true)
})

test('a fiber that is signaled while it is queued has heard of it when its yield returns', () => {
  assert.equal(Thread.create(work.heardAfterYield).join(), true)
})

test('a signal that is sent to a fiber that only yields runs its handler there, and what that throws comes out of the yield', () => {
  const cell = words(2)
  const all = [0, 1].map(i => Thread.create(work.yieldsUntilStopped, cell, i))
  until('both yield', () => cell.every((_, i) => Atomics.load(cell, i) > 100))
  for (const { tid } of all) pthread_kill(tid, SIGUSR2)
  assert.deepEqual(all.map(each => each.join()), ['stopped true', 'stopped true'])
})

test('fibers that yield take turns', () => {
  assert.equal(Thread.create(work.threeTakeTurns).join(), '012012012012')
})

test('a carrier that dies takes its fibers along, and those that had not begun run on another one', () => {
  const sleepers = new Semaphore(), never = new Semaphore()
  const all = [1, 2].map(() => Thread.create(work.sleepOn, sleepers, never))
  for (const each of all) asleep(each, 'semaphore')
  const exits = Thread.create(work.exitProcess, sleepers)
  const later = [1, 2, 3].map(n => Thread.create(work.plain, n))
  for (const each of [...all, exits]) assert.throws(() => each.join(), { code: 'ERR_THREAD_CALLED_EXIT' })
  assert.deepEqual(later.map(each => each.join()), [2, 4, 6])
})

test('10,000 fibers', () => {
  assert.equal(Thread.create(work.startsMany, 10_000).join(), 99_990_000)
})
