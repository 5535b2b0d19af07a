// Policies and priorities.  POSIX.1-2024 pthread_getschedparam, pthread_setschedparam, pthread_setschedprio,
// pthread_getconcurrency, sched_get_priority_max, sched_getparam, sched_getscheduler, sched_rr_get_interval, sched_yield.
//
// The operating system schedules Workers, and no policy or priority reaches it.  What a priority decides is whom a
// wake takes: of the threads that wait for a mutex, a condition, a semaphore, the one with the highest, and the one
// that came first among equals.  Any thread may set any priority.

import { peek, poke, store, suspend } from '#atomics'
import { EINVAL, ESRCH } from '../kernel/errno.ts'
import { hint } from '../kernel/crew.ts'
import { usePriorities } from '../kernel/priority.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { Flag, PROCESS, Process, State, ThreadRecord } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { deliveryPoint } from './deliver.ts'
import { PRIORITY_MAX, PRIORITY_MIN, RR_INTERVAL } from './limits.ts'
import { give, takeBackFrom } from './priority.ts'
import { SchedParam } from './records.ts'

export const SCHED_OTHER = 0, SCHED_FIFO = 1, SCHED_RR = 2
export const PTHREAD_INHERIT_SCHED = 0, PTHREAD_EXPLICIT_SCHED = 1

/** Whether `policy` is one. */
export function isPolicy(policy: number): boolean {
  return policy === SCHED_OTHER || policy === SCHED_FIFO || policy === SCHED_RR
}

/** Whether `priority` is one of the policy, or of any. */
export function isPriority(priority: number, policy?: number): boolean {
  if (!Number.isInteger(priority)) return false
  const least = policy === undefined ? 0 : sched_get_priority_min(policy), most = policy === undefined ? PRIORITY_MAX : sched_get_priority_max(policy)
  return priority >= least && priority <= most
}

/** Gives thread `slot` the policy and the priority, which have been checked. */
export function schedule(slot: number, policy: number, priority: number): void {
  const t = record(slot)
  const lowered = priority < peek(kernel, t + ThreadRecord.priority)
  if (priority > 0) usePriorities()
  store(kernel, t + ThreadRecord.policy, policy)                          // before the hint, as C6 of crew.ts has it
  store(kernel, t + ThreadRecord.priority, priority)
  if ((peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) !== 0) hint(slot)
  if (peek(kernel, t + ThreadRecord.state) !== State.SLEEPING) return
  if (lowered) takeBackFrom(slot)
  else if (priority > 0) give(slot)
}

/** Stores the policy of `thread` at `policy`, its priority into the sched_param at `param`: the given one, not what it inherits. ESRCH. */
export function pthread_getschedparam(m: Memory, thread: number, policy: Address, param: Address): number {
  const slot = find(thread)
  if (slot === 0) return ESRCH
  if (!fits(m, policy, 4) || !fits(m, param, SchedParam.size)) return EINVAL
  poke(m, policy, peek(kernel, record(slot) + ThreadRecord.policy))
  poke(m, param + SchedParam.priority, peek(kernel, record(slot) + ThreadRecord.priority))
  return 0
}

/** Gives `thread` the policy, and the priority in the sched_param at `param`. EINVAL if they do not fit; ESRCH. */
export function pthread_setschedparam(m: Memory, thread: number, policy: number, param: Address): number {
  const slot = find(thread)
  if (slot === 0) return ESRCH
  if (!fits(m, param, SchedParam.size)) return EINVAL
  const priority = peek(m, param + SchedParam.priority)
  if (!isPolicy(policy) || !isPriority(priority, policy)) return EINVAL
  schedule(slot, policy, priority)
  return 0
}

/** Gives `thread` the priority. EINVAL if its policy has none such; ESRCH. */
export function pthread_setschedprio(thread: number, priority: number): number {
  const slot = find(thread)
  if (slot === 0) return ESRCH
  const policy = peek(kernel, record(slot) + ThreadRecord.policy)
  if (!isPriority(priority, policy)) return EINVAL
  schedule(slot, policy, priority)
  return 0
}

