import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EINVAL, ESRCH, kill, pthread_join, pthread_kill, pthread_self, pthread_sigmask, raise, SA_RESTART, sem_post, sem_wait, SIG_BLOCK, SIG_DFL, SIG_IGN,
  SIG_SETMASK, sigaction, SIGTERM, SIGUSR1, SIGUSR2,
} from 'pthreads/posix'
import { queuedSignals } from '#internal/kernel/signal-queue.js'
import { until } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, ok, put, word, work } from './setup.ts'
import { acts, interrupt, isPendingFor, newSet, newStage } from './signal-setup.ts'
import { asleep, ended } from './state.ts'

afterEach(() => {
  for (const sa_handler of [SIG_IGN, SIG_DFL] as const) for (const signo of [SIGUSR1, SIGUSR2]) ok(sigaction(m, signo, { sa_handler }))
  ok(pthread_sigmask(m, SIG_SETMASK, newSet()))
  assert.equal(queuedSignals(), 0)
  return nothingLeft()
})

test('pthread_kill(): the signal is delivered asynchronously to the given thread, and to no other', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler, sa_flags: SA_RESTART }))
  const stages = [newStage(), newStage(), newStage()]
  const threads = stages.map(s => create(acts.caughtAt, ['sem_wait', s]))
  for (const t of threads) asleep(t, 'semaphore')
  interrupt(threads[1], 'semaphore', stages[1].list)
  for (const s of stages) ok(sem_post(m, s.sem))
  for (const t of threads) assert.equal(join(t), 0)
  assert.deepEqual(stages.map(s => listed(s.list)), [[], [SIGUSR1], []])
})

test('pthread_kill(): a thread that runs gets it at its next call that delivers', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage(), t = create(acts.runsThenTests, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_kill(t, SIGUSR1))
  put(s.flag, 1)
  assert.deepEqual(join(t), [0, 1])
})

test('pthread_kill(): a signal that the thread blocks is pending for that thread until it unblocks it', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.blocksAWhile, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_kill(t, SIGUSR1))
  assert.ok(isPendingFor(t, SIGUSR1))
  ok(sem_post(m, s.go))
  assert.deepEqual(join(t), [0, 1])
})

test('pthread_kill(): a signal that is pending already does not queue, if it is no real-time signal', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.blocksAWhile, s)
  ok(sem_wait(m, s.ready))
  for (let i = 0; i < 5; i++) ok(pthread_kill(t, SIGUSR1))
  ok(sem_post(m, s.go))
  assert.deepEqual(join(t), [0, 1])
})

test('pthread_kill(): signal 0 performs error checking, and nothing is sent', () => {
  const s = newStage(), t = create(acts.caughtAt, ['sem_wait', s])
  ok(pthread_kill(t, 0))
  ok(sem_post(m, s.sem))
  assert.equal(join(t), 0)
  assert.equal(pthread_kill(t, 0), ESRCH)
})

test('pthread_kill(): a thread that has ended and was not joined: 0, and nothing is sent', () => {
  const t = create(work.echo, 1)
  ended(t)
  ok(pthread_kill(t, SIGTERM))
  ok(pthread_kill(t, 0))
  join(t)
})

test('pthread_kill(): a signal that comes before the thread has begun is delivered to it', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  for (let i = 0; i < 50; i++) {
    const s = newStage(), t = create(acts.caughtAt, ['sem_wait', s])
    ok(pthread_kill(t, SIGUSR1))
    until('the handler has run, before the thread has set its list or after', () => !isPendingFor(t, SIGUSR1))
    ok(sem_post(m, s.sem))
    join(t)
  }
})

test('pthread_kill() shall fail with EINVAL: no signal has that number', () => {
  for (const signo of [-1, 32, 33, 65, 2.5]) assert.equal(pthread_kill(pthread_self(), signo), EINVAL)
})

for (const how of ['returns', 'exits', 'throws', 'in a destructor']) {
  test(`a thread that comes to its end with a signal that it does not block runs the handler (${how})`, () => {
    ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
    const s = newStage(), t = create(acts.runsThenEnds, [s, how])
    ok(sem_wait(m, s.ready))
    if (how !== 'in a destructor') ok(pthread_kill(t, SIGUSR1))
    put(s.flag, 1)
    const out: { value?: unknown, error?: unknown } = {}
    ok(pthread_join(t, out))
    assert.equal(out.error instanceof RangeError ? 'threw' : out.value, how === 'throws' ? 'threw' : how === 'exits' ? 'exited' : 'returned')
    assert.deepEqual(listed(s.list), [SIGUSR1])
  })
}

