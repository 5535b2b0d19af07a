// Random numbers that a seed decides.

/** Numbers from 0 up to, not with, 1. */
export type Random = () => number

/** A sequence of its own for each seed: mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed | 0
  return () => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32
  }
}
