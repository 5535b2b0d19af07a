// What a thread inherits from the mutexes it holds.  POSIX.1-2024 pthread_mutexattr_getprotocol, pthread_mutex_getprioceiling.
//
// PTHREAD_PRIO_INHERIT  the holder has at least the effective priority of every thread that waits for the mutex; and
//                       if the holder waits for such a mutex itself, so has that one's holder, and so on.
// PTHREAD_PRIO_PROTECT  the holder has at least the mutex's ceiling.
//
// A gift: after a thread was queued on a mutex, it gives its priority along the chain (`give`, called by the futex), each
// time under the lock of the queue on which the giver sleeps, to whom the mutex's word names then.
// Taking back: when the holder has unlocked, or has locked a mutex for which others wait already, it works out what it
// inherits from the mutexes that it still holds: their ceilings, and who is in their queues.
// No gift is lost and none stays: unlock changes the word first, then comes to the queue's lock to wake, then works
// it out.  A giver that saw the old word has given before that; one that comes later sees the new word.  A gift in the
// middle of the working out makes it start again (kernel/priority.ts), also one that seems to add nothing.
//
// A waiter that gives up (a timeout), or whose priority is lowered, works out for the holder what that inherits now, and so
// on along the chain (`takeBack`).  The holder may change its list meanwhile, so what was read there may be nonsense; but
// then the holder works it out itself after the change, and either that comes later, or it changed the word that the waiter
// compares, which starts again.

import { load, peek } from '#atomics'
import { boost, effective, prioritized, settleBoost, usePriorities } from '../kernel/priority.ts'
import { hint } from '../kernel/crew.ts'
import { highestWaiting, installInheritance, whileQueued } from '../kernel/futex.ts'
import { addressIn, isLinkable, linkTo, memoryIn, memoryOf } from '../kernel/memories.ts'
import { kernel, record } from '../kernel/process.ts'
import { Flag, ThreadRecord } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { INHERIT, kindOf, PROTECT } from './mutextype.ts'
import { Mutex } from './records.ts'

const HOLDER = 0x3fff_ffff, VACANT = 0x4000_0000
const LONGEST = 64, MOST = 1 << 16

/** Whether the priority of thread `slot` forbids it to lock the mutex: it is above the ceiling. */
export function above(slot: number, m: Memory, mutex: Address, kind: number): boolean {
  return (kind & PROTECT) !== 0 && peek(kernel, record(slot) + ThreadRecord.priority) > peek(m, mutex + Mutex.ceiling)
}

/** Works out what thread `slot`, the caller's, inherits, after it locked or unlocked a mutex of kind `kind`. */
export function inheritAgain(slot: number, kind: number): void {
  if ((kind & PROTECT) !== 0) usePriorities()
  if ((kind & (PROTECT | INHERIT)) !== 0 && prioritized()) settleBoost(slot, () => inheritance(slot))
}

function inheritance(slot: number): number {
  let most = 0, count = 0
  for (let link = peek(kernel, record(slot) + ThreadRecord.robust); link !== 0 && count < MOST; count++) {
    const m = memoryIn(link), mutex = addressIn(link)
    if (m === undefined || !fits(m, mutex, Mutex.size)) break
    const kind = kindOf(m, mutex)
    if ((kind & PROTECT) !== 0) most = Math.max(most, peek(m, mutex + Mutex.ceiling))
    if ((kind & INHERIT) !== 0) most = Math.max(most, highestWaiting(m, mutex))
    link = peek(m, mutex + Mutex.next)
  }
  return most
}

/** The waiter of a mutex is none any more, or has a lower priority: its holder inherits what is left, and so on along the chain. */
export function takeBack(m: Memory, mutex: Address): void {
  for (let link = linkTo(m, mutex), i = 0; link !== 0 && i < LONGEST && prioritized(); i++) {
    const holder = holderOf(memoryIn(link), addressIn(link))
    if (holder === 0) return
    const before = effective(holder)
    settleBoost(holder, () => inheritance(holder))
    if (effective(holder) >= before) return
    link = awaitedBy(holder)
  }
}

/** {@link takeBack} for the mutex that thread `slot` waits for, if it does. */
export function takeBackFrom(slot: number): void {
  const link = awaitedBy(slot)
  const m = memoryIn(link)
  if (link !== 0 && m !== undefined) takeBack(m, addressIn(link))
}

// The thread that inherits from who waits for the mutex, or 0.
function holderOf(m: Memory | undefined, mutex: Address): number {
  if (m === undefined || (kindOf(m, mutex) & INHERIT) === 0) return 0
  const word = load(m, mutex)
  return (word & VACANT) !== 0 ? 0 : find(word & HOLDER)
}

// A link to the mutex that thread `slot` waits for, or 0.
function awaitedBy(slot: number): number {
  let link = 0
  if (peek(kernel, record(slot) + ThreadRecord.wmesg) !== wmesg.mutex) return link
  whileQueued(slot, (memoryId, mutex) => {
    const m = memoryOf(memoryId)
    if (m !== undefined && isLinkable(m)) link = linkTo(m, mutex)
  })
  return link
}

/** Gives the effective priority of thread `slot` to the holder of the mutex on whose queue it is, and so on along the chain. */
export function give(slot: number): void {
  for (let i = 0; slot !== 0 && i < LONGEST; i++) {
    const giver = slot
    slot = 0
    if (peek(kernel, record(giver) + ThreadRecord.wmesg) !== wmesg.mutex) return
    whileQueued(giver, (memoryId, mutex) => {
      const holder = holderOf(memoryOf(memoryId), mutex)
      if (holder === 0 || peek(kernel, record(holder) + ThreadRecord.priority) >= effective(giver)) return
      boost(holder, effective(giver))
      if ((peek(kernel, record(holder) + ThreadRecord.flags) & Flag.FIBER) !== 0) hint(holder)
      slot = holder
    })
  }
}

installInheritance(give)
