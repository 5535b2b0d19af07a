// Clocks.  Milliseconds as doubles; a deadline is absolute on one of two clocks, Infinity is never.

/** Never goes back, same origin in every thread of the process. */
export const CLOCK_MONOTONIC = 1
/** The time of day; somebody may set it while we sleep. */
export const CLOCK_REALTIME = 0

export type Clock = typeof CLOCK_MONOTONIC | typeof CLOCK_REALTIME

/** Processor time of the process, and of the calling thread. */
export const CLOCK_PROCESS_CPUTIME_ID = 2, CLOCK_THREAD_CPUTIME_ID = 3

/** The clock that measures the processor time of thread `tid`: a negative number. */
export function cpuClockOf(tid: number): number {
  return ~tid
}

/** The thread whose processor time clock `id` measures, or 0: it is another clock. */
export function threadOfCpuClock(id: number): number {
  return id < 0 ? ~id : 0
}

let monotonic = (): number => performance.timeOrigin + performance.now()

/** Installs the host's monotonic clock; it must have the same origin in all threads. */
export function installClock(now: () => number): void {
  monotonic = now
}

/** The time on `clock`, in ms. */
export function now(clock: Clock): number {
  return clock === CLOCK_MONOTONIC ? monotonic() : Date.now()
}

/**
 * How long a sleep until `deadline` may last before the clock is read again, in ms; 0 or less: it has passed.
 * A sleep on CLOCK_REALTIME is cut into pieces of a second, for the clock may be set forward.
 */
export function remaining(deadline: number, clock: Clock): number {
  if (deadline === Infinity) return Infinity
  const left = deadline - now(clock)
  return clock === CLOCK_REALTIME ? Math.min(left, 1000) : left
}
