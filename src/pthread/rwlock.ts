// Read-write lock.  POSIX.1-2024 pthread_rwlock_init, _destroy, _rdlock, _tryrdlock, _timedrdlock, _clockrdlock,
// _wrlock, _trywrlock, _timedwrlock, _clockwrlock, _unlock.
//
// word, from low to high      meaning                                 who changes it
//   READERS   15 bits         readers inside                          a reader: + 1 as it enters, - 1 as it leaves
//   DUE       13 bits         readers woken and not yet inside        + n by who takes n readers off the queue, - 1 by each
//                                                                     of them as it enters
//   HELD       1 bit          a writer is inside                      the writer
//   WRITERS    1 bit          a writer may sleep                      set by one about to; cleared as I2 says
//   SLEEPERS   1 bit          a reader may sleep                      set by one about to; cleared with HELD, or with WRITERS
//
// Whom it prefers (kind PREFER_WRITER_NP, the default): phases.  While a writer waits, new readers wait too.  A
// writer that leaves lets in all readers that sleep then (they are DUE), before any writer.  So
//   a reader waits for one writer at most   the leaving writer makes it DUE, and no writer enters before it has (I3)
//   a writer waits for two groups of readers at most between two writers: those inside when it came, and those DUE when
//   a writer left.  Which of several writers comes first is not said: they race as for a mutex.
// PREFER_READER_NP: readers enter unless a writer is inside; a thread may read again while it reads, and writers may wait for
// ever.  PREFER_WRITER_NONRECURSIVE_NP: a leaving writer makes nobody DUE while a writer sleeps; readers may wait for ever.
// Priorities, once a thread has one (Thread Execution Scheduling): a reader whose priority is above that of all writers that
// wait need not wait for them.  A writer that leaves lets in the readers with a priority above that of every writer, and if
// there are none a writer, the one with the highest: in order of priority, and of equals the writer first.
// But in PREFER_READER_NP a thread that reads and locks again for reading may wait for a writer that waits for it.
//
// I1  A reader sleeps only while HELD or WRITERS; a writer only while HELD, READERS or DUE.
// I2  While a writer sleeps WRITERS is set, while a reader sleeps under HELD so is SLEEPERS.  Only a writer that leaves or
//     gives up clears WRITERS: under the bucket's lock, when it has seen that no writer is queued.  Who is about to queue
//     is refused by the futex then, for the word has changed; readers that wait for WRITERS only are woken with that.
// I3  A writer enters only while HELD, READERS and DUE are 0 (or DUE is void, below).
// I4  The lock becomes free in two places: a leaving writer has seen the queue, and makes its readers DUE, wakes a writer,
//     or leaves 0; the last reader to leave wakes a writer if WRITERS.  If that finds none asleep, the writer is about to
//     queue and will be refused, or gives up and clears WRITERS (I2), or is dead.
//     A writer that was woken and finds the lock taken sets WRITERS and sleeps again.
// I5  A wait ends with ETIMEDOUT only if it took itself off the queue.  A reader that was taken off knows that it is DUE:
//     its sleep was neither refused nor interrupted.  Then it enters, whatever its deadline.
// I6  A wait that a signal interrupts left the queue by that, and nobody counts on it: a reader is not DUE, a writer is not
//     woken by who leaves.  After the handler it looks again, as one that comes; the WRITERS that it left behind keeps
//     readers waiting as long, and it clears it when it leaves the lock, or gives up: at its deadline, or because the handler threw.
//
// No wakeup is lost, by I2 and I4.
//
// Q1  In the queue the readers stand before the writers (FRONT).  So a writer that leaves counts the readers without a look at the writers,
//     sees from the end of the queue whether there is one, and walks past the readers that it wakes only; if SLEEPERS is clear, past nobody.
//     A writer that leaves while writers go first (PREFER_WRITER_NONRECURSIVE_NP), or by priorities, walks past all readers, or all.
//
// Deaths.  DUE and WRITERS are promises of threads on their way.  One that dies, or whose wait was abandoned (an
// asynchronous one, at the end of its thread), does not keep them.  So each promise is valid in its epoch only: `turn`
// is the kernel's count of losses when the first became DUE, `claim` when a writer last looked.  After a loss DUE is
// void: a writer enters as if it were 0; and WRITERS does not bar readers until a living writer looks again, which all that
// sleep do at once (rouse).  Nobody sleeps on the strength of a promise of an earlier epoch: the futex refuses.  So
// after a death a reader or a writer may come before its turn, once per death, and nobody waits for the dead.  Who dies inside
// leaves the lock held, as POSIX has it.
//
// Reuse: after the operation that leaves (the subtraction, the store under the bucket's lock) unlock uses the address as
// a key only, so the next owner may destroy and free the lock at once.
//
// `owner` is the writer's tid, for reports and EDEADLK; "owner is me" is exact, as in mutex.ts.  A reader is not recorded:
// that would be a second access.
//
// Rejected: waking a reader and counting it inside for it (it may be dead: then the lock is held for ever); a flag instead of the
// number of readers DUE (a slow one would miss its turn again and again); wake first, count then (unlock would touch
// memory that is another's by then); one queue in order of arrival (one reader at a time between writers).

