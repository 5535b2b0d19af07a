// Barrier.  POSIX.1-2024 pthread_barrier_init, _destroy, _wait.
//
// state    round * 2^bits + arrived, where bits are as many as `count` needs; the round takes the other bits and wraps
// inside   threads between their arrival and their leaving; below 0: plus GOING, somebody destroys
//
//   arrived < count - 1    a thread that comes: + 1, and it sleeps while the round is its own
//   arrived = count - 1    the last one: the next round with 0 arrived, in the same compare and swap; it wakes all
//   a wait that gives up   - 1, if the round is still its own: the round goes on without it
//
// I1  One compare and swap tells a thread its round and whether it is the last of it.  So the barrier can be used again at
//     once: who comes early for the next round counts there, and who leaves late looks at the round only.
// I2  A thread sleeps only while the futex sees the state that it saw.  Each arrival changes it, so of n that come
//     together each may be refused n times; then all sleep.
// I3  The last one changes the state before it wakes: who slept is found, who was about to is refused.  No wakeup is lost.
// I4  A wait ends with ETIMEDOUT only if it took itself off the queue, and its arrival back.
//
// A thread that overslept exactly 2^(32 - bits) rounds would think its own is still on: the others would have
// arrived 2^31 times meanwhile.  A thread that dies in its wait has arrived, and is not missed before the next round.
//
// Reuse: who leaves touches the memory after the last one has returned.  So destroy waits until nobody is inside (they
// run already, or are being woken), and says EBUSY if that takes a second: one of them is dead.  The last
// access of who leaves is the subtraction; if somebody destroys, it then wakes with the address as a key only.
//
// Rejected: a counter and a round in two words (who reads the round and then counts may count in the next one); tickets
// (a wait that gives up cannot give back any but the last one).

