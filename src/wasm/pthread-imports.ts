// The imports of module `pthreads`: the library on the program's own memory.  What returns an error number is given as WASI
// has it; the shim (c/src) turns that into -1 and errno where POSIX says so.

import { add, exchange, peek, poke } from '#atomics'
import { EAGAIN, ENOMEM } from '../kernel/errno.ts'
import { ANY, losses, wake } from '../kernel/futex.ts'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { host } from '../kernel/host.ts'
import { self, user } from '../kernel/process.ts'
import { block, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Address, Memory } from '../mem/memory.ts'
import * as posix from '../pthread/index.ts'
import { PTHREAD_STACK_MAX, STACK_DEFAULT as OF_A_WORKER } from '../pthread/limits.ts'
import { CONTENDED, FREE } from '../pthread/mutex.ts'
import { Attr } from '../pthread/records.ts'
import { toWasi, wasiErrno } from './errno.ts'
import type { Guest } from './guest.ts'
import { makeReady } from './about.ts'
import { poll } from './poll.ts'
import { portImports } from './port-imports.ts'
import { Block, ProgramRecord, STACK_DEFAULT, STACK_MIN } from './records.ts'
import { signalImports } from './signal-imports.ts'
import { then } from './stacks.ts'
import { putCText, text, timespec } from './struct-c.ts'
import { timeImports } from './time-imports.ts'

type OnMemory = (m: Memory, ...args: number[]) => number

// Functions that take addresses and numbers, and nothing else.
const PLAIN = [
  'pthread_mutex_init', 'pthread_mutex_destroy', 'pthread_mutex_lock', 'pthread_mutex_trylock', 'pthread_mutex_consistent', 'pthread_mutex_getprioceiling',
  'pthread_mutex_setprioceiling',
  'pthread_mutexattr_init', 'pthread_mutexattr_destroy', 'pthread_mutexattr_gettype', 'pthread_mutexattr_settype', 'pthread_mutexattr_getrobust',
  'pthread_mutexattr_setrobust', 'pthread_mutexattr_getprotocol', 'pthread_mutexattr_setprotocol', 'pthread_mutexattr_getprioceiling',
  'pthread_mutexattr_setprioceiling', 'pthread_mutexattr_getpshared', 'pthread_mutexattr_setpshared',
  'pthread_cond_init', 'pthread_cond_destroy', 'pthread_cond_wait', 'pthread_cond_signal', 'pthread_cond_broadcast',
  'pthread_condattr_init', 'pthread_condattr_destroy', 'pthread_condattr_getclock', 'pthread_condattr_setclock', 'pthread_condattr_getpshared',
  'pthread_condattr_setpshared',
  'pthread_rwlock_init', 'pthread_rwlock_destroy', 'pthread_rwlock_rdlock', 'pthread_rwlock_tryrdlock', 'pthread_rwlock_wrlock', 'pthread_rwlock_trywrlock',
  'pthread_rwlock_unlock', 'pthread_rwlockattr_init', 'pthread_rwlockattr_destroy', 'pthread_rwlockattr_getpshared', 'pthread_rwlockattr_setpshared',
  'pthread_rwlockattr_getkind_np', 'pthread_rwlockattr_setkind_np',
  'pthread_barrier_init', 'pthread_barrier_destroy', 'pthread_barrier_wait', 'pthread_barrierattr_init', 'pthread_barrierattr_destroy',
  'pthread_barrierattr_getpshared', 'pthread_barrierattr_setpshared',
  'pthread_spin_init', 'pthread_spin_destroy', 'pthread_spin_lock', 'pthread_spin_unlock',
  'pthread_attr_destroy', 'pthread_attr_getdetachstate', 'pthread_attr_setdetachstate', 'pthread_attr_getguardsize',
  'pthread_attr_setguardsize', 'pthread_attr_getinheritsched', 'pthread_attr_setinheritsched', 'pthread_attr_getschedparam', 'pthread_attr_setschedparam',
  'pthread_attr_getschedpolicy', 'pthread_attr_setschedpolicy', 'pthread_attr_getscope',
  'pthread_getschedparam', 'pthread_setschedparam', 'pthread_getcpuclockid', 'clock_getcpuclockid',
  'sem_init', 'sem_destroy', 'sem_wait', 'sem_trywait', 'sem_post', 'sem_getvalue', 'sched_getparam', 'sched_setparam',
  'pthread_sigmask', 'sigpending', 'sigsuspend', 'sigwait',
] as const

