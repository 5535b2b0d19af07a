// Who serves a port: the threads that have waited for messages of it, each from its first wait to its end, or until it lets go of the port.
//
// life of a port         meaning                                             who leaves it, and to where
//   FRESH      0       nobody has served it yet: messages wait for somebody  who joins: SERVED
//   SERVED     1       somebody serves it                                    the last one who leaves: ORPHANED
//   ORPHANED   2       all have left: what was in it is refused, so is what   who joins: SERVED
//                      comes
//
// state of a server record   FREE, CLAIMED by a carrier (its number, negated), SERVING, LEAVING: kernel/records.ts
//
// I1  A thread has one record for each port that it serves.  Whether somebody serves a port is what the records say; nobody counts.
// I2  Who leaves stores LEAVING, then looks for others; if there are none it makes the port ORPHANED, and looks again: somebody
//     who has joined meanwhile and has seen SERVED is found then, and the port is SERVED again.
// I3  Who sends enters the message and looks at life then; who leaves makes the port ORPHANED and empties it then.  So one of the two
//     refuses the message: nobody waits for an answer that cannot come. A run is closed by who empties the port, so who adds to it need not look.
// I4  LEAVING is left last.  The reaper does all of it again for a server that died, in whatever step.
// I5  A thread that was appointed serves from then on: its record has carrier 0, and whoever swaps that for its own looks after it: the thread, when it
//     first waits; else, once the thread has ended, its carrier, which looks after that; who appoints, which looks then whether the thread has ended; or
//     the reaper.  So one of them finds the record, and one only ends it.
//
// Threads that wait while life changes look again: who changes it counts a loss, their epoch, and wakes them (queue.ts, I5).
//
// Reuse: a record names its port by address alone.  Whoever frees a port frees the records of it first; a thread that
// remembers a record looks whether it is still its own.
//
// Rejected: a counter in the port (one that dies beside it makes it wrong for ever); a port that belongs to who made it (it is made
// by one thread and given to another one, as arguments are).

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

export const FRESH = 0, SERVED = 1, ORPHANED = 2
const FREE = 0, SERVING = 1, LEAVING = 2
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
  const r = serverRecord(i)
  poke(kernel, r + carrier, self.carrier)
  poke(kernel, r + tid, self.tid)
  poke(kernel, r + port, at)
  store(kernel, r + state, SERVING)                                       // CLAIMED -> SERVING
  mine.set(at, i)
  serve(at)
  return i
}

function serve(at: Address): void {
  for (let life = load(user, at + Port.life); life !== SERVED; life = load(user, at + Port.life)) cas(user, at + Port.life, life, SERVED)
}

/** The thread `who`, not the calling one, serves `at` from now on, though it has not waited yet. Returns 0, or EAGAIN: there are too many servers. */
export function appoint(at: Address, who: number): number {
  if (serversOf(at).includes(who)) return 0
  const i = claim()
  if (i === 0) return EAGAIN
  const r = serverRecord(i)
  store(kernel, PORTS + Ports.appointed, 1)
  poke(kernel, r + carrier, 0)
  poke(kernel, r + tid, who)
  poke(kernel, r + port, at)
  store(kernel, r + state, SERVING)                                       // CLAIMED -> SERVING
  serve(at)
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
    if (adopts(i)) return i
  }
  return 0
}

const adopts = (i: number): boolean => cas(kernel, serverRecord(i) + carrier, 0, self.carrier) === 0

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
    if (i === 0 || load(kernel, word) !== FREE || cas(kernel, word, FREE, -self.carrier) !== FREE) continue   // FREE -> CLAIMED
    for (let last = lastServer(); last < i; last = lastServer()) cas(kernel, PORTS + Ports.lastServer, last, i)
    return i
  }
  return 0
}

/** The calling thread does not serve `at` any more, if it does. */
export function leave(at: Address): void {
  const i = local.ports?.get(at) ?? adopted(at, self.tid)
  if (i === 0) return
  local.ports?.delete(at)
  departures++
  if (isMine(i)) depart(i, false)
}

/** The calling thread ends: it serves no port any more. */
export function leaveAll(): void {
  for (const at of local.ports?.keys() ?? []) leave(at)
}

function depart(i: number, isReaper: boolean): void {
  const r = serverRecord(i), at = peek(kernel, r + port)
  store(kernel, r + state, LEAVING)                                       // SERVING -> LEAVING
  if (serversOf(at).length === 0 && cas(user, at + Port.life, SERVED, ORPHANED) !== FRESH) {
    if (serversOf(at).length !== 0) cas(user, at + Port.life, ORPHANED, SERVED)   // I2
    else drain(at, isReaper)
  }
  store(kernel, r + state, FREE)                                          // LEAVING -> FREE
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

/** Refuses what is in the queue. The reaper wakes all later. */
export function drain(at: Address, isReaper = false): void {
  refuseAll(at, isReaper)
  if (!isReaper) alert(at)
}

function refuseAll(at: Address, isReaper: boolean): void {
  for (;;) {
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
    if (load(kernel, r + state) >= SERVING && peek(kernel, r + port) === at) store(kernel, r + state, FREE)
  }
  refuseAll(at, true)                                                     // nobody waits: who does holds the port
}

/** For the reaper: carrier `gone` has died; its threads serve no more. */
export function sweepServers(gone: number): void {
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const r = serverRecord(i)
    const seen = load(kernel, r + state)
    if (seen === -gone) store(kernel, r + state, FREE)
    else if (seen >= SERVING && peek(kernel, r + carrier) === gone) depart(i, true)
    else if (seen === SERVING && load(kernel, r + carrier) === 0 && !isAlive(peek(kernel, r + tid)) && adopts(i)) depart(i, true)
  }
}

/** Calls `f` with each server record that is not free. */
export function forServers(f: (at: Address, tid: number) => void): void {
  for (let i = 1, last = lastServer(); i <= last; i++) {
    const r = serverRecord(i)
    if (load(kernel, r + state) !== FREE) f(peek(kernel, r + port), peek(kernel, r + tid))
  }
}
