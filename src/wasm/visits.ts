// Visits: calls of a program by threads that are not its own, as far as its end has to know of them.
//
// A thread of the program ends with it. A visitor is somebody else's thread: the program waits until it has left, and only then gives up its memory
// and its record.
//
// visits of the visitor's annex    meaning                                          who leaves it, and to where
//   0                              it calls no program                              the visitor: id
//   id                             it calls the program in memory id                the visitor: 0; who ends the program: -id; the reaper: 0
//   -id                            the same, and who ends the program sleeps here   the visitor: 0, then it wakes that one; the reaper: 0, and it rouses all
//
// V1  A visitor writes its id, then looks whether the program has ended; who ends it writes that, then looks for visitors. By the order of
//     sequentially consistent accesses one sees the other: so nobody is inside whom the end does not wait for.
// V2  After its 0 a visitor touches nothing of the program: its record may be gone.
// V3  A visitor that sleeps inside is got out: who ends the program sets SIGNAL in its `attention`, and then interrupts it. A wait that begins later sees
//     the attention (futex I7), one that has begun is interrupted, and what looks then (`interrupted` of the visitor's Local) throws. It sets SIGNAL
//     again before it does, for what is thrown passes `finally` blocks that may sleep, on locks whose owners are gone. A wait that nothing
//     interrupts (malloc's lock) is begun at an epoch, looks for the end itself, and a loss is counted before it is roused.
// V4  A visitor that computes is waited for. With preemption its loops look.
// V5  A visitor that dies inside rings `bereft`: what it held in C is lost, so the program is ended as by SIGKILL.
//
// Rejected: a count of visitors in the program's record (a visitor that has counted itself off may be the reason that the record is gone, and it
// would still have to wake somebody there; and one that dies is never counted off).

import { cas, exchange, load, or, peek, poke, store } from '#atomics'
import { countLoss, rouse, SIGNAL, wake } from '../kernel/futex.ts'
import { annex, kernel, record, self, user } from '../kernel/process.ts'
import { Annex, ThreadRecord } from '../kernel/records.ts'
import { wait, type Sleeper } from '../kernel/request.ts'
import { prod } from '../kernel/signal.ts'
import { lastSlot } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Address } from '../mem/memory.ts'
import { RUNS } from './about.ts'
import { ProgramRecord } from './records.ts'

/** Whether the program in memory `id`, whose record is at `at`, runs. */
export function runs(at: Address, id: number): boolean {
  return load(user, at + ProgramRecord.ended) === RUNS && load(user, at + ProgramRecord.memory) === id
}

/** Whether the calling thread visits a program: one at a time, for there is one word. */
export function visits(): boolean {
  return peek(kernel, annex(self.slot) + Annex.visits) !== 0
}

/** The calling thread, which visits none, visits the program from now on; false: the program has ended. */
export function enter(at: Address, id: number): boolean {
  const mine = annex(self.slot)
  poke(kernel, mine + Annex.bell, at + ProgramRecord.bereft)
  store(kernel, mine + Annex.visits, id)
  if (runs(at, id)) return true
  leave()
  return false
}

/** The calling thread has left the program that it visited. */
export function leave(): void {
  const mine = annex(self.slot)
  poke(kernel, mine + Annex.bell, 0)
  if (exchange(kernel, mine + Annex.visits, 0) < 0) wake(kernel, mine + Annex.visits, Infinity)
}

/** The calling thread, which visits a program that has ended, is about to throw (V3). */
export function hurry(): void {
  or(kernel, record(self.slot) + ThreadRecord.attention, SIGNAL)
}

/** Waits until nobody visits the program in memory `id`, which has ended. */
export function* dismiss(id: number): Sleeper<void> {
  countLoss()
  const visited: Address[] = []
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const word = annex(slot) + Annex.visits
    if (peek(kernel, word) !== id || cas(kernel, word, id, -id) !== id) continue
    visited.push(word)
    or(kernel, record(slot) + ThreadRecord.attention, SIGNAL)
    prod(slot, SIGNAL)
    rouse(slot)
  }
  for (const word of visited) while (load(kernel, word) === -id) yield wait(kernel, word, -id, wmesg['exit of all'])
}