/** The highest priority of the policy; -EINVAL if it is none. */
export function sched_get_priority_max(policy: number): number {
  return !isPolicy(policy) ? -EINVAL : policy === SCHED_OTHER ? 0 : PRIORITY_MAX
}

/** The lowest priority of the policy; -EINVAL if it is none. */
export function sched_get_priority_min(policy: number): number {
  return !isPolicy(policy) ? -EINVAL : policy === SCHED_OTHER ? 0 : PRIORITY_MIN
}

// A process has the policy and the priority of the thread that asks, as in Linux.  There is one process.
function isOwn(pid: number): boolean {
  return pid === 0 || pid === peek(kernel, PROCESS + Process.pid)
}

/** Policy of the calling thread; `pid`: 0 or this process, else -ESRCH; -EINVAL below 0. */
export function sched_getscheduler(pid: number): number {
  return pid < 0 ? -EINVAL : isOwn(pid) ? peek(kernel, record(self.slot) + ThreadRecord.policy) : -ESRCH
}

/**
 * Gives the calling thread the policy, and the priority in the sched_param at `param`. Returns the policy before; -ESRCH for
 * another process; -EINVAL.
 */
export function sched_setscheduler(m: Memory, pid: number, policy: number, param: Address): number {
  const before = sched_getscheduler(pid)
  const errno = before < 0 ? 0 : pthread_setschedparam(m, self.tid, policy, param)
  return errno === 0 ? before : -errno
}

/** Stores the priority of the calling thread into the sched_param at `param`. ESRCH for another process; EINVAL. */
export function sched_getparam(m: Memory, pid: number, param: Address): number {
  if (pid < 0 || !fits(m, param, SchedParam.size)) return EINVAL
  if (!isOwn(pid)) return ESRCH
  poke(m, param + SchedParam.priority, peek(kernel, record(self.slot) + ThreadRecord.priority))
  return 0
}

/** Gives the calling thread the priority in the sched_param at `param`. ESRCH for another process; EINVAL. */
export function sched_setparam(m: Memory, pid: number, param: Address): number {
  if (pid < 0 || !fits(m, param, SchedParam.size)) return EINVAL
  return isOwn(pid) ? pthread_setschedprio(self.tid, peek(m, param + SchedParam.priority)) : ESRCH
}

/** Stores into `interval` the slice of a SCHED_RR thread that shares its carrier. ESRCH for another process; EINVAL. */
export function sched_rr_get_interval(pid: number, interval: { tv_sec: number, tv_nsec: number }): number {
  if (pid < 0) return EINVAL
  if (!isOwn(pid)) return ESRCH
  interval.tv_sec = Math.floor(RR_INTERVAL / 1000)
  interval.tv_nsec = RR_INTERVAL % 1000 * 1e6
  return 0
}

const AWAKE = 0
const INSTANT = 0.001                                                     // ms

/**
 * Lets others run: the calling thread sleeps for the shortest time that the operating system knows, some 60 us. A thread that shares its carrier
 * goes on at once: for the others there it must yield (`fiber.yield`).
 */
export function sched_yield(): number {
  if (!self.fiber) suspend(kernel, record(self.slot) + ThreadRecord.park, AWAKE, INSTANT)
  deliveryPoint()
  return 0
}

/** A hint for models that run many threads on few carriers: it is kept, and nothing follows from it here. EINVAL below 0. */
export function pthread_setconcurrency(level: number): number {
  if (!(level >= 0)) return EINVAL
  poke(kernel, PROCESS + Process.concurrency, level)
  return 0
}

/** The hint; 0 if there was none. */
export function pthread_getconcurrency(): number {
  return peek(kernel, PROCESS + Process.concurrency)
}
