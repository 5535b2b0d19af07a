// The tables of the example resp: the one of a thread, and the one in shared memory. The clock is the test's.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Mutex, Semaphore, Thread } from 'pthreads'
import { Budget, KEY_COST } from '../../examples/resp/budget.ts'
import type { Arg } from '../../examples/resp/parser.ts'
import { SharedStore, type SharedTable } from '../../examples/resp/shared-store.ts'
import { OwnStore, type Store } from '../../examples/resp/store.ts'
import { nothingLeft } from '../leftovers.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

const tableOf = (bytes: number): SharedTable => ({ memory: new SharedArrayBuffer(bytes), mutex: new Mutex({ robust: true }) })

const stores: Readonly<Record<string, (bytes: number) => Store>> = {
  'own table': bytes => new OwnStore(new Budget(bytes)),
  'shared table': bytes => new SharedStore(tableOf(bytes)),
}

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

for (const [name, make] of Object.entries(stores)) {
  test(`${name}: a key is there until its deadline, and not at it`, () => {
    const store = make(2 ** 20)
    assert.ok(store.set('k', 'v', 1000, 0))
    assert.deepEqual([store.get('k', 999), store.deadline('k', 999)], ['v', 1000])
    assert.deepEqual([store.get('k', 1000), store.deadline('k', 1000), store.delete('k', 1000)], [undefined, undefined, false])
    assert.deepEqual([store.figures.keys, store.figures.expires, store.figures.expired], [0, 0, 1])
  })

  test(`${name}: a deadline comes, moves and goes`, () => {
    const store = make(2 ** 20)
    store.set('k', 'v', Infinity, 0)
    assert.equal(store.figures.expires, 0)
    assert.ok(store.expireAt('k', 10, 0) && store.expireAt('k', 20, 0))
    assert.deepEqual([store.deadline('k', 15), store.figures.expires], [20, 1])
    assert.ok(store.expireAt('k', Infinity, 15))
    assert.deepEqual([store.get('k', 1e9), store.figures.expires], ['v', 0])
    store.set('k', 'w', 30, 0)
    store.set('k', 'x', Infinity, 0)
    assert.deepEqual([store.get('k', 1e9), store.figures.expires], ['x', 0])
    assert.equal(store.expireAt('other', 10, 0), false)
  })

  test(`${name}: sweeping throws away all that has expired, and nothing else, though nobody asks for it`, () => {
    const store = make(2 ** 22)
    for (let i = 0; i < 3000; i++) store.set(`k${i}`, 'v', i % 3 === 0 ? Infinity : i % 3 === 1 ? 100 : 200, 0)
    store.sweep(99)
    assert.equal(store.figures.keys, 3000)
    for (let i = 0; i < 3000 && store.figures.expired < 1000; i++) store.sweep(150)
    assert.deepEqual([store.figures.keys, store.figures.expires, store.figures.expired], [2000, 1000, 1000])
    for (let i = 0; i < 3000 && store.figures.expired < 2000; i++) store.sweep(200)
    assert.deepEqual([store.figures.keys, store.figures.expires], [1000, 0])
    store.sweep(1e12)
    for (let i = 0; i < 3000; i++) assert.equal(store.get(`k${i}`, 1e12), i % 3 === 0 ? 'v' : undefined)
  })

  test(`${name}: it refuses what does not fit, stays what it was, and takes it again after room was made`, () => {
    const store = make(2 ** 18), value = 'x'.repeat(1000)
    let n = 0
    while (store.set(`k${n}`, value, Infinity, 0)) n++
    assert.ok(n > 50 && n < 262, `${n} of 1000 bytes in 256 KB`)
    assert.equal(store.set('k0', value.repeat(200), Infinity, 0), false)
    assert.deepEqual([store.get('k0', 0), store.figures.keys], [value, n])
    assert.ok(store.delete('k0', 0) && store.set('new', value, Infinity, 0))
    store.clear()
    assert.deepEqual([store.figures.keys, store.figures.bytes], [0, 0])
    for (let i = 0; i < n; i++) assert.ok(store.set(`k${i}`, value, Infinity, 0))
  })

  test(`${name}: it does what a Map does (SEED=${seed})`, () => {
    const store = make(2 ** 26), model = new Map<string, string>()
    let state = seed | 1
    const random = (k: number): number => (state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0, (state >>> 0) % k)
    for (let i = 0; i < 20_000; i++) {
      const key = `${String.fromCharCode(random(256))}${random(200)}`
      if (random(3) === 0) {
        assert.equal(store.delete(key, 0), model.delete(key))
      } else if (random(2) === 0) {
        const value = String.fromCharCode(random(256)).repeat(random(random(20) === 0 ? 20_000 : 100))
        assert.ok(store.set(key, value.length < 16384 ? value : Buffer.from(value, 'latin1'), Infinity, 0))
        model.set(key, value)
      } else {
        assert.equal(text(store.get(key, 0)), model.get(key))
      }
    }
    assert.equal(store.figures.keys, model.size)
    for (const [key, value] of model) assert.equal(text(store.get(key, 0)), value)
  })
}

const text = (value: Arg | undefined): string | undefined => typeof value === 'object' ? Buffer.from(value).toString('latin1') : value

test('own table: its bytes are those of its budget', () => {
  const budget = new Budget(1e6), store = new OwnStore(budget)
  store.set('key', 'value', 5, 0)
  assert.equal(budget.used, KEY_COST + 8)
  store.set('key', 'v', Infinity, 0)
  assert.equal(budget.used, KEY_COST + 4)
  store.delete('key', 0)
  assert.equal(budget.used, 0)
})

test('shared table: threads that add to the same keys lose nothing', () => {
  const table = tableOf(2 ** 20)
  const threads = Array.from({ length: 3 }, () => Thread.create(work.increments, table, 2000))
  for (const thread of threads) thread.join()
  const store = new SharedStore(table)
  assert.deepEqual(Array.from({ length: 5 }, (_, i) => store.get(`n${i}`, 0)), Array.from({ length: 5 }, () => '1200'))
})

test('shared table: when a thread dies in the middle of a command, the next one finds it empty, and it works', () => {
  const table = tableOf(2 ** 20), inside = new Semaphore(0), store = new SharedStore(table)
  store.set('k', 'v', Infinity, 0)
  const thread = Thread.create(work.stays, table, inside)
  inside.wait()
  thread.terminate()
  assert.throws(() => thread.join(), { name: 'ThreadDeathError' })
  store.enter()
  assert.deepEqual([store.get('k', 0), store.figures.lost, store.set('k', 'w', Infinity, 0)], [undefined, 1, true])
  store.leave()
})
