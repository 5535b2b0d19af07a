// Priorities of threads, as far as the kernel needs them: to choose whom to wake.
//
// `priority` is what a thread was given; `boost` what it inherits while it holds mutexes of the protocols INHERIT
// and PROTECT.  The higher of the two decides.  The operating system, which schedules Workers, does not hear of them.
//
// boost: the priority in bits 0 to 7, above them a count of the changes.  Whoever gives, or works out anew what the thread
// inherits, changes the word by compare and swap, even if the priority in it stays; so who works it out sees that
// another change came in between (settleBoost), and starts again.

import { cas, load, peek, store } from '#atomics'
import { kernel, record } from './process.ts'
import { PROCESS, Process, ThreadRecord } from './records.ts'

const VALUE = 0xff
const priorities = PROCESS + Process.priorities

/** Whether a thread ever had a priority above 0. */
export function prioritized(): boolean {
  return peek(kernel, priorities) !== 0
}

/** From now on wakes look for priorities. */
export function usePriorities(): void {
  if (!prioritized()) store(kernel, priorities, 1)
}

/** The priority by which thread `slot` is woken. */
export function effective(slot: number): number {
  const t = record(slot)
  return Math.max(peek(kernel, t + ThreadRecord.priority), peek(kernel, t + ThreadRecord.boost) & VALUE)
}

/** Lets thread `slot` inherit `priority`, until it works out anew what it inherits. */
export function boost(slot: number, priority: number): void {
  const word = record(slot) + ThreadRecord.boost
  for (let seen = load(kernel, word); ;) {
    const now = cas(kernel, word, seen, (seen & ~VALUE) + (VALUE + 1) | Math.max(seen & VALUE, priority))
    if (now === seen) return
    seen = now
  }
}

/** Sets what thread `slot` inherits to what `compute` returns. */
export function settleBoost(slot: number, compute: () => number): void {
  const word = record(slot) + ThreadRecord.boost
  for (;;) {
    const seen = load(kernel, word)
    if (cas(kernel, word, seen, (seen & ~VALUE) + (VALUE + 1) | compute()) === seen) return
  }
}
