// Who serves a port: the threads that have waited for messages of it, each from its first wait to its end, or until it lets go of the port.
//
// life of a port            meaning                                             who leaves it, and to where
//   FRESH      0          nobody has served it yet: messages wait for somebody   who joins: SERVED
//   SERVED     joins      somebody serves it; so many have joined, modulo 2^31   who joins: SERVED, one more.  The last one who leaves: ORPHANED
//   ORPHANED   -joins     all have left: what was in it is refused, so is what   who joins: SERVED, one more
//                         comes
//
// state of a server record    meaning                                          who leaves it, and to where
//   FREE       0            nobody's; it names no port                         who joins, or appoints, from carrier n: CLAIMED by n
//   CLAIMED    -n           carrier n makes it; it counts once it names a      that carrier: SERVING.  After its death the reaper: LEAVING
//                           port
//   SERVING    1            its thread serves the port                         whoever looks after it (I5): LEAVING
//   LEAVING    2            its thread serves no more                          the same: FREE.  After its death the reaper: LEAVING, FREE
//
// I1  Whether somebody serves a port is what the records say; nobody counts.  A thread has one record for each port that it serves, and a
//     second one if it is appointed at the moment when it joins: it leaves with both.
// I2  Who joins lets its record count, then changes life, then makes it SERVING.  Who leaves stores LEAVING, then reads life, then looks for others; if
//     there are none it swaps for ORPHANED what it has read.  So that fails if somebody has joined meanwhile; and nobody who is SERVING serves a port
//     that is FRESH, or ORPHANED for longer than it takes to leave.
// I3  Who sends enters the message and looks at life then; who leaves makes the port ORPHANED and empties it then, until it is SERVED again.  So one
//     of them refuses the message, or somebody who serves takes it: nobody waits for an answer that cannot come. A run is closed by who empties the
//     port, so who adds to it need not look.
// I4  LEAVING is left last.  The reaper does all of it again for a server that died, in whatever step; so it does for who died while CLAIMED.
// I5  The carrier in a record looks after it.  A thread that was appointed serves from then on: its record has its tid, negated, there, and whoever
//     swaps that for its own number looks after it: the thread, when it first waits; else, once the thread has ended, its carrier, which
//     looks after that; who appoints, which looks then whether the thread has ended; or the reaper.  So one of them finds the record, and one only
//     ends it: the tid is another one if the record is used again.
//
// Threads that wait while life changes look again: who changes it counts a loss, their epoch, and wakes them (queue.ts, I5).
//
// Reuse: a record names its port by address alone.  Whoever frees a port frees the records of it first; a thread that
// remembers a record looks whether it is still its own.
//
// Rejected: a counter in the port (one that dies beside it makes it wrong for ever); a port that belongs to who made it (it is made
// by one thread and given to another one, as arguments are); a life that does not count (who leaves finds out too late that somebody
// has joined, and cannot take back what it has refused meanwhile).

import { cas, load, peek, poke, store } from '#atomics'
import { EAGAIN } from '../kernel/errno.ts'
import { countLoss, wake } from '../kernel/futex.ts'
import { kernel, messageCount, record, self, serverRecord, user } from '../kernel/process.ts'
import { PORTS, Ports, ServerRecord, State, ThreadRecord } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'
import type { Address } from '../mem/memory.ts'
import { local } from '../pthread/local.ts'
import { INLINE, refuse, takeFirst } from './message.ts'
import { END, enter, hardLimit } from './queue.ts'
import { Port } from './records.ts'

const FREE = 0, SERVING = 1, LEAVING = 2
const JOINS = 0x7fffffff
const { state, port, carrier, tid } = ServerRecord

const lastServer = (): number => load(kernel, PORTS + Ports.lastServer)

/** Goes on with each server record that this heap gives up: {@link join} need not be called again for a port while it stays and the thread is the same. */
export let departures = 0

