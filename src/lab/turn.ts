// The turn: exactly one virtual thread runs at a time, one atomic operation after another.
//
// A virtual thread is a Worker that sleeps on its own `go` word unless it has the turn.  Before each operation the
// holder chooses who goes on (strategy.ts), by itself: no controller takes part, and a step that lets the same thread
// go on costs no switch.
//
// state      meaning                                who leaves it, and to where
//   READY      has not begun this schedule          whoever chooses it: RUNNABLE
//   RUNNABLE   may be chosen                        itself: ASLEEP, SPINS, DONE.  Whoever chooses its death: DEAD
//   ASLEEP     suspended on (memory, address)       a resume of that word: RUNNABLE.  Whoever chooses that time is up: RUNNABLE
//   SPINS      has polled that word SPIN_MAX times  a write of that word, or nobody else can run: RUNNABLE
//   DONE       its function has returned            the next schedule: READY
//   DEAD       was killed                           the next schedule: READY
//
// I1  All of the control memory but `go` is written by the holder of the turn.
// I2  The holder either runs, or has set the `go` of exactly one other and cleared nothing since.
// I3  A thread that was killed touches nothing: every operation throws Killed before it does anything, so that what
//     its `finally` blocks would do is not done, as when a Worker is terminated.
//
// Only who has just given up the turn looks on for it (patience.ts), the others sleep: one turn can use two cores at most.
//
// A word read twice in a row by the same thread is a step twice; from the third time on it is none: nobody else has
// run, so the value is the same, and where the polling stops makes no difference to the others.
//
// Rejected: a controller that hands out the turn (two switches a step instead of at most one); one heap with
// generators (it would be another source than the one that ships).

import { address, at, begun, c, daemon, deadlineOf, Doing, go, its, killed, memory, Mode, isDirty, dirtyPages, mortal, order, outcome, PAGE_BITS, PAGES, setDeadline, setTime, state, time } from './control.ts'
import { KERNEL } from '../mem/memory.ts'
import { touched } from './order.ts'
import { looks, mayLook } from './patience.ts'
import { LOOP, orderOf, resumeLater } from './promises.ts'
import { remember } from './states.ts'
import { choice, choose } from './strategy.ts'

/** What is wrong with a schedule. */
export type Verdict = 'nobody can run' | 'livelock' | 'assertion' | 'error' | 'irreproducible'

/** Thrown in a thread that dies, or a daemon whose schedule is over. */
export const KILLED = { toString: () => 'killed by the lab' }

const DEATHS = -1                      // the memory of words that are deaths of threads
const WOKEN = 64, LOOKS = 65           // beside the numbers of operations
const SPIN_MAX = 128
const ROUNDS_MAX = 400
const MULTIPLIER = 0x01000193

/** The number of this heap's virtual thread. */
export let me = -1
/** Whether this heap runs a thread of a schedule: its operations are steps. */
export let live = false
let failing: (verdict: Verdict) => never = () => { throw new Error('lab: not entered') }
let idle: () => void = () => undefined

/** Makes this heap virtual thread `i`. `fail` ends the exploration, `over` is called when all but daemons have ended; both with the turn. */
export function become(i: number, processors: number, fail: (verdict: Verdict) => never, over: () => void): void {
  me = i
  mayLook(processors > 1)
  failing = fail
  idle = over
}

/** Operations are steps from now on, or no more. */
export function setLive(on: boolean): void {
  live = on
}

/** Gives the turn to thread `i`. */
export function pass(i: number): void {
  c[at.running] = i
  c[at.passer] = me
  c[at.quiet] = 0
  Atomics.store(c, its(go, i), 1)
  Atomics.notify(c, its(go, i), 1)
}

/** Sleeps until this thread has the turn. */
export function awaitTurn(): void {
  const word = its(go, me)
  for (let i = looks(); i > 0 && Atomics.load(c, word) === 0; i--) if ((i & 63) === 0 && Atomics.load(c, at.passer) !== me) break
  while (Atomics.load(c, word) === 0) Atomics.wait(c, word, 0)
  Atomics.store(c, word, 0)
}

function checkKilled(): void {
  if (c[its(killed, me)] !== 0) throw KILLED
}

/** The step before an operation: another thread may run first. */
export function step(): void {
  checkKilled()
  if (++c[at.steps] > c[at.limit]) failing('livelock')
  c[at.quiet]++
  turnOver(true)
}

// Lets the strategy choose; returns when this thread runs again.
function turnOver(runnable: boolean): void {
  while (!pick(runnable)) {
    if (c[at.spinners] !== 0) release(-1, 0)
    else {
      idle()
      return
    }
  }
  carryOut()
  if (choice.who !== me) {
    pass(choice.who)
    awaitTurn()
  }
  checkKilled()
}

function carryOut(): void {
  const { who } = choice
  if (choice.dies) kill(who)
  if (choice.timesOut) {
    setTime(Math.max(time(), deadlineOf(who)))
    wakeUp(who, 1)
  }
  if (c[its(state, who)] === Doing.READY) c[its(state, who)] = Doing.RUNNABLE
}

function pick(runnable: boolean): boolean {
  try {
    return choose(me, runnable)
  } catch {
    return failing('irreproducible')
  }
}

function kill(i: number): void {
  c[its(killed, i)] = 1
  c[its(state, i)] = Doing.DEAD
  c[its(daemon, i)] = 1
  resumeAll(DEATHS, i, Infinity)
}

/** From its next step on the calling thread may die, or may no more: for deaths in a part of what it does. */
export function setMortal(on: boolean): void {
  c[its(mortal, me)] = on ? 1 : 0
}

/** Sleeps until thread `i` has died, which may be never: the caller should be a daemon. */
export function awaitDeath(i: number): void {
  while (c[its(state, i)] !== Doing.DEAD) sleep(DEATHS, i, Infinity)
}

