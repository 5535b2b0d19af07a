import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { tells } from './footprint.ts'

configure({ model: 'm:1' })
const work = load<typeof import('./footprint.ts')>(new URL('./footprint.js', import.meta.url))
const MANY = 20_000

afterEach(() => nothingLeft())

// Skipped elsewhere than on Linux: what of the shared memory is committed is read from /proc.
test('a fiber takes a record of shared memory, and the next one the same; a handle of one that was joined holds no copy of it', { skip: tells ? false : 'only Linux tells' }, () => {
  const { first, second, handle } = Thread.create(work.footprint, MANY).join()
  assert.ok(first > 250 && first < 280, `${first} bytes of shared memory for each`)
  assert.ok(second < 16, `${second} bytes more for one that takes the record of another`)   // numbers and offers go on: 8
  assert.ok(handle < 400, `${handle} bytes of the heap for each handle`)
})

test('fibers that have ended are young garbage: none grows old', () => {
  const bytes = Thread.create(work.promoted, MANY).join()
  assert.ok(bytes < 100, `${bytes} bytes of each have grown old`)
})
