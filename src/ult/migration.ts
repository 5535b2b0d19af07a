// Migration: a fiber that has begun goes on at another carrier.
//
// Only a fiber whose body is a Nomad can: a stack of C, which lies in the program's memory while its thread does not run.  A generator
// of the language's is an object of one heap, and stays where it has begun.
//
// claim          the fiber                                        who leaves it, and to where
//   carrier + 1  is that carrier's: it runs, sleeps, is queued    that carrier, by lend: 1
//   1            is LENT: queued at the carrier that lent it, and  any carrier, by compare and swap: its own number + 1; the one that lent it
//                  offered to all                                    does so when its scheduler picks it, the others when they look for work
//
// M1  Commit after switch-out.  A carrier lends a fiber when it has yielded, is queued, and has packed: its frames, registers, and what its import returns
//     lie in shared memory, its times and counts in its record.  The store of 1 is the last thing that the carrier does with it: who
//     reads the 1 by its compare and swap sees all of that.
// M2  One carrier has the fiber at a time: who runs it has changed the 1.  So the carrier that lent it must claim it before it runs it, and what it
//     knows of it is old then: it unpacks (recover).
// M3  What a carrier has lent and another has is a shadow here: it stands in the scheduler until that picks it, or `balance` finds it, or
//     its record comes here again with another thread, or the same one.  A shadow has no say: what is true stands in the record.
// M4  Nothing that is told to a fiber is lost on the way.  A fiber that is LENT waits for nothing, so nobody wakes it; a signal, or a cancellation, is in
//     its `attention` before somebody hints at it, and who claims it looks there after it has written `carrier` (C6 of crew.ts).
// M5  What it has in JavaScript keeps it here: a call of C within a call of C, for what lies between is JavaScript, and its end (`closing`), which is
//     a generator.  Cleanup handlers and values of keys of C are in the program's memory (c/src/own.c) and keep nobody.  A port that it
//     serves does: its server record and the messages that it has taken name this carrier.  Frames that do not fit into the
//     thread's own stack (main's, whose size nobody knows; those of wasi-threads, which their creator has made) go along in user memory.
// M6  Who has a real-time policy, or inherits a priority, stays: the order of these is for one scheduler to keep, and to go on elsewhere would be to go
//     to the end of another's list.  One that is on its way and is given either has it wherever it arrives: it is written before the hint, and who
//     claims the fiber reads it after it has written `carrier` (C6).
//
// When.  To lend costs as much as two or three switches, and somebody else's sleep a wake: so fibers are lent only while those that are queued have to
// wait for longer than WAIT, and then to who sleeps at once, else EVERY so often, no more than WINDOW at a time.  A carrier without work takes half of what
// is lent at the place that offers most; one that has less than others, by what they say, the half of what it has less, every EVERY ms.
//
// A carrier that dies takes with it the fibers that it has claimed; those that it has lent, and that nobody has claimed, go on elsewhere.
//
// Rejected: run queues in shared memory (the schedulers are objects of a heap, and may be the user's); to lend each fiber that yields (three atomic
// accesses for each switch); to send fibers to the carrier that has least (one that is busy for long would sit on them).

import { peek } from '#atomics'
import { anyIdle, claim, isOffered, lend, mayTake, offered, placeCount } from '../kernel/crew.ts'
import { CANCEL, SIGNAL } from '../kernel/futex.ts'
import { kernel, placeRecord, record } from '../kernel/process.ts'
import { Place, ThreadRecord } from '../kernel/records.ts'
import { enter } from '../pthread/local.ts'
import { Phase, type Fiber, type Nomad } from './fiber.ts'
import { admitClaimed, bring, dismiss, fibers, here, installBalance, isDue, recover, refresh, tick } from './runnable.ts'
import { lending } from './steps.ts'

const WAIT = 0.02, EVERY = 1                                              // ms
const WINDOW = 32

let balanced = 0, switches = 0, since = 0
let lent: Fiber[] = []

/** Nothing was lent: for the lab, which begins anew. */
export function forgetLoans(): void {
  lending.left = balanced = switches = since = 0
  lending.woken = false
  lent = []
}

installBalance(balance)

// The clock was read.
function balance(): void {
  const due = here.time - balanced >= EVERY, idle = anyIdle()
  if (!due && (idle === lending.woken || !idle)) return
  balanced = here.time
  lent = lent.filter(isLent)
  const { runnable } = here.scheduler
  const each = (here.time - since) / Math.max(1, here.switches - switches)
  since = here.time
  switches = here.switches
  lending.left = runnable < 2 || runnable * each < WAIT ? 0 : Math.min(WINDOW, runnable) - Math.max(0, offered(here.place))
  lending.woken = idle
  if (due) even(runnable)
}

// Takes from the carrier that has most.
function even(mine: number): void {
  let from = -1, most = 2 * mine + 1
  for (let i = 0; i < placeCount(); i++) {
    const count = i === here.place || !mayTake(here.place, i) || offered(i) <= 0 ? 0 : peek(kernel, placeRecord(i) + Place.runnable)
    if (count <= most) continue
    from = i
    most = count
  }
  if (from >= 0) bring(from, most - mine >> 1)
}

// Of a fiber that was lent; one that another carrier has is forgotten.
function isLent(fiber: Fiber): boolean {
  if (fiber.phase !== Phase.LENT) return false
  if (isOffered(fiber.slot)) return true
  if (fibers.get(fiber.slot) === fiber) dismiss(fiber)
  return false
}

/** Lends `fiber`, which has yielded, if it can go on elsewhere. */
export function lendOut(fiber: Fiber): void {
  lending.left--
  const body = fiber.body as Partial<Nomad>
  if (fiber.phase !== Phase.YIELDED || body.pack === undefined || here.scheduler.runnable < 2 || keeps(fiber)) return
  tick()                                                                  // its time is its own: nobody charges it later
  enter()
  if (isDue(fiber.slot, SIGNAL | CANCEL) || !body.pack(fiber.at + ThreadRecord.room)) return
  fiber.phase = Phase.LENT
  lent.push(fiber)
  lend(here.place, fiber.slot)
}

// M5, M6
function keeps({ cleanup, values, handle, held, ports, reads, closing, policy, priority }: Fiber): boolean {
  const has = cleanup !== undefined || values !== undefined || handle !== undefined || held !== undefined || ports !== undefined || reads !== undefined
  return has || closing || policy !== 0 || priority !== 0
}

/** The scheduler has picked `fiber`, which was lent. False: another carrier has it. */
export function regain(fiber: Fiber): boolean {
  const { slot, tid } = fiber
  if (claim(slot)) {
    if (peek(kernel, record(slot) + ThreadRecord.tid) === tid) {
      recover(fiber)
      refresh(fiber)
      return true
    }
    admitClaimed(slot)
  } else {
    dismiss(fiber)
    balanced = 0                                                          // somebody wants more, maybe
  }
  here.scheduler.blocked?.(fiber, here.time)
  return false
}