import { add, cas, load, peek, poke, store } from '#atomics'
import { CLOCK_MONOTONIC, CLOCK_REALTIME, type Clock } from '../kernel/clock.ts'
import { decideAndWake } from '../kernel/decide.ts'
import { EAGAIN, EBUSY, EINVAL, EPERM, ETIMEDOUT } from '../kernel/errno.ts'
import { FRONT, highestWaiting, losses, waiters, wake } from '../kernel/futex.ts'
import { effective, prioritized } from '../kernel/priority.ts'
import { self } from '../kernel/process.ts'
import { block, deadlock, refused, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { Rwlock, RwlockAttr } from './records.ts'
import { areRwlockAttributes } from './rwlockattr.ts'
import { deadline, type Timespec } from './timespec.ts'
import { askTurn } from './turn.ts'

export const PTHREAD_RWLOCK_PREFER_WRITER_NP = 0, PTHREAD_RWLOCK_PREFER_READER_NP = 1, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP = 2,
  PTHREAD_RWLOCK_DEFAULT_NP = PTHREAD_RWLOCK_PREFER_WRITER_NP

const READERS = 0x7fff, ONE_DUE = 0x8000, DUE = 0x1fff * ONE_DUE, HELD = 1 << 28, WRITERS = 1 << 29, SLEEPERS = 1 << 30
const DUE_MAX = DUE / ONE_DUE                            // more are woken all the same, and get in if no writer is faster
const READER = 1, WRITER = 2                             // bits of the futex's queue
const NOBODY = [0, 0] as const, ONE_WRITER = [1, WRITER] as const

const { owner, kind, turn, claim } = Rwlock

/** Makes the lock at `lock`, free, with the attributes at `attr` (0: default). EINVAL for attributes that are none. */
export function pthread_rwlock_init(m: Memory, lock: Address, attr: Address = 0): number {
  if (!fits(m, lock, Rwlock.size) || (attr !== 0 && !areRwlockAttributes(m, attr))) return EINVAL
  const preference = attr === 0 ? PTHREAD_RWLOCK_DEFAULT_NP : peek(m, attr + RwlockAttr.kind)
  if (preference < PTHREAD_RWLOCK_PREFER_WRITER_NP || preference > PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) return EINVAL
  m.i32.fill(0, lock >>> 2, (lock + Rwlock.size) >>> 2)
  poke(m, lock + kind, preference)
  return 0
}

/** Ends the lock's life; its memory may be used for something else. EBUSY if somebody holds it or waits for it. */
export function pthread_rwlock_destroy(m: Memory, lock: Address): number {
  if (!fits(m, lock, Rwlock.size)) return EINVAL
  return (load(m, lock) & (HELD | READERS)) === 0 && waiters(m, lock) === 0 ? 0 : EBUSY
}

/**
 * Locks for reading; blocks while a writer is inside or waits. Not a cancellation point. EDEADLK if the caller holds it for
 * writing, EAGAIN if 32,767 readers are inside.
 */
export function pthread_rwlock_rdlock(m: Memory, lock: Address): number {
  return readUntil(m, lock, Infinity, CLOCK_MONOTONIC)
}

/** Locks for reading if that needs no waiting, else EBUSY. EAGAIN as {@link pthread_rwlock_rdlock}. */
export function pthread_rwlock_tryrdlock(m: Memory, lock: Address): number {
  for (;;) {
    const epoch = losses(), v = load(m, lock)
    if ((v & HELD) !== 0 || barred(m, lock, v, epoch)) return EBUSY
    if ((v & READERS) === READERS) return EAGAIN
    if (cas(m, lock, v, v + 1) === v) return 0
  }
}

/** {@link pthread_rwlock_rdlock} until `abstime` on CLOCK_REALTIME: ETIMEDOUT after that; EINVAL if nanoseconds are not below 1e9. */
export function pthread_rwlock_timedrdlock(m: Memory, lock: Address, abstime: Timespec): number {
  return pthread_rwlock_clockrdlock(m, lock, CLOCK_REALTIME, abstime)
}

/** {@link pthread_rwlock_timedrdlock} on the clock given. */
export function pthread_rwlock_clockrdlock(m: Memory, lock: Address, clock: Clock, abstime: Timespec): number {
  const tried = pthread_rwlock_tryrdlock(m, lock)
  if (tried !== EBUSY) return tried
  if (peek(m, lock + owner) === self.tid) return deadlock()
  const until = deadline(abstime, clock)
  return until < 0 ? EINVAL : block(rdlock_slow(m, lock, until, clock))
}

/** Locks for writing; blocks while anybody is inside. Not a cancellation point. EDEADLK if the caller holds it for writing. */
export function pthread_rwlock_wrlock(m: Memory, lock: Address): number {
  return writeUntil(m, lock, Infinity, CLOCK_MONOTONIC)
}

/** Locks for writing if nobody is inside or about to be let in, else EBUSY. */
export function pthread_rwlock_trywrlock(m: Memory, lock: Address): number {
  return trywriteAs(m, lock, self.tid)
}

/** {@link pthread_rwlock_wrlock} until `abstime` on CLOCK_REALTIME: ETIMEDOUT after that; EINVAL if nanoseconds are not below 1e9. */
export function pthread_rwlock_timedwrlock(m: Memory, lock: Address, abstime: Timespec): number {
  return pthread_rwlock_clockwrlock(m, lock, CLOCK_REALTIME, abstime)
}

/** {@link pthread_rwlock_timedwrlock} on the clock given. */
export function pthread_rwlock_clockwrlock(m: Memory, lock: Address, clock: Clock, abstime: Timespec): number {
  if (trywriteAs(m, lock, self.tid) === 0) return 0
  if (peek(m, lock + owner) === self.tid) return deadlock()
  const until = deadline(abstime, clock)
  return until < 0 ? EINVAL : block(wrlock_slow(m, lock, self.tid, until, clock))
}

/** Unlocks what the caller locked, for writing or for reading. EPERM if it is not locked, or another holds it for writing. */
export function pthread_rwlock_unlock(m: Memory, lock: Address): number {
  return peek(m, lock + owner) === self.tid ? unwrite(m, lock) : unread(m, lock)
}

/** Locks for reading until `until`, ms on `clock`. */
export function readUntil(m: Memory, lock: Address, until: number, clock: Clock): number {
  const seen = peek(m, lock)
  if ((seen & (HELD | WRITERS)) === 0 && (seen & READERS) !== READERS && cas(m, lock, seen, seen + 1) === seen) return 0
  return peek(m, lock + owner) === self.tid ? deadlock() : block(rdlock_slow(m, lock, until, clock))
}

/** Locks for writing until `until`, ms on `clock`. */
export function writeUntil(m: Memory, lock: Address, until: number, clock: Clock): number {
  if (cas(m, lock, 0, HELD) === 0) {
    poke(m, lock + owner, self.tid)
    return 0
  }
  return peek(m, lock + owner) === self.tid ? deadlock() : block(wrlock_slow(m, lock, self.tid, until, clock))
}

/** Locks for writing, as `tid`, if that needs no waiting; else EBUSY. */
export function trywriteAs(m: Memory, lock: Address, tid: number): number {
  for (;;) {
    const epoch = losses(), v = load(m, lock)
    if (taken(m, lock, v, epoch)) return EBUSY
    if (cas(m, lock, v, v & (WRITERS | SLEEPERS) | HELD) !== v) continue
    poke(m, lock + owner, tid)
    return 0
  }
}

/** Readers inside. */
export function readersOf(m: Memory, lock: Address): number {
  return load(m, lock) & READERS
}

// Whether a reader that does not read yet must wait for a writer that waits.
function barred(m: Memory, lock: Address, v: number, epoch: number): boolean {
  return (v & WRITERS) !== 0 && peek(m, lock + claim) === epoch && peek(m, lock + kind) !== PTHREAD_RWLOCK_PREFER_READER_NP
    && !(prioritized() && effective(self.slot) > highestWaiting(m, lock, WRITER))
}

// Whether a writer must wait.
function taken(m: Memory, lock: Address, v: number, epoch: number): boolean {
  return (v & (HELD | READERS)) !== 0 || ((v & DUE) !== 0 && peek(m, lock + turn) === epoch)
}

/** The slow path of every lock for reading: returns 0, EAGAIN or ETIMEDOUT. */
export function* rdlock_slow(m: Memory, lock: Address, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  for (let tried = false, due = false; ;) {
    const epoch = losses(), v = load(m, lock)
    const ours = tried && (v & DUE) !== 0                                 // while readers are let in, so is one that came before
    if ((v & HELD) === 0 && (ours || !barred(m, lock, v, epoch))) {
      const full = (v & READERS) === READERS
      if (cas(m, lock, v, v + (full ? 0 : 1) - (ours && due ? ONE_DUE : 0)) !== v) continue
      return full ? EAGAIN : 0
    }
    if ((v & SLEEPERS) === 0 && cas(m, lock, v, v | SLEEPERS) !== v) continue
    askTurn(peek(m, lock + owner))
    const result = yield wait(m, lock, v | SLEEPERS, wmesg.rwlock, until, clock, READER | FRONT, epoch)
    if (result === ETIMEDOUT) return result                               // I5
    tried = true
    due = result === 0 && !refused
  }
}

/** The slow path of every lock for writing: returns 0 or ETIMEDOUT. The owner will be `tid`. */
export function* wrlock_slow(m: Memory, lock: Address, tid: number, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  for (;;) {
    const epoch = losses(), v = load(m, lock)
    if (!taken(m, lock, v, epoch)) {
      if (cas(m, lock, v, v & (WRITERS | SLEEPERS) | HELD) !== v) continue
      poke(m, lock + owner, tid)
      return 0
    }
    poke(m, lock + claim, epoch)                                          // before WRITERS, which it makes valid
    if ((v & WRITERS) === 0 && cas(m, lock, v, v | WRITERS) !== v) continue
    let result = ETIMEDOUT
    askTurn(peek(m, lock + owner))
    try {
      result = yield wait(m, lock, v | WRITERS, wmesg.rwlock, until, clock, WRITER, epoch)
    } finally {
      if (result === ETIMEDOUT) giveUp(m, lock)                           // or a handler threw
    }
    if (result === ETIMEDOUT) return result
  }
}

/** Unlocks what was locked for reading. */
export function unread(m: Memory, lock: Address): number {
  if ((peek(m, lock) & READERS) === 0) return EPERM                       // exact for who reads: it is counted
  const epoch = peek(m, lock + turn)
  const v = add(m, lock, -1) - 1
  if ((v & WRITERS) === 0 || (v & READERS) !== 0) return 0
  if ((v & DUE) === 0 || epoch !== losses()) wake(m, lock, 1, WRITER)     // I4
  return 0
}

/** Unlocks what was locked for writing. */
export function unwrite(m: Memory, lock: Address): number {
  poke(m, lock + owner, 0)
  if (cas(m, lock, HELD, 0) !== HELD) unwrite_slow(m, lock)
  return 0
}

function unwrite_slow(m: Memory, lock: Address): void {
  const writersFirst = peek(m, lock + kind) === PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP
  decideAndWake(m, lock, queue => {
    const writers = queue.any(WRITER), barrier = writers ? WRITERS : 0
    const readers = (load(m, lock) & SLEEPERS) === 0 ? 0 : queue.leading(READER)   // I2, Q1
    const above = writers && prioritized() && queue.highest(READER | WRITER) > 0 ? queue.highest(WRITER) : -1
    const chosen = above < 0 ? [] : queue.above(READER, above), due = above < 0 ? readers : chosen.length
    if (due !== 0 && !(writersFirst && writers)) {
      poke(m, lock + turn, losses())
      store(m, lock, Math.min(due, DUE_MAX) * ONE_DUE | barrier | (due === readers ? 0 : SLEEPERS))
      return above < 0 ? [readers, READER] : [chosen]
    }
    store(m, lock, barrier | (readers === 0 ? 0 : SLEEPERS))
    return writers ? ONE_WRITER : NOBODY
  })
}

// A writer does not wait any more: if it was the last, readers need not wait for it.
function giveUp(m: Memory, lock: Address): void {
  decideAndWake(m, lock, queue => {
    if (queue.any(WRITER)) return NOBODY
    for (let v = load(m, lock); (v & WRITERS) !== 0; v = load(m, lock)) {
      if ((v & HELD) !== 0) {
        if (cas(m, lock, v, v & ~WRITERS) === v) break
        continue
      }
      const readers = queue.leading(READER)
      if ((v & DUE) === 0) poke(m, lock + turn, losses())
      const due = Math.min(DUE_MAX, (v & DUE) / ONE_DUE + readers)
      if (cas(m, lock, v, v & READERS | due * ONE_DUE) === v) return [readers, READER]
    }
    return NOBODY
  })
}
