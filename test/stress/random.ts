// Random numbers that can be had again.

/** The seed of this run: SEED in the environment, or a new one. The test that takes it prints it. */
export function takeSeed(): number {
  return Number(process.env.SEED ?? Date.now() % 1e9)
}

/** A generator of whole numbers from 0 to below its argument: mulberry32. */
export function random(seed: number): (below: number) => number {
  let state = seed | 0
  return below => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) % below
  }
}
