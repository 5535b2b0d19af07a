import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { pthread_equal, pthread_self } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, join, work } from './setup.ts'

afterEach(() => nothingLeft())

test('shall return a non-zero value if t1 and t2 are equal', () => {
  assert.ok(pthread_equal(pthread_self(), pthread_self()))
  const t = create(work.self)
  assert.ok(pthread_equal(t, join(t) as number))
})

test('otherwise, zero shall be returned', () => {
  const a = create(work.self), b = create(work.self)
  assert.ok(!pthread_equal(a, b))
  assert.ok(!pthread_equal(a, pthread_self()))
  for (const t of [a, b]) join(t)
  const other = create(work.equalToSelf, pthread_self())
  assert.deepEqual(join(other), [false, true])
})
