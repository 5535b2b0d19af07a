import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  alarm, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, EINVAL, ENOTSUP, pthread_sigmask, SI_TIMER, SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_SETMASK,
  SIG_UNBLOCK, sigaction, SIGALRM, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID, sigpending, SIGRTMIN, sigwait, sigwaitinfo, timer_create,
  timer_delete, timer_getoverrun, timer_gettime, timer_settime, TIMER_ABSTIME, type ITimerSpec, type SigEvent, type SigInfo,
} from 'pthreads/posix'
import { queuedSignals } from '#internal/kernel/signal-queue.js'
import { until } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { at, NO_CLOCK } from './clock.ts'
import { create, join, listed, m, newList, newWord, ok, word } from './setup.ts'
import { acts, newSet, newStage } from './signal-setup.ts'
import { asleep } from './state.ts'

afterEach(() => {
  for (const sa_handler of [SIG_IGN, SIG_DFL] as const) for (const signo of [SIGALRM, SIGRTMIN]) ok(sigaction(m, signo, { sa_handler }))
  ok(pthread_sigmask(m, SIG_SETMASK, newSet()))
  assert.equal(queuedSignals(), 0)
  return nothingLeft()
})

const ZERO = { tv_sec: 0, tv_nsec: 0 }
const ms = (n: number): { tv_sec: number, tv_nsec: number } => ({ tv_sec: Math.floor(n / 1000), tv_nsec: n % 1000 * 1e6 })
const once = (n: number): ITimerSpec => ({ it_value: ms(n), it_interval: ZERO })

function newTimer(event: SigEvent | null, clock: number = CLOCK_MONOTONIC): number {
  const id = newWord()
  ok(timer_create(m, clock, event, id))
  return word(id)
}

for (const [name, clock] of [['CLOCK_REALTIME', CLOCK_REALTIME], ['CLOCK_MONOTONIC', CLOCK_MONOTONIC]] as const) {
  test(`${name}, SIGEV_SIGNAL: the signal is sent to the process when the timer expires, with the value and SI_TIMER`, () => {
    ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN)))
    const timer = newTimer({ sigev_notify: SIGEV_SIGNAL, sigev_signo: SIGRTMIN, sigev_value: 42 }, clock), info: Partial<SigInfo> = {}
    const before = performance.now()
    ok(timer_settime(timer, 0, once(20)))
    ok(sigwaitinfo(m, newSet(SIGRTMIN), info))
    assert.ok(performance.now() - before >= 19.9)
    assert.deepEqual([info.si_signo, info.si_value, info.si_code], [SIGRTMIN, 42, SI_TIMER])
    ok(timer_delete(timer))
  })

  test(`${name}: TIMER_ABSTIME: it expires when the clock has reached the time; a time that has passed expires at once`, () => {
    ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN)))
    const timer = newTimer({ sigev_notify: SIGEV_SIGNAL, sigev_signo: SIGRTMIN }, clock)
    for (const n of [10, -1000]) {
      ok(timer_settime(timer, TIMER_ABSTIME, { it_value: at(clock, n), it_interval: ZERO }))
      ok(sigwait(m, newSet(SIGRTMIN), newWord()))
    }
    ok(timer_delete(timer))
  })
}

test('a null event: SIGALRM', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGALRM)))
  const timer = newTimer(null)
  ok(timer_settime(timer, 0, once(1)))
  ok(sigwait(m, newSet(SIGALRM), newWord()))
  ok(timer_delete(timer))
})

test('a null event: the value is the timer\'s number', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGALRM)))
  const timer = newTimer(null), info: Partial<SigInfo> = {}
  ok(timer_settime(timer, 0, once(1)))
  ok(sigwaitinfo(m, newSet(SIGALRM), info))
  assert.equal(info.si_value, timer)
  ok(timer_delete(timer))
})

