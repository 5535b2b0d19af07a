// Semaphore; sem-open.ts has those with a name.  POSIX.1-2024 sem_init, _destroy, _wait, _trywait, _timedwait, _clockwait, _post, _getvalue.
//
// value, the low 31 bits   how many waits will not block
// WAITED, the high bit     somebody may sleep: a post must look at the queue
//
// word         meaning                       who leaves it, and to where
// 0            none left, nobody sleeps      wait: WAITED, and sleeps; post: n
// n > 0        n left, nobody sleeps         wait: n - 1; post: more
// WAITED       none left, some may sleep     post: n, with WAITED while more sleep than it wakes
// WAITED | n   n left for those just woken   wait: WAITED | n - 1; post: as above
//
// I1  wait takes one off a value above 0, in one compare and swap; it sleeps only while the futex sees WAITED alone.
// I2  Whoever sleeps finds WAITED set: it is set before, the futex looks at the word again under the lock of the queue, and it is
//     taken off under that lock only, by a post that leaves nobody asleep (decideAndWake).  So a post that does not see it
//     has nobody to wake, and one that does adds and wakes with the queue standing still.  No wakeup is lost.
// I3  A woken thread looks again: another may have taken the value first.  Then that one's post wakes it.
// I4  WAITED may be set with nobody asleep, after a timeout: the next post takes it off.
//
// Reuse: after its addition post uses the address as a key only; a woken thread looks at the value again, so a semaphore may
// be destroyed when its waiters have returned, which destroy can tell of those asleep only.
//
// The first look at the word is a plain one, a guess: only the compare and swap decides.  That saves a call of wasm each, and
// WAITED another: a third of the price of a pair, and a quarter.
//
// Rejected: handing the unit to the sleeper (fair, but a post then waits for a thread that does not run).

import { cas, load, peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, CLOCK_REALTIME, type Clock } from '../kernel/clock.ts'
import { decideAndWake } from '../kernel/decide.ts'
import { EAGAIN, EBUSY, EINVAL, EOVERFLOW } from '../kernel/errno.ts'
import { ANY, ANY_EPOCH, CANCEL, SIGNAL, waiters } from '../kernel/futex.ts'
import { block, REPORT, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { cancellationPoint } from './cancel.ts'
import { Sem } from './records.ts'
import { deadline, type Timespec } from './timespec.ts'

export const SEM_VALUE_MAX = 0x7fff_ffff
const WAITED = 0x8000_0000 | 0

/** Makes the semaphore at `sem` with `value`. `pshared` is accepted: whoever shares the memory shares it. EINVAL for a value above SEM_VALUE_MAX. */
export function sem_init(m: Memory, sem: Address, _pshared: number, value: number): number {
  if (!fits(m, sem, Sem.size) || !(value >= 0 && value <= SEM_VALUE_MAX)) return EINVAL
  m.i32.fill(0, sem >>> 2, (sem + Sem.size) >>> 2)
  poke(m, sem, value)
  return 0
}

/** Ends the semaphore's life; its memory may be used for something else. EBUSY if a thread waits. */
export function sem_destroy(m: Memory, sem: Address): number {
  if (!fits(m, sem, Sem.size)) return EINVAL
  return waiters(m, sem) === 0 ? 0 : EBUSY
}

/** Takes one off the value; blocks while it is 0. EINTR: a handler without SA_RESTART ran. A cancellation point. */
export function sem_wait(m: Memory, sem: Address): number {
  cancellationPoint()
  return sem_trywait(m, sem) === 0 ? 0 : block(wait_slow(m, sem))
}

/** Takes one off the value if it is above 0, else EAGAIN. */
export function sem_trywait(m: Memory, sem: Address): number {
  const guess = peek(m, sem)
  return guess > 0 && sem !== 0 && cas(m, sem, guess, guess - 1) === guess ? 0 : trywait_slow(m, sem)
}

function trywait_slow(m: Memory, sem: Address): number {
  if (sem === 0) return EINVAL
  for (let word = load(m, sem); (word & SEM_VALUE_MAX) !== 0;) {
    const seen = cas(m, sem, word, word - 1)
    if (seen === word) return 0
    word = seen
  }
  return EAGAIN
}

/** {@link sem_wait} until `abstime` on CLOCK_REALTIME: ETIMEDOUT after that. */
export function sem_timedwait(m: Memory, sem: Address, abstime: Timespec): number {
  return sem_clockwait(m, sem, CLOCK_REALTIME, abstime)
}

/** {@link sem_timedwait} on the clock given. */
export function sem_clockwait(m: Memory, sem: Address, clock: Clock, abstime: Timespec): number {
  cancellationPoint()
  if (sem_trywait(m, sem) === 0) return 0
  const until = deadline(abstime, clock)
  return until < 0 ? EINVAL : block(wait_slow(m, sem, until, clock))
}

/** Adds one to the value and wakes a thread that waits. EOVERFLOW at SEM_VALUE_MAX. */
export function sem_post(m: Memory, sem: Address): number {
  return postMany(m, sem, 1)
}

/** Stores the value at `value`. */
export function sem_getvalue(m: Memory, sem: Address, value: Address): number {
  if (!fits(m, sem, Sem.size) || !fits(m, value, 4)) return EINVAL
  poke(m, value, valueOf(m, sem))
  return 0
}

/** How many waits would not block. */
export function valueOf(m: Memory, sem: Address): number {
  return load(m, sem) & SEM_VALUE_MAX
}

/** Adds `count`, wakes as many. */
export function postMany(m: Memory, sem: Address, count: number): number {
  const guess = peek(m, sem)
  return sem !== 0 && guess >= 0 && guess <= SEM_VALUE_MAX - count && cas(m, sem, guess, guess + count) === guess ? 0 : post_slow(m, sem, count)
}

function post_slow(m: Memory, sem: Address, count: number): number {
  if (sem === 0) return EINVAL
  let errno = 0
  decideAndWake(m, sem, (queue) => {
    const asleep = queue.count(ANY, count + 1)
    for (;;) {
      const word = load(m, sem), value = word & SEM_VALUE_MAX
      if (value > SEM_VALUE_MAX - count) {
        errno = EOVERFLOW
        return [0, ANY]
      }
      if (cas(m, sem, word, value + count | (asleep > count ? WAITED : 0)) === word) return [count, ANY]    // I2
    }
  })
  return errno
}

/** The slow path of every wait: returns 0, ETIMEDOUT, or EINTR when a handler without SA_RESTART ran. */
export function* wait_slow(m: Memory, sem: Address, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  for (;;) {
    const tried = sem_trywait(m, sem)
    if (tried !== EAGAIN) return tried
    const word = load(m, sem)
    if (word !== WAITED && (word !== 0 || cas(m, sem, 0, WAITED) !== 0)) continue
    const result = yield wait(m, sem, WAITED, wmesg.semaphore, until, clock, ANY, ANY_EPOCH, SIGNAL | CANCEL | REPORT)
    if (result !== 0) return result
  }
}
