// Directed yield from afar: a thread that must wait for a lock asks the carrier of the fiber that holds it to run that one next.
//
// It is advice (D1 of ult/donate.ts): a word in the holder's annex, and a hint at it.  The carrier takes the word back when it looks.  Whoever has
// unlocked meanwhile has a turn early, or a word that nobody reads; nothing depends on it.  Between fibers of one carrier donate.ts does more,
// for there the turn itself can be given.

import { peek, poke } from '#atomics'
import { hint } from '../kernel/crew.ts'
import { annex, kernel, record, self } from '../kernel/process.ts'
import { Annex, Flag, PROCESS, Process, ThreadRecord } from '../kernel/records.ts'
import { find } from '../kernel/thread.ts'

/** The calling thread is about to wait for thread `holder`, or 0. If that is a fiber of another carrier, it shall run next there. */
export function askTurn(holder: number): void {
  if (peek(kernel, PROCESS + Process.places) === 0 || holder === 0) return
  const slot = find(holder)
  if (slot === 0) return
  const t = record(slot)
  if ((peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) === 0 || peek(kernel, t + ThreadRecord.carrier) === self.carrier) return
  poke(kernel, annex(slot) + Annex.wanted, 1)
  hint(slot)
}

/** Whether somebody has asked for a turn of fiber `slot`, which is the caller's, since this was asked last. */
export function takeTurn(slot: number): boolean {
  const word = annex(slot) + Annex.wanted
  if (peek(kernel, word) === 0) return false
  poke(kernel, word, 0)
  return true
}