test('a signal that a deleted timer has queued is not the next timer\'s', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN)))
  const event = { sigev_notify: SIGEV_SIGNAL, sigev_signo: SIGRTMIN, sigev_value: 1 }
  const old = newTimer(event)
  ok(timer_settime(old, 0, once(1)))
  until('its signal is queued', () => queuedSignals() === 1)
  ok(timer_delete(old))
  const next = newTimer({ ...event, sigev_value: 2 }), info: Partial<SigInfo> = {}
  assert.equal(next % 1024, old % 1024)                                   // the same record
  ok(timer_settime(next, 0, { it_value: ms(1), it_interval: ms(1) }))
  until('its signal is queued too', () => queuedSignals() === 2)
  ok(sigwaitinfo(m, newSet(SIGRTMIN), info))
  assert.equal(info.si_value, 1)
  const overrun = { value: -1 }
  ok(timer_getoverrun(next, overrun))
  assert.equal(overrun.value, 0)                                          // none was taken yet
  ok(timer_settime(next, 0, once(0)))
  ok(sigwaitinfo(m, newSet(SIGRTMIN), info))
  assert.equal(info.si_value, 2)
  ok(timer_delete(next))
})

test('timer_settime(): a value of zero disarms the timer, whatever the interval', () => {
  const timer = newTimer({ sigev_notify: SIGEV_NONE }), seen = { it_value: { tv_sec: 0, tv_nsec: 0 }, it_interval: { tv_sec: 0, tv_nsec: 0 } }
  ok(timer_settime(timer, 0, once(60_000)))
  ok(timer_settime(timer, 0, { it_value: ZERO, it_interval: { tv_sec: 0, tv_nsec: 1e9 } }))
  ok(timer_gettime(timer, seen))
  assert.deepEqual(seen, { it_value: ZERO, it_interval: ZERO })
  ok(timer_delete(timer))
})

test('a handler runs in a thread that sleeps, while the first one is blocked', () => {
  ok(sigaction(m, SIGRTMIN, { sa_handler: acts.handler }))
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN)))
  const s = newStage({ set: newSet(SIGRTMIN) }), t = create(acts.unblocksAndWaits, s)
  asleep(t, 'semaphore')
  const timer = newTimer({ sigev_notify: SIGEV_SIGNAL, sigev_signo: SIGRTMIN })
  ok(timer_settime(timer, 0, once(2)))
  assert.equal(join(t), 4)
  assert.deepEqual(listed(s.list), [SIGRTMIN])
  ok(timer_delete(timer))
})

test('an interval: the timer expires again and again', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN)))
  const timer = newTimer({ sigev_notify: SIGEV_SIGNAL, sigev_signo: SIGRTMIN })
  ok(timer_settime(timer, 0, { it_value: ms(1), it_interval: ms(1) }))
  for (let i = 0; i < 5; i++) ok(sigwait(m, newSet(SIGRTMIN), newWord()))
  ok(timer_settime(timer, 0, once(0)))
  ok(sigaction(m, SIGRTMIN, { sa_handler: SIG_IGN }))
  ok(timer_delete(timer))
})

test('only a single signal is queued for a timer; timer_getoverrun() counts the expirations that it stands for besides', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGRTMIN)))
  const timer = newTimer({ sigev_notify: SIGEV_SIGNAL, sigev_signo: SIGRTMIN }), start = performance.now(), overrun = { value: -1 }
  ok(timer_settime(timer, 0, { it_value: ms(1), it_interval: ms(1) }))
  until('it has expired some times', () => performance.now() - start > 40)
  assert.equal(queuedSignals(), 1)
  ok(sigwait(m, newSet(SIGRTMIN), newWord()))
  ok(timer_getoverrun(timer, overrun))
  assert.ok(overrun.value >= 2, String(overrun.value))
  ok(timer_settime(timer, 0, once(0)))
  ok(sigaction(m, SIGRTMIN, { sa_handler: SIG_IGN }))
  ok(timer_delete(timer))
})

test('SIGEV_THREAD: a thread is started with the value', () => {
  const list = newList(), timer = newTimer({ sigev_notify: SIGEV_THREAD, sigev_notify_function: acts.timerThread, sigev_value: list })
  ok(timer_settime(timer, 0, { it_value: ms(1), it_interval: ms(1) }))
  until('three threads have run', () => word(list) >= 3)
  ok(timer_settime(timer, 0, once(0)))
  ok(timer_delete(timer))
})

