// Once.  POSIX.1-2024 pthread_once.
//
// state           meaning                        who leaves it, and to where
//   0  NOT_YET    nobody has run the routine     the first caller: RUNS
//   1  RUNS       `runner` runs it               the runner: DONE, or NOT_YET if the routine threw
//   2  DONE       it has returned once           nobody
//
// Whoever finds RUNS sleeps while it is RUNS; both ways out wake everybody.  A runner that died (a full heap,
// termination) leaves RUNS behind: sleepers look once a second whether it still exists, and one takes over.

import { cas, load, peek, store } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { EDEADLK, ETIMEDOUT } from '../kernel/errno.ts'
import { wake } from '../kernel/futex.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { block, wait, type Sleeper } from '../kernel/request.ts'
import { find } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Address, Memory } from '../mem/memory.ts'
import { Once } from './records.ts'

const NOT_YET = 0, RUNS = 1, DONE = 2
const LOOK = 1000

/**
 * Calls `routine` if no thread has for the object at `once`; returns 0 after it has returned once. Blocks while
 * another thread runs it. What the routine throws passes through, and the next caller runs it again. Called
 * from within its own routine: EDEADLK.
 */
export function pthread_once(m: Memory, once: Address, routine: () => void): number {
  if (load(m, once) === DONE) return 0
  if (!block(claim(m, once, self.tid))) return load(m, once) === DONE ? 0 : EDEADLK
  let next = NOT_YET
  try {
    routine()
    next = DONE
  } finally {
    settle(m, once, next === DONE)
  }
  return 0
}

/** Leaves RUNS: for DONE, or for NOT_YET. */
export function settle(m: Memory, once: Address, done: boolean): void {
  store(m, once + Once.runner, 0)
  store(m, once, done ? DONE : NOT_YET)                                   // RUNS -> DONE, NOT_YET
  wake(m, once, Infinity)
}

/** Becomes the runner, as `tid`, and returns true; false when the routine is done, or `tid` runs it already. */
export function* claim(m: Memory, once: Address, tid: number): Sleeper<boolean> {
  for (let looked = false; ;) {
    const state = cas(m, once, NOT_YET, RUNS)                             // NOT_YET -> RUNS
    if (state === DONE) return false
    const runner = peek(m, once + Once.runner)
    if (state === RUNS && runner === tid) return false
    // Whoever is entered as the runner runs it: the one who moved the word, or who finds the runner gone, or none
    // entered for as long as a LOOK.
    const vacant = state === NOT_YET || (runner === 0 ? looked : gone(runner))
    if (vacant && cas(m, once + Once.runner, runner, tid) === runner) return true
    looked = (yield wait(m, once, RUNS, wmesg.once, now(CLOCK_MONOTONIC) + LOOK)) === ETIMEDOUT && runner === 0
  }
}

function gone(tid: number): boolean {
  const slot = find(tid)
  return slot === 0 || load(kernel, record(slot) + ThreadRecord.exit) === 0
}
