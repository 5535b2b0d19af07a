// What the files on signals, cancellation and sleeps begin with, besides setup.ts.

import { load } from 'pthreads'
import { malloc, pthread_kill, sigaddset, sigemptyset, SigSet, SIGUSR1, type Address } from 'pthreads/posix'
import { load as read } from '#atomics'
import { kernel, record } from '#internal/kernel/process.js'
import { ThreadRecord } from '#internal/kernel/records.js'
import { find } from '#internal/kernel/thread.js'
import type { Wmesg } from '#internal/kernel/wmesg.js'
import { until } from '../api/until.ts'
import { m, newCond, newList, newMutex, newRwlock, newSem, newWord, ok, word } from './setup.ts'
import { asleep } from './state.ts'

export const acts = load<typeof import('./signal-work.ts')>(new URL('./signal-work.js', import.meta.url))

/** The set of these signals. */
export function newSet(...signos: number[]): Address {
  const set = malloc(SigSet.size)
  ok(sigemptyset(m, set))
  for (const signo of signos) ok(sigaddset(m, set, signo))
  return set
}

/** Objects for a thread that comes to a cancellation point, or to anything else that sleeps. */
export interface Stage {
  mutex: Address
  cond: Address
  rwlock: Address
  sem: Address
  ready: Address
  go: Address
  list: Address
  set: Address
  target: number
  flag: Address
}

/** A new stage. `target` is a thread to join. */
export function newStage(more: Partial<Stage> = {}): Stage {
  const sems = { sem: newSem(0), ready: newSem(0), go: newSem(0) }
  return { mutex: newMutex(), cond: newCond(), rwlock: newRwlock(), ...sems, list: newList(), set: newSet(), target: 0, flag: newWord(), ...more }
}

/** Sends SIGUSR1 to a thread that sleeps on that; returns when its handler has run `times` times in all, and noted it. */
export function interrupt(thread: number, on: Wmesg, list: Address, times = 1): void {
  asleep(thread, on)
  ok(pthread_kill(thread, SIGUSR1))
  until('the handler has run', () => word(list) === times)
}

/** Whether `signo` is pending for the thread itself. */
export function isPendingFor(thread: number, signo: number): boolean {
  const at = record(find(thread)) + (signo <= 32 ? ThreadRecord.pending0 : ThreadRecord.pending1)
  return (read(kernel, at) & 1 << (signo - 1 & 31)) !== 0
}
