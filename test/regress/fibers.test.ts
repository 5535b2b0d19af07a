import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Mutex, Semaphore, Thread } from 'pthreads'
import { pthread_kill, SIGUSR2 } from 'pthreads/posix'
import { asleep, until, words } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'

configure({ model: 'm:1' })
const work = load<typeof import('./fixtures/fibers.ts')>(new URL('./fixtures/fibers.js', import.meta.url))
const elsewhere = load<typeof import('../ult/work.ts')>(new URL('../ult/work.js', import.meta.url))

afterEach(() => nothingLeft())

const SOON = 5000                                                         // ms, for joins that hung

test('a fiber that was canceled before it awaited a promise went on waiting', () => {
  assert.throws(() => Thread.create(work.awaitsCanceled).join(SOON), { code: 'ECANCELED' })
})

test('a thread whose Worker had run one that awaited, and that was canceled before it awaited itself, went on waiting', () => {
  for (let time = 0; time < 2; time++)
    assert.throws(() => Thread.create({ scope: 'system' }, work.awaitsCanceled).join(SOON), { code: 'ECANCELED' })
})

for (const scope of ['process', 'system'] as const) {
  test(`what the method then of an awaited object threw went past the generator: scope ${scope}`, () => {
    assert.equal(Thread.create({ scope }, work.awaitsThrowing).join(SOON), 'RangeError: out of then')
    assert.equal(Thread.create({ scope }, work.one).join(SOON), 1)
  })

  test(`a cleanup handler that returned an object whose method then throws took the carrier with it: scope ${scope}`, () => {
    assert.throws(() => Thread.create({ scope }, work.cleansUpThrowing).join(SOON), { name: 'RangeError', message: 'out of then' })
    assert.equal(Thread.create({ scope }, work.one).join(SOON), 1)
  })
}

test('a fiber that only yielded ran no handler of a signal', () => {
  const cell = words(3)
  const t = Thread.create(work.yields, cell)
  until('it has a handler', () => Atomics.load(cell, 0) === 1)
  pthread_kill(t.tid, SIGUSR2)
  try {
    until('the handler has run', () => Atomics.load(cell, 1) === 1)
  } finally {
    Atomics.store(cell, 2, 1)
    t.join()
  }
})

test('after the import of a module, a timer that was running already never fired', () => {
  const go = words(1)
  const waits = Thread.create(work.waitsForTimer, go)
  asleep(waits, 'semaphore')
  assert.equal(Thread.create(elsewhere.add, 1, 2).join(SOON), 3)
  Atomics.store(go, 0, 1)
  assert.equal(waits.join(SOON), 'rung')
})

test('an asynchronous fiber that locked after an await what another fiber held froze their carrier', () => {
  const mutex = new Mutex(), held = new Semaphore(), go = new Semaphore()
  const holds = Thread.create(work.holds, mutex, held, go)
  held.wait()
  assert.equal(Thread.create(work.locksLater, mutex).join(SOON), 'EDEADLK')
  go.post()
  holds.join(SOON)
  assert.equal(Thread.create(work.locksLater, mutex).join(SOON), 'locked')
})
