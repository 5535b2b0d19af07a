// Pools whose threads outlive nobody: they end with the thread that made the pool, in whatever way that ends.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load, Semaphore, Thread } from 'pthreads'
import { baseline, nothingLeft } from '../leftovers.ts'
import { runProgram } from '../program.ts'

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))

afterEach(() => nothingLeft())

// One thread that leaves a pool; what it has left of memory is left by the first one, too, so the second is compared with it.
async function leaves(how: 'return' | 'throw' | 'cancel' | 'exit', end: (maker: Thread<void>) => Promise<void>): Promise<void> {
  const begun = new Semaphore(0), never = new Semaphore(0)
  const once = async (): Promise<void> => {
    await end(Thread.create({ name: 'maker' }, work.leavesPool, how, begun, never))
    while (begun.tryWait());
    await nothingLeft()
  }
  await once()
  const { bytes } = baseline()
  await once()
  await nothingLeft({ handles: Infinity, bytes })                          // when heaps let go of the semaphores is their collectors' affair
}

test('a thread that returns without closing its pool leaves no thread of it', () => leaves('return', maker => maker.joinAsync()))

test('nor does one that throws', () => leaves('throw', async maker => { await assert.rejects(maker.joinAsync(), { message: 'and is sorry' }) }))

test('nor one that is canceled', () => leaves('cancel', async maker => { await assert.rejects(maker.joinAsync(), { code: 'ECANCELED' }) }))

test('a loop that is being stopped when the maker of its pool ends is ended by force, which is told', async () => {
  const { code, stdout, stderr } = await runProgram(new URL('./left-loop.js', import.meta.url))
  assert.deepEqual([code, stdout], [1, 'joined\n'], stderr)
  assert.match(stderr, /^thread \d+ "left behind" failed and nobody joins it:\n +was terminated\n$/)
})

test('threads of a pool whose maker dies end when they have done their tasks', async () => {
  const begun = new Semaphore(0), never = new Semaphore(0)
  await assert.rejects(Thread.create(work.leavesPool, 'exit', begun, never).joinAsync(), { code: 'ERR_THREAD_CALLED_EXIT' })
  never.post(11)
})
