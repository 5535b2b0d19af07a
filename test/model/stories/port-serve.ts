// Stories of who serves a port: who was appointed and ends, or dies, before it serves, or while it begins; and who leaves while another one joins.

import assert from 'node:assert/strict'
import { load, peek, store } from '#atomics'
import { reap, Reason } from '#internal/kernel/death.js'
import { EPIPE } from '#internal/kernel/errno.js'
import { PLAIN } from '#internal/kernel/clone.js'
import { SPAWNER_READY, kernel, record, self } from '#internal/kernel/process.js'
import { PROCESS, Process, State, ThreadRecord } from '#internal/kernel/records.js'
import { block } from '#internal/kernel/request.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { carrierOf, entryOf } from '#internal/lab/worker.js'
import { encode } from '#internal/mem/codec.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import '#internal/port/end.js'
import { Answer, forMessages, INLINE, isAwaited, receive, refill, settle, takeFirst, write } from '#internal/port/message.js'
import { do_slow, portInit, type Outcome } from '#internal/port/port.js'
import { portSize } from '#internal/port/queue.js'
import { appoint, forServers, isFresh, isOrphaned, join, leave } from '#internal/port/server.js'
import { heirs } from '#internal/pthread/bequest.js'
import { local } from '#internal/pthread/local.js'
import { mourner } from '#internal/pthread/mourner.js'
import { create, detach } from '#internal/pthread/thread.js'
import type { Story } from '#internal/lab/index.js'
import { malloc, memory } from 'pthreads/posix'

// In `log`: whether the appointment was made, whether it was made before the appointed one left.
interface Objects { port: number, log: Int32Array }
const MADE = 0, BEFORE = 1

function setup(): Objects {
  store(kernel, PROCESS + Process.spawner, SPAWNER_READY)
  const port = malloc(portSize(2))
  memory().i32.fill(0, port >>> 2, (port + portSize(2)) >>> 2)
  portInit(port, 2)
  return { port, log: new Int32Array(new SharedArrayBuffer(8)) }
}

// The thread that the stories are about is the first one of each.
const APPOINTED = 0
const tidOf = (i: number): number => peek(kernel, record(i + 1) + ThreadRecord.tid)

function appoints({ port, log }: Objects): void {
  assert.equal(appoint(port, tidOf(APPOINTED)), 0)
  log[MADE] = 1
}

// As a carrier ends its thread: first it is EXITED, then the ports are told.
function ends(): void {
  store(kernel, record(self.slot) + ThreadRecord.state, State.EXITED)
  mourner.threadEnded(self.tid)
}

// Answers what there is, and leaves.
function serves({ port, log }: Objects): void {
  local.ports = undefined
  assert.ok(join(port) > 0)
  const n = takeFirst(port)
  if (n > 0 && n !== INLINE) answer(n)
  log[BEFORE] = log[MADE]
  leave(port)
}
function answer(n: number): void {
  assert.ok(isAwaited(n))
  assert.equal(refill(n, encode(2 * (receive(n) as number), 'result', []), []), 0)
  settle(n, Answer.REPLIED)
}

function servesAndEnds(objects: Objects): void {
  serves(objects)
  ends()
}

// A thread that is appointed ends: who asks is answered or refused, whenever that is.
function asks({ port }: Objects): void {
  const n = write(encode(3, 'body', []), [], true)
  const out: Outcome = { status: 0, value: undefined, server: 0, reason: 0, code: 0 }
  const errno = block(do_slow(port, n, out))
  if (errno !== 0) assert.equal(errno, EPIPE)
  else assert.ok(out.value === 6 || out.status === Answer.UNSERVED || out.status === Answer.DIED, `${out.status}`)
}
// As long as nobody has served, nobody refuses.
function asksLater(objects: Objects): void {
  if (!isFresh(objects.port)) asks(objects)
}

function joinsAndLeaves({ port }: Objects): void {
  local.ports = undefined
  assert.ok(join(port) > 0)
  assert.ok(!isOrphaned(port), 'somebody serves')
  leave(port)
}

function reaper(): void {
  becomeImpatient()
  awaitDeath(APPOINTED)
  reap(carrierOf(APPOINTED), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}

// A thread that the kernel creates, which ends as all do.
const entries = { idle: (): void => undefined }
function createsAndAppoints({ port }: Objects): void {
  const slot = create(entryOf('idle'), [], { name: '', detached: false, kind: PLAIN, transfer: [] })
  assert.ok(slot > 0)
  assert.equal(appoint(port, peek(kernel, record(slot) + ThreadRecord.tid)), 0)
  detach(slot, peek(kernel, record(slot) + ThreadRecord.serial))
}

const nobodyServes = (): void => {
  forMessages((n, state) => { assert.fail(`message ${n} has state ${state}`) })
  forServers((_, tid) => { assert.fail(`thread ${tid} serves`) })
}

export const appointedEnds: Story<Objects> = { setup, threads: [ends, appoints, asks], after: nobodyServes, clock: false }
export const appointedServes: Story<Objects> = { setup, threads: [servesAndEnds, appoints, asks], after: nobodyServes, clock: false }
export const appointedLeaves: Story<Objects> = {
  setup, threads: [serves, appoints],
  after({ log }) {
    let servers = 0
    forServers(() => { servers++ })
    assert.equal(servers, log[BEFORE] === 1 ? 0 : servers === 1 ? 1 : 0, 'who has left serves still')
  },
  clock: false,
}
export const appointedDies: Story<Objects> = {
  setup, threads: [servesAndEnds, appoints, asks, reaper], mortal: [APPOINTED], daemons: [3], after: nobodyServes, clock: false,
}
// Who ends, and who appoints another one after that, in the record that has become free, which stays appointed.
function appointsBoth({ port }: Objects): void {
  assert.equal(appoint(port, tidOf(APPOINTED)), 0)
  assert.equal(appoint(port, tidOf(1)), 0)
}
export const appointedAnew: Story<Objects> = {
  setup, threads: [ends, appointsBoth],
  after() {
    const serving: number[] = []
    forServers((_, tid) => { serving.push(tid) })
    assert.deepEqual(serving, [tidOf(1)], 'the appointment of another one was ended')
  },
  clock: false,
}
export const appointedInLife: Story<Objects> = { setup, threads: [createsAndAppoints, asks], after: nobodyServes, carriers: 1, entries, clock: false }
export const relayed: Story<Objects> = { setup, threads: [joinsAndLeaves, joinsAndLeaves, asksLater], after: nobodyServes, clock: false }

// Who appoints dies at any step: the appointment is made or not, and who asks after it is told.
function appointsFirst({ port }: Objects): void {
  appoint(port, tidOf(1))
}
function endsAfter(objects: Objects): void {
  servesAndEnds(objects)
}
export const appointerDies: Story<Objects> = {
  setup, threads: [appointsFirst, endsAfter, asksLater, reaper], mortal: [APPOINTED], daemons: [3],
  after({ port }) {
    if (load(kernel, record(2) + ThreadRecord.state) === State.EXITED) nobodyServes()
    assert.ok(port > 0)
  },
  clock: false,
}