// Functions whose last argument is a time; how many come before it.
const TIMED = {
  pthread_mutex_timedlock: 1, pthread_mutex_clocklock: 2, pthread_cond_timedwait: 2, pthread_cond_clockwait: 3, pthread_rwlock_timedrdlock: 1,
  pthread_rwlock_clockrdlock: 2, pthread_rwlock_timedwrlock: 1, pthread_rwlock_clockwrlock: 2, sem_timedwait: 1, sem_clockwait: 2,
} as const

// Functions that concern no memory.
const BARE = {
  pthread_detach: posix.pthread_detach, pthread_cancel: posix.pthread_cancel,
  pthread_setschedprio: posix.pthread_setschedprio, pthread_setconcurrency: posix.pthread_setconcurrency, pthread_kill: posix.pthread_kill,
  sched_yield: posix.sched_yield,
} as const

const library = posix as unknown as Readonly<Record<string, OnMemory | undefined>>

/** The imports. */
export function pthreadImports(guest: Guest): Record<string, unknown> {
  const { memory: m } = guest
  const imports: Record<string, unknown> = {}
  for (const name of PLAIN) {
    const f = library[name]
    if (f !== undefined) imports[name] = (a: number, b: number, c: number, d: number) => then(f(m, a, b, c, d), toWasi)
  }
  for (const [name, before] of Object.entries(TIMED)) {
    const f = library[name] as unknown as (...args: unknown[]) => number
    imports[name] = (...args: number[]) => then(f(m, ...args.slice(0, before), timespec(m, args[before])), toWasi)
  }
  for (const [name, f] of Object.entries(BARE)) imports[name] = (a: number, b: number) => toWasi((f as (a: number, b: number) => number)(a, b))
  return {
    ...imports, ...threads(guest), ...attributes(guest), ...locks(guest), ...timeImports(guest), ...signalImports(guest), ...portImports(guest),
    poll: poll(guest),
  }
}

function threads(guest: Guest): Record<string, unknown> {
  const { memory: m, about } = guest
  const entry = guest.entry('thread')
  const joined = (errno: number, out: { value?: unknown, error?: unknown }, at: Address): number => {
    if (errno !== 0) return toWasi(errno)
    if (out.error !== undefined) guest.bereaved(`a thread that it joined had failed: ${String(out.error)}`)
    if (at !== 0) poke(m, at, out.value === posix.PTHREAD_CANCELED ? -1 : Number(out.value ?? 0))
    return 0
  }
  return {
    create: (thread: Address, attr: Address, at: Address) => {
      poke(m, at + Block.reserved, 0)
      add(user, about.record + ProgramRecord.live, 1)
      const errno = posix.pthread_create(m, thread, attr, entry, at, about.suspendable, about.bell)
      if (errno !== 0) add(user, about.record + ProgramRecord.live, -1)
      return toWasi(errno === ENOMEM ? EAGAIN : errno)
    },
    pthread_self: () => self.tid,
    ready: () => { makeReady(about.record) },
    pthread_exit: (value: number) => posix.pthread_exit(value),
    end: (code: number) => guest.end(code, 0),
    abort: () => guest.fail('aborted (SIGABRT)'),
    pthread_join: (thread: number, at: Address) => {
      const out = {}
      return then(posix.pthread_join(thread, out), errno => joined(errno, out, at))
    },
    pthread_tryjoin_np: (thread: number, at: Address) => {
      const out = {}
      return joined(posix.pthread_tryjoin_np(thread, out), out, at)
    },
    pthread_timedjoin_np: (thread: number, at: Address, time: Address) => {
      const out = {}
      return then(posix.pthread_timedjoin_np(thread, out, timespec(m, time)), errno => joined(errno, out, at))
    },
    pthread_clockjoin_np: (thread: number, at: Address, clock: number, time: Address) => {
      const out = {}
      return then(posix.pthread_clockjoin_np(thread, out, clock as 0 | 1, timespec(m, time)), errno => joined(errno, out, at))
    },
    pthread_setcancelstate: (state: number, at: Address) => before(m, at, old => posix.pthread_setcancelstate(state, old)),
    pthread_setcanceltype: (type: number, at: Address) => before(m, at, old => posix.pthread_setcanceltype(type, old)),
    pthread_testcancel: () => { posix.pthread_testcancel() },
    call: (routine: number, argument: number) => { guest.call(routine, argument) },
    pthread_atfork: () => 0,                                              // nothing forks here
    pthread_getconcurrency: () => posix.pthread_getconcurrency(),
    pthread_setname_np: (thread: number, name: Address) => toWasi(posix.pthread_setname_np(thread, text(m, name))),
    pthread_getname_np: (thread: number, at: Address, bytes: number) => {
      const out: { value?: string } = {}
      const errno = posix.pthread_getname_np(thread, out)
      return errno !== 0 ? toWasi(errno) : putCText(m, at, bytes, out.value ?? '') ? 0 : wasiErrno('ERANGE')
    },
    pthread_once: (once: Address, routine: number) => toWasi(posix.pthread_once(m, once, () => { guest.call(routine) })),
    getpid: () => host.pid(),
  }
}

