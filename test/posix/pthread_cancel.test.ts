import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  EBUSY, EPERM, ESRCH, PTHREAD_CANCELED, pthread_cancel, pthread_cond_signal, pthread_detach, pthread_join, pthread_mutex_lock, pthread_mutex_trylock,
  pthread_mutex_unlock, pthread_once, pthread_self, sem_getvalue, sem_post, sem_wait, SIGUSR1,
} from 'pthreads/posix'
import type { Wmesg } from '#internal/kernel/wmesg.js'
import { nothingLeft } from '../leftovers.ts'
import { create, inThread, join, listed, m, newSem, newWord, ok, put, word, work } from './setup.ts'
import { acts, newSet, newStage, type Stage } from './signal-setup.ts'
import { asleep, ended, gone, sleepsOn } from './state.ts'

afterEach(() => nothingLeft())

const points: readonly (readonly [string, Wmesg])[] = [
  ['pthread_cond_wait', 'condition'], ['pthread_cond_timedwait', 'condition'], ['pthread_cond_clockwait', 'condition'], ['pthread_join', 'join'],
  ['pthread_timedjoin_np', 'join'], ['sem_wait', 'semaphore'], ['sem_timedwait', 'semaphore'], ['sem_clockwait', 'semaphore'], ['nanosleep', 'sleep'],
  ['clock_nanosleep', 'sleep'], ['sleep', 'sleep'], ['usleep', 'sleep'], ['pause', 'signal'], ['sigsuspend', 'signal'], ['sigwait', 'signal'],
  ['sigwaitinfo', 'signal'], ['sigtimedwait', 'signal'],
]

// A stage with a thread to join, that ends when its semaphore is posted.
function stageWith(target: number): Stage {
  return newStage({ target, set: newSet(SIGUSR1) })
}

for (const [name, on] of points) {
  test(`${name}() is a cancellation point: a thread that is blocked there is canceled`, () => {
    const sem = newSem(0), target = create(work.waitFor, sem), s = stageWith(target)
    const t = create(acts.comesTo, [name, s])
    asleep(t, on)
    ok(pthread_cancel(t))
    assert.equal(join(t), PTHREAD_CANCELED)
    assert.deepEqual(listed(s.list), [2])
    ok(sem_post(m, sem))
    join(target)                                                          // it can still be joined
  })

  test(`${name}() is a cancellation point: a request that is pending shall be acted upon before the function returns`, () => {
    const sem = newSem(0), target = create(work.waitFor, sem), s = stageWith(target)
    assert.equal(inThread(acts.comesPendingTo, [name, s]), PTHREAD_CANCELED)
    assert.deepEqual(listed(s.list), [0, 0, 2])
    ok(sem_post(m, sem))
    join(target)
  })
}

for (const name of ['sem_wait', 'sem_timedwait', 'sem_clockwait']) {
  test(`${name}(): a pending request is acted upon also if the call would not block, and takes nothing`, () => {
    const s = newStage({ sem: newSem(1) }), value = newWord()
    assert.equal(inThread(acts.comesPendingTo, [name, s]), PTHREAD_CANCELED)
    ok(sem_getvalue(m, s.sem, value))
    assert.equal(word(value), 1)
  })
}

test('pthread_mutex_lock() is no cancellation point', () => {
  const s = newStage()
  ok(pthread_mutex_lock(m, s.mutex))
  const t = create(acts.comesTo, ['pthread_mutex_lock', s])
  asleep(t, 'mutex')
  ok(pthread_cancel(t))
  assert.ok(sleepsOn(t, 'mutex'))
  ok(pthread_mutex_unlock(m, s.mutex))
  assert.equal(join(t), 0)
  assert.deepEqual(listed(s.list), [1, 2])
})

test('sched_yield() is no cancellation point', () => {
  const s = newStage()
  assert.equal(inThread(acts.comesPendingTo, ['sched_yield', s]), 0)
  assert.deepEqual(listed(s.list), [0, 0, 1, 2])
})

test('when the cancellation is acted on, the cancellation cleanup handlers shall be called, then the destructors of thread-specific data', () => {
  const s = newStage(), t = create(acts.cleansUp, s)
  asleep(t, 'semaphore')
  ok(pthread_cancel(t))
  assert.equal(join(t), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [1, 20, 10, 30])
})

test('a canceled wait on a condition re-acquires the mutex before the first cleanup handler is called', () => {
  const s = newStage(), t = create(acts.waitsWithCleanup, s)
  asleep(t, 'condition')
  ok(pthread_mutex_lock(m, s.mutex))
  ok(pthread_cancel(t))
  asleep(t, 'mutex')
  assert.deepEqual(listed(s.list), [])
  ok(pthread_mutex_unlock(m, s.mutex))
  assert.equal(join(t), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [EBUSY, 0])
  ok(pthread_mutex_trylock(m, s.mutex))
})

