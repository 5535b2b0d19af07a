// sigset_t: two words at an address.  POSIX.1-2024 sigemptyset, sigfillset, sigaddset, sigdelset, sigismember.

import { peek, poke } from '#atomics'
import { EINVAL } from '../kernel/errno.ts'
import { bitOf, isSignal, wordOf } from '../kernel/signo.ts'
import { i32, struct } from '../mem/struct.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'

/** sigset_t */
export const SigSet = struct('sigset', {
  set0: i32('signals 1 to 32, signal 1 is bit 0'),
  set1: i32('signals 33 to 64'),
})

/** Makes the set at `set` empty. EINVAL if none can be there. */
export function sigemptyset(m: Memory, set: Address): number {
  if (!fits(m, set, SigSet.size)) return EINVAL
  poke(m, set, 0)
  poke(m, set + 4, 0)
  return 0
}

/** Makes it the set of all signals. */
export function sigfillset(m: Memory, set: Address): number {
  if (!fits(m, set, SigSet.size)) return EINVAL
  poke(m, set, -1 & ~bitOf(32))
  poke(m, set + 4, -1 & ~bitOf(33))
  return 0
}

/** Adds a signal. EINVAL if it is none. */
export function sigaddset(m: Memory, set: Address, signo: number): number {
  if (!isSignal(signo) || !fits(m, set, SigSet.size)) return EINVAL
  const word = set + 4 * wordOf(signo)
  poke(m, word, peek(m, word) | bitOf(signo))
  return 0
}

/** Takes a signal out. EINVAL if it is none. */
export function sigdelset(m: Memory, set: Address, signo: number): number {
  if (!isSignal(signo) || !fits(m, set, SigSet.size)) return EINVAL
  const word = set + 4 * wordOf(signo)
  poke(m, word, peek(m, word) & ~bitOf(signo))
  return 0
}

/** Stores 1 at `is` if the signal is in the set, else 0. EINVAL if it is no signal. */
export function sigismember(m: Memory, set: Address, signo: number, is: Address): number {
  if (!isSignal(signo) || !fits(m, set, SigSet.size) || !fits(m, is, 4)) return EINVAL
  poke(m, is, (peek(m, set + 4 * wordOf(signo)) & bitOf(signo)) === 0 ? 0 : 1)
  return 0
}
