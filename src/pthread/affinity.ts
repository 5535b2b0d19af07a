// Processors of a thread, as the GNU library has them: pthread_setaffinity_np, pthread_getaffinity_np.
//
// No host can bind a Worker to a processor.  What is set is checked, kept in the thread's record and told again; models that
// place threads on carriers may follow it.  To bind the whole process: `taskset`.

import { peek, poke } from '#atomics'
import { EINVAL, ESRCH } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import { annex, kernel } from '../kernel/process.ts'
import { Annex } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { CPU_SETSIZE } from './limits.ts'

const WORDS = CPU_SETSIZE / 32

// The bits of the processors that there are, in word `i`.
function present(i: number): number {
  const count = Math.min(Math.max(host.processors() - 32 * i, 0), 32)
  return count === 32 ? -1 : (1 << count) - 1
}

const wordOf = (slot: number, i: number): Address => annex(slot) + (i === 0 ? Annex.affinity0 : Annex.affinity1)

/** The processors in the set at `set`, of `bytes` bytes, are the thread's. EINVAL if none of them is there; ESRCH. */
export function pthread_setaffinity_np(m: Memory, thread: number, bytes: number, set: Address): number {
  const slot = find(thread)
  if (slot === 0) return ESRCH
  const words = [0, 1].map(i => 4 * i + 4 <= bytes ? peek(m, set + 4 * i) & present(i) : 0)
  if (words.every(word => word === 0)) return EINVAL
  words.forEach((word, i) => { poke(kernel, wordOf(slot, i), word) })
  return 0
}

/** Stores the thread's processors into the set at `set`: all, if nothing was set. EINVAL for a set of less than 8 bytes; ESRCH. */
export function pthread_getaffinity_np(m: Memory, thread: number, bytes: number, set: Address): number {
  const slot = find(thread)
  if (slot === 0) return ESRCH
  if (bytes < 4 * WORDS) return EINVAL
  const all = [0, 1].every(i => peek(kernel, wordOf(slot, i)) === 0)
  m.u8.fill(0, set, set + bytes)
  for (let i = 0; i < WORDS; i++) poke(m, set + 4 * i, all ? present(i) : peek(kernel, wordOf(slot, i)))
  return 0
}
