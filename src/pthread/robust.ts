// Mutexes whose word names the holder: robust ones, and those of the protocols PTHREAD_PRIO_INHERIT and _PROTECT.
// POSIX.1-2024 pthread_mutex_lock and its kin, pthread_mutex_consistent.
//
// word                      meaning                                   who leaves it, and to where
//   VACANT                  nobody holds it                           any thread, by lock: its tid
//   ORPHAN                  nobody does; the last holder died         any thread, by lock, which returns EOWNERDEAD: its tid
//   LOST                    not recoverable                           nobody
//   tid                     held, nobody sleeps                       the holder: VACANT, or LOST.  Who buries it: ORPHAN.  A thread about to wait: + WAITED
//   tid + WAITED            held, somebody may sleep                  the same, who then wakes one, at LOST all
// No value is 0, which is how the fast path of plain mutexes (mutex.ts) passes these by; while they are held the
// sign bit of `depth` is set, which is how the fast path of unlock does.
//
// I1  Only the holder moves the word to VACANT or LOST; who buries the holder, to ORPHAN, and only while it names the dead.
// I2  While a thread sleeps here, the word has WAITED, or a wake is due, or a woken thread has yet to look (mutex.ts, I2).
// I3  Whoever has slept takes the mutex with WAITED: others may still sleep.
// I4  A mutex that names a thread is in that thread's list (`robust` of its record, linked by `next`), or the thread's
//     `acquiring` names it.  A thread may die between any two stores:
//       lock:    acquiring = mutex; word = tid; owner, depth; next, prev; robust = mutex; acquiring = 0
//       unlock:  acquiring = mutex; out of the list; owner = 0; word = VACANT; wake; acquiring = 0
//     The list is read by `next` only, and is whole after every one store: a mutex enters it by the store to
//     `robust`, and leaves it by the store to `robust` or to its neighbour's `next`.  The list goes through all memories
//     that links can name (kernel/memories.ts); the spawner, which buries the dead, knows them too.
// I5  After EOWNERDEAD, `inconsistent` is 1 until pthread_mutex_consistent; an unlock before that makes the mutex LOST.
//     If the holder dies first, ORPHAN again: each death is told to exactly one thread.
//
// Who buries: the thread itself at its end (start.ts), with a wake for each; the reaper for a thread that could not
// (bequest.ts), which wakes every sleeper afterwards, also for one that died between its store and its wake.
// A mutex that is not robust and whose holder ends stays held for ever, as POSIX says.
//
// Reuse: after its exchange unlock uses the address as a key only.  Who buries compares the word of `acquiring`,
// which may by then lie in memory of another use; it changes it only if type and word still name the dead.
//
// Rejected: an array of held mutexes in the thread record (a limit); a list through kernel memory (an allocation);
// requeue of condition waiters to these mutexes (the futex would have to know their words): they are woken.

import { cas, exchange, load, peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, type Clock } from '../kernel/clock.ts'
import { EAGAIN, EBUSY, EINVAL, ENOTRECOVERABLE, EOWNERDEAD, EPERM, ETIMEDOUT } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { addressIn, linkTo, memoryIn } from '../kernel/memories.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { block, deadlock, wait, type Sleeper } from '../kernel/request.ts'
import { polls } from '../kernel/spin.ts'
import { find } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { above, inheritAgain, takeBack } from './priority.ts'
import { DEPTH_MAX, kindOf, ROBUST, typeOf, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_RECURSIVE } from './mutextype.ts'
import { Mutex } from './records.ts'
import { askTurn } from './turn.ts'
import { closesCycle } from './waits.ts'

const WAITED = 0x8000_0000 | 0
/** The word of a mutex of these kinds that nobody holds. */
export const VACANT = 0x4000_0000
const ORPHAN = VACANT + 1, LOST = VACANT + 2
const HOLDER = VACANT - 1
/** Set in `depth` while such a mutex is held. */
export const NAMED = 0x8000_0000 | 0
const SPINS = 40

const { owner, depth, next, prev, inconsistent } = Mutex
const { robust, acquiring } = ThreadRecord

/** Whether nobody holds a mutex with this word. */
export function isVacant(word: number): boolean {
  return (word & VACANT) !== 0
}

/** Trylock by the owner `tid`: 0 or EOWNERDEAD with the mutex locked; EBUSY, ENOTRECOVERABLE, EAGAIN, EINVAL. */
export function trylockNamed(m: Memory, mutex: Address, tid: number): number {
  if (peek(m, mutex + owner) === tid) return typeOf(m, mutex) === PTHREAD_MUTEX_RECURSIVE ? deepen(m, mutex) : EBUSY
  return take(m, mutex, tid, 0)
}

