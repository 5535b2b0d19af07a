// Directed yield: a fiber that must wait for a lock gives its turn to the fiber that holds it.
//
// The holder, or whom that one waits for in the same way, is runnable on this carrier, but queued behind others.  The scheduler hears of it
// (`donated`), and lets it run next as far as its rules allow: POSIX leaves the order of SCHED_OTHER to us, and of no other policy.  So between
// threads of SCHED_FIFO and SCHED_RR it needs a mutex that lends priority (pthread/priority.ts), which does more: it lasts until the unlock.
//
// D1  It is advice.  Who holds the lock is read from its words without a lock of ours; who has unlocked meanwhile, or is another by now, has a
//     turn early, and that is all.
// D2  Nobody starves.  Two that wait for each other's locks in turn could give all turns to each other: of MOST turns that were given on,
//     one after another, the last is not given on again.
//
// A thread that waits elsewhere, on another carrier or in a Worker of its own, has no turn to give here, but asks for one: pthread/turn.ts.
//
// Rejected: to hand the lock over with the turn (a mutex is taken by who runs first); to lend until the unlock (somebody would have to take it back
// in every unlock); whom a thread joins (it holds nothing that others wait for, too).

import { peek } from '#atomics'
import { kernel } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { holderAwaitedBy } from '../pthread/waits.ts'
import { Phase, type Fiber } from './fiber.ts'
import { fibers, here, lookAround } from './runnable.ts'

const MOST = 4, LONGEST = 8

let donee = 0, given = 0                                                  // the tid of the last one; how many turns were given on by one another

/** No turn was given: for the lab, which begins anew. */
export function forgetDonations(): void {
  donee = given = 0
}

/** `waiter`, which ran, sleeps from now on: if on a lock, its holder may run next. */
export function donate(waiter: Fiber): void {
  if (!waitsForLock(waiter) || here.scheduler.donated === undefined) return
  lookAround()                                                            // the holder may have been woken just now; the waiter, too
  if (waiter.phase !== Phase.SLEEPS) return
  let holder: Fiber | null = waiter
  for (let i = 0; i < LONGEST && holder?.phase === Phase.SLEEPS; i++) holder = waitsForLock(holder) ? fibers.get(find(holderAwaitedBy(holder.slot))) : null
  if (holder === null || (holder.phase !== Phase.READY && holder.phase !== Phase.YIELDED && holder.phase !== Phase.LENT)) return
  given = waiter.tid === donee ? given + 1 : 1
  donee = given > MOST ? 0 : holder.tid                                   // D2
  if (donee !== 0) here.scheduler.donated(holder, here.time)
}

function waitsForLock({ at }: Fiber): boolean {
  const reason = peek(kernel, at + ThreadRecord.wmesg)
  return reason === wmesg.mutex || reason === wmesg.rwlock
}
