import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { PTHREAD_CANCELED, pthread_testcancel } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, listed } from './setup.ts'
import { acts, newStage } from './signal-setup.ts'

afterEach(() => nothingLeft())

test('pthread_testcancel() shall create a cancellation point in the calling thread; disabled, it shall have no effect', () => {
  const s = newStage()
  assert.equal(inThread(acts.comesPendingTo, ['pthread_testcancel', s]), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [0, 0, 2])                         // past it while disabled, not after
})

test('pthread_testcancel() without a request returns', () => {
  const s = newStage()
  assert.doesNotThrow(() => { pthread_testcancel() })
  inThread(acts.comesTo, ['pthread_testcancel', s])
  assert.deepEqual(listed(s.list), [1, 2])
})
