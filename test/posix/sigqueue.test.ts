import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EAGAIN, EINVAL, ESRCH, pthread_kill, pthread_sigmask, pthread_sigqueue, SA_SIGINFO, sem_post, sem_wait, SI_QUEUE, SI_TKILL, SIG_BLOCK, SIG_DFL, SIG_IGN,
  SIG_SETMASK, sigaction, sigqueue, SIGRTMAX, SIGRTMIN, SIGUSR1, SIGUSR2,
} from 'pthreads/posix'
import { queuedSignals } from '#internal/kernel/signal-queue.js'
import { QUEUED } from '#internal/kernel/process.js'
import { until } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { create, join, listed, m, ok } from './setup.ts'
import { acts, newSet, newStage } from './signal-setup.ts'
import { asleep } from './state.ts'

afterEach(() => {
  for (const sa_handler of [SIG_IGN, SIG_DFL] as const) for (const signo of [SIGUSR1, SIGUSR2, SIGRTMIN]) ok(sigaction(m, signo, { sa_handler }))
  ok(pthread_sigmask(m, SIG_SETMASK, newSet()))
  assert.equal(queuedSignals(), 0)
  return nothingLeft()
})

test('shall cause the signal to be sent with the value specified to the process; with SA_SIGINFO it is queued', () => {
  const calls: number[] = []
  ok(sigaction(m, SIGRTMIN, { sa_handler: (_, { si_value, si_code }) => { calls.push(si_value, si_code) }, sa_flags: SA_SIGINFO }))
  ok(sigqueue(process.pid, SIGRTMIN, 7))
  ok(sigqueue(process.pid, SIGRTMIN, 0.5))
  assert.deepEqual(calls, [7, SI_QUEUE, 0.5, SI_QUEUE])
})

test('real-time signals are delivered in the order in which they were queued, the lowest number first', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN, SIGRTMIN + 1, SIGRTMAX)))
  const s = newStage({ set: newSet(SIGRTMIN, SIGRTMIN + 1, SIGRTMAX) }), t = create(acts.takesWhenTold, [s, 7])
  ok(sem_wait(m, s.ready))
  for (const [signo, value] of [[SIGRTMAX, 1], [SIGRTMIN + 1, 2], [SIGRTMIN, 3], [SIGRTMIN + 1, 4], [SIGRTMIN, 5]]) ok(pthread_sigqueue(t, signo, value))
  ok(sigqueue(process.pid, SIGRTMIN, 6))
  ok(pthread_kill(t, SIGRTMIN))
  ok(sem_post(m, s.go))
  assert.deepEqual(join(t), [
    [SIGRTMIN, 3, SI_QUEUE], [SIGRTMIN, 5, SI_QUEUE], [SIGRTMIN, 0, SI_TKILL], [SIGRTMIN + 1, 2, SI_QUEUE], [SIGRTMIN + 1, 4, SI_QUEUE],
    [SIGRTMAX, 1, SI_QUEUE],
    [SIGRTMIN, 6, SI_QUEUE],
  ])
})

test('a handler is called once for each that was queued', () => {
  ok(sigaction(m, SIGRTMIN, { sa_handler: acts.handlerOfInfo, sa_flags: SA_SIGINFO }))
  const s = newStage({ set: newSet(SIGRTMIN) }), t = create(acts.blocksAWhile, s)
  ok(sem_wait(m, s.ready))
  for (let i = 1; i <= 5; i++) ok(pthread_sigqueue(t, SIGRTMIN, i))
  ok(sem_post(m, s.go))
  assert.deepEqual(join(t), [0, 20])
  assert.deepEqual(listed(s.list).filter((_, i) => i % 4 === 2), [1, 2, 3, 4, 5])
})

test('shall fail with EAGAIN: no resources are available to queue the signal', () => {
  const s = newStage({ set: newSet(SIGRTMIN, SIGUSR1) }), t = create(acts.blocksAndEnds, s)
  ok(sem_wait(m, s.ready))
  let queued = 0
  while (pthread_sigqueue(t, SIGRTMIN, queued) === 0) queued++
  assert.equal(queued, QUEUED - 1)
  assert.equal(pthread_sigqueue(t, SIGRTMIN, 0), EAGAIN)
  assert.equal(pthread_kill(t, SIGRTMIN), EAGAIN)
  ok(pthread_kill(t, SIGUSR1))                                            // needs no room
  ok(sem_post(m, s.go))
  join(t)
})

test('shall fail with EINVAL: no signal has that number; ESRCH: no such process', () => {
  for (const signo of [-1, 32, 65]) assert.equal(sigqueue(process.pid, signo, 0), EINVAL)
  ok(sigqueue(process.pid, 0, 0))
  assert.equal(sigqueue(2 ** 30, SIGUSR1, 0), ESRCH)
})

test('a thread that sleeps in sigwaitinfo() gets value, code and sender', () => {
  const s = newStage({ set: newSet(SIGRTMIN) }), t = create(acts.takes, [s, 3])
  for (let i = 1; i <= 3; i++) {
    asleep(t, 'signal')
    ok(i === 2 ? sigqueue(process.pid, SIGRTMIN, i) : pthread_sigqueue(t, SIGRTMIN, i))
    until('it is taken', () => queuedSignals() === 0)
  }
  assert.deepEqual(join(t), [1, 2, 3].map(i => [SIGRTMIN, i, SI_QUEUE]))
})
