import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EAGAIN, EINTR, EINVAL, kill, pthread_kill, pthread_self, pthread_sigmask, SA_RESTART, sem_wait, SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_SETMASK, SIG_UNBLOCK,
  sigaction, sigpending, SIGRTMIN, SIGTERM, sigtimedwait, SIGUSR1, SIGUSR2, sigwait, sigwaitinfo, type SigInfo,
} from 'pthreads/posix'
import { until } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, m, newWord, ok, word } from './setup.ts'
import { acts, newSet, newStage } from './signal-setup.ts'
import { asleep } from './state.ts'

afterEach(() => {
  for (const sa_handler of [SIG_IGN, SIG_DFL] as const) for (const signo of [SIGUSR1, SIGUSR2]) ok(sigaction(m, signo, { sa_handler }))
  ok(pthread_sigmask(m, SIG_SETMASK, newSet()))
  return nothingLeft()
})

test('sigwait() shall select a pending signal from set, clear it from the set of pending signals, and return its number', () => {
  const set = newSet(SIGUSR1, SIGUSR2), sig = newWord(), pending = newSet()
  ok(pthread_sigmask(m, SIG_BLOCK, set))
  ok(kill(process.pid, SIGUSR2))
  ok(sigwait(m, set, sig))
  assert.equal(word(sig), SIGUSR2)
  ok(sigpending(m, pending))
  assert.equal(word(pending), 0)
})

test('sigwait(): if no signal in set is pending, the thread shall be suspended until one becomes pending', () => {
  for (const send of [(t: number) => pthread_kill(t, SIGUSR1), () => kill(process.pid, SIGUSR1)]) {
    const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.sigwaits, s)
    asleep(t, 'signal')
    ok(send(t))
    assert.deepEqual(join(t), [0, SIGUSR1])
  }
})

test('sigwait(): a signal that is not in set leaves the thread asleep, and pending', () => {
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.sigwaitsBlocking, [s, newSet(SIGUSR1, SIGUSR2)])
  asleep(t, 'signal')
  ok(pthread_kill(t, SIGUSR2))
  asleep(t, 'signal')
  ok(pthread_kill(t, SIGUSR1))
  assert.deepEqual(join(t), [0, SIGUSR1, SIGUSR2])
})

test('several threads wait for the same signal: no more than one of them gets it', () => {
  const stages = [1, 2, 3].map(() => newStage({ set: newSet(SIGUSR1) }))
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1)))
  const threads = stages.map(s => create(acts.sigwaits, s))
  for (const t of threads) asleep(t, 'signal')
  for (let i = 0; i < 3; i++) {
    ok(kill(process.pid, SIGUSR1))
    until('one has got it', () => stages.filter(s => word(s.flag) === SIGUSR1).length === i + 1)
  }
  for (const t of threads) assert.deepEqual(join(t), [0, SIGUSR1])
})

test('several threads wait for real-time signals of the process that come at once: each gets one', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN)))
  for (let round = 0; round < 20; round++) {
    const threads = [1, 2, 3].map(() => create(acts.sigwaits, newStage({ set: newSet(SIGRTMIN) })))
    for (const t of threads) asleep(t, 'signal')
    for (let i = 0; i < 3; i++) ok(kill(process.pid, SIGRTMIN))
    for (const t of threads) assert.deepEqual(join(t), [0, SIGRTMIN])
  }
})

test('sigwaitinfo(): EINTR, the wait was interrupted by a handler of a signal that is not in set, with SA_RESTART too', () => {
  for (const sa_flags of [0, SA_RESTART]) {
    ok(sigaction(m, SIGUSR2, { sa_handler: acts.handler, sa_flags }))
    const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.takes, [s, 1])
    asleep(t, 'signal')
    ok(pthread_kill(t, SIGUSR2))
    assert.deepEqual(join(t), [EINTR])
  }
})