import { add, cas, load, or, peek, poke } from '#atomics'
import { CLOCK_MONOTONIC, now, type Clock } from '../kernel/clock.ts'
import { EAGAIN, EBUSY, EINVAL, ETIMEDOUT } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { block, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { Barrier, BarrierAttr } from './records.ts'
import { DESTROYED, isPshared } from './pshared.ts'

/** What pthread_barrier_wait returns to one thread of each round. */
export const PTHREAD_BARRIER_SERIAL_THREAD = -1
/** The most threads that a barrier can wait for. */
export const BARRIER_MAX = 2 ** 24 - 1
const GOING = 0x8000_0000 | 0
const PATIENCE = 1000                                    // ms

const { count, inside } = Barrier

/** Makes the barrier at `barrier`, for `threads` threads, with the attributes at `attr` (0: default). EINVAL for 0 threads, EAGAIN for more than 2^24 - 1. */
export function pthread_barrier_init(m: Memory, barrier: Address, attr: Address, threads: number): number {
  if (!fits(m, barrier, Barrier.size) || !Number.isInteger(threads) || threads < 1 || (attr !== 0 && !areBarrierAttributes(m, attr))) return EINVAL
  if (threads > BARRIER_MAX) return EAGAIN
  m.i32.fill(0, barrier >>> 2, (barrier + Barrier.size) >>> 2)
  poke(m, barrier + count, threads)
  return 0
}

/** Ends the barrier's life; its memory may be used for something else. EBUSY if a thread waits. May be called as soon as a wait has returned. */
export function pthread_barrier_destroy(m: Memory, barrier: Address): number {
  if (!fits(m, barrier, Barrier.size)) return EINVAL
  return (load(m, barrier) & mask(peek(m, barrier + count))) !== 0 ? EBUSY : block(leave_slow(m, barrier))
}

function* leave_slow(m: Memory, barrier: Address): Sleeper<number> {
  const until = now(CLOCK_MONOTONIC) + PATIENCE
  for (let v = load(m, barrier + inside); v !== 0 && v !== GOING; v = load(m, barrier + inside)) {
    if (v > 0) v = or(m, barrier + inside, GOING) | GOING
    if (v !== GOING && (yield wait(m, barrier + inside, v, wmesg.barrier, until)) === ETIMEDOUT) return EBUSY
  }
  return 0
}

/**
 * Blocks until as many threads have called it as the barrier is for. Returns PTHREAD_BARRIER_SERIAL_THREAD to one of
 * them, the last to come, 0 to the others. Not a cancellation point.
 */
export function pthread_barrier_wait(m: Memory, barrier: Address): number {
  return block(wait_slow(m, barrier))
}

/** The wait of every driver: returns PTHREAD_BARRIER_SERIAL_THREAD, 0, or ETIMEDOUT; then the barrier waits for one more again. */
export function* wait_slow(m: Memory, barrier: Address, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  const threads = peek(m, barrier + count), low = mask(threads)
  add(m, barrier + inside, 1)
  let state = load(m, barrier)
  for (; ;) {
    const last = (state & low) === threads - 1
    const seen = cas(m, barrier, state, last ? (state | low) + 1 | 0 : state + 1)
    if (seen === state) {
      if (!last) break
      wake(m, barrier, Infinity)                                          // I3
      leave(m, barrier)
      return PTHREAD_BARRIER_SERIAL_THREAD
    }
    state = seen
  }
  const round = state & ~low
  for (state = state + 1; (state & ~low) === round; state = load(m, barrier)) {
    const result = yield wait(m, barrier, state, wmesg.barrier, until, clock)
    if (result === ETIMEDOUT && giveUp(m, barrier, round, low)) {
      leave(m, barrier)
      return result
    }
  }
  leave(m, barrier)
  return 0
}

// Takes the arrival back, unless the round is over.
function giveUp(m: Memory, barrier: Address, round: number, low: number): boolean {
  for (let state = load(m, barrier); (state & ~low) === round;) {
    const seen = cas(m, barrier, state, state - 1)
    if (seen === state) return true
    state = seen
  }
  return false
}

function leave(m: Memory, barrier: Address): void {
  if (add(m, barrier + inside, -1) === (GOING + 1 | 0)) wake(m, barrier + inside, Infinity)
}

/** How many of the barrier's threads wait for the others. */
export function arrived(m: Memory, barrier: Address): number {
  return load(m, barrier) & mask(peek(m, barrier + count))
}

// The bits that hold 0 to `threads` - 1.
function mask(threads: number): number {
  return 2 ** (32 - Math.clz32(threads - 1)) - 1
}

// Attributes ---------------------------------------------------------------------------------------------------

/** Default attributes of a barrier. */
export function pthread_barrierattr_init(m: Memory, attr: Address): number {
  if (!fits(m, attr, BarrierAttr.size)) return EINVAL
  m.i32.fill(0, attr >>> 2, (attr + BarrierAttr.size) >>> 2)
  return 0
}

/** Ends the attributes' life: using them is EINVAL. Initializing them begins another. */
export function pthread_barrierattr_destroy(m: Memory, attr: Address): number {
  if (!areBarrierAttributes(m, attr)) return EINVAL
  poke(m, attr + BarrierAttr.pshared, DESTROYED)
  return 0
}

/** Whether there are attributes at `attr`. */
export function areBarrierAttributes(m: Memory, attr: Address): boolean {
  return fits(m, attr, BarrierAttr.size) && isPshared(peek(m, attr + BarrierAttr.pshared))
}

/** PTHREAD_PROCESS_PRIVATE (default) or _SHARED, else EINVAL. Either way, whoever has the memory can use the barrier. */
export function pthread_barrierattr_setpshared(m: Memory, attr: Address, pshared: number): number {
  if (!isPshared(pshared) || !areBarrierAttributes(m, attr)) return EINVAL
  poke(m, attr + BarrierAttr.pshared, pshared)
  return 0
}

/** Stores the attribute at `value`. */
export function pthread_barrierattr_getpshared(m: Memory, attr: Address, value: Address): number {
  if (!areBarrierAttributes(m, attr) || !fits(m, value, 4)) return EINVAL
  poke(m, value, peek(m, attr + BarrierAttr.pshared))
  return 0
}
