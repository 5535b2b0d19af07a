// Who runs next.
//
// At a step the running thread may go on, or another may run instead: a preemption.  A sleep with a deadline may time
// out although others could run (they are slow, time passes), and a mortal thread may die.  The alternatives always
// stand in the same order, the cheapest first:
//
//   0            the running thread goes on; when it cannot, the first that can
//   1 …          the others that can run, by number
//   …            a sleeper with a deadline times out, by number            costs as much as a preemption
//   …            the running thread dies; a sleeping one dies                costs as much as a preemption
//
// so a schedule is the list of its choices that are not 0, whatever strategy made them, and replays from that.
//
// SEARCH     depth first: the last choice that has an alternative left takes the next one, what follows is new.
//            Schedules with 0 preemptions come first, then those with 1, up to the bound: most bugs need two.
// PRIORITY   PCT (Burckhardt et al., 2010): random priorities, the highest runs; at two random steps the running
//            thread becomes the lowest.  Finds a bug of depth d with a known probability.
// RANDOM     every alternative with the same probability, preferring to go on.
// REPLAY     the given choices, then 0.

import { at, c, chosen, deadlineOf, DECISIONS_MAX, Doing, early, its, Mode, mortal, of, priority, setTotal, state, total } from './control.ts'
import { ends, firstAwake, isDormant, nextAwake, ordered, runs } from './order.ts'
import { forgetStates, known } from './states.ts'

const TIMEOUT = 64, DEATH = 128
/** Early timeouts of one thread in a schedule: a loop of timed waits must not keep the others from running. */
const EARLY_MAX = 3
/** A thread that has taken so many steps without a write lets another run. */
const QUIET_MAX = 600
const CHANGES = 2

/** What was chosen: thread `who` runs, after its sleep has timed out or after it died if that is said. */
export const choice = { who: 0, timesOut: false, dies: false }

/** A schedule behaves differently when it is run again. */
export class Irreproducible extends Error {}

const alternatives = new Int32Array(128)
let count = 0

/** Chooses; false when no thread can run now or later. `runnable`: the running thread `me` can go on. */
export function choose(me: number, runnable: boolean): boolean {
  const threads = c[at.threads]
  count = 0
  ends()
  const tired = runnable && c[at.quiet] > QUIET_MAX
  if (runnable && !tired) alternatives[count++] = me
  const affordable = c[at.bound] < 0 || c[at.used] < c[at.bound]
  const preempts = runnable && !tired
  if (!preempts || affordable) {
    for (let i = 0; i < threads; i++) if ((i !== me || !runnable) && c[its(state, i)] <= Doing.RUNNABLE) alternatives[count++] = i
  } else if (c[at.limited] === 0) {
    for (let i = 0; i < threads; i++) if ((i !== me || !runnable) && c[its(state, i)] <= Doing.RUNNABLE) c[at.limited] = 1
  }
  if (tired) alternatives[count++] = me
  const free = count
  if (c[at.clock] !== 0) addTimeouts(threads, affordable)
  if (affordable) addDeaths(threads, me, runnable)
  if (count === 0) return false
  if (count === 1 && ordered() && isDormant(alternatives[0])) c[at.known] = 1
  const k = count === 1 ? 0 : decide(me, runnable, preempts)
  if (k !== 0 && (preempts || k >= free) && free > 0) c[at.used]++
  const what = alternatives[k]
  choice.who = what & 31
  choice.timesOut = (what & TIMEOUT) !== 0
  choice.dies = (what & DEATH) !== 0
  if (choice.timesOut && free > 0) c[its(early, choice.who)]++
  if (tired) c[at.quiet] = 0
  return true
}

// When nobody can run, the clock goes to the next deadline.
function addTimeouts(threads: number, affordable: boolean): void {
  if (count === 0) {
    let first = -1
    for (let i = 0; i < threads; i++)
      if (c[its(state, i)] === Doing.ASLEEP && deadlineOf(i) < Infinity && (first < 0 || deadlineOf(i) < deadlineOf(first))) first = i
    if (first >= 0) alternatives[count++] = TIMEOUT | first
    return
  }
  for (let i = 0; i < threads; i++) {
    if (c[its(state, i)] !== Doing.ASLEEP || deadlineOf(i) === Infinity || c[its(early, i)] >= EARLY_MAX) continue
    if (affordable) alternatives[count++] = TIMEOUT | i
    else c[at.limited] = 1
  }
}

function addDeaths(threads: number, me: number, runnable: boolean): void {
  for (let i = 0; i < threads; i++)
    if (c[its(mortal, i)] !== 0 && (i === me ? runnable : c[its(state, i)] === Doing.ASLEEP)) alternatives[count++] = DEATH | i
}