/** Lock by the calling thread until `until`: as {@link trylockNamed}, or ETIMEDOUT, EDEADLK. */
export function lockNamed(m: Memory, mutex: Address, until: number, clock: Clock): number {
  const kind = typeOf(m, mutex)
  if (peek(m, mutex + owner) === self.tid && kind !== 0) return kind === PTHREAD_MUTEX_RECURSIVE ? deepen(m, mutex) : deadlock()
  for (let i = polls(SPINS); i > 0; i--) {
    const result = take(m, mutex, self.tid, 0)
    if (result !== EBUSY) return result
  }
  if (kind === PTHREAD_MUTEX_ERRORCHECK && until === Infinity && closesCycle(m, mutex)) return deadlock()
  return block(lockNamed_slow(m, mutex, self.tid, until, clock))
}

/** {@link lockNamed} of a fiber. */
export function* lockNamedYielding(m: Memory, mutex: Address, until: number, clock: Clock): Sleeper<number> {
  const kind = typeOf(m, mutex)
  if (peek(m, mutex + owner) === self.tid && kind !== 0) return kind === PTHREAD_MUTEX_RECURSIVE ? deepen(m, mutex) : deadlock()
  const result = take(m, mutex, self.tid, 0)
  if (result !== EBUSY) return result
  if (kind === PTHREAD_MUTEX_ERRORCHECK && until === Infinity && closesCycle(m, mutex)) return deadlock()
  return yield* lockNamed_slow(m, mutex, self.tid, until, clock)
}

function deepen(m: Memory, mutex: Address): number {
  const more = peek(m, mutex + depth) & DEPTH_MAX
  if (more === DEPTH_MAX) return EAGAIN
  poke(m, mutex + depth, NAMED | more + 1)
  return 0
}

/** The slow path of every lock, by the owner `tid`: the results of {@link trylockNamed} but EBUSY, or ETIMEDOUT. */
export function* lockNamed_slow(m: Memory, mutex: Address, tid: number, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  let waited = 0
  for (;;) {
    const result = take(m, mutex, tid, waited)
    if (waited !== 0) passOn(m, mutex, result)
    if (result !== EBUSY) return result
    const word = load(m, mutex)
    if (isVacant(word)) continue
    if ((word & WAITED) === 0 && cas(m, mutex, word, word | WAITED) !== word) continue
    let errno = ETIMEDOUT
    askTurn(peek(m, mutex + owner))
    try {
      errno = yield wait(m, mutex, word | WAITED, wmesg.mutex, until, clock)
    } finally {
      if (errno === ETIMEDOUT) takeBack(m, mutex)                         // or a handler threw
    }
    if (errno === ETIMEDOUT) return errno
    waited = WAITED                                                       // I3
  }
}

// Who was woken and does not take the mutex owes the wake to others (I2): its priority was raised meanwhile; or the mutex is LOST, perhaps left so
// by one who took it without WAITED before the woken one looked, and therefore woke nobody.  All are woken then, not one by the other: one may be a
// promise of a heap that is blocked.
function passOn(m: Memory, mutex: Address, result: number): void {
  if (result === EINVAL) wake(m, mutex, 1)
  else if (result === ENOTRECOVERABLE) wake(m, mutex, Infinity)
}

// Takes the mutex if nobody holds it.  `waited`: WAITED by who has slept.
function take(m: Memory, mutex: Address, tid: number, waited: number): number {
  const slot = slotOf(tid)
  const kind = kindOf(m, mutex)
  if (slot === 0) return EPERM                                            // between two threads: nobody who could own it
  if (above(slot, m, mutex, kind)) return EINVAL
  const word = load(m, mutex)
  if (word === LOST) return ENOTRECOVERABLE
  if (!isVacant(word)) return EBUSY
  const t = record(slot)
  poke(kernel, t + acquiring, linkTo(m, mutex))                           // I4
  if (cas(m, mutex, word, tid | waited) !== word) {                       // VACANT, ORPHAN -> tid
    poke(kernel, t + acquiring, 0)
    return EBUSY
  }
  poke(m, mutex + inconsistent, word === ORPHAN ? 1 : 0)
  poke(m, mutex + owner, tid)
  poke(m, mutex + depth, NAMED)
  enlist(m, mutex, t)
  poke(kernel, t + acquiring, 0)
  inheritAgain(slot, kind)
  return word === ORPHAN ? EOWNERDEAD : 0
}

