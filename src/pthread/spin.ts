// Spin lock.  POSIX.1-2024 pthread_spin_init, _destroy, _lock, _trylock, _unlock.
//
// word             meaning                               who leaves it, and to where
//   0              free                                  any thread, by lock: its tid, with SLEEPERS if it has slept
//   tid            held                                  the holder: 0.  A thread about to sleep: + SLEEPERS
//   tid|SLEEPERS   held, somebody may sleep              the holder: 0, then it wakes one
//
// A thread that waits polls the word POLLS times, some 20 us, which is longer than anybody should hold a spin lock; then it
// sleeps on the futex.  Where the holder runs on another core this never happens.  Where it waits for our core, polling
// on would waste the rest of our time slice, which is milliseconds, and it is the sleep that lets it run.
//
// I1  Only the holder moves the word to 0.
// I2  While a thread sleeps here SLEEPERS is set, or a wake is due: a holder has exchanged 0 in and has not yet woken, or
//     a woken thread has yet to look.  Who acquires after a sleep leaves SLEEPERS: there may be others.
//
// No wakeup is lost, for the reasons in mutex.ts.  Reuse: as there.
//
// Rejected: to sleep a fixed time without being woken (unlock is a plain store then, and a waiter comes late); never to
// sleep (a core is wasted for as long as the holder has none).

import { cas, exchange, load, peek, poke } from '#atomics'
import { EBUSY, EINVAL, EPERM } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { self } from '../kernel/process.ts'
import { block, deadlock, wait, type Sleeper } from '../kernel/request.ts'
import { polls } from '../kernel/spin.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { isPshared } from './pshared.ts'
import { Spinlock } from './records.ts'

const SLEEPERS = 0x8000_0000 | 0
const POLLS = 4000

/** Makes the spin lock at `lock`, free. EINVAL if `pshared` is neither PTHREAD_PROCESS_PRIVATE nor _SHARED: either way, whoever has the memory can use it. */
export function pthread_spin_init(m: Memory, lock: Address, pshared: number): number {
  if (!isPshared(pshared) || !fits(m, lock, Spinlock.size)) return EINVAL
  poke(m, lock, 0)
  return 0
}

/** Ends the lock's life; its memory may be used for something else. EBUSY if it is held. */
export function pthread_spin_destroy(m: Memory, lock: Address): number {
  if (!fits(m, lock, Spinlock.size)) return EINVAL
  return load(m, lock) === 0 ? 0 : EBUSY
}

/** Locks the spin lock: polls until it is free, and sleeps if that takes long. EDEADLK if the caller holds it. Not a cancellation point. */
export function pthread_spin_lock(m: Memory, lock: Address): number {
  const seen = cas(m, lock, 0, self.tid)
  if (seen === 0) return 0
  if (lock === 0) return EINVAL
  return holderIn(seen) === self.tid ? deadlock() : spin(m, lock) ? 0 : block(lock_slow(m, lock))
}

/** Locks the spin lock if it is free, else EBUSY. */
export function pthread_spin_trylock(m: Memory, lock: Address): number {
  return cas(m, lock, 0, self.tid) === 0 ? 0 : EBUSY
}

/** Unlocks the spin lock. EPERM if the caller does not hold it. */
export function pthread_spin_unlock(m: Memory, lock: Address): number {
  if (holderIn(peek(m, lock)) !== self.tid) return EPERM
  if (exchange(m, lock, 0) < 0) wake(m, lock, 1)
  return 0
}

/** The tid of the holder, or 0. */
export function spinHolder(m: Memory, lock: Address): number {
  return holderIn(load(m, lock))
}

function holderIn(word: number): number {
  return word & ~SLEEPERS
}

function spin(m: Memory, lock: Address): boolean {
  for (let i = polls(POLLS); i > 0; i--)
    if (load(m, lock) === 0 && cas(m, lock, 0, self.tid) === 0) return true
  return false
}

function* lock_slow(m: Memory, lock: Address): Sleeper<number> {
  for (;;) {
    const word = load(m, lock)
    if (word === 0) {
      if (cas(m, lock, 0, self.tid | SLEEPERS) === 0) return 0            // I2
    } else if (word < 0 || cas(m, lock, word, word | SLEEPERS) === word) {
      yield wait(m, lock, word | SLEEPERS, wmesg.futex)
    }
  }
}
