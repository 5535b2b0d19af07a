// The figures of a thread, taken from its record.  A handle keeps them after the join, when the record is another thread's, and a
// program may keep a million handles: so they are packed.
//
//   0  processor time, ms          2  how often it slept                  from 4 on, in pairs: a reason (wmesg), and
//   1  ms since it began to run    3  how often another thread woke it    how often it slept for that
//
// Of a thread that never slept and was never woken there are the first two only.

import { peek, peekf } from '#atomics'
import { CLOCK_MONOTONIC, now } from './clock.ts'
import { annex, kernel, record } from './process.ts'
import { Annex, ThreadRecord } from './records.ts'
import { wmesgs } from './wmesg.ts'

export type Figures = readonly number[]

/** The figures of the thread in `slot`. `cpu`: its processor time so far, if it has not ended. */
export function figuresOf(slot: number, cpu = NaN): Figures {
  const t = record(slot)
  const ended = peek(kernel, t + ThreadRecord.exit) === 0
  const started = peekf(kernel, t + ThreadRecord.started)
  const used = ended ? peekf(kernel, t + ThreadRecord.cpu) : cpu
  const elapsed = started === 0 ? 0 : (ended ? peekf(kernel, t + ThreadRecord.ended) : now(CLOCK_MONOTONIC)) - started
  const sleeps = peek(kernel, t + ThreadRecord.sleeps), wakeups = peek(kernel, t + ThreadRecord.wakeups)
  if (sleeps === 0 && wakeups === 0) return [used, elapsed]
  const figures = [used, elapsed, sleeps, wakeups]
  for (let reason = 1; reason < wmesgs.length; reason++) {
    const count = peek(kernel, annex(slot) + Annex.sleepsBy + 4 * reason)
    if (count !== 0) figures.push(reason, count)
  }
  return figures.slice()                                                  // without the room that push has made for more
}
