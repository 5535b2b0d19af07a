import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EINTR, EINVAL, pthread_cond_signal, pthread_kill, pthread_mutex_lock, pthread_mutex_unlock, pthread_rwlock_rdlock, pthread_rwlock_trywrlock,
  pthread_rwlock_unlock, pthread_rwlock_wrlock, pthread_self, pthread_sigmask, raise, SA_NODEFER, SA_RESETHAND, SA_RESTART, SA_SIGINFO, sem_post, sem_wait,
  SI_TKILL, SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_UNBLOCK, sigaction, SIGCHLD, SIGCONT, siginterrupt, sigpending, SIGTSTP, sigismember, SIGKILL, signal,
  SIGRTMAX, SIGRTMIN, SIGSTOP, SIGTERM, SIGURG, SIGUSR1, SIGUSR2, SIGWINCH, type SigAction,
} from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newList, newSem, newWord, ok, word, work } from './setup.ts'
import { acts, interrupt, newSet, newStage } from './signal-setup.ts'
import { asleep, hasEnded } from './state.ts'
import { eventually } from '../api/until.ts'

afterEach(() => {
  for (const signo of [SIGUSR1, SIGUSR2, SIGCHLD, SIGRTMIN]) ok(sigaction(m, signo, { sa_handler: SIG_DFL }))
  return nothingLeft()
})

test('shall examine and change the action of a signal; the previous one is stored', () => {
  const handler = (): void => undefined, mask = newSet()
  const old: SigAction = { sa_mask: mask }
  ok(sigaction(m, SIGUSR1, { sa_handler: handler, sa_flags: SA_RESTART, sa_mask: newSet(SIGUSR2) }, old))
  assert.equal(old.sa_handler, SIG_DFL)
  ok(sigaction(m, SIGUSR1, null, old))
  assert.equal(old.sa_handler, handler)
  assert.equal(old.sa_flags, SA_RESTART)
  const is = newWord()
  ok(sigismember(m, mask, SIGUSR2, is))
  assert.equal(word(is), 1)
  ok(sigaction(m, SIGUSR1, { sa_handler: SIG_IGN }, old))
  ok(sigaction(m, SIGUSR1, null, old))
  assert.equal(old.sa_handler, SIG_IGN)
})

test('an entry that was set is found again, as an entry', () => {
  const old: SigAction = {}
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  ok(sigaction(m, SIGUSR1, null, old))
  ok(sigaction(m, SIGUSR1, { sa_handler: SIG_DFL }))
  ok(sigaction(m, SIGUSR1, { sa_handler: old.sa_handler! }))
  const list = newList()
  assert.deepEqual(inThread(acts.raises, [list, SIGUSR1]), [0, 1])
})

test('shall fail with EINVAL: the signal is no signal, or it cannot be caught or ignored', () => {
  for (const signo of [0, -1, 32, 33, 65, 1.5, NaN]) assert.equal(sigaction(m, signo, { sa_handler: SIG_IGN }), EINVAL)
  for (const sa_handler of [SIG_IGN, SIG_DFL, () => undefined] as const) {
    for (const signo of [SIGKILL, SIGSTOP]) assert.equal(sigaction(m, signo, { sa_handler }), EINVAL)
  }
  assert.equal(sigaction(m, SIGUSR1, { sa_handler: 7 as never }), EINVAL)
  ok(sigaction(m, SIGKILL, null, {}))
})

test('the handler is the process\'s: every thread runs it', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  for (let i = 0; i < 3; i++) {
    const list = newList()
    assert.deepEqual(inThread(acts.raises, [list, SIGUSR1]), [0, 1])
    assert.deepEqual(listed(list), [SIGUSR1])
  }
})

test('a plain function lives in the heap that set it', () => {
  const s = newStage(), t = create(acts.catchesItself, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_kill(t, SIGUSR1))
  assert.equal(join(t), EINTR)
  assert.deepEqual(listed(s.list), [1])
})