test('a thread that is canceled while it waits on a condition shall not consume any condition signal', () => {
  for (let round = 0; round < 100; round++) {
    const s = newStage(), victim = create(acts.waitsAndUnlocks, s)
    asleep(victim, 'condition')
    const other = create(acts.waitsAndUnlocks, s)
    asleep(other, 'condition')
    const order = round % 2 === 0
    if (order) ok(pthread_cancel(victim))
    ok(pthread_cond_signal(m, s.cond))
    if (!order) ok(pthread_cancel(victim))
    const result = join(victim)
    if (result !== PTHREAD_CANCELED) ok(pthread_cond_signal(m, s.cond))   // it had the signal
    assert.equal(join(other), 0)
  }
})

test('a thread that was given the signal while it waits for the mutex is not canceled there', () => {
  const s = newStage(), t = create(acts.waitsAndUnlocks, s)
  asleep(t, 'condition')
  ok(pthread_mutex_lock(m, s.mutex))
  ok(pthread_cond_signal(m, s.cond))
  asleep(t, 'mutex')
  ok(pthread_cancel(t))
  assert.ok(sleepsOn(t, 'mutex'))
  ok(pthread_mutex_unlock(m, s.mutex))
  assert.equal(join(t), 0)
})

test('cancelability disabled: the request is held pending until it is enabled, and then until a cancellation point', () => {
  const s = newStage(), t = create(acts.disabled, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_cancel(t))
  ok(sem_post(m, s.go))
  assert.equal(join(t), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [1, 2])
})

test('deferred cancelability: a thread that is running is canceled when it reaches a cancellation point', () => {
  const s = newStage(), t = create(acts.works, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_cancel(t))
  put(s.flag, 1)
  assert.equal(join(t), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [1])
})

test('a thread may cancel itself; it goes on to its next cancellation point', () => {
  const s = newStage()
  assert.equal(inThread(acts.cancelsItself, s.list), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [1])
})

test('a thread that ends is not canceled: its cleanup handlers come to their cancellation points', () => {
  const s = newStage(), t = create(acts.cleanupSleeps, s)
  asleep(t, 'semaphore')
  ok(pthread_cancel(t))
  asleep(t, 'semaphore')
  ok(pthread_cancel(t))
  ok(sem_post(m, s.go))
  assert.equal(join(t), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [1])
})

test('a thread that awaits a promise is canceled there', () => {
  const s = newStage(), t = create(acts.awaits, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_cancel(t))
  assert.equal(join(t), PTHREAD_CANCELED)
  assert.deepEqual(listed(s.list), [1])
})

test('shall return without waiting: the target\'s processing runs asynchronously with the return', () => {
  const s = newStage(), t = create(acts.works, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_cancel(t))
  assert.deepEqual(listed(s.list), [])
  put(s.flag, 1)
  join(t)
})

test('canceled while it runs the routine of pthread_once(): as if that was never called', () => {
  const s = newStage(), t = create(acts.onceIsCanceled, s)
  ok(sem_wait(m, s.ready))
  ok(pthread_cancel(t))
  assert.equal(join(t), PTHREAD_CANCELED)
  let calls = 0
  ok(pthread_once(m, s.flag, () => { calls++ }))
  assert.equal(calls, 1)
})

test('a detached thread can be canceled', () => {
  const s = newStage(), t = create(acts.comesTo, ['sem_wait', s])
  asleep(t, 'semaphore')
  ok(pthread_detach(t))
  ok(pthread_cancel(t))
  gone(t)
})

test('a thread that has ended and was not joined: 0, and no effect', () => {
  const t = create(work.echo, 5)
  ended(t)
  ok(pthread_cancel(t))
  assert.equal(join(t), 5)
})

test('ESRCH: no thread has that number', () => {
  const t = create(work.echo, 5)
  join(t)
  assert.equal(pthread_cancel(t), ESRCH)
  assert.equal(pthread_cancel(0), ESRCH)
})

test('EPERM: the first thread of a process that was not started by `pthreads run` cannot end before it', () => {
  assert.equal(inThread(acts.cancels, pthread_self()), EPERM)
})

test('pthread_join() of a canceled thread gives PTHREAD_CANCELED, which is no other value', () => {
  const s = newStage(), t = create(acts.comesTo, ['pause', s])
  asleep(t, 'signal')
  ok(pthread_cancel(t))
  const out: { value?: unknown, error?: unknown } = {}
  ok(pthread_join(t, out))
  assert.deepEqual(out, { value: PTHREAD_CANCELED })
  assert.equal(typeof PTHREAD_CANCELED, 'symbol')
})
