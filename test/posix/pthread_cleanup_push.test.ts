import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { pthread_cleanup_pop } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, listed, newList } from './setup.ts'
import { acts } from './signal-setup.ts'

afterEach(() => nothingLeft())

test('pthread_cleanup_pop() shall remove the routine at the top of the stack, and invoke it if execute is non-zero', () => {
  const list = newList()
  inThread(acts.pops, list)
  assert.deepEqual(listed(list), [3, 99, 2])
})

test('the handlers shall be called when the thread calls pthread_exit(), in the reverse order', () => {
  const list = newList()
  assert.equal(inThread(acts.pushesAndExits, list), 'exited')
  assert.deepEqual(listed(list), [2, 1])
})

test('the handlers of a thread are not the next thread\'s', () => {
  const list = newList()
  inThread(acts.pops, list)
  inThread(acts.pushesAndExits, newList())
  assert.deepEqual(listed(list), [3, 99, 2])
})

test('pop without a handler (undefined in POSIX) does nothing', () => {
  pthread_cleanup_pop(1)
})
