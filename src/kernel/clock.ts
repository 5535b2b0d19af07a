// Clocks.  Milliseconds as doubles; a deadline is absolute on one of two clocks, Infinity is never.

/** Never goes back, same origin in every thread of the process. */
export const CLOCK_MONOTONIC = 1
/** The time of day; somebody may set it while we sleep. */
export const CLOCK_REALTIME = 0

export type Clock = typeof CLOCK_MONOTONIC | typeof CLOCK_REALTIME

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