test('sigwait() goes on after a handler', () => {
  ok(sigaction(m, SIGUSR2, { sa_handler: acts.handler }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.sigwaits, s)
  asleep(t, 'signal')
  ok(pthread_kill(t, SIGUSR2))
  asleep(t, 'signal')
  ok(pthread_kill(t, SIGUSR1))
  assert.deepEqual(join(t), [0, SIGUSR1])
})

test('sigtimedwait() shall fail with EAGAIN: no signal of set was delivered within the timeout', () => {
  const set = newSet(SIGUSR1)
  ok(pthread_sigmask(m, SIG_BLOCK, set))
  for (const tv_nsec of [0, 1_000_000]) assert.equal(sigtimedwait(m, set, {}, { tv_sec: 0, tv_nsec }), EAGAIN)
})

test('sigtimedwait() with a timeout of zero takes a signal that is pending', () => {
  const set = newSet(SIGUSR1), info: Partial<SigInfo> = {}
  ok(pthread_sigmask(m, SIG_BLOCK, set))
  ok(kill(process.pid, SIGUSR1))
  ok(sigtimedwait(m, set, info, { tv_sec: 0, tv_nsec: 0 }))
  assert.equal(info.si_signo, SIGUSR1)
})

test('sigtimedwait() fails with EINVAL: the timeout specified nanoseconds below zero or from 1000 million', () => {
  for (const tv_nsec of [-1, 1e9]) assert.equal(sigtimedwait(m, newSet(SIGUSR1), {}, { tv_sec: 0, tv_nsec }), EINVAL)
})

test('sigtimedwait(): a timeout that is none does not matter if a signal is pending', () => {
  const set = newSet(SIGUSR1), info: Partial<SigInfo> = {}
  ok(pthread_sigmask(m, SIG_BLOCK, set))
  ok(pthread_kill(pthread_self(), SIGUSR1))
  ok(sigtimedwait(m, set, info, { tv_sec: 0, tv_nsec: 1e9 }))
  assert.equal(info.si_signo, SIGUSR1)
  assert.equal(sigtimedwait(m, set, info, { tv_sec: 0, tv_nsec: 1e9 }), EINVAL)
})

test('a signal that comes to a thread in sigwait() does not run its handler', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.throwingHandler }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.sigwaits, s)
  asleep(t, 'signal')
  ok(pthread_kill(t, SIGUSR1))
  assert.deepEqual(join(t), [0, SIGUSR1])
})

test('after it, the signal takes its usual way again', () => {
  let calls = 0
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1)))
  ok(sigaction(m, SIGUSR1, { sa_handler: () => { calls++ } }))
  ok(kill(process.pid, SIGUSR1))
  ok(sigwaitinfo(m, newSet(SIGUSR1)))
  ok(kill(process.pid, SIGUSR1))
  assert.equal(calls, 0)
  ok(pthread_sigmask(m, SIG_UNBLOCK, newSet(SIGUSR1)))
  assert.equal(calls, 1)
})

test('sigsuspend() shall replace the mask, suspend until a handler has run, restore the mask, and return EINTR', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler, sa_flags: SA_RESTART }))
  const s = newStage({ set: newSet(SIGUSR1, SIGTERM) }), t = create(acts.suspends, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_kill(t, SIGUSR1))                                            // pending before it suspends: not lost
  assert.equal(word(s.list), 0)
  m.i32[s.flag >>> 2] = 1
  inThread(acts.posts, s.go)
  assert.deepEqual(join(t), [EINTR, 1 << SIGUSR1 - 1 | 1 << SIGTERM - 1, 1])
})

test('sigsuspend(): a signal that comes later ends it', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage({ set: newSet(SIGUSR1) }), t = create(acts.suspends, s)
  ok(sem_wait(m, s.ready))
  inThread(acts.posts, s.go)
  asleep(t, 'signal')
  ok(pthread_kill(t, SIGUSR1))
  assert.deepEqual(join(t), [EINTR, 1 << SIGUSR1 - 1, 1])
})

test('pause() shall suspend until a handler has run, and return EINTR', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler, sa_flags: SA_RESTART }))
  const s = newStage(), t = create(acts.caughtAt, ['pause', s])
  asleep(t, 'signal')
  ok(pthread_kill(t, SIGUSR1))
  assert.equal(join(t), EINTR)
})
