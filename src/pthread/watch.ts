// The watcher: notices that the program hangs, and says why.
//
// It looks at the thread table now and then, from a heap that nobody blocks, and takes no lock.  It tells of
//   a cycle     threads that wait for each other without a deadline (waits.ts), each in the same sleep for STAND ms
//   silence     all threads have been asleep, each in the same sleep, for STAND ms; none until a deadline, none on
//               something that the library or the outside of the process brings (externalReasons), no timer is armed, and no signal is handled
//
// W1  What is told cannot end by itself.  A thread in its event loop is no sleeper, whatever its promises wait for:
//     timers, sockets and signal handlers may call it.  Nor is one that runs, starts, or is suspended by
//     Atomics.wait: who does not stand in a queue of the futex may act.  When in doubt the watcher is silent.
// W2  "The same sleep" is the same count of sleeps of the same use of a record.  A thread that was woken has left
//     its queue under the bucket's lock before its waker goes on, so a slow machine makes nobody look asleep.
// W3  One hang is told once.  After a death the reaper wakes all sleepers for nothing and they sleep again: that is
//     still the same hang, if the threads and the objects are the same.
//
// Rejected: looking when a thread falls asleep (the hot path would pay, and a cycle can close without a sleep of its
// last thread: by the mutex that it takes next); a report after a time without progress (a correct program may rest).

import { peek } from '#atomics'
import { kernel, record } from '../kernel/process.ts'
import { Flag, State, ThreadRecord } from '../kernel/records.ts'
import { isHandled } from '../kernel/signal.ts'
import { snapshot, snapshots, type Snapshot } from '../kernel/snapshot.ts'
import { lastSlot } from '../kernel/thread.ts'
import { armedTimers } from '../kernel/timer.ts'
import { wmesgs } from '../kernel/wmesg.ts'
import { cycleReport, describeCycles, silenceReport } from './report.ts'
import { describeThreads } from './threads.ts'
import { cycles, externalReasons, holdersBy, waitOf, type Wait } from './waits.ts'

/** How often to look, and how long a hang must have lasted, ms. */
export const PERIOD = 250, STAND = 1000
const FORGET = 5000

// Asked when all sleep: whether something outside of the threads may still have one woken.
function isExpecting(): boolean {
  return armedTimers() !== 0 || isHandled()
}

export class Watcher {
  readonly #now: () => number
  #since = new Map<string, number>()                       // hangs that may become one, by the sleeps: first seen
  readonly #told = new Map<string, number>()               // by threads and objects: last seen

  /** `now`: a clock in ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Looks at the threads; returns the reports of the hangs that are to be told now. */
  look(): string[] {
    const all = mayHang() ? snapshots() : []
    const found = cycles(all)
    const silent = found.length === 0 ? silence(all) : undefined
    const time = this.#now()
    const since = new Map<string, number>()
    const due = [...found, ...silent === undefined ? [] : [silent]].filter((waits) => {
      const sleeps = key(waits, true), hang = key(waits, false)
      const first = this.#since.get(sleeps) ?? time
      since.set(sleeps, first)
      const told = this.#told.has(hang)
      if (told || time - first >= STAND) this.#told.set(hang, time)
      return !told && time - first >= STAND
    })
    this.#since = since
    for (const [hang, seen] of this.#told) if (time - seen > FORGET) this.#told.delete(hang)
    return due.map(waits => waits === silent ? silenceReport(describeThreads(all)) : cycleReport(describeCycles(all, [waits])[0], describeThreads(all)))
  }
}

// Whether a closer look is worth its price: a copy of every record takes a second when there are a million.  Copies only those that may be part
// of a cycle.
function mayHang(): boolean {
  let silent = !isExpecting()
  const held: Snapshot[] = []
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    const state = peek(kernel, t + ThreadRecord.state)
    if (state === State.FREE || state === State.EXITED || (peek(kernel, t + ThreadRecord.flags) & (Flag.ASYNC | Flag.HOST)) !== 0) continue
    const reason = wmesgs[peek(kernel, t + ThreadRecord.wmesg)]
    if (state !== State.SLEEPING || reason === '' || peek(kernel, t + ThreadRecord.bucket) === 0) {   // the last: woken, and has not yet run
      silent = false
      continue
    }
    if (externalReasons.has(reason) || (reason !== 'once' && peek(kernel, t + ThreadRecord.timed) !== 0)) silent = false
    const copy = holdersBy[reason] === undefined ? undefined : snapshot(slot)
    if (copy !== undefined) held.push(copy)
  }
  return silent || cycles(held).length !== 0
}

// The sleeps of all threads, if all sleep for ever; else undefined.
function silence(all: readonly Snapshot[]): Wait[] | undefined {
  const waits: Wait[] = []
  for (const copy of all) {
    if ((copy.word(ThreadRecord.flags) & (Flag.ASYNC | Flag.HOST)) !== 0 || copy.word(ThreadRecord.state) === State.EXITED) continue
    const wait = waitOf(copy)
    if (wait === undefined || wait.timed || externalReasons.has(wait.reason)) return undefined
    waits.push(wait)
  }
  return waits.length === 0 || isExpecting() || !waits.every(({ by }) => by.sleepsOn) ? undefined : waits
}

// Sleepers on `once` look around every second: their sleeps are not counted.
function key(waits: readonly Wait[], bySleep: boolean): string {
  return waits.map(({ by, reason, memory, address }) => [
    by.slot, by.word(ThreadRecord.serial), reason, memory, address, bySleep && reason !== 'once' ? by.word(ThreadRecord.sleeps) : '',
  ].join('/')).sort().join(' ')
}