// Whether the calling thread serves `at`, and server record `i`, 0: none, is the one that says so.
function serves(at: Address, i: number): boolean {
  return i > 0 && peek(kernel, serverRecord(i) + port) === at && isMine(i)
}

/** The calling thread serves `at` from now on, if it does not yet. Returns the number of its server record, or -EAGAIN: there are too many servers. */
export function join(at: Address): number {
  const mine = local.ports ??= new Map<Address, number>()
  const known = mine.get(at) ?? 0
  if (serves(at, known)) return known
  const mineAlready = adopted(at, self.tid)
  if (mineAlready !== 0) {
    mine.set(at, mineAlready)
    return mineAlready
  }
  const i = claim()
  if (i === 0) return -EAGAIN
  occupy(i, at, self.tid, self.carrier)
  mine.set(at, i)
  return i
}

// Server record `i`, which this carrier has claimed, becomes that of thread `who`, which serves `at` from now on. Who looks after it: I5.
function occupy(i: number, at: Address, who: number, by: number): void {
  const r = serverRecord(i)
  poke(kernel, r + carrier, by)
  poke(kernel, r + tid, who)
  store(kernel, r + port, at)                                             // it counts
  for (let life = load(user, at + Port.life), seen; ; life = seen) {
    seen = cas(user, at + Port.life, life, Math.abs(life) % JOINS + 1)   // FRESH, SERVED, ORPHANED -> SERVED
    if (seen === life) break
  }
  store(kernel, r + state, SERVING)                                       // CLAIMED -> SERVING
}

/** Whether nobody has served the port at `at` so far. */
export function isFresh(at: Address): boolean {
  return load(user, at + Port.life) === 0
}

/** Whether all who served the port at `at` have left. */
export function isOrphaned(at: Address): boolean {
  return load(user, at + Port.life) < 0
}

/** The thread `who`, not the calling one, serves `at` from now on, though it has not waited yet. Returns 0, or EAGAIN: there are too many servers. */
export function appoint(at: Address, who: number): number {
  if (serversOf(at).includes(who)) return 0
  const i = claim()
  if (i === 0) return EAGAIN
  store(kernel, PORTS + Ports.appointed, 1)
  occupy(i, at, who, -who)
  if (!isAlive(who)) endAppointed(who)
  return 0
}

const isAlive = (who: number): boolean => {
  const slot = find(who)
  return slot !== 0 && load(kernel, record(slot) + ThreadRecord.state) !== State.EXITED
}

// The caller's from now on: the record that says that `who` was appointed to serve `at`, 0: any port. Its number; 0: there is none, or it is another's.
function adopted(at: Address, who: number): number {
  if (load(kernel, PORTS + Ports.appointed) === 0) return 0
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const r = serverRecord(i)
    if (load(kernel, r + state) !== SERVING || peek(kernel, r + tid) !== who || (at !== 0 && peek(kernel, r + port) !== at)) continue
    if (adopts(i, who)) return i
  }
  return 0
}

const adopts = (i: number, who: number): boolean => cas(kernel, serverRecord(i) + carrier, -who, self.carrier) === -who

/** The thread `who` has ended: it will not serve what it was appointed for. */
export function endAppointed(who: number): void {
  for (let i = adopted(0, who); i !== 0; i = adopted(0, who)) depart(i, false)
}

function isMine(i: number): boolean {
  const r = serverRecord(i)
  return load(kernel, r + state) === SERVING && peek(kernel, r + tid) === self.tid && peek(kernel, r + carrier) === self.carrier
}

function claim(): number {
  const base = self.tid % messageCount
  for (let n = 0; n < messageCount; n++) {
    const i = (base + n) % messageCount, word = serverRecord(i) + state
    if (i === 0 || load(kernel, word) !== FREE) continue
    for (let last = lastServer(); last < i; last = lastServer()) cas(kernel, PORTS + Ports.lastServer, last, i)
    if (cas(kernel, word, FREE, -self.carrier) === FREE) return i          // FREE -> CLAIMED
  }
  return 0
}

