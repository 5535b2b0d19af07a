import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

configure({ model: 'm:1' })
const work = load<typeof import('./fixtures/fibers.ts')>(new URL('./fixtures/fibers.js', import.meta.url))

afterEach(() => nothingLeft())

const SOON = 20_000                                                       // for joins that hung

test('a fiber that was canceled before it awaited a promise went on waiting', () => {
  assert.throws(() => Thread.create(work.awaitsCanceled).join(SOON), { code: 'ECANCELED' })
})

test('a thread whose Worker had run one that awaited, and that was canceled before it awaited itself, went on waiting', () => {
  for (let time = 0; time < 2; time++)
    assert.throws(() => Thread.create({ scope: 'system' }, work.awaitsCanceled).join(SOON), { code: 'ECANCELED' })
})