function before(m: Memory, at: Address, set: (old: { value?: number }) => number): number {
  const old: { value?: number } = {}
  const errno = set(old)
  if (errno === 0 && at !== 0) poke(m, at, old.value ?? 0)
  return toWasi(errno)
}

const NONE = -1

// A stack of C is a block of the program's memory, and its bounds are not those of a Worker, which for a larger one than Workers have must be
// made.  The default scope is the program's.
function attributes({ memory: m, about }: Guest): Record<string, unknown> {
  const size = (attr: Address, at: Address): number => {
    const errno = posix.pthread_attr_getstacksize(m, attr, at)
    if (errno === 0) poke(m, at, peek(m, attr + Attr.block) || STACK_DEFAULT)
    return errno
  }
  const isRefused = (scope: number): boolean => scope === (about.suspendable ? about.shared ? NONE : posix.PTHREAD_SCOPE_SYSTEM : posix.PTHREAD_SCOPE_PROCESS)
  const setSize = (attr: Address, bytes: number): number => {
    if (bytes < STACK_MIN || bytes > PTHREAD_STACK_MAX) return posix.EINVAL
    const errno = posix.pthread_attr_setstacksize(m, attr, Math.max(bytes, OF_A_WORKER))
    if (errno === 0) poke(m, attr + Attr.block, bytes)
    return errno
  }
  return {
    pthread_attr_init: (attr: Address) => {
      const errno = posix.pthread_attr_init(m, attr)
      if (errno === 0 && about.suspendable) poke(m, attr + Attr.scope, posix.PTHREAD_SCOPE_PROCESS)
      return toWasi(errno)
    },
    pthread_attr_setscope: (attr: Address, scope: number) =>
      toWasi(isRefused(scope) ? posix.ENOTSUP : posix.pthread_attr_setscope(m, attr, scope)),
    pthread_attr_getstacksize: (attr: Address, at: Address) => toWasi(size(attr, at)),
    pthread_attr_setstacksize: (attr: Address, bytes: number) => toWasi(setSize(attr, bytes)),
    pthread_attr_setstack: (attr: Address, at: Address, bytes: number) => {
      if (!(at > 0 && at % 16 === 0 && bytes % 16 === 0 && at + bytes <= m.size)) return toWasi(posix.EINVAL)
      const errno = setSize(attr, bytes)
      if (errno === 0) poke(m, attr + Attr.stackAddress, at)
      return toWasi(errno)
    },
    pthread_attr_getstack: (attr: Address, at: Address, bytes: Address) => {
      const errno = posix.pthread_attr_getstack(m, attr, at, bytes)
      return toWasi(errno === 0 ? size(attr, bytes) : errno)
    },
    pthread_getattr_np: (thread: number, attr: Address) => toWasi(posix.pthread_getattr_np(m, thread, attr)),
  }
}

// Its owner may end with the program, and who visits that be left: wasm/visits.ts, V3.
function* libcLock(guest: Guest, lock: Address): Sleeper<void> {
  const { memory: m } = guest
  for (let epoch = losses(); exchange(m, lock, CONTENDED) !== FREE; epoch = losses()) {
    guest.check()
    yield wait(m, lock, CONTENDED, wmesg.mutex, Infinity, CLOCK_MONOTONIC, ANY, epoch, 0)
  }
}

// `seen`: what the shim's fast path found, see c/src/lock.c.
function locks(guest: Guest): Record<string, unknown> {
  const { memory: m } = guest
  return {
    mutex_unlock_slow: (mutex: Address, seen: number) => {
      if (seen !== CONTENDED) return mutex === 0 ? wasiErrno('EINVAL') : toWasi(posix.pthread_mutex_unlock(m, mutex))
      wake(m, mutex, 1)
      return 0
    },
    libc_lock: (lock: Address) => { block(libcLock(guest, lock)) },
    libc_wake: (lock: Address) => { wake(m, lock, 1) },
  }
}