test('what the handler throws at the end of the thread is how it ends', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.exitingHandler }))
  const s = newStage(), t = create(acts.runsThenEnds, [s, 'returns'])
  ok(sem_wait(m, s.ready))
  ok(pthread_kill(t, SIGUSR1))
  put(s.flag, 1)
  assert.equal(join(t), 'from the handler')
})

test('what is pending for a thread that ends is gone with it', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.blocksAndEnds, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_kill(t, SIGUSR1))
  assert.equal(queuedSignals(), 1)
  ok(sem_post(m, s.go))
  join(t)
  assert.equal(queuedSignals(), 0)
})

test('raise() shall send the signal to the executing thread, and not return until after the handler does', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const list = newList()
  assert.deepEqual(inThread(acts.raises, [list, SIGUSR1]), [0, 1])
  assert.deepEqual(listed(list), [SIGUSR1])
})

test('raise() shall fail with EINVAL: no signal has that number', () => {
  for (const signo of [0, -1, 65]) assert.equal(raise(signo), EINVAL)
})

test('kill(): a thread that does not block it gets a signal of the process', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1)))
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage(), blocked = newStage({ set: newSet(SIGUSR1) })
  const blocker = create(acts.blocksAWhile, blocked)
  ok(sem_wait(m, blocked.ready))
  const t = create(acts.unblocksAndWaits, { ...s, set: newSet(SIGUSR1) })
  ok(sem_wait(m, s.ready))
  asleep(t, 'semaphore')
  ok(kill(process.pid, SIGUSR1))
  assert.equal(join(t), 4)
  assert.deepEqual(listed(s.list), [SIGUSR1])
  ok(sem_post(m, blocked.go))
  assert.deepEqual(join(blocker), [0, 0])
})

test('kill(): while all threads block it, it is pending for the process, and the first that unblocks it gets it', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1)))
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.blocksAWhile, s)
  ok(sem_wait(m, s.ready))
  ok(kill(process.pid, SIGUSR1))
  assert.equal(isPendingFor(t, SIGUSR1), false)
  ok(sem_post(m, s.go))
  assert.deepEqual(join(t), [0, 1])
})

test('kill(): a signal of the process goes on to another thread when the one chosen ends or blocks it', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1)))
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  for (const how of ['ends', 'blocks']) {
    const runner = newStage({ set: newSet(SIGUSR1) })
    const chosen = create(acts.unblocksAndRuns, [runner, how])
    ok(sem_wait(m, runner.ready))
    ok(kill(process.pid, SIGUSR1))                                        // nobody else would take it
    const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.unblocksLate, s)
    ok(sem_wait(m, s.ready))
    put(runner.flag, 1)
    ok(sem_post(m, s.go))
    join(chosen)
    join(t)
    assert.equal(word(s.list) + word(runner.list), 1, how)
  }
})

test('kill(): a signal for the calling process that it does not block is delivered before kill() returns', () => {
  const seen: number[] = []
  ok(sigaction(m, SIGUSR1, { sa_handler: (signo) => { seen.push(signo) } }))
  ok(kill(process.pid, SIGUSR1))
  assert.deepEqual(seen, [SIGUSR1])
})

test('kill(): a thread that waits for it in sigwait() gets it, rather than one with a handler', () => {
  const seen: number[] = []
  ok(sigaction(m, SIGUSR1, { sa_handler: (signo) => { seen.push(signo) } }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.sigwaits, s)
  asleep(t, 'signal')
  ok(kill(process.pid, SIGUSR1))
  assert.deepEqual(join(t), [0, SIGUSR1])
  assert.deepEqual(seen, [])
})

test('kill(): a signal whose handler is a function goes to a thread of that heap', () => {
  const s = newStage(), t = create(acts.catchesItself, s)
  ok(sem_wait(m, s.ready))
  asleep(t, 'semaphore')
  ok(kill(process.pid, SIGUSR1))
  ok(sem_post(m, s.go))
  join(t)
  assert.deepEqual(listed(s.list), [1])
})

test('kill() shall fail with EINVAL: no signal; ESRCH: no process', () => {
  assert.equal(kill(process.pid, 65), EINVAL)
  ok(kill(process.pid, 0))
  assert.equal(kill(2 ** 30, 0), ESRCH)
})

test('every one of many signals to a thread that sleeps again and again is delivered', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler, sa_flags: SA_RESTART }))
  const s = newStage(), t = create(acts.caughtAt, ['sem_wait', s])
  asleep(t, 'semaphore')
  for (let i = 1; i <= 50; i++) {
    ok(pthread_kill(t, SIGUSR1))
    until('the handler has run', () => word(s.list) === i)
  }
  ok(sem_post(m, s.sem))
  assert.equal(join(t), 0)
})