function decide(me: number, runnable: boolean, preempts: boolean): number {
  let first = 0
  if (c[at.mode] === Mode.SEARCH && c[at.decisions] >= c[at.prefix]) {
    if (c[at.known] === 0) {
      if (ordered()) first = firstAwake(c[at.decisions], alternatives, count)
      if (ordered() ? first < 0 : known(me, runnable, c[at.bound] >= 0)) c[at.known] = 1
    }
    if (c[at.known] !== 0) return 0
  }
  const d = c[at.decisions]++
  const mark = count | c[at.hash] << 8                                   // what was done so far must be the same, too
  if (d >= DECISIONS_MAX) throw new Error('lab: the schedule has too many choices')
  let k = first
  if (d < c[at.prefix]) {
    k = chosen[d]
    if (k >= count || (c[at.mode] === Mode.SEARCH && of[d] !== mark)) throw new Irreproducible(`choice ${d} is another one than before`)
  } else if (c[at.mode] === Mode.RANDOM) {
    k = preempts && random(4) !== 0 ? 0 : random(count)
  } else if (c[at.mode] === Mode.PRIORITY) {
    k = highest(preempts)
  }
  chosen[d] = k
  of[d] = mark
  if (ordered()) runs(d, k, alternatives)
  return k
}

function highest(preempts: boolean): number {
  const span = Math.max(16, c[at.longest])
  if (preempts && random(span) < CHANGES) c[its(priority, alternatives[0])] = -c[at.steps]
  let best = 0
  for (let k = 1; k < count; k++) {
    const what = alternatives[k]
    if ((what & DEATH) !== 0) {
      if (random(span) === 0) return k
    } else if (c[its(priority, what & 31)] > c[its(priority, alternatives[best] & 31)]) best = k
  }
  return best
}

/** Prepares the first schedule, or the next one; false when there is none. */
export function next(first: boolean): boolean {
  if (!first) {
    setTotal(total() + c[at.steps])
    c[at.longest] = Math.max(c[at.longest], c[at.steps])
    c[at.schedules]++
    if (c[at.schedules] >= c[at.budget] || c[at.mode] === Mode.REPLAY) return false
    if (c[at.mode] === Mode.SEARCH ? !backtrack() : false) return false
    if (c[at.mode] !== Mode.SEARCH) c[at.mode] = c[at.schedules] % 2 === 0 ? Mode.PRIORITY : Mode.RANDOM
  }
  if (c[at.mode] !== Mode.SEARCH && c[at.mode] !== Mode.REPLAY) {
    c[at.prefix] = 0
    c[at.bound] = -1
    c[at.random] = Math.imul(c[at.seed] + c[at.schedules], 0x9E3779B1) ^ c[at.seed]
    for (let i = 0; i < c[at.threads]; i++) c[its(priority, i)] = 1 + random(1 << 20)
  }
  return true
}

// The next branch of the search; then a higher bound; then chance, if the search may use no more.
function backtrack(): boolean {
  if (c[at.schedules] >= c[at.searchBudget]) {
    c[at.mode] = Mode.PRIORITY
    c[at.ordered] = 0
    return true
  }
  let d = c[at.decisions] - 1
  while (d >= 0 && nextAwake(d, chosen[d], of[d] & 255) >= (of[d] & 255)) d--
  if (d >= 0) {
    chosen[d] = nextAwake(d, chosen[d], of[d] & 255)
    c[at.prefix] = d + 1
    return true
  }
  c[at.prefix] = 0
  c[at.covered] = c[at.bound] + 1
  if (c[at.limited] === 0 || c[at.bound] === c[at.boundMax]) {
    c[at.complete] = c[at.limited] === 0 ? 2 : 1
    return false
  }
  c[at.bound]++
  forgetStates()
  c[at.limited] = 0
  return true
}

/** A whole number from 0 to below `below`: mulberry32. */
function random(below: number): number {
  c[at.random] = c[at.random] + 0x6d2b79f5 | 0
  let t = Math.imul(c[at.random] ^ c[at.random] >>> 15, 1 | c[at.random])
  t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
  return ((t ^ t >>> 14) >>> 0) % below
}

/** The schedule as text: `a2-4.1_7.2`: at choice 4 the alternative 1, seven later 2, in base 36; `a2` says what a step is, and the bound. */
export function scheduleText(): string {
  const parts: string[] = []
  for (let d = 0, last = 0; d < c[at.decisions]; d++) {
    if (chosen[d] === 0) continue
    parts.push(`${(d - last).toString(36)}.${chosen[d].toString(36)}`)
    last = d
  }
  return `${'asl'[c[at.plain]]}${c[at.bound] < 0 ? '' : c[at.bound]}-${parts.join('_')}`
}

/** A schedule to replay. */
export interface Given { plain: number, bound: number, choices: number[] }

/** What {@link scheduleText} wrote; undefined for another text. */
export function readSchedule(text: string): Given | undefined {
  const [, step, bound, rest] = /^([asl])(\d*)-((?:[0-9a-z]+\.[0-9a-z]+(?:_(?!$)|$))*)$/.exec(text) ?? []
  if (step === undefined) return undefined
  const choices: number[] = []
  for (const part of rest === '' ? [] : rest.split('_')) {
    const [delta, k] = part.split('.')
    const d = Math.max(0, choices.length - 1) + parseInt(delta, 36)
    if (d >= DECISIONS_MAX) return undefined
    while (choices.length < d) choices.push(0)
    choices[d] = parseInt(k, 36)
  }
  return { plain: 'asl'.indexOf(step), bound: bound === '' ? -1 : Number(bound), choices }
}
