// Thread.cancel, Thread.sleep.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ErrnoError, Semaphore, Thread } from 'pthreads'
import { memory, pthread_kill, pthread_sigqueue, SIG_BLOCK, pthread_sigmask, SIGRTMIN, sigaddset, sigemptyset, SigSet, malloc } from 'pthreads/posix'
import { queuedSignals } from '#internal/kernel/signal-queue.js'
import { nothingLeft } from '../leftovers.ts'
import { asleep, until } from './until.ts'

afterEach(() => nothingLeft())

const canceled = (thread: Thread): void => {
  assert.throws(() => thread.join(), (error: ErrnoError) => error instanceof ErrnoError && error.code === 'ECANCELED' && error.message.includes(String(thread)))
}

test('a thread that is canceled in a wait runs its finally blocks, and its join throws ECANCELED', () => {
  const done = new Semaphore(0), never = new Semaphore(0)
  const t = Thread.inline((never: Semaphore, done: Semaphore) => {
    try {
      never.wait()
    } finally {
      done.post()
    }
  }, never, done)
  asleep(t, 'semaphore')
  t.cancel()
  done.wait()
  canceled(t)
})

test('a thread that joins is canceled there, and the other one can still be joined', () => {
  const never = new Semaphore(0)
  const target = Thread.inline((never: Semaphore) => { never.wait() }, never)
  const joiner = Thread.inline((t: Thread) => t.join(), target as Thread)
  asleep(joiner, 'join')
  joiner.cancel()
  canceled(joiner)
  target.cancel()
  canceled(target)
})

test('a thread that awaits is canceled there', async () => {
  const ready = new Semaphore(0)
  const t = Thread.inline(async (ready: Semaphore) => {
    const alive = setInterval(() => undefined, 1000)
    ready.post()
    await new Promise(() => undefined)
    clearInterval(alive)
  }, ready)
  ready.wait()
  t.cancel()
  await assert.rejects(t.joinAsync(), { code: 'ECANCELED' })
})

test('cancel does nothing to a thread that was joined', () => {
  const t = Thread.inline(() => 1)
  t.join()
  t.cancel()
})

test('the first thread cannot be canceled', () => {
  assert.throws(() => { Thread.current.cancel() }, { code: 'EPERM' })
})

test('Thread.sleep blocks for the time, sleepAsync does not', async () => {
  const before = performance.now()
  Thread.sleep(5)
  await Thread.sleepAsync(5)
  assert.ok(performance.now() - before >= 10)
  assert.throws(() => { Thread.sleep(-1) }, RangeError)
})

test('Thread.setCancelable returns what was before', () => {
  assert.deepEqual([Thread.setCancelable(false), Thread.setCancelable(true), Thread.setCancelable(true)], [true, false, true])
  Thread.testCancel()
})

test('what is queued for a thread that is terminated is freed', () => {
  const m = memory(), set = malloc(SigSet.size), never = new Semaphore(0)
  sigemptyset(m, set)
  sigaddset(m, set, SIGRTMIN)
  pthread_sigmask(m, SIG_BLOCK, set)
  const t = Thread.inline((never: Semaphore) => { never.wait() }, never)  // it blocks the signal, as we do
  asleep(t, 'semaphore')
  for (let i = 0; i < 10; i++) assert.equal(pthread_sigqueue(t.tid, SIGRTMIN, i), 0)
  assert.equal(pthread_kill(t.tid, 0), 0)
  assert.equal(queuedSignals(), 10)
  t.terminate()
  assert.throws(() => t.join(), { code: 'ERR_THREAD_TERMINATED' })
  until('they are freed', () => queuedSignals() === 0)
})
