// The imports of module `pthreads` that take or store times.

import { peek, poke } from '#atomics'
import type { Address } from '../mem/memory.ts'
import * as posix from '../pthread/index.ts'
import { toWasi } from './errno.ts'
import type { Guest } from './guest.ts'
import { then } from './stacks.ts'
import { noTime, putTimespec, timespec } from './struct-c.ts'
import type { MutableTimespec } from '../pthread/timespec.ts'

interface Setting { it_interval: MutableTimespec, it_value: MutableTimespec }

/** The imports. */
export function timeImports({ memory: m }: Guest): Record<string, unknown> {
  // Calls `f`, and stores what it has stored, if `at` is not 0.
  const storing = (at: Address, f: (t: MutableTimespec) => number): number => {
    const t = noTime()
    const errno = f(t)
    if (at !== 0 && errno === 0) putTimespec(m, at, t)
    return toWasi(errno)
  }
  const setting = (at: Address): Setting => ({ it_interval: { ...timespec(m, at) }, it_value: { ...timespec(m, at + 16) } })
  const store = (at: Address, { it_interval, it_value }: Setting): void => {
    putTimespec(m, at, it_interval)
    putTimespec(m, at + 16, it_value)
  }
  const empty = (): Setting => ({ it_interval: noTime(), it_value: noTime() })
  const slept = (errno: number, left: Address, t: MutableTimespec): number => {
    if (errno === posix.EINTR && left !== 0) putTimespec(m, left, t)
    return toWasi(errno)
  }
  return {
    clock_gettime: (clock: number, at: Address) => storing(at, t => posix.clock_gettime(clock, t)),
    clock_getres: (clock: number, at: Address) => storing(at, t => posix.clock_getres(clock, t)),
    clock_settime: (clock: number, at: Address) => toWasi(posix.clock_settime(clock, timespec(m, at))),
    nanosleep: (at: Address, left: Address) => {
      const t = noTime()
      return then(posix.nanosleep(timespec(m, at), t), errno => slept(errno, left, t))
    },
    clock_nanosleep: (clock: number, flags: number, at: Address, left: Address) => {
      const t = noTime()
      return then(posix.clock_nanosleep(clock, flags, timespec(m, at), t), errno => slept(errno, flags === 0 ? left : 0, t))
    },
    sched_rr_get_interval: (pid: number, at: Address) => storing(at, t => posix.sched_rr_get_interval(pid, t)),
    sched_getscheduler: (pid: number, at: Address) => number(posix.sched_getscheduler(pid), at),
    sched_setscheduler: (pid: number, policy: number, param: Address, at: Address) => number(posix.sched_setscheduler(m, pid, policy, param), at),
    // struct sigevent: value, signo, notify, function, attributes, thread.
    timer_create: (clock: number, event: Address, at: Address) => {
      if (event === 0) return toWasi(posix.timer_create(m, clock, null, at))
      const notify = peek(m, event + 8)
      if (notify === posix.SIGEV_THREAD) return toWasi(posix.ENOTSUP)    // the thread would need a stack of C
      return toWasi(posix.timer_create(m, clock, {
        sigev_notify: notify, sigev_signo: peek(m, event + 4), sigev_value: peek(m, event), sigev_notify_thread_id: peek(m, event + 20),
      }, at))
    },
    timer_delete: (timer: number) => toWasi(posix.timer_delete(timer)),
    timer_settime: (timer: number, flags: number, value: Address, old: Address) => {
      const before = empty()
      const errno = posix.timer_settime(timer, flags, setting(value), before)
      if (errno === 0 && old !== 0) store(old, before)
      return toWasi(errno)
    },
    timer_gettime: (timer: number, at: Address) => {
      const now = empty()
      const errno = posix.timer_gettime(timer, now)
      if (errno === 0) store(at, now)
      return toWasi(errno)
    },
    timer_getoverrun: (timer: number, at: Address) => {
      const out: { value?: number } = {}
      const errno = posix.timer_getoverrun(timer, out)
      if (errno === 0) poke(m, at, out.value ?? 0)
      return toWasi(errno)
    },
  }

  // What is not below 0 is stored; else it is an error number negated.
  function number(result: number, at: Address): number {
    if (result < 0) return toWasi(-result)
    poke(m, at, result)
    return 0
  }
}
