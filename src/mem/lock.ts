// The kernel's own lock: for a few dozen instructions on a table or a queue, never held across a sleep.
//
// word                 meaning                                    who leaves it
//   0                  free                                       anyone: to its holder id
//   holder             held                                       the holder: 0.  A thread about to sleep: + CONTENDED
//   holder|CONTENDED   held, somebody may sleep                   the holder: 0, then it resumes one sleeper
//
// The holder is the number of the carrier (heap) that runs, so that a survivor can tell which locks a dead
// carrier held, mend what they guard and free them (kernel/reap.ts).  Whoever acquires after having slept
// leaves CONTENDED behind, for there may be others.
//
// A holder that dies between freeing the word and resuming a sleeper would lose a wake-up; therefore a
// sleeper looks again after a second, and the reaper resumes everybody.
//
// The spawner must not sleep on a lock: the holder may be dead, and it is the spawner that will find out.  It is
// impatient: an acquisition that takes too long throws Held, and the job is tried again in a later turn of its event
// loop.  What changes more than one thing takes its locks in advance (holding), so that it cannot stop half-way.
//
// Rejected: a pure spin lock (a holder preempted on our own core costs a whole time slice); the futex
// (it is built from this).

import { cas, exchange, load, resume, suspend } from '#atomics'
import type { Address, Memory } from './memory.ts'

const CONTENDED = 0x80000000 | 0
const SPINS = 100
const PATIENCE = 5                                     // ms

/** An impatient heap did not get a lock. */
export class Held extends Error {}

let impatient = false
const inAdvance = new Set<Address>()

/** This heap never sleeps on a lock for long: {@link Held}. */
export function becomeImpatient(): void {
  impatient = true
}

/** Runs `f` with the locks at `locks` held; within, acquiring them again does nothing. Throws {@link Held} before `f` has begun. */
export function holding(m: Memory, locks: readonly Address[], holder: number, f: () => void): void {
  const taken: Address[] = []
  try {
    for (const a of locks) {
      acquire(m, a, holder)
      taken.push(a)
    }
    for (const a of taken) inAdvance.add(a)
    f()
  } finally {
    inAdvance.clear()
    for (const a of taken) release(m, a)
  }
}

// An overflow of the stack while a lock is held would leave it held for ever: let it happen here, before.
function probe(depth: number): number {
  return depth === 0 ? 0 : probe(depth - 1) + 1
}

/** Acquires the lock at `a` for carrier `holder`. Throws RangeError if hardly any stack is left. */
export function acquire(m: Memory, a: Address, holder: number): void {
  probe(10)
  if (cas(m, a, 0, holder) !== 0) acquire_slow(m, a, holder)
}

function acquire_slow(m: Memory, a: Address, holder: number): void {
  if (inAdvance.has(a)) return
  for (let i = 0; i < SPINS; i++)
    if (load(m, a) === 0 && cas(m, a, 0, holder) === 0) return
  for (;;) {
    let word = load(m, a)
    if (word === 0) {
      if (cas(m, a, 0, holder | CONTENDED) === 0) return
      continue
    }
    if (word > 0) {
      if (cas(m, a, word, word | CONTENDED) !== word) continue
      word |= CONTENDED
    }
    if (suspend(m, a, word, impatient ? PATIENCE : 1000) === 'timed-out' && impatient) throw new Held('a lock of the kernel is held')
  }
}

/** Releases the lock at `a`. Only the holder may. */
export function release(m: Memory, a: Address): void {
  if (impatient && inAdvance.has(a)) return
  if (exchange(m, a, 0) < 0) resume(m, a, 1)
}

/** The carrier that holds the lock at `a`, or 0. */
export function holder(m: Memory, a: Address): number {
  return load(m, a) & ~CONTENDED
}

/** Frees the lock of a dead holder, after what it guards was mended, and wakes everybody who sleeps on it. */
export function recover(m: Memory, a: Address): void {
  exchange(m, a, 0)
  resume(m, a)
}
