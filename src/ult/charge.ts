// Charges: whose time has passed when the clock is read.
//
// A read of the clock costs as much as a switch, so there is not always one at the end of a run.
//
//   scheduler not timed     now and then; all to who runs, or ran last: exact for long runs, right in the mean for short ones
//   timed                   at the end of each run: exact
//   timed, with a grain     the same, but for fibers that are trusted: TRUST runs of theirs, one after another, were brief, that is, not longer than the
//                           grain.  At the end of a run of such a one the clock is read if it is the EVERY-th
//
// G1  `unread` are the fibers whose runs have ended since the clock was read: fewer than EVERY, all trusted.
// G2  A fiber that is not trusted is charged exactly: the clock is read before its run and after it (next, yielded).
// G3  If no more than the grain has passed, none of the runs was longer, and the scheduler need not tell them apart: the last one pays.
// G4  If more has, somebody betrayed the trust, and nobody knows who.  One that still runs is the suspect, and pays all but a grain for each of the
//     others; if none runs, they share.  All of them must earn their trust again.
//
// So a fiber can have others pay for one of TRUST + 1 of its runs, for five sixths of it at most, and for that they must be brief.
//
// Rejected: a read at each switch (fair then costs two switches of a Go program); equal shares for all that ran since the last read (a fiber whose
// runs are long would have its neighbours pay for each).

import { pokef } from '#atomics'
import { kernel } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { Phase, type Fiber } from './fiber.ts'

const EVERY = 6, TRUST = 16

const unread = new Array<Fiber | null>(EVERY).fill(null)
let count = 0

/** How many runs have ended since the clock was read. */
export function unreadRuns(): number {
  return count
}

/** No run has ended: for the lab, which begins anew. */
export function forgetCharges(): void {
  unread.fill(null)
  count = 0
}

/** Whether the runs of `fiber` are brief. */
export function isTrusted(fiber: Fiber): boolean {
  return fiber.brief >= TRUST
}

/** A run of `fiber` has ended. False: the clock must be read now. */
export function goesUnread(fiber: Fiber): boolean {
  if (fiber.brief < TRUST || count === EVERY - 1) return false
  unread[count++] = fiber
  return true
}

/** `passed` ms have gone by since the clock was read. `last` is the fiber that runs, or ran last. */
export function charge(last: Fiber, passed: number, grain: number): void {
  const brief = passed <= grain
  if (count !== 0 && !brief) {
    passed = betrayed(last, passed, grain)
    last.brief = 0
  } else {
    count = 0
    if (!brief) last.brief = 0
    else if (last.brief < TRUST) last.brief++
  }
  pay(last, passed)
}

// G4. Returns what is left for the last one.
function betrayed(last: Fiber, passed: number, grain: number): number {
  const runs = last.phase === Phase.RUNS, counted = !runs && unread[count - 1] === last
  const share = passed / (counted ? count : count + 1), each = runs && grain < share ? grain : share
  for (let i = count - (counted ? 1 : 0); i-- !== 0;) {
    const fiber = unread[i]!
    fiber.brief = 0
    pay(fiber, each)
    passed -= each
  }
  unread.fill(null)
  count = 0
  return passed
}

function pay(fiber: Fiber, ms: number): void {
  fiber.runtime += ms
  pokef(kernel, fiber.at + ThreadRecord.cpu, fiber.runtime)
}
