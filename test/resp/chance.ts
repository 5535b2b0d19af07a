// Chance that can be had again.

/** What chance begins with: SEED of the environment, or the clock. A test that uses it says it in its name. */
export const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

/** Numbers from 0 to n - 1 by chance: xorshift. */
export function chance(from: number): (n: number) => number {
  let state = from | 1
  return (n) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % n
  }
}
