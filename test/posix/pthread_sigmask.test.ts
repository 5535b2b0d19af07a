import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EINVAL, kill, pthread_sigmask, raise, SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_SETMASK, SIG_UNBLOCK, sigaction, sigaddset, sigdelset, sigemptyset, sigfillset,
  sigismember, SIGKILL, sigpending, sigprocmask, SIGRTMAX, SIGRTMIN, SigSet, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2, malloc, type Address,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { inThread, m, newWord, ok, word } from './setup.ts'
import { acts, newSet } from './signal-setup.ts'

afterEach(() => {
  for (const sa_handler of [SIG_IGN, SIG_DFL] as const) for (const signo of [SIGUSR1, SIGUSR2]) ok(sigaction(m, signo, { sa_handler }))
  ok(pthread_sigmask(m, SIG_SETMASK, newSet()))
  return nothingLeft()
})

const is = newWord()
function has(set: Address, signo: number): boolean {
  ok(sigismember(m, set, signo, is))
  return word(is) === 1
}
const mask = (): Address => {
  const set = newSet()
  ok(pthread_sigmask(m, SIG_BLOCK, 0, set))
  return set
}

test('SIG_BLOCK: the union, SIG_UNBLOCK: the intersection with the complement, SIG_SETMASK: the set; the previous mask is stored', () => {
  const old = newSet()
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1, SIGRTMIN), old))
  assert.ok(!has(old, SIGUSR1))
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR2), old))
  assert.ok(has(old, SIGUSR1) && has(old, SIGRTMIN) && !has(old, SIGUSR2))
  ok(pthread_sigmask(m, SIG_UNBLOCK, newSet(SIGUSR1, SIGTERM)))
  assert.deepEqual([SIGUSR1, SIGUSR2, SIGTERM, SIGRTMIN].map(signo => has(mask(), signo)), [false, true, false, true])
  ok(pthread_sigmask(m, SIG_SETMASK, newSet(SIGTERM)))
  assert.deepEqual([SIGUSR1, SIGUSR2, SIGTERM, SIGRTMIN].map(signo => has(mask(), signo)), [false, false, true, false])
})

test('sigprocmask() changes the mask of the calling thread, and gives the one before, as pthread_sigmask() does', () => {
  const old = newSet(SIGUSR2)
  ok(sigprocmask(m, SIG_SETMASK, newSet(SIGTERM), old))
  assert.ok(!has(old, SIGUSR2) && has(mask(), SIGTERM))
  ok(sigprocmask(m, SIG_BLOCK, newSet(SIGUSR1), old))
  assert.ok(has(old, SIGTERM) && !has(old, SIGUSR1))
  assert.ok(has(mask(), SIGTERM) && has(mask(), SIGUSR1))
})

test('sigprocmask() shall fail with EINVAL: how is none of the defined values; the mask stays', () => {
  ok(sigprocmask(m, SIG_SETMASK, newSet(SIGTERM)))
  for (const how of [-1, 3, 99]) assert.equal(sigprocmask(m, how, newSet(SIGUSR1)), EINVAL)
  assert.ok(has(mask(), SIGTERM) && !has(mask(), SIGUSR1))
})

test('if set is a null pointer, how is not significant and the mask is unchanged', () => {
  ok(pthread_sigmask(m, SIG_SETMASK, newSet(SIGTERM)))
  ok(pthread_sigmask(m, 99, 0))
  assert.ok(has(mask(), SIGTERM))
})

test('set and oset may be the same', () => {
  const set = newSet(SIGTERM)
  ok(pthread_sigmask(m, SIG_SETMASK, set, set))
  assert.ok(!has(set, SIGTERM) && has(mask(), SIGTERM))
})

test('shall fail with EINVAL: how is none of the values', () => {
  for (const how of [-1, 3, NaN]) assert.equal(pthread_sigmask(m, how, newSet()), EINVAL)
})

test('it is not possible to block signals that cannot be ignored; no error is indicated', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGKILL, SIGSTOP, SIGTERM)))
  assert.ok(!has(mask(), SIGKILL) && !has(mask(), SIGSTOP) && has(mask(), SIGTERM))
})

test('if there are pending unblocked signals after the call, they are delivered before it returns', () => {
  const seen: number[] = []
  for (const signo of [SIGUSR1, SIGUSR2]) ok(sigaction(m, signo, { sa_handler: (n) => { seen.push(n) } }))
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1, SIGUSR2)))
  ok(raise(SIGUSR2))
  ok(kill(process.pid, SIGUSR1))
  assert.deepEqual(seen, [])
  ok(pthread_sigmask(m, SIG_SETMASK, newSet()))
  assert.deepEqual(seen.sort(), [SIGUSR1, SIGUSR2])
})

test('a new thread has the mask of the thread that made it, and no pending signals of its own', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1, SIGRTMAX)))
  ok(raise(SIGUSR1))
  const set = newSet()
  inThread(acts.maskOf, set)
  assert.ok(has(set, SIGUSR1) && has(set, SIGRTMAX) && !has(set, SIGUSR2))
  inThread(acts.pendingOf, set)
  assert.ok(!has(set, SIGUSR1))
  ok(sigaction(m, SIGUSR1, { sa_handler: () => undefined }))
})

test('the mask of a thread is its own', () => {
  const set = newSet(SIGUSR1)
  inThread(acts.blocks, set)
  assert.ok(!has(mask(), SIGUSR1))
})

test('sigpending() shall store the signals that are blocked and pending on the thread or the process', () => {
  for (const signo of [SIGUSR1, SIGUSR2]) ok(sigaction(m, signo, { sa_handler: () => undefined }))
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGUSR1, SIGUSR2, SIGTERM)))
  ok(raise(SIGUSR1))
  ok(kill(process.pid, SIGUSR2))
  const set = newSet()
  ok(sigpending(m, set))
  assert.deepEqual([SIGUSR1, SIGUSR2, SIGTERM].map(signo => has(set, signo)), [true, true, false])
})

test('sigemptyset() excludes, sigfillset() includes all signals; sigaddset() and sigdelset() one', () => {
  const set = malloc(SigSet.size)
  ok(sigfillset(m, set))
  for (let signo = 1; signo <= SIGRTMAX; signo++) if (signo !== 32 && signo !== 33) assert.ok(has(set, signo))
  ok(sigdelset(m, set, SIGRTMAX))
  assert.ok(!has(set, SIGRTMAX))
  ok(sigemptyset(m, set))
  for (let signo = 1; signo <= SIGRTMAX; signo++) if (signo !== 32 && signo !== 33) assert.ok(!has(set, signo))
  ok(sigaddset(m, set, 1))
  assert.ok(has(set, 1))
})

test('sigaddset(), sigdelset() and sigismember() fail with EINVAL: no signal has that number', () => {
  for (const signo of [0, -1, 32, 33, 65, 1.5]) {
    assert.equal(sigaddset(m, newSet(), signo), EINVAL)
    assert.equal(sigdelset(m, newSet(), signo), EINVAL)
    assert.equal(sigismember(m, newSet(), signo, is), EINVAL)
  }
})