test('SIGEV_THREAD_ID: the signal is sent to that thread', () => {
  const s = newStage({ set: newSet(SIGRTMIN) }), t = create(acts.sigwaits, s)
  asleep(t, 'signal')
  const timer = newTimer({ sigev_notify: SIGEV_THREAD_ID, sigev_signo: SIGRTMIN, sigev_notify_thread_id: t })
  ok(timer_settime(timer, 0, once(1)))
  assert.deepEqual(join(t), [0, SIGRTMIN])
  ok(timer_delete(timer))
})

test('SIGEV_NONE: nothing is sent; timer_gettime() tells how long it takes', () => {
  const timer = newTimer({ sigev_notify: SIGEV_NONE }), value = { it_value: { ...ZERO }, it_interval: { ...ZERO } }
  ok(timer_settime(timer, 0, { it_value: ms(10_000), it_interval: ms(2500) }))
  ok(timer_gettime(timer, value))
  assert.ok(value.it_value.tv_sec === 9 || (value.it_value.tv_sec === 10 && value.it_value.tv_nsec === 0))
  assert.deepEqual(value.it_interval, { tv_sec: 2, tv_nsec: 500_000_000 })
  const old = { it_value: { ...ZERO }, it_interval: { ...ZERO } }
  ok(timer_settime(timer, 0, once(0), old))
  assert.deepEqual(old.it_interval, value.it_interval)
  ok(timer_gettime(timer, value))
  assert.deepEqual(value, { it_value: ZERO, it_interval: ZERO })
  ok(timer_delete(timer))
})

test('timer_create() shall fail with EINVAL: no clock, no signal, no entry, no event; ENOTSUP: a CPU-time clock', () => {
  const id = newWord()
  assert.equal(timer_create(m, NO_CLOCK, null, id), EINVAL)
  assert.equal(timer_create(m, CLOCK_PROCESS_CPUTIME_ID, null, id), ENOTSUP)
  const events: SigEvent[] = [{ sigev_notify: SIGEV_SIGNAL, sigev_signo: 0 }, { sigev_notify: SIGEV_THREAD }, { sigev_notify: 77 },
    { sigev_notify: SIGEV_THREAD_ID, sigev_signo: SIGRTMIN, sigev_notify_thread_id: 12345678 }]
  for (const event of events) assert.equal(timer_create(m, CLOCK_MONOTONIC, event, id), EINVAL)
})

test('timer_settime(), _gettime(), _getoverrun() and _delete() shall fail with EINVAL: no timer, or no time', () => {
  const timer = newTimer({ sigev_notify: SIGEV_NONE })
  for (const tv_nsec of [-1, 1e9]) assert.equal(timer_settime(timer, 0, { it_value: { tv_sec: 0, tv_nsec }, it_interval: ZERO }), EINVAL)
  ok(timer_delete(timer))
  for (const none of [timer, 0, -1, 1, 999_999]) {
    assert.equal(timer_settime(none, 0, once(1)), EINVAL)
    assert.equal(timer_gettime(none, { it_value: { ...ZERO }, it_interval: { ...ZERO } }), EINVAL)
    assert.equal(timer_getoverrun(none, {}), EINVAL)
    assert.equal(timer_delete(none), EINVAL)
  }
})

test('alarm() returns the seconds that the alarm before had left; 0 cancels', () => {
  assert.equal(alarm(0), 0)
  assert.equal(alarm(100), 0)
  assert.equal(alarm(50), 100)
  assert.equal(alarm(0), 50)
  assert.equal(alarm(0), 0)
})

test('alarm() sends SIGALRM', () => {
  ok(pthread_sigmask(m, SIG_BLOCK, newSet(SIGALRM)))
  alarm(0.005)
  ok(sigwait(m, newSet(SIGALRM), newWord()))
  const pending = newSet()
  ok(sigpending(m, pending))
  assert.equal(word(pending), 0)
  ok(pthread_sigmask(m, SIG_UNBLOCK, newSet(SIGALRM)))
})