/** The calling thread does not serve `at` any more, if it does. */
export function leave(at: Address): void {
  const known = local.ports?.get(at) ?? 0
  local.ports?.delete(at)
  departures++
  if (serves(at, known)) depart(known, false)
  for (let i = adopted(at, self.tid); i !== 0; i = adopted(at, self.tid)) depart(i, false)
}

/** The calling thread ends: it serves no port any more. */
export function leaveAll(): void {
  for (const at of local.ports?.keys() ?? []) leave(at)
}

function depart(i: number, isReaper: boolean): void {
  const r = serverRecord(i), at = peek(kernel, r + port)
  store(kernel, r + state, LEAVING)                                       // SERVING, CLAIMED, LEAVING -> LEAVING
  if (at !== 0) vacate(at, isReaper)
  empty(i)
}

function empty(i: number): void {
  store(kernel, serverRecord(i) + port, 0)
  store(kernel, serverRecord(i) + state, FREE)                            // LEAVING -> FREE
}

// Nobody may serve the port any more.
function vacate(at: Address, isReaper: boolean): void {
  for (;;) {
    const life = load(user, at + Port.life)
    if (life === 0 || (life > 0 && isOccupied(at))) return
    if (life > 0 && cas(user, at + Port.life, life, -life) !== life) continue   // SERVED -> ORPHANED
    return drain(at, isReaper)
  }
}

function isOccupied(at: Address): boolean {
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const seen = load(kernel, serverRecord(i) + state)
    if (seen !== FREE && seen !== LEAVING && load(kernel, serverRecord(i) + port) === at) return true
  }
  return false
}

/** The tids of the threads that serve the port. */
export function serversOf(at: Address): number[] {
  const found: number[] = []
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const r = serverRecord(i)
    if (load(kernel, r + state) === SERVING && peek(kernel, r + port) === at) found.push(peek(kernel, r + tid))
  }
  return found
}

/** Refuses what is in the queue of a port that is ORPHANED. The reaper wakes all later. */
export function drain(at: Address, isReaper = false): void {
  refuseAll(at, isReaper, isOrphaned)
  if (!isReaper) alert(at)
}

function refuseAll(at: Address, isReaper: boolean, isRefused: (at: Address) => boolean): void {
  while (isRefused(at)) {
    const n = takeFirst(at, self.tid, true)
    if (n <= 0) return
    if (n !== INLINE) refuse(n, isReaper)
  }
}

/** No more messages can be sent to the port; those in it can be taken. Nothing happens if it is closed already. */
export function close(at: Address): void {
  if (enter(at, END, hardLimit(at) + 1) === 0) alert(at)
}

// Whoever waits looks again.
function alert(at: Address): void {
  countLoss()
  wake(user, at + Port.tail, Infinity)
  wake(user, at + Port.head, Infinity)
}

/** Nobody holds the port any more: for {@link finalize}. */
export function discardPort(at: Address): void {
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const r = serverRecord(i)
    if (load(kernel, r + state) >= SERVING && peek(kernel, r + port) === at) empty(i)
  }
  refuseAll(at, true, () => true)                                                     // nobody waits: who does holds the port
}

/** For the reaper: carrier `gone` has died; its threads serve no more. */
export function sweepServers(gone: number): void {
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const r = serverRecord(i)
    const seen = load(kernel, r + state), by = peek(kernel, r + carrier)
    if (seen === -gone || (seen >= SERVING && by === gone)) depart(i, true)
    else if (seen === SERVING && by < 0 && !isAlive(-by) && adopts(i, -by)) depart(i, true)
  }
}

/** Calls `f` with each server record that is not free. */
export function forServers(f: (at: Address, tid: number) => void): void {
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const r = serverRecord(i)
    if (load(kernel, r + state) !== FREE) f(peek(kernel, r + port), peek(kernel, r + tid))
  }
}
