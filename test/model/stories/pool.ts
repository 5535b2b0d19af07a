// Stories of lanes: the pool posts, calls back, aborts; the thread takes, finishes, tells; on the functions below the face.

import assert from 'node:assert/strict'
import { CLOCK_MONOTONIC, now } from '#internal/kernel/clock.js'
import { block } from '#internal/kernel/request.js'
import {
  allocate, allocatePool, answersOf, condemn, DONE, entryAt, finish, isPassed, LANE_SIZE, nudge, pass, post, posted_slow, requestAbort, REVOKED, revoke,
  setCrowd, stateOf, take, tell, untilTold, vacate,
} from '#internal/pool/lane.js'
import { EntryRecord } from '#internal/pool/records.js'
import type { Story } from '#internal/lab/index.js'
import { memory } from 'pthreads/posix'

interface Objects { lane: number, pool: number, log: Int32Array }

// In `log`: how often each task ran; whether the thread ended because it was to be killed.
const KILLED = 4

function setup(): Objects {
  return { lane: allocate(LANE_SIZE), pool: allocatePool(), log: new Int32Array(new SharedArrayBuffer(32)) }
}

function serve({ lane, pool, log }: Objects): void {
  for (let i = 0; ; i++) {
    block(posted_slow(lane, i, pool))
    const entry = memory().i32[entryAt(lane, i) + EntryRecord.entry >>> 2]
    if (take(lane, i, now(CLOCK_MONOTONIC))) {
      if (entry === 0) return
      log[entry - 1]++
      if (!finish(lane, i, false, now(CLOCK_MONOTONIC))) {
        log[KILLED] = 1
        return
      }
    }
    pass(lane, i)
    tell(pool)
  }
}

// Looks for what is done until `count` entries are; returns how many were called back.
async function reap({ lane, pool }: Objects, count: number): Promise<number> {
  let revoked = 0
  for (let i = 0; ;) {
    const seen = answersOf(pool)
    for (; i < count; i++) {
      const state = stateOf(lane, i)
      if (state === REVOKED && isPassed(lane, i)) revoked++
      else if (state !== DONE) break
      vacate(lane, i)
    }
    if (i === count) return revoked
    await untilTold(pool, seen)
  }
}

async function posts(objects: Objects): Promise<void> {
  post(objects.lane, 0, 1)
  post(objects.lane, 1, 2)
  assert.equal(await reap(objects, 2), 0)
  post(objects.lane, 2, 0)
}

// The second task is posted while the thread may nap, and it is not woken: its caller goes on computing. It is woken for the end.
async function crowds(objects: Objects): Promise<void> {
  const { lane, pool } = objects
  setCrowd(pool, true)
  post(lane, 0, 1)
  post(lane, 1, 2)
  assert.equal(await reap(objects, 2), 0)
  setCrowd(pool, false)
  if (post(lane, 2, 0)) nudge(lane)
}

async function callsBack(objects: Objects): Promise<void> {
  const { lane, log } = objects
  post(lane, 0, 1)
  post(lane, 1, 2)
  const back = revoke(lane, 1)
  assert.equal(await reap(objects, 2), back ? 1 : 0)
  assert.equal(log[1], back ? 0 : 1)
  log[1] = 1
  post(lane, 2, 0)
}

// What was meant for the first task never hits the second one.
async function aborts(objects: Objects): Promise<void> {
  const { lane, log } = objects
  post(lane, 0, 1)
  post(lane, 1, 2)
  const killed = requestAbort(lane, 0) && condemn(lane, 0)
  if (killed) {
    if (revoke(lane, 1)) log[1]++
    log[0] = 1
    log[5] = 1
    return
  }
  assert.equal(await reap(objects, 2), 0)
  post(lane, 2, 0)
}

const ranOnce = ({ log }: Objects): void => { assert.deepEqual([log[0], log[1]], [1, 1]) }

function killedAlone({ log }: Objects): void {
  assert.deepEqual([log[1], log[KILLED]], [1, log[5]])
}

export const posted: Story<Objects> = { setup, threads: [posts, serve], after: ranOnce, clock: false }
export const crowded: Story<Objects> = { setup, threads: [crowds, serve], after: ranOnce }
export const calledBack: Story<Objects> = { setup, threads: [callsBack, serve], after: ranOnce, clock: false }
export const aborted: Story<Objects> = { setup, threads: [aborts, serve], after: killedAlone, clock: false }
