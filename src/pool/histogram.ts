// Histograms of times: counts in buckets whose widths grow with what they count, eight to a doubling, so that a percentile is off by
// at most a ninth.  Times below a microsecond share the first bucket.

const PER_DOUBLING = 8, DOUBLINGS = 40                                    // from 1 us to 2^40 us, twelve days

/** What is known of many times, in ms. Percentiles are upper bounds, at most an eighth too large; 0 if nothing was counted. */
export interface Times {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export class Histogram {
  readonly #counts = new Float64Array(PER_DOUBLING * DOUBLINGS + 1)
  #count = 0
  #sum = 0
  #min = Infinity
  #max = 0

  /** Counts a time in ms; what clocks of two threads make negative is 0. */
  record(ms: number): void {
    const time = ms > 0 ? ms : 0
    this.#count++
    this.#sum += time
    if (time < this.#min) this.#min = time
    if (time > this.#max) this.#max = time
    this.#counts[bucketOf(time * 1000)]++
  }

  get times(): Times {
    const count = this.#count
    if (count === 0) return { count: 0, min: 0, max: 0, mean: 0, p50: 0, p90: 0, p99: 0 }
    return { count, min: this.#min, max: this.#max, mean: this.#sum / count, p50: this.percentile(50), p90: this.percentile(90), p99: this.percentile(99) }
  }

  /** A time that `percent` of all do not exceed. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * percent / 100))
    let seen = 0
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i]
      if (seen >= wanted) return Math.min(upperBoundOf(i) / 1000, this.#max)
    }
    return 0
  }

  /** Calls `f` with the upper bound in ms, and the count, of each bucket that has one. */
  forEach(f: (most: number, count: number) => void): void {
    for (let i = 0; i < this.#counts.length; i++) if (this.#counts[i] !== 0) f(upperBoundOf(i) / 1000, this.#counts[i])
  }
}

const word = new Float64Array(1), halves = new Int32Array(word.buffer)

// A double says its doubling by its exponent, and the eighth of it by the first three bits after.
function bucketOf(us: number): number {
  if (us < 1) return 0
  word[0] = us
  return Math.min((halves[1] >>> 17) - (1023 << 3), PER_DOUBLING * DOUBLINGS - 1) + 1
}

function upperBoundOf(bucket: number): number {
  const i = bucket - 1
  return bucket === 0 ? 1 : 2 ** Math.floor(i / PER_DOUBLING) * (1 + (i % PER_DOUBLING + 1) / PER_DOUBLING)
}
