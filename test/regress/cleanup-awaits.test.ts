// A thread that is canceled while it awaits, and whose promise settles while its cleanup handlers await, ends once: canceled.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, Thread } from 'pthreads'
import { pthread_cleanup_push } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'

const here = load<typeof import('./cleanup-awaits.test.ts')>(new URL(import.meta.url))

if (Thread.current.tid === 1) {
  afterEach(() => nothingLeft())

  test('a canceled thread whose promise settles in the midst of its cleanup is canceled, and cleans up to the end', async () => {
    const begun = new Semaphore(0), cleaned = new Semaphore(0)
    const thread = Thread.create(here.awaits, begun, cleaned)
    await begun.waitAsync()
    thread.cancel()
    await assert.rejects(thread.joinAsync(), { code: 'ECANCELED' })
    assert.equal(cleaned.tryWait(), true)
  })
}

export async function awaits(begun: Semaphore, cleaned: Semaphore): Promise<number> {
  const timer = setInterval(() => undefined, 60_000), turn = new Semaphore(0)
  pthread_cleanup_push(async () => {
    turn.post()
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
    clearInterval(timer)
    cleaned.post()
  })
  begun.post()
  while (!turn.tryWait()) await new Promise(resolve => setImmediate(resolve))
  return 5
}
