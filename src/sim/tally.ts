// What a simulation counts.

import { COST_NAMES, HERTZ, type CostName } from './costs.ts'

/** What cycles are spent on: the program itself, or a cost. */
export type Category = 'compute' | CostName
export const CATEGORIES: readonly Category[] = ['compute', ...COST_NAMES]

/** What is counted in events. */
export const COUNTS = ['user switches', 'kernel switches', 'preemptions', 'expired slices', 'migrations', 'steals', 'upcalls', 'system calls', 'interrupts', 'ipis', 'donations', 'lock stalls', 'threads'] as const
export type CountName = typeof COUNTS[number]

const FINE = 32                                                           // buckets for each doubling: 2 % apart
const BUCKETS = 64 * FINE

/** How long operations took: quantiles within 2 %. */
export class Latencies {
  count = 0
  #sum = 0
  #most = 0
  readonly #buckets = new Uint32Array(BUCKETS)

  /** An operation took `cycles`. */
  add(cycles: number): void {
    this.count++
    this.#sum += cycles
    if (cycles > this.#most) this.#most = cycles
    this.#buckets[Math.min(BUCKETS - 1, Math.floor(Math.log2(cycles + 1) * FINE))]++
  }

  /** In microseconds. */
  get summary(): { mean: number, p50: number, p90: number, p99: number, max: number } {
    const us = HERTZ / 1e6
    const at = (share: number): number => this.#quantile(share) / us
    return { mean: this.count === 0 ? 0 : this.#sum / this.count / us, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: this.#most / us }
  }

  #quantile(share: number): number {
    let left = Math.ceil(share * this.count)
    for (let bucket = 0; left > 0 && bucket < BUCKETS; bucket++) {
      left -= this.#buckets[bucket]
      if (left <= 0) return Math.min(this.#most, 2 ** ((bucket + 0.5) / FINE) - 1)
    }
    return 0
  }
}

/** All that is counted. */
export class Tally {
  readonly cycles = Object.fromEntries(CATEGORIES.map(name => [name, 0])) as Record<Category, number>
  readonly counts = Object.fromEntries(COUNTS.map(name => [name, 0])) as Record<CountName, number>
  readonly latencies = new Latencies()
  /** How long locks were held by threads that did not run, while others waited for them, cycles. */
  stalled = 0
}
