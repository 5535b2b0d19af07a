// What the kernel knows about a thread.

import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { State, ThreadRecord } from '../kernel/records.ts'
import { wmesgs, type Wmesg } from '../kernel/wmesg.ts'

/** Figures about one thread. */
export interface ThreadStats {
  /** Processor time in ms, of a thread that has ended or of the calling one; NaN where the host cannot tell. */
  readonly cpuTime: number
  /** ms since it began to run, until it ended or until now. */
  readonly elapsed: number
  /** How often it slept. */
  readonly sleeps: number
  /** How often another thread woke it. */
  readonly wakeups: number
  /** How often it slept on what. */
  readonly sleepsBy: Readonly<Partial<Record<Wmesg, number>>>
  /** What it sleeps on now, or ''. */
  readonly waitsFor: Wmesg | ''
}

/** The figures in a copy of a thread's record. `cpu`: its processor time so far, if it has not ended. */
export function statsOf(copy: Int32Array, cpu: number): ThreadStats {
  const word = (field: number): number => copy[field >>> 2]
  const double = (field: number): number => new Float64Array(copy.buffer, field, 1)[0]
  const sleepsBy: Partial<Record<Wmesg, number>> = {}
  wmesgs.forEach((name, i) => {
    const count = word(ThreadRecord.sleepsBy + 4 * i)
    if (name !== '' && count !== 0) sleepsBy[name] = count
  })
  const ended = word(ThreadRecord.exit) === 0
  const started = double(ThreadRecord.started)
  return {
    cpuTime: ended ? double(ThreadRecord.cpu) : cpu,
    elapsed: started === 0 ? 0 : (ended ? double(ThreadRecord.ended) : now(CLOCK_MONOTONIC)) - started,
    sleeps: word(ThreadRecord.sleeps),
    wakeups: word(ThreadRecord.wakeups),
    sleepsBy,
    waitsFor: word(ThreadRecord.state) === State.SLEEPING ? wmesgs[word(ThreadRecord.wmesg)] : '',
  }
}

/** Figures that are all 0. */
export const noStats: ThreadStats = { cpuTime: 0, elapsed: 0, sleeps: 0, wakeups: 0, sleepsBy: {}, waitsFor: '' }