test('it is called with the number of the signal; with SA_SIGINFO also with what is known of it', () => {
  const calls: unknown[][] = []
  ok(sigaction(m, SIGUSR1, { sa_handler: (...args) => { calls.push(args) } }))
  ok(raise(SIGUSR1))
  assert.equal(JSON.stringify(calls), `[[${SIGUSR1}]]`)
  ok(sigaction(m, SIGUSR1, { sa_handler: (...args) => { calls.push(args) }, sa_flags: SA_SIGINFO }))
  ok(raise(SIGUSR1))
  assert.deepEqual(calls[1], [SIGUSR1, { si_signo: SIGUSR1, si_code: SI_TKILL, si_value: 0, si_pid: process.pid, si_tid: pthread_self() }])
})

test('the signal is blocked while its handler runs, and the mask is as before after it', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.nested }))
  const list = newList()
  inThread(acts.raises, [list, SIGUSR1])
  assert.deepEqual(listed(list), [1, -1, 1, -1])
})

test('SA_NODEFER: it is not', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.nested, sa_flags: SA_NODEFER }))
  const list = newList()
  inThread(acts.raises, [list, SIGUSR1])
  assert.deepEqual(listed(list), [1, 2, -2, -1])
})

test('sa_mask: these signals are blocked too', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.notesMask, sa_mask: newSet(SIGTERM, SIGKILL) }))
  const list = newList()
  inThread(acts.raises, [list, SIGUSR1])
  assert.deepEqual(listed(list), [1 << SIGUSR1 - 1 | 1 << SIGTERM - 1])
})

test('SA_RESETHAND: the action is SIG_DFL again on entry to the handler', () => {
  const old: SigAction = {}
  ok(sigaction(m, SIGCHLD, { sa_handler: () => { ok(sigaction(m, SIGCHLD, null, old)) }, sa_flags: SA_RESETHAND }))
  ok(raise(SIGCHLD))
  assert.equal(old.sa_handler, SIG_DFL)
})

test('SA_RESETHAND: SA_SIGINFO is cleared, too', () => {
  const old: SigAction = {}
  ok(sigaction(m, SIGCHLD, { sa_handler: () => { ok(sigaction(m, SIGCHLD, null, old)) }, sa_flags: SA_RESETHAND | SA_SIGINFO }))
  ok(raise(SIGCHLD))
  assert.equal(old.sa_flags, SA_RESETHAND)
})

test('SIGCONT discards the signals that are pending to stop the process; such a signal discards a pending SIGCONT', () => {
  const set = newSet(SIGCONT, SIGTSTP), pending = newSet(), has = (): number[] => {
    ok(sigpending(m, pending))
    return [SIGCONT, SIGTSTP].filter((signo) => {
      ok(sigismember(m, pending, signo, word0))
      return word(word0) === 1
    })
  }
  const word0 = newWord()
  ok(pthread_sigmask(m, SIG_BLOCK, set))
  ok(pthread_kill(pthread_self(), SIGTSTP))
  assert.deepEqual(has(), [SIGTSTP])
  ok(pthread_kill(pthread_self(), SIGCONT))
  assert.deepEqual(has(), [SIGCONT])
  ok(pthread_kill(pthread_self(), SIGTSTP))
  assert.deepEqual(has(), [SIGTSTP])
  ok(sigaction(m, SIGTSTP, { sa_handler: SIG_IGN }))                      // discards it
  ok(pthread_sigmask(m, SIG_UNBLOCK, set))
  ok(sigaction(m, SIGTSTP, { sa_handler: SIG_DFL }))
})

test('SIG_IGN: delivery has no effect', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: SIG_IGN }))
  const list = newList()
  assert.deepEqual(inThread(acts.raises, [list, SIGUSR1]), [0, 0])
})

test('SIG_DFL of SIGCHLD, SIGURG, SIGWINCH: delivery has no effect', () => {
  for (const signo of [SIGCHLD, SIGURG, SIGWINCH]) ok(raise(signo))
})

test('setting SIG_IGN for a signal that is pending shall cause it to be discarded, whether or not it is blocked', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  ok(sigaction(m, SIGRTMIN, { sa_handler: acts.handler }))
  const s = newStage({ set: newSet(SIGUSR1, SIGRTMIN) }), t = create(acts.blocksAWhile, s)
  ok(sem_wait(m, s.ready))
  for (const signo of [SIGUSR1, SIGRTMIN, SIGRTMIN]) ok(pthread_kill(t, signo))
  for (const signo of [SIGUSR1, SIGRTMIN]) {
    ok(sigaction(m, signo, { sa_handler: SIG_IGN }))
    ok(sigaction(m, signo, { sa_handler: acts.handler }))
  }
  ok(sem_post(m, s.go))
  assert.deepEqual(join(t), [0, 0])
})

