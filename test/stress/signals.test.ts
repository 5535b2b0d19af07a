// Cancels and signals at random moments: nothing is lost, nothing is left over.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { load } from 'pthreads'
import { PTHREAD_CANCELED, pthread_cancel, pthread_kill, pthread_sigqueue, SA_RESTART, SA_SIGINFO, SIG_DFL, sigaction, SIGRTMIN, SIGUSR1 } from 'pthreads/posix'
import { queuedSignals } from '#internal/kernel/signal-queue.js'
import { until } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { create, join, m, newCond, newMutex, newSem, newWord, ok, put, word } from '../posix/setup.ts'
import { asleep } from '../posix/state.ts'
import { random, takeSeed } from './random.ts'

const seed = takeSeed(), below = random(seed)
const work = load<typeof import('./fixtures/signals.ts')>(new URL('./fixtures/signals.js', import.meta.url))

afterEach(async () => {
  for (const signo of [SIGUSR1, SIGRTMIN]) ok(sigaction(m, signo, { sa_handler: SIG_DFL }))
  assert.equal(queuedSignals(), 0)
  await nothingLeft()
})

test(`each of many queued signals to threads that lock, wait and sleep is handled once (seed ${seed})`, () => {
  ok(sigaction(m, SIGRTMIN, { sa_handler: work.adds, sa_flags: SA_RESTART | SA_SIGINFO }))
  const mutex = newMutex(), cond = newCond(), sem = newSem(0), stop = newWord(), inside = newWord()
  const totals = [newWord(), newWord(), newWord()]
  const threads = totals.map(total => create(work.busy, { mutex, cond, sem, stop, inside, total }))
  for (const total of totals) until('its thread has begun', () => word(total) === 1)
  const sent = [1, 1, 1]
  for (let i = 0; i < 6000; i++) {
    const n = below(3), value = 1 + below(5)
    if (pthread_sigqueue(threads[n], SIGRTMIN, value) === 0) sent[n] += value
  }
  until('all are handled', () => queuedSignals() === 0)
  put(stop, 1)
  for (const t of threads) join(t)
  assert.deepEqual(totals.map(word), sent)
  assert.equal(word(inside), 0)
})

test(`threads that are canceled at random moments leave their mutexes free, and take no signal of a condition with them (seed ${seed})`, () => {
  const mutex = newMutex(), cond = newCond(), stop = newWord(), inside = newWord(), sem = newSem(0), total = newWord()
  ok(sigaction(m, SIGUSR1, { sa_handler: work.nothing }))
  for (let round = 0; round < 400; round++) {
    const victims = [1, 2].map(() => create(work.busy, { mutex, cond, sem, stop, inside, total }))
    const waits = below(2000)
    for (let i = 0; i < waits; i++) word(stop)
    if (below(2) === 0) ok(pthread_kill(victims[0], SIGUSR1))
    if (below(5) === 0) asleep(victims[1], 'condition')
    for (const t of victims) ok(pthread_cancel(t))
    for (const t of victims) assert.equal(join(t), PTHREAD_CANCELED)
    assert.equal(word(mutex), 0)
    assert.equal(word(inside), 0)
  }
})
