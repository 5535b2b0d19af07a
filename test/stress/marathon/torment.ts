// Actors of the marathon that torment others: senders and waiters of signals, timers, and threads that make threads to
// cancel them, to let them die, and to let them end.

import {
  CLOCK_MONOTONIC, EAGAIN, EINTR, ESRCH, ETIMEDOUT, free, malloc, nanosleep, PTHREAD_CANCELED, pthread_cancel, pthread_clockjoin_np, pthread_create,
  pthread_detach, pthread_join, pthread_key_create, pthread_key_delete, pthread_kill, pthread_sigqueue, pthread_tryjoin_np, PTHREAD_RWLOCK_DEFAULT_NP,
  pthread_rwlock_init, sem_init, SIGEV_THREAD_ID, sigaddset, sigemptyset, sigqueue, SigSet, sigtimedwait, SIGUSR1, sigwaitinfo, timer_create,
  timer_delete, timer_settime, type MutableTimespec, type SigInfo,
} from 'pthreads/posix'
import { load, Thread } from 'pthreads'
import { add, load as read, peek, poke } from '#atomics'
import { self, user } from '#internal/kernel/process.js'
import { random } from '../random.ts'
import type { Part } from './actors.ts'
import { did, opensRow, type Kind } from './ledger.ts'
import { APART, HUSH, microseconds, OF_TIMER, ok, POSTED, SENT, soon, STOP, TARGETS, TO_HANDLER, TO_WAITER, WAITED } from './stage.ts'
import { MORTAL, type Death } from './victims.ts'

const w = load<typeof import('./victims.ts')>(new URL('./victims.js', import.meta.url))
const LATE = 30_000

function goesOn(stage: number): boolean {
  return read(user, stage + STOP) === 0
}

function setOf(...signos: number[]): number {
  const set = malloc(SigSet.size)
  sigemptyset(user, set)
  for (const signo of signos) ok(sigaddset(user, set, signo), 'sigaddset')
  return set
}

/** Sends signals: to the process, to threads, with values to handlers and to waiters, and such that interrupt. */
export function sends({ stage, row, seed, pid }: Part): void {
  opensRow(row)
  const below = random(seed)
  const tell = (sum: number, value: number, send: () => number): void => {
    add(user, stage + sum, value)                                         // before: who gets it may be looked at before this thread goes on
    const errno = send()
    if (errno === 0) {
      did('signals sent')
      return
    }
    add(user, stage + sum, -value)
    if (errno !== EAGAIN) throw new Error(`a signal: errno ${errno}`)
    nanosleep(microseconds(1000))
  }
  const targets = read(user, stage + TARGETS)
  while (read(user, stage + HUSH) === 0) {
    for (let burst = below(200); burst >= 0; burst--) {
      const value = 1 + below(9), target = peek(user, stage + TARGETS + 4 + 4 * below(targets))
      switch (below(8)) {
        case 0: case 1: tell(SENT, value, () => sigqueue(pid, TO_HANDLER, value)); break
        case 2: case 3: case 4: tell(SENT, value, () => pthread_sigqueue(target, TO_HANDLER, value)); break
        case 5: case 6: tell(POSTED, value, () => sigqueue(pid, TO_WAITER, value)); break
        case 7: tell(SENT, 0, () => pthread_kill(target, SIGUSR1)); break
      }
    }
    nanosleep(microseconds(below(3000)))
  }
}

/** Waits for signals of the process with sigwaitinfo and sigtimedwait. */
export function awaitsSignals({ stage, row, seed }: Part): void {
  opensRow(row)
  const below = random(seed), set = setOf(TO_WAITER)
  while (goesOn(stage)) {
    const info: Partial<SigInfo> = {}
    const errno = below(4) === 0 && read(user, stage + HUSH) === 0 ? sigwaitinfo(user, set, info) : sigtimedwait(user, set, info, microseconds(below(20_000)))
    if (errno === 0) {
      add(user, stage + WAITED, info.si_value!)
      did('signals waited for')
    } else if (errno === EAGAIN) did('timeouts')
    else if (errno !== EINTR) throw new Error(`sigtimedwait: errno ${errno}`)
  }
  free(set)
}

/** Arms timers that signal this thread, each once; disarms and deletes others that never expire. */
export function timers({ stage, row, seed }: Part): void {
  opensRow(row)
  const below = random(seed), set = setOf(OF_TIMER), id = malloc(16)
  const zero: MutableTimespec = { tv_sec: 0, tv_nsec: 0 }
  const make = (value: number): number => {
    ok(timer_create(user, CLOCK_MONOTONIC, { sigev_notify: SIGEV_THREAD_ID, sigev_signo: OF_TIMER, sigev_value: value, sigev_notify_thread_id: self.tid }, id), 'timer_create')
    return peek(user, id)
  }
  while (goesOn(stage)) {
    const never = make(-1)
    ok(timer_settime(never, 0, { it_value: { tv_sec: 1000, tv_nsec: 0 }, it_interval: zero }), 'timer_settime')
    const count = 1 + below(4), armed: number[] = []
    for (let n = 0; n < count; n++) {
      armed.push(make(n))
      ok(timer_settime(armed[n], 0, { it_value: { tv_sec: 0, tv_nsec: 1 + below(3_000_000) }, it_interval: zero }), 'timer_settime')
    }
    const seen = new Set<number>()
    while (seen.size < count) {
      const info: Partial<SigInfo> = {}
      const errno = sigtimedwait(user, set, info, { tv_sec: LATE / 1000, tv_nsec: 0 })
      if (errno === EINTR) continue
      if (errno !== 0) throw new Error(`${count} timers, ${seen.size} expired: errno ${errno}`)
      if (info.si_value! < 0 || seen.has(info.si_value!)) throw new Error(`timer ${info.si_value} expired ${info.si_value! < 0 ? 'long before its time' : 'twice'}`)
      seen.add(info.si_value!)
      did('timer expirations')
    }
    if (sigtimedwait(user, set, {}, zero) === 0) throw new Error('a timer expired that was set once and had expired')
    for (const each of [never, ...armed]) ok(timer_delete(each), 'timer_delete')
  }
  free(set)
  free(id)
}