for (const name of ['sem_wait', 'sem_timedwait', 'sem_clockwait']) {
  test(`without SA_RESTART, ${name}() that a handler interrupted fails with EINTR`, () => {
    ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
    const s = newStage(), t = create(acts.caughtAt, [name, s])
    asleep(t, 'semaphore')
    ok(pthread_kill(t, SIGUSR1))
    assert.equal(join(t), EINTR)
    assert.deepEqual(listed(s.list), [SIGUSR1])
  })

  test(`with SA_RESTART, ${name}() goes on after the handler`, () => {
    ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler, sa_flags: SA_RESTART }))
    const s = newStage(), t = create(acts.caughtAt, [name, s])
    interrupt(t, 'semaphore', s.list)
    asleep(t, 'semaphore')
    ok(sem_post(m, s.sem))
    assert.equal(join(t), 0)
  })
}

const flagsOf = (signo: number): number | undefined => {
  const action: SigAction = {}
  ok(sigaction(m, signo, null, action))
  return action.sa_flags
}

test('signal() sets a handler with SA_RESTART, and gives the action before; EINVAL for a signal that cannot be caught or ignored', () => {
  const before: SigAction = {}
  ok(signal(m, SIGUSR1, acts.handler))
  assert.equal(flagsOf(SIGUSR1), SA_RESTART)
  ok(signal(m, SIGUSR1, SIG_DFL, before))
  assert.equal(before.sa_flags, SA_RESTART)
  assert.equal(signal(m, SIGKILL, SIG_IGN), EINVAL)
})

test('siginterrupt(), flag 1: a call that the handler interrupts fails with EINTR, also of a handler that signal() sets later', () => {
  ok(signal(m, SIGUSR1, acts.handler))
  ok(siginterrupt(SIGUSR1, 1))
  assert.equal(flagsOf(SIGUSR1), 0)
  for (const set of [() => 0, () => signal(m, SIGUSR1, acts.handler)]) {
    ok(set())
    const s = newStage(), t = create(acts.caughtAt, ['sem_wait', s])
    asleep(t, 'semaphore')
    ok(pthread_kill(t, SIGUSR1))
    assert.equal(join(t), EINTR)
  }
  ok(siginterrupt(SIGUSR1, 0))
})

test('siginterrupt(), flag 0: a call that the handler interrupts goes on', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  ok(siginterrupt(SIGUSR1, 0))
  const s = newStage(), t = create(acts.caughtAt, ['sem_wait', s])
  interrupt(t, 'semaphore', s.list)
  asleep(t, 'semaphore')
  ok(sem_post(m, s.sem))
  assert.equal(join(t), 0)
})

test('siginterrupt() shall fail with EINVAL: no such signal', () => {
  for (const signo of [0, -1, 65]) assert.equal(siginterrupt(signo, 1), EINVAL)
})

test('a thread that waits for a mutex runs the handler, and resumes waiting as if it was not interrupted', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage()
  ok(pthread_mutex_lock(m, s.mutex))
  const t = create(acts.caughtAt, ['pthread_mutex_lock', s])
  interrupt(t, 'mutex', s.list)
  asleep(t, 'mutex')
  ok(pthread_mutex_unlock(m, s.mutex))
  assert.equal(join(t), 0)
})

