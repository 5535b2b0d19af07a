// What the kernel knows about a thread.

import type { Figures } from '../kernel/figures.ts'
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

/** The figures of a thread that now sleeps on `waitsFor`. */
export function statsOf([cpuTime, elapsed, sleeps = 0, wakeups = 0, ...reasons]: Figures, waitsFor: Wmesg | ''): ThreadStats {
  const sleepsBy: Partial<Record<Wmesg, number>> = {}
  for (let i = 0; i < reasons.length; i += 2) sleepsBy[wmesgs[reasons[i]] as Wmesg] = reasons[i + 1]
  return { cpuTime, elapsed, sleeps, wakeups, sleepsBy, waitsFor }
}

/** Of a thread of which nothing is known any more. */
export const NO_FIGURES: Figures = [0, 0]
