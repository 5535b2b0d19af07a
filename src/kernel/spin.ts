// How long to look before suspending: a moment, or on for as long as a wake would take?
//
// A suspended thread is woken in 2 us on a core that is awake and in 35 to 60 us on one that went idle.  Looking
// on for that long instead pays if the waker runs on another core and is about to act; it is a waste, and keeps the
// waker from running, if it waits for our core.  Nobody can know, so what looking on has brought is remembered, per
// heap and kind of wait:
//
//   every wait                  looks SHORT times: no clock is read, nothing is learned if that was enough
//   trust > 0: it looks on      in pieces of PIECE polls, and reads the clock between them, until BUDGET has passed
//     it was woken meanwhile      trust + 1, up to TRUST
//     it was not: it suspends     trust / 2, rounded down
//   trust = 0: it suspends      but every `interval` times it looks on all the same.  If that pays, trust is FIRST
//                               and `interval` is OFTEN again; if not, `interval` doubles, up to RARELY
//
// I1  Who looks on takes no longer than BUDGET and a piece, by the clock, as long as it has its core; so who has looked in vain has at
//     worst waited for twice as long as it had to.
// I2  On one core nobody is woken while he looks, but for one case: the scheduler takes the core from him just then.  BUDGET is a
//     small part of a time slice, so that is rare, and one look of that kind does not outweigh those that end without.
//
// So a pair on two cores soon stops sleeping at all; on one core, and where waits are long, what is wasted in the
// long run is one BUDGET in RARELY sleeps.
//
// Rejected: a fixed number of polls (2000: 75 times faster across cores, 10 times slower on one); counting
// the looks that paid without a BUDGET (one core: the scheduler preempts the one who looks, and then every look pays);
// timing the waits both ways and comparing (when others want the cores, both take what the scheduler makes of them, and the comparison decides
// by chance for a long time); asking for the number of processors (quotas, pinned threads and busy neighbours make one of two).

import { CLOCK_MONOTONIC, now } from './clock.ts'

const SHORT = 40, PIECE = 400
const BUDGET = 0.05                    // ms
const FIRST = 2, TRUST = 8
const OFTEN = 64, RARELY = 1024
const FEW = 2

let adaptive = true

/** Nobody looks on in this heap: what a wait did would decide about the next. For the lab. */
export function spinShort(): void {
  adaptive = false
}

/** How often to look at a lock that others hold for a moment: `most` times; in the lab, where looking again changes nothing, a few. */
export function polls(most: number): number {
  return adaptive ? most : FEW
}

/**
 * What the waits of one kind have learned.
 *
 *     let left = spin.begin()
 *     while (left !== 0 && !woken()) if (--left === 0) left = spin.more()
 *     if (left === 0) suspend()
 *     spin.end(left !== 0)
 */
export class Spin {
  #trust = FIRST
  #interval = OFTEN
  #sleeps = 0                          // since somebody looked on
  #until = 0                           // when the one who looks on stops; 0: nobody does

  /** A wait begins; returns how many polls to make before {@link more}. */
  begin(): number {
    this.#until = 0
    return SHORT
  }

  /** Those polls were in vain; returns how many more to make, or 0: it is time to suspend. */
  more(): number {
    if (this.#until === 0) {
      if (!adaptive) return 0
      if (this.#trust === 0 && ++this.#sleeps < this.#interval) return 0
      this.#sleeps = 0
      this.#until = now(CLOCK_MONOTONIC) + BUDGET
      return PIECE
    }
    return now(CLOCK_MONOTONIC) < this.#until ? PIECE : 0
  }

  /** The looking is over; `paid`: it need not suspend. */
  end(paid: boolean): void {
    if (this.#until === 0) return
    if (!paid) {
      if (this.#trust === 0) this.#interval = Math.min(RARELY, 2 * this.#interval)
      this.#trust >>= 1
    } else if (this.#trust === 0) {
      this.#trust = FIRST
      this.#interval = OFTEN
    } else if (this.#trust < TRUST) {
      this.#trust++
    }
  }
}
