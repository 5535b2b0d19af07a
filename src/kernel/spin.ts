// How long to look before suspending: 40 polls, or 30,000?
//
// A suspended thread is woken in 2 us on a core that is awake and in 35 to 60 us on one that went idle.  Looking
// on for 80 us instead pays if the waker runs on another core and is about to act; it is a waste, and keeps the
// waker from running, if it waits for our core.  Nobody can know, so both ways are timed, per heap and kind of
// wait, and the better one is used:
//
//   every 16th wait                    is timed; longer than CAP counts as CAP
//   after `interval` waits             the other way is tried BURST times; then it is changed, and `interval`
//                                      is OFTEN again, or it is not and `interval` doubles, up to RARELY
//   the long way is used only          if its waits took less than four fifths of the short way's
//
// So a pair on two cores soon stops sleeping at all; on one core, and where waits are long, what is wasted in the
// long run is BURST long looks in RARELY waits.
//
// Rejected: a fixed number of polls (2000: 75 times faster across cores, 10 times slower on one); counting
// the looks that paid (one core: the scheduler preempts the one who looks, and then every look pays).

import { CLOCK_MONOTONIC, now } from './clock.ts'

const SHORT = 40, LONG = 30_000
const FEW = 2
const OFTEN = 64, RARELY = 4096, BURST = 8
const CAP = 0.25                       // ms

let adaptive = true

/** The long way is never tried in this heap: what a wait did would decide about the next. For the lab. */
export function spinShort(): void {
  adaptive = false
}

/** How often to look at a lock that others hold for a moment: `most` times; in the lab, where looking again changes nothing, a few. */
export function polls(most: number): number {
  return adaptive ? most : FEW
}

export class Spin {
  #long = false
  #mean = 0                            // of the way in use, ms; 0: not known
  #interval = OFTEN
  #waits = 0
  #trial = 0                           // waits left to try the other way
  #sum = 0
  #start = 0                           // of a wait that is timed, or 0

  /** A wait begins; returns how many polls to make before suspending. */
  begin(): number {
    if (!adaptive) return SHORT
    if (++this.#waits >= this.#interval && this.#trial === 0) {
      this.#trial = BURST
      this.#sum = 0
    }
    this.#start = this.#trial !== 0 || (this.#waits & 15) === 0 ? now(CLOCK_MONOTONIC) : 0
    return (this.#trial === 0) === this.#long ? LONG : SHORT
  }

  /** The wait has ended, one way or the other. */
  end(): void {
    if (this.#start === 0) return
    const took = Math.min(CAP, now(CLOCK_MONOTONIC) - this.#start)
    if (this.#trial === 0) {
      this.#mean = this.#mean === 0 ? took : this.#mean + (took - this.#mean) / 8
      return
    }
    this.#sum += took
    if (--this.#trial === 0) this.#decide(this.#sum / BURST)
  }

  #decide(other: number): void {
    const long = this.#long ? this.#mean < 0.8 * other : other < 0.8 * this.#mean
    this.#interval = long === this.#long ? Math.min(RARELY, 2 * this.#interval) : OFTEN
    if (long !== this.#long) this.#mean = other
    this.#long = long
    this.#waits = 0
  }
}
