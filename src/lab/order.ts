// Which orders differ: schedules that differ only in the order of independent transitions lead to the same, and one of
// them is enough.  For the search of all schedules; where preemptions are bounded states.ts does what can be done.
//
// A transition is what a thread does from one step to the next: an operation and the plain accesses after it.  Two are
// independent if no word that one writes is touched by the other.  When the search has explored what follows if thread A goes
// on here, and then lets B go on instead, A is dormant: what it would do is known, with the words that it touches, and as long
// as nothing is done that depends on it, A doing it now only repeats an order that was explored (sleep sets, Godefroid
// 1996).  So no order is run twice, and of every class of equal orders one is run.
//
//   dormant of a thread    1 + the place of the list of what its next transition touches; 0: it may run
//   a list                 a count, then for each access a key: the word's hash, its lowest bit whether it was written
//
// I1  A thread is dormant from a choice at which it has been explored to the first transition that depends on what it would do.
// I2  A choice runs no dormant thread.  If all that could run are dormant, whatever follows has been explored: the schedule
//     runs to its end, and makes no branches.
// I3  The list of an alternative is written while its transition runs, and is valid while the choices before are the same.
//
// Choices after the first ORDERED_MAX, and alternatives after the first ALTERNATIVES, have no lists: they branch in every way.
// A list that is full depends on everything.  So do a timeout and a death, which never become dormant.

import { ALTERNATIVES, at, c, dormant, its, LIST, lists, ORDERED_MAX, skips } from './control.ts'

const FULL = LIST

/** Whether the search looks for orders that differ: when it is to run all schedules, and only threads make them. */
export function ordered(): boolean {
  return c[at.ordered] !== 0
}

/** A schedule begins: everybody may run. */
export function wakeAll(): void {
  c[at.recording] = 0
  c[at.dormants] = 0
  for (let i = 0; i < c[at.threads]; i++) c[its(dormant, i)] = 0
}

function wakeOne(i: number): void {
  c[its(dormant, i)] = 0
  c[at.dormants]--
}

/** The running thread touches (m, a). */
export function touched(m: number, a: number, writes: boolean): void {
  const place = c[at.recording]
  if (place === 0 && c[at.dormants] === 0) return
  const key = Math.imul((a >>> 2) ^ m << 26, 0x9E3779B1) << 1 | (writes ? 1 : 0)
  if (place !== 0) {
    const list = place - 1
    if (lists[list] < FULL - 1) lists[list + ++lists[list]] = key
    else lists[list] = FULL
  }
  if (c[at.dormants] !== 0) for (let i = 0; i < c[at.threads]; i++) if (c[its(dormant, i)] !== 0 && depends(c[its(dormant, i)] - 1, key)) wakeOne(i)
}

function depends(list: number, key: number): boolean {
  const count = lists[list]
  if (count === FULL) return true
  for (let i = list + 1; i <= list + count; i++) if (((lists[i] ^ key) & ~1) === 0 && ((lists[i] | key) & 1) !== 0) return true
  return false
}

/** A transition ends. */
export function ends(): void {
  c[at.recording] = 0
}

/** The first of the alternatives that is to be run, at choice `d`; -1 if all are dormant. Notes which are. */
export function firstAwake(d: number, alternatives: Int32Array, count: number): number {
  let mask = 0, first = -1
  for (let k = 0; k < count; k++) {
    if (alternatives[k] < 32 && c[its(dormant, alternatives[k])] !== 0) mask |= 1 << k
    else if (first < 0) first = k
  }
  if (d < ORDERED_MAX) skips[d] = mask
  return first
}

/** Alternative `k` of choice `d` runs; those before it have been explored. */
export function runs(d: number, k: number, alternatives: Int32Array): void {
  if (alternatives[k] >= 32) {
    wakeAll()
    return
  }
  if (d >= ORDERED_MAX) return
  for (let j = 0; j < Math.min(k, ALTERNATIVES); j++) {
    const i = alternatives[j]
    if (i >= 32 || c[its(dormant, i)] !== 0) continue
    c[its(dormant, i)] = 1 + (d * ALTERNATIVES + j) * LIST
    c[at.dormants]++
  }
  if (k >= ALTERNATIVES) return
  const list = (d * ALTERNATIVES + k) * LIST
  lists[list] = 0
  c[at.recording] = 1 + list
}

/** The alternative of choice `d` after `k` that is to be explored; `count` if there is none. */
export function nextAwake(d: number, k: number, count: number): number {
  do k++
  while (k < count && d < ORDERED_MAX && ordered() && (skips[d] >>> k & 1) !== 0)
  return k
}

/** Whether the only thread that can run is dormant. */
export function isDormant(what: number): boolean {
  return what < 32 && c[its(dormant, what)] !== 0
}
