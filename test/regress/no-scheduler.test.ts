import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Thread, type ThreadDeathError } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

configure({ model: 'm:n', carriers: 2, scheduler: new URL('./fixtures/no-scheduler.js', import.meta.url) })
const work = load<typeof import('./fixtures/fibers.ts')>(new URL('./fixtures/fibers.js', import.meta.url))

afterEach(() => nothingLeft())

test('after carriers that died before they could run, the first fiber failed, and the second one waited for ever', () => {
  for (let time = 0; time < 3; time++) assert.throws(() => Thread.create(work.one).join(10_000), (error: ThreadDeathError) => error.name === 'ThreadDeathError' && error.message.includes('never started'))
})
