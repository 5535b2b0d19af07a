// The ledger of the marathon: what every actor has done, in shared memory, so that a death loses no more than an entry.
//
// An actor has a row. Its columns count operations by kind, and how often the actor changed the word that each object
// guards. Only the actor writes its row; main reads all of them, for progress, and for the sums when the actors have ended.

import { user } from '#internal/kernel/process.js'

/** What is counted. The first three are the lock operations. */
export const kinds = [
  'mutex locks', 'rwlock locks', 'spin locks', 'semaphore units', 'condition waits', 'barrier rounds', 'once calls', 'named semaphore opens',
  'asynchronous acquisitions', 'timeouts', 'signals sent', 'interruptions', 'signals waited for', 'timer expirations', 'cancellations', 'threads joined',
  'destructors', 'deaths by terminate', 'deaths by a throw', 'deaths by process.exit', 'deaths by a full heap', 'deaths by an uncaught error',
  'deaths in a pool', 'pool tasks', 'pool tasks stopped',
] as const
export type Kind = typeof kinds[number]

/** How many guarded words there may be. */
export const GUARDED = 32
/** Bytes of a row. */
export const ROW = (kinds.length + GUARDED) * 8

const column = Object.fromEntries(kinds.map((kind, i) => [kind, i])) as Record<Kind, number>
const f64 = (): Float64Array => user.f64

/** The caller's row. A heap runs one actor at a time. */
let own = 0

/** The caller writes the row at `row` from now on. */
export function opensRow(row: number): void {
  own = row >>> 3
}

/** Counts `n` operations. */
export function did(kind: Kind, n = 1): void {
  f64()[own + column[kind]] += n
}

/** Counts a change of the word that object `n` guards. */
export function guarded(n: number, times = 1): void {
  f64()[own + kinds.length + n] += times
}

/** What the row at `row` says of `kind`. */
export function count(row: number, kind: Kind): number {
  return f64()[(row >>> 3) + column[kind]]
}

/** How often the actor of the row at `row` changed the word of object `n`. */
export function changes(row: number, n: number): number {
  return f64()[(row >>> 3) + kinds.length + n]
}

/** Everything the actor of the row at `row` did, as one number: it grows with each operation. */
export function effort(row: number): number {
  let sum = 0
  for (let i = 0; i < kinds.length; i++) sum += f64()[(row >>> 3) + i]
  return sum
}
