// Mutexes with attributes, what threads do with them, and how they die.

import assert from 'node:assert/strict'
import { load, type Thread } from 'pthreads'
import {
  malloc, Mutex, MutexAttr, pthread_mutex_init, pthread_mutexattr_init, pthread_mutexattr_setprioceiling, pthread_mutexattr_setprotocol,
  pthread_mutexattr_setrobust, pthread_mutexattr_settype, PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE,
  SchedParam, type Address,
} from 'pthreads/posix'
import { kernel, record } from '#internal/kernel/process.js'
import { ThreadRecord } from '#internal/kernel/records.js'
import { effective } from '#internal/kernel/priority.js'
import { find } from '#internal/kernel/thread.js'
import { m, ok, put } from './setup.ts'

export const holders = load<typeof import('./holders.ts')>(new URL('./holders.js', import.meta.url))

export interface MutexAttributes { type?: number, robust?: number, protocol?: number, ceiling?: number }

/** Attributes of a mutex. */
export function newMutexAttr(attributes: MutexAttributes): Address {
  const { type = PTHREAD_MUTEX_DEFAULT, robust = PTHREAD_MUTEX_STALLED, protocol = PTHREAD_PRIO_NONE, ceiling } = attributes
  const attr = malloc(MutexAttr.size)
  ok(pthread_mutexattr_init(m, attr))
  ok(pthread_mutexattr_settype(m, attr, type))
  ok(pthread_mutexattr_setrobust(m, attr, robust))
  ok(pthread_mutexattr_setprotocol(m, attr, protocol))
  if (ceiling !== undefined) ok(pthread_mutexattr_setprioceiling(m, attr, ceiling))
  return attr
}

/** A mutex with attributes. */
export function mutexWith(attributes: MutexAttributes): Address {
  const mutex = malloc(Mutex.size)
  ok(pthread_mutex_init(m, mutex, newMutexAttr(attributes)))
  return mutex
}

/** A robust mutex. */
export function robustMutex(type = PTHREAD_MUTEX_DEFAULT): Address {
  return mutexWith({ type, robust: PTHREAD_MUTEX_ROBUST })
}

/** A sched_param. */
export function newParam(priority: number): Address {
  const param = malloc(SchedParam.size)
  put(param + SchedParam.priority, priority)
  return param
}

/** The priority by which the thread is woken. */
export function effectiveOf(thread: number): number {
  return effective(find(thread))
}

/** The mutexes in the list of the thread, whose words name it. */
export function listOf(thread: number): Address[] {
  const list: Address[] = []
  for (let mutex = kernel.i32[(record(find(thread)) + ThreadRecord.robust) >>> 2]; mutex !== 0; mutex = m.i32[(mutex + Mutex.next) >>> 2]) list.push(mutex)
  return list
}

/** Joins a thread that died. */
export function joinDead(thread: Thread<unknown>): void {
  assert.throws(() => thread.join(10_000), { name: 'ThreadDeathError' })
}
