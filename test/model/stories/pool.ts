// Stories of lanes: the pool posts, calls back, aborts; the thread takes, finishes, tells; on the functions below the face.

import assert from 'node:assert/strict'
import { load, store } from '#atomics'
import { CLOCK_MONOTONIC, now } from '#internal/kernel/clock.js'
import { wake } from '#internal/kernel/futex.js'
import { arena, self } from '#internal/kernel/process.js'
import { block, wait, type Sleeper } from '#internal/kernel/request.js'
import { wmesg } from '#internal/kernel/wmesg.js'
import { free, malloc, used } from '#internal/mem/arena.js'
import { Job } from '#internal/pool/job.js'
import {
  allocate, allocatePool, answersOf, condemn, DONE, entryAt, finish, isPassed, LANE_SIZE, leave, leaveAsMaker, nudge, pass, post, posted_slow,
  requestAbort, REVOKED, revoke, setCrowd, stateOf, take, tell, untilTold, vacate,
} from '#internal/pool/lane.js'
import { LaneEnd } from '#internal/pool/lane-end.js'
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

// L7: a pool whose maker ends without closing it. In `log`: where the pool is, and its lane; bytes in use before; what the thread allocated then.
const POOL = 0, LANE = 1, BYTES = 2, OTHER = 3
const OTHERS = 0x5a5a5a

function setupMade(): Objects {
  return { lane: 0, pool: allocate(16), log: new Int32Array(new SharedArrayBuffer(32)) }
}

// `pool` is a word, on which the thread waits for the pool.
function makes({ pool: box, log }: Objects): void {
  log[BYTES] = used(arena)
  const pool = allocatePool(), lane = new LaneEnd('a story', pool), { at } = lane
  lane.thread = { cancel: () => undefined, terminate: () => undefined } as never
  log[POOL] = pool
  log[LANE] = at
  lane.post(new Job(1, [], [], 0, 0, () => undefined, () => undefined))
  store(memory(), box, 1)
  wake(memory(), box, 1)
  lane.abandon(() => undefined)
  leaveAsMaker(pool)
}

// Takes the task, if it is still there, and ends, as one that calls pthread_exit, whatever else is posted.
function leaves({ pool: box, log }: Objects): void {
  block(made(box))
  const lane = log[LANE], pool = log[POOL]
  block(posted_slow(lane, 0, pool))
  take(lane, 0, 0)
  leave(lane, pool)
  const other = log[OTHER] = malloc(arena, LANE_SIZE, self.carrier)       // where the lane was, if it was this thread's to free
  memory().i32.fill(OTHERS, other >>> 2, (other + LANE_SIZE) >>> 2)
}

function* made(box: number): Sleeper<void> {
  while (load(memory(), box) === 0) yield wait(memory(), box, 0, wmesg.port)
}

function nothingIsLeft({ log }: Objects): void {
  const other = log[OTHER]
  assert.ok(memory().i32.subarray(other >>> 2, (other + LANE_SIZE) >>> 2).every(word => word === OTHERS), 'somebody has written to a lane that was free')
  free(arena, other, self.carrier)
  assert.equal(used(arena), log[BYTES])
}

const ranOnce = ({ log }: Objects): void => { assert.deepEqual([log[0], log[1]], [1, 1]) }

function killedAlone({ log }: Objects): void {
  assert.deepEqual([log[1], log[KILLED]], [1, log[5]])
}

export const posted: Story<Objects> = { setup, threads: [posts, serve], after: ranOnce, clock: false }
export const crowded: Story<Objects> = { setup, threads: [crowds, serve], after: ranOnce }
export const calledBack: Story<Objects> = { setup, threads: [callsBack, serve], after: ranOnce, clock: false }
export const aborted: Story<Objects> = { setup, threads: [aborts, serve], after: killedAlone, clock: false }
export const abandoned: Story<Objects> = { setup: setupMade, threads: [makes, leaves], after: nothingIsLeft, clock: false }
