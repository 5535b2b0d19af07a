import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { pthread_self } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, join, work } from './setup.ts'

afterEach(() => nothingLeft())

test('shall return the thread ID of the calling thread', () => {
  const t = create(work.self)
  assert.equal(join(t), t)
  assert.equal(pthread_self(), 1)
})

test('the thread ID is the same at every call', () => {
  assert.equal(pthread_self(), pthread_self())
})