/** Cancels threads at random moments. */
export function cancels({ stage, row, seed }: Part): void {
  opensRow(row)
  const below = random(seed), cell = malloc(16)
  while (goesOn(stage)) {
    const victims = Array.from({ length: 1 + below(8) }, () => {
      ok(pthread_create(user, cell, 0, w.dallies, [stage, below(1e9)]), 'pthread_create')
      return peek(user, cell)
    })
    if (below(4) === 0) nanosleep(microseconds(below(500)))
    for (const victim of victims) {
      for (let n = below(400); n > 0; n--) read(user, stage + STOP)
      ok(pthread_cancel(victim), 'pthread_cancel')
      if (below(4) === 0) ok(pthread_cancel(victim), 'pthread_cancel, again')
    }
    for (const victim of victims) {
      const out: { value?: unknown, error?: unknown } = {}
      ok(pthread_join(victim, out), 'pthread_join')
      if (out.value !== PTHREAD_CANCELED) throw new Error(`thread ${victim} was canceled, and its join gave ${String(out.error ?? out.value)}`)
      did('cancellations')
    }
  }
  free(cell)
}

const codes: Record<Death, Kind> = {
  terminate: 'deaths by terminate', throw: 'deaths by a throw', exit: 'deaths by process.exit', heap: 'deaths by a full heap', uncaught: 'deaths by an uncaught error',
}
const wanted: Record<Death, RegExp> = {
  terminate: /ERR_THREAD_(TERMINATED|NEVER_STARTED)/, throw: /^the end of its life/, exit: /ERR_THREAD_CALLED_EXIT/, heap: /ERR_THREAD_OUT_OF_MEMORY/, uncaught: /^nobody catches this/,
}

/** Lets threads die at random moments, in each of the ways. */
export function kills({ stage, row, seed }: Part): void {
  opensRow(row)
  const below = random(seed), ground = malloc(8 * APART)
  while (goesOn(stage)) {
    user.u8.fill(0, ground, ground + 8 * APART)                           // the dead may have left these locked
    ok(pthread_rwlock_init(user, ground + MORTAL.rwlock, PTHREAD_RWLOCK_DEFAULT_NP), 'pthread_rwlock_init')
    ok(sem_init(user, ground + MORTAL.sem, 0, 1), 'sem_init')
    const victims = Array.from({ length: 1 + below(8) }, () => {
      const n = below(32), death: Death = n < 16 ? 'terminate' : n < 22 ? 'throw' : n < 27 ? 'exit' : n < 31 ? 'uncaught' : 'heap'
      const options = death === 'heap' ? { heapLimit: 16 * 2 ** 20, name: death } : { name: death }
      return { death, thread: Thread.create(options, w.mortal, stage, ground, below(1e9), death) }
    })
    while (read(user, ground + MORTAL.begun) < victims.length && goesOn(stage)) nanosleep(microseconds(200))
    for (const { death, thread } of victims) {
      nanosleep(microseconds(below(1500)))
      if (death === 'terminate') thread.terminate()
    }
    for (const { death, thread } of victims) {
      try {
        thread.join(LATE)
      } catch (error) {
        const { code, message } = error as { code?: string, message: string }
        if (!wanted[death].test(code ?? message)) throw new Error(`a thread that was to die by ${death}: ${String(error)}`)
        did(codes[death])
        continue
      }
      throw new Error(`a thread that was to die by ${death} returned`)
    }
  }
  free(ground)
}

/** Makes threads and joins them in every way, or detaches them; they have thread-specific data with destructors. */
export function breeds({ stage, row, seed }: Part): void {
  opensRow(row)
  const below = random(seed), cell = malloc(16), ends = malloc(16)
  let detached = 0
  while (goesOn(stage)) {
    const value = below(1e6), way = below(5)
    if (way !== 4) ok(pthread_key_create(user, cell, w.destroys), 'pthread_key_create')
    const key = peek(user, cell)
    ok(pthread_create(user, cell, 0, way === 4 ? w.endsUnobserved : w.leavesData, [stage, value, key, ends]), 'pthread_create')
    const thread = peek(user, cell), out: { value?: unknown } = {}
    let errno = way === 4 ? pthread_detach(thread) : way < 2 ? pthread_join(thread, out) : EAGAIN
    while (errno !== 0 && errno !== ESRCH) {
      errno = way === 2 ? pthread_tryjoin_np(thread, out) : pthread_clockjoin_np(thread, out, CLOCK_MONOTONIC, soon(below(2)))
      if (errno === ETIMEDOUT) did('timeouts')
      if (errno !== 0 && way === 2) nanosleep(microseconds(20))
    }
    if (way === 4) detached++
    else if (out.value !== value + 1) throw new Error(`a thread returned ${String(out.value)}, not ${value + 1}`)
    else if (value % 5 !== 0) {
      ok(pthread_key_delete(key), 'pthread_key_delete')
      did('destructors')
    }
    did('threads joined')
  }
  while (read(user, ends) < detached) nanosleep(microseconds(1000))
  poke(user, ends, 0)
  free(ends)
  free(cell)
}
