import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriers, load, Thread } from 'pthreads'
import { dispatchesUnder } from './dispatch.ts'

const work = load<typeof import('./dispatch-work.ts')>(new URL('./dispatch-work.js', import.meta.url))

dispatchesUnder('rr', '1:1')

test('threads that have a carrier to themselves dispatch like any other, and are none of those that are numbered', () => {
  const threads = Array.from({ length: carriers() }, (_, i) => Thread.create({ scope: 'system' }, work.addsOn, i, i, 10))
  assert.deepEqual(threads.map(thread => thread.join()), threads.map((_, i) => i + 10))
})
