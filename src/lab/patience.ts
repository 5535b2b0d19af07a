// How long to look for the turn before sleeping.
//
// Who has just given up the turn often gets it back soon; a wake-up across cores takes 35 to 60 us.  Looking on for 100 us pays
// when the others have cores of their own, and is ruinous when they wait for ours.  So both ways are timed, BATCH waits
// each, and the better one is used; the other one is tried again, more and more rarely.

const SHORT = 50, LONG = 20_000        // looks
const BATCH = 64
const OFTEN = 8, RARELY = 1024         // batches between two trials

const clock = performance.now.bind(performance)          // the lab replaces it

let worth = false
let long = false
let trial = false
let waits = 0, batches = 0, interval = OFTEN, began = 0, usual = 0

/** Looking for long may pay: there is more than one processor. */
export function mayLook(may: boolean): void {
  worth = may
}

/** How often to look now. */
export function looks(): number {
  if (!worth) return 0
  if (++waits === BATCH) weigh()
  return long ? LONG : SHORT
}

function weigh(): void {
  const now = clock()
  const took = now - began
  began = now
  waits = 0
  if (trial) {
    trial = false
    const better = took < 0.8 * usual
    interval = better ? OFTEN : Math.min(RARELY, 2 * interval)
    if (better) usual = took
    else long = !long
    batches = 0
    return
  }
  usual = batches === 0 ? took : (3 * usual + took) / 4
  if (++batches < interval) return
  trial = true
  long = !long
}