for (const name of ['pthread_rwlock_rdlock', 'pthread_rwlock_wrlock']) {
  test(`${name}(): a thread that waits runs the handler, and resumes waiting as if it was not interrupted`, () => {
    ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
    const s = newStage()
    ok(pthread_rwlock_wrlock(m, s.rwlock))
    const t = create(acts.caughtAt, [name, s])
    for (let i = 1; i <= 3; i++) interrupt(t, 'rwlock', s.list, i)
    asleep(t, 'rwlock')
    ok(pthread_rwlock_unlock(m, s.rwlock))
    assert.equal(join(t), 0)
    ok(pthread_rwlock_trywrlock(m, s.rwlock))
    ok(pthread_rwlock_unlock(m, s.rwlock))
  })

  test(`${name}(): a handler that ends the thread leaves nobody waiting for it`, () => {
    ok(sigaction(m, SIGUSR1, { sa_handler: acts.exitingHandler }))
    const s = newStage(), other = newStage({ rwlock: s.rwlock })
    ok((name.endsWith('rdlock') ? pthread_rwlock_wrlock : pthread_rwlock_rdlock)(m, s.rwlock))
    const t = create(acts.caughtAt, [name, s])
    asleep(t, 'rwlock')
    const reader = create(acts.caughtAt, ['pthread_rwlock_rdlock', other])
    asleep(reader, 'rwlock')
    ok(pthread_kill(t, SIGUSR1))
    assert.equal(join(t), 'from the handler')
    if (name.endsWith('wrlock')) assert.equal(join(reader), 0)            // no writer waits any more
    ok(pthread_rwlock_unlock(m, s.rwlock))
    if (name.endsWith('rdlock')) assert.equal(join(reader), 0)
  })
}

test('rwlock: while signals interrupt them, readers and writers take turns, and nobody is lost', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.countingHandler }))
  const s = newStage(), times = 3000
  const threads = Array.from({ length: 4 }, () => create(acts.readsAndWrites, [s, times]))
  while (threads.some(t => !hasEnded(t))) for (const t of threads) ok(pthread_kill(t, SIGUSR1))
  for (const t of threads) assert.equal(join(t), 0)
  assert.ok(word(s.flag) >= 4 * times / 3)
  assert.deepEqual([word(s.set), word(s.set + 4)], [word(s.flag), word(s.flag)])
  ok(pthread_rwlock_trywrlock(m, s.rwlock))
  ok(pthread_rwlock_unlock(m, s.rwlock))
})

test('a thread that waits for a condition runs the handler, and then waits on or returns 0', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage(), t = create(acts.caughtAt, ['pthread_cond_wait', s])
  interrupt(t, 'condition', s.list)
  ok(pthread_cond_signal(m, s.cond))
  assert.equal(join(t), 0)
})

test('a thread that joins runs the handler, and joins on', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const sem = newSem(0), target = create(work.waitFor, sem), s = newStage({ target })
  const t = create(acts.caughtAt, ['pthread_join', s])
  interrupt(t, 'join', s.list)
  asleep(t, 'join')
  ok(sem_post(m, sem))
  assert.equal(join(t), 0)
})

test('what a handler throws comes out of the call that was interrupted', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.throwingHandler }))
  const s = newStage(), t = create(acts.caughtAt, ['sem_wait', s])
  asleep(t, 'semaphore')
  ok(pthread_kill(t, SIGUSR1))
  assert.throws(() => join(t), RangeError(`signal ${SIGUSR1}`))
})

test('a handler may call pthread_exit()', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.exitingHandler }))
  const s = newStage(), t = create(acts.caughtAt, ['sem_wait', s])
  asleep(t, 'semaphore')
  ok(pthread_kill(t, SIGUSR1))
  assert.equal(join(t), 'from the handler')
})

test('a thread that awaits runs the handler in its event loop', () => {
  ok(sigaction(m, SIGUSR1, { sa_handler: acts.handler }))
  const s = newStage(), t = create(acts.awaitsSignal, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_kill(t, SIGUSR1))
  assert.equal(join(t), 1)
})

test('the first thread runs handlers in its event loop', async () => {
  const seen: number[] = []
  ok(sigaction(m, SIGUSR1, { sa_handler: (signo) => { seen.push(signo) } }))
  assert.equal(inThread(acts.kills, [pthread_self(), SIGUSR1]), 0)
  await eventually('the handler has run', () => seen.length > 0)
  assert.deepEqual(seen, [SIGUSR1])
})

test('the numbers from SIGRTMIN to SIGRTMAX are real-time signals, at least eight', () => {
  assert.ok(SIGRTMAX - SIGRTMIN + 1 >= 8)
  for (let signo = SIGRTMIN; signo <= SIGRTMAX; signo++) ok(sigaction(m, signo, null, {}))
})
