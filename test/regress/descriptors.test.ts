// A descriptor belongs to the process, not to the thread that opened it: the end of a thread closes nothing (POSIX.1-2024 pthread_exit). The
// carriers were told not to close what was opened in them, and did so all the same, because the spawner had not been told.

import assert from 'node:assert/strict'
import { closeSync, fstatSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { load, Semaphore, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const { opens } = load<typeof import('./descriptors.ts')>(new URL('./descriptors.js', import.meta.url))

afterEach(() => nothingLeft())

test('what a thread has opened is open after its death', async () => {
  const number = new Int32Array(new SharedArrayBuffer(4)), opened = new Semaphore(0)
  const thread = Thread.create(opens, number, opened)
  opened.wait()
  thread.terminate()
  await assert.rejects(thread.joinAsync(), { name: 'ThreadDeathError' })
  await nothingLeft()                                                     // its Worker too is gone
  assert.ok(fstatSync(number[0]).isCharacterDevice())
  closeSync(number[0])
})