function slotOf(tid: number): number {
  return tid === self.tid ? self.slot : find(tid)
}

function enlist(m: Memory, mutex: Address, t: Address): void {
  const first = peek(kernel, t + robust)
  poke(m, mutex + next, first)
  poke(m, mutex + prev, 0)
  if (first !== 0) poke(memoryIn(first)!, addressIn(first) + prev, linkTo(m, mutex))
  poke(kernel, t + robust, linkTo(m, mutex))
}

function delist(m: Memory, mutex: Address, t: Address): void {
  const before = peek(m, mutex + prev), after = peek(m, mutex + next)
  if (before === 0) poke(kernel, t + robust, after)
  else poke(memoryIn(before)!, addressIn(before) + next, after)
  if (after !== 0) poke(memoryIn(after)!, addressIn(after) + prev, before)
}

/** Unlock by the owner `tid`. EPERM if it is not the holder. */
export function unlockNamed(m: Memory, mutex: Address, tid: number): number {
  if (peek(m, mutex + owner) !== tid) return EPERM
  const more = peek(m, mutex + depth) & DEPTH_MAX
  if (more !== 0) {
    poke(m, mutex + depth, NAMED | more - 1)
    return 0
  }
  const slot = slotOf(tid)
  const t = record(slot)
  const kind = kindOf(m, mutex)
  const lost = peek(m, mutex + inconsistent) !== 0                        // I5
  poke(kernel, t + acquiring, linkTo(m, mutex))                           // I4
  delist(m, mutex, t)
  poke(m, mutex + owner, 0)
  poke(m, mutex + depth, 0)
  if (exchange(m, mutex, lost ? LOST : VACANT) < 0) wake(m, mutex, lost ? Infinity : 1)   // tid + WAITED -> VACANT, LOST
  poke(kernel, t + acquiring, 0)
  inheritAgain(slot, kind)
  return 0
}

/**
 * The state that the robust mutex guards is consistent again: for who got EOWNERDEAD and holds the mutex. EINVAL if it
 * is not robust, or the caller does not hold it after an EOWNERDEAD.
 */
export function pthread_mutex_consistent(m: Memory, mutex: Address): number {
  return consistentAs(m, mutex, self.tid)
}

/** {@link pthread_mutex_consistent} by the owner `tid`. */
export function consistentAs(m: Memory, mutex: Address, tid: number): number {
  if (!fits(m, mutex, Mutex.size) || (kindOf(m, mutex) & ROBUST) === 0 || peek(m, mutex + owner) !== tid || peek(m, mutex + inconsistent) === 0) return EINVAL
  poke(m, mutex + inconsistent, 0)
  return 0
}

// The dead ------------------------------------------------------------------------------------------------------

// A list that a program has overwritten may be a circle.
const LONGEST = 1 << 20

/**
 * Makes orphans of the robust mutexes that thread `slot` holds: at its own end, or after its death, when nothing may be
 * woken yet (`quiet`). Can be repeated.
 */
export function orphan(slot: number, quiet: boolean): void {
  const t = record(slot)
  const tid = peek(kernel, t + ThreadRecord.tid)
  const held: number[] = []                                               // all, before others may take and link the first
  for (let link = peek(kernel, t + robust); isMutex(link) && held.length < LONGEST; link = peek(memoryIn(link)!, addressIn(link) + next)) held.push(link)
  const half = peek(kernel, t + acquiring)
  if (half !== 0 && !held.includes(half)) abandon(half, tid, quiet)
  held.forEach((link, i) => {
    poke(kernel, t + acquiring, link)                                     // I4, for who dies while it buries
    poke(kernel, t + robust, held[i + 1] ?? 0)
    abandon(link, tid, quiet)
  })
  poke(kernel, t + robust, 0)
  poke(kernel, t + acquiring, 0)
}

/** Whether the link may name a mutex that this heap can reach. */
export function isMutex(link: number): boolean {
  const m = memoryIn(link)
  return link !== 0 && m !== undefined && fits(m, addressIn(link), Mutex.size)
}

function abandon(link: number, tid: number, quiet: boolean): void {
  if (!isMutex(link)) return
  const m = memoryIn(link)!, mutex = addressIn(link)
  if ((kindOf(m, mutex) & ROBUST) === 0) return
  for (let word = load(m, mutex); !isVacant(word) && (word & HOLDER) === tid; word = load(m, mutex)) {
    poke(m, mutex + owner, 0)
    if (cas(m, mutex, word, ORPHAN) !== word) continue                    // a waiter has added WAITED
    if (word < 0 && !quiet) wake(m, mutex, 1)
    return
  }
}
