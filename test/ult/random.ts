// Numbers for the tests of this folder that are random: the seed is printed, SEED=… repeats a run.

/** What this run's random tests start from. */
export const seed = Number(process.env.SEED ?? Date.now() % 1e9)

/** A generator of whole numbers below its argument: mulberry32. */
export function random(state: number): (below: number) => number {
  return (below) => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) % below
  }
}
