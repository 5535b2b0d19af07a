// What the library does for threads that died or failed.  heirs: in the spawner, before the exit word is cleared.

import { peek } from '#atomics'
import { countFailure, Reason, type Death, type Heirs } from '../kernel/death.ts'
import { host } from '../kernel/host.ts'
import { annex, kernel, record } from '../kernel/process.ts'
import { Annex, Flag, Status, ThreadRecord } from '../kernel/records.ts'
import { encode } from '../mem/codec.ts'
import { launchIfWanted, threadEnded } from './io.ts'
import { isPart } from './entry.ts'
import { drop, freeName, peekResult, sendArguments, sendResult } from './message.ts'
import { mourner } from './mourner.ts'
import { cause, obituary } from './obituary.ts'
import { sweepCalls } from './ring.ts'
import { orphan } from './robust.ts'

/** Gives up the arguments if they were not read, leaves the error, and prints it if nobody can join. */
function bequeath(slot: number, { reason, code, error }: Death): void {
  drop(slot)
  const flags = peek(kernel, record(slot) + ThreadRecord.flags)
  if ((flags & Flag.SYSTEM) !== 0 && threadEnded(slot, { reason, code, error }, true)) return
  if ((flags & Flag.DETACHED) !== 0) {
    if (reason === Reason.TERMINATED && isPart(peek(kernel, record(slot) + ThreadRecord.entry))) return   // its program has ended
    countFailure()
    try {
      host.writeError(obituary(slot, error ?? cause(reason, code)))
    } catch {
      // Nobody reads stderr.
    }
    return
  }
  if (error === undefined || reason === Reason.OUT_OF_MEMORY) return
  try {
    const message = encode(error, 'error')
    if (message.extras.length !== 0 || !sendResult(slot, message, [])) message.drop()
  } catch {
    // The reason is in the record; what cannot be sent of the error is lost.
  }
}

function clear(slot: number): void {
  drop(slot)
  freeName(slot)
}

function sweep(n: number, death: Death): void {
  sweepCalls(n)
  mourner.carrierDied(n, death)
}

/** For the spawner. */
export const heirs: Heirs = {
  disown: slot => { orphan(slot, true) }, bequeath, clear, sweep, rung: launchIfWanted,
  argument: (slot, value) => sendArguments(slot, encode([value], 'args'), []),
}

/** What a failed thread failed with, for its obituary: its error, or why it died. */
export function failureOf(slot: number): unknown {
  const t = record(slot)
  const error = peekResult(slot)
  return peek(kernel, t + ThreadRecord.status) === Status.DIED && error === undefined
    ? cause(peek(kernel, t + ThreadRecord.reason), peek(kernel, annex(slot) + Annex.code))
    : error
}