function wakeUp(i: number, how: number): void {
  if (c[at.mode] === Mode.SEARCH && c[at.ordered] === 0) remember(i, WOKEN, 0, 0, how, time(), false)
  c[its(state, i)] = Doing.RUNNABLE
  c[its(outcome, i)] = how
}

/** Mixes what was done into the schedule's hash. */
export function note(what: number, m: number, a: number, result: number, writes: boolean): void {
  if (c[at.ordered] !== 0) touched(m, a, writes)
  else if (c[at.mode] === Mode.SEARCH) remember(me, what, m, a, result, time(), writes)
  let h = c[at.hash]
  h = Math.imul(h ^ (me << 8 | what), MULTIPLIER)
  h = Math.imul(h ^ (a + (m << 28)), MULTIPLIER)
  c[at.hash] = Math.imul(h ^ result, MULTIPLIER)
}

/** The thread sleeps on (m, a), at most `ms`; another one runs. True if it was resumed, false if its time is up. */
export function sleep(m: number, a: number, ms: number): boolean {
  c[its(state, me)] = Doing.ASLEEP
  c[its(memory, me)] = m
  c[its(address, me)] = a
  c[its(order, me)] = ++c[at.order]
  setDeadline(me, ms === Infinity || c[at.clock] === 0 ? Infinity : time() + Math.max(0, ms))
  turnOver(false)
  return c[its(outcome, me)] === 0
}

/** Resumes up to `count` threads that sleep on (m, a), first come first; returns how many. */
export function resumeAll(m: number, a: number, count: number): number {
  let resumed = 0
  for (; resumed < count; resumed++) {
    let first = -1, earliest = Infinity, later = false
    for (let i = 0; i < c[at.threads]; i++) {
      if (c[its(state, i)] === Doing.ASLEEP && c[its(memory, i)] === m && c[its(address, i)] === a && c[its(order, i)] < earliest) {
        first = i
        earliest = c[its(order, i)]
        later = false
      }
      const promised = orderOf(i, m, a)
      if (promised < 0 || promised > earliest) continue
      first = i
      earliest = promised
      later = true
    }
    if (first < 0) break
    if (later) resumePromise(first, earliest)
    else wakeUp(first, 0)
  }
  return resumed
}

// The event loop of thread `i` has something to do.
function resumePromise(i: number, which: number): void {
  resumeLater(i, which)
  note(WOKEN, LOOP, i, which, true)
  if (c[its(state, i)] === Doing.ASLEEP && c[its(memory, i)] === LOOP) wakeUp(i, 0)
}

/** The step of a turn of this thread's event loop: what others have resumed by now. */
export function loopTurn(): void {
  step()
  note(LOOKS, LOOP, me, 0, false)
}

/** The thread has read (m, a) again and again, and nothing changes: it may run again after somebody has written there. */
export function polled(m: number, a: number, times: number): void {
  checkKilled()
  if (times % SPIN_MAX !== 0) return
  c[its(state, me)] = Doing.SPINS
  c[its(memory, me)] = m
  c[its(address, me)] = a
  c[at.spinners]++
  turnOver(false)
}

// Lets pollers of (m, a) run again; of any word if m < 0: nobody else can.
function release(m: number, a: number): void {
  if (m < 0 && ++c[at.rounds] > ROUNDS_MAX) failing('livelock')
  for (let i = 0; i < c[at.threads]; i++) {
    if (c[its(state, i)] !== Doing.SPINS || (m >= 0 && (c[its(memory, i)] !== m || c[its(address, i)] !== a))) continue
    c[its(state, i)] = Doing.RUNNABLE
    c[at.spinners]--
  }
}

/** The thread has written (m, a). */
export function written(m: number, a: number): void {
  if (m === KERNEL && a < PAGES << PAGE_BITS && isDirty[a >>> PAGE_BITS] === 0) {
    isDirty[a >>> PAGE_BITS] = 1
    dirtyPages[c[at.dirty]++] = a >>> PAGE_BITS
  }
  c[at.quiet] = 0
  c[at.rounds] = 0
  if (c[at.spinners] !== 0) release(m, a)
}

/** The thread's function has ended, or it has died and unwound: another one runs, and the schedule is over if none can. */
export function leave(): void {
  setLive(false)
  if (c[its(state, me)] !== Doing.DEAD) c[its(state, me)] = Doing.DONE
  while (!pick(false)) {
    if (c[at.spinners] !== 0) release(-1, 0)
    else {
      idle()
      return
    }
  }
  carryOut()
  pass(choice.who)
}

/** Threads that sleep or poll and are no daemons. */
export function stuck(): number[] {
  const found: number[] = []
  for (let i = 0; i < c[at.threads]; i++)
    if ((c[its(state, i)] === Doing.ASLEEP || c[its(state, i)] === Doing.SPINS) && c[its(daemon, i)] === 0) found.push(i)
  return found
}

/** With the turn, the schedule over: unwinds the daemons that sleep somewhere. */
export function unwindDaemons(): void {
  for (let i = 0; i < c[at.threads]; i++) {
    if (c[its(state, i)] !== Doing.ASLEEP || c[its(begun, i)] === 0) continue
    c[its(killed, i)] = 1
    c[its(state, i)] = Doing.DONE
    c[its(outcome, i)] = me
    pass(i)
    awaitTurn()
  }
}

/** A daemon that was unwound gives the turn back. */
export function giveBack(): void {
  pass(c[its(outcome, me)])
}

/** With the turn: the first thread of a schedule gets it. */
export function begin(): void {
  if (!pick(false)) failing('nobody can run')
  carryOut()
  pass(choice.who)
}
