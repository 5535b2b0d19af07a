// Stories of ports: who sends, who serves, who asks, who leaves and who dies, on the functions below the face.

import assert from 'node:assert/strict'
import { load, peek, store } from '#atomics'
import { CLOCK_MONOTONIC, now } from '#internal/kernel/clock.js'
import { reap, Reason } from '#internal/kernel/death.js'
import { EAGAIN, EPIPE, ETIMEDOUT } from '#internal/kernel/errno.js'
import { SPAWNER_READY, kernel, messageRecord, self } from '#internal/kernel/process.js'
import { MessageRecord, PROCESS, Process } from '#internal/kernel/records.js'
import { block } from '#internal/kernel/request.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { carrierOf } from '#internal/lab/worker.js'
import { encode } from '#internal/mem/codec.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import '#internal/port/end.js'
import { Answer, forgetMessages, forMessages, free, INLINE, isAwaited, receive, refill, settle, taken, takeFirst, write } from '#internal/port/message.js'
import { add_slow, do_slow, portInit, post_slow, take_slow, tryAdd, tryTake, type Outcome } from '#internal/port/port.js'
import { acquaint, portSize, type Known } from '#internal/port/queue.js'
import { Port } from '#internal/port/records.js'
import { letGo } from '#internal/port/run.js'
import { close, forServers, isFresh, join, leave } from '#internal/port/server.js'
import { heirs } from '#internal/pthread/bequest.js'
import { local } from '#internal/pthread/local.js'
import type { Story } from '#internal/lab/index.js'
import { malloc, memory } from 'pthreads/posix'

interface Objects { port: number, log: Int32Array }

// In `log`: how many were taken, then their sum, then one word for each thread.
const TAKEN = 0, SUM = 1, LAST = 2

function setup(limit: number): () => Objects {
  return () => {
    const port = malloc(portSize(limit))
    memory().i32.fill(0, port >>> 2, (port + portSize(limit)) >>> 2)
    portInit(port, limit)
    return { port, log: new Int32Array(new SharedArrayBuffer(32)) }
  }
}

function send(port: number, body: number): number {
  const n = write(encode(body, 'body', []), [], false)
  assert.ok(n > 0)
  const errno = block(post_slow(port, n))
  if (errno !== 0) free(n)
  return errno
}

function ask(port: number, body: number, until = Infinity): Outcome | number {
  const n = write(encode(body, 'body', []), [], true)
  const out: Outcome = { status: 0, value: undefined, server: 0, reason: 0, code: 0 }
  const errno = block(do_slow(port, n, out, until))
  return errno === 0 ? out : errno
}

// Takes one, answers with its double. Negative: errno.
function serve(port: number): number {
  const n = block(take_slow(port, self.tid, undefined))
  return n < 0 ? n : answer(n)
}

function answer(n: number): number {
  if (n === INLINE) return taken.body as number
  const awaited = isAwaited(n), body = receive(n) as number
  if (!awaited) {
    free(n)
  } else {
    assert.equal(refill(n, encode(2 * body, 'result', []), []), 0)
    settle(n, Answer.REPLIED)
  }
  return body
}

// Sends integers, which make runs.
function add(port: number, ...bodies: number[]): number {
  const known = acquaint(port)
  for (const body of bodies) {
    const errno = block(add_slow(port, body, self.tid, known))
    if (errno !== 0) return errno
  }
  return 0
}

// Sends a short value, as class Port does: in a run if there is room, else as a message of its own.
function addValue(port: number, body: number, known: Known): void {
  const message = encode(body, 'body', [])
  const errno = tryAdd(port, message, self.tid, known)
  message.drop()
  if (errno === EAGAIN) assert.equal(send(port, body), 0)
  else assert.equal(errno, 0)
}

// Takes a message, as a thread does that looks before it waits.
function takeSoon(port: number, known: Known): number {
  const n = tryTake(port, known)
  return n > 0 ? answer(n) : serve(port)
}

const one = ({ port }: Objects): void => { assert.equal(send(port, 1), 0) }
const two = ({ port }: Objects): void => {
  assert.equal(send(port, 1), 0)
  assert.equal(send(port, 2), 0)
}
const other = ({ port }: Objects): void => { assert.equal(send(port, 5), 0) }

function take({ port, log }: Objects): void {
  local.ports = undefined
  assert.ok(join(port) > 0)
  const body = serve(port)
  log[TAKEN]++
  log[SUM] += body
}
function takeBoth(objects: Objects): void {
  take(objects)
  const { port, log } = objects
  log[LAST] = serve(port)
  log[TAKEN]++
  log[SUM] += log[LAST]
}
// Two takers write the log at the same time: each has words of its own.
function takeAside({ port, log }: Objects): void {
  local.ports = undefined
  join(port)
  log[4] = serve(port)
}
function takeOver({ port, log }: Objects): void {
  local.ports = undefined
  join(port)
  log[5] = serve(port)
}

// Runs. Each taker sees the bodies of a sender in the order in which they were sent.
const addTwo = ({ port }: Objects): void => { assert.equal(add(port, 1, 2), 0) }
const addThree = ({ port }: Objects): void => { assert.equal(add(port, 1, 2, 3), 0) }
const addOther = ({ port }: Objects): void => { assert.equal(add(port, 5), 0) }
function takes(count: number): (objects: Objects) => void {
  return ({ port, log }) => {
    local.ports = undefined
    join(port)
    const known = acquaint(port)
    for (let i = 0, last = 0; i < count; i++) {
      const body = takeSoon(port, known)
      log[TAKEN]++
      log[SUM] += body
      if (body === 5) continue
      assert.ok(body > last, `${body} after ${last}`)
      last = body
    }
  }
}
// Who will die holds its run still.
function addThenHold({ port, log }: Objects): void {
  add(port, 1, 2)
  log[3] = 1
  load(kernel, PROCESS + Process.losses)                                  // a step at which it may die
}
function lastReaper({ log }: Objects): void {
  reaper()
  log[7] = 1
}
const nothingHeld = (objects: Objects): void => {
  wholeAgain(objects)
  if (objects.log[3] !== 1 || objects.log[7] !== 1) return
  for (let n = 1; n <= 64; n++) {
    const r = messageRecord(n)
    if (load(kernel, r + MessageRecord.state) !== 0) assert.notEqual(peek(kernel, r + MessageRecord.caller), carrierOf(MORTAL), `record ${n} is lost`)
  }
}
function takeTwoAside({ port, log }: Objects): void {
  local.ports = undefined
  join(port)
  const known = acquaint(port)
  log[4] = takeSoon(port, known)
  log[6] = takeSoon(port, known)
}
const VALUES = [1.5, 2.5, 3.5]
function addValues(...bodies: number[]): (objects: Objects) => void {
  return ({ port }) => {
    const known = acquaint(port)
    for (const body of bodies) {
      if (Number.isInteger(body)) assert.equal(block(add_slow(port, body, self.tid, known)), 0)
      else addValue(port, body, known)
    }
  }
}
// What two takers have got, twice as much for the log's words hold integers.
function takesValues(count: number, first: number): (objects: Objects) => void {
  return ({ port, log }) => {
    local.ports = undefined
    join(port)
    const known = acquaint(port)
    for (let i = 0; i < count; i++) log[first + i] = 2 * takeSoon(port, known)
  }
}
function addOrNot({ port, log }: Objects): void {
  const known = acquaint(port)
  for (const body of [1, 2]) if (block(add_slow(port, body, self.tid, known)) === 0) log[LAST]++
}
// Another message of the same thread, which is no integer, stands between two runs.
function addAround({ port }: Objects): void {
  const known = acquaint(port)
  assert.equal(block(add_slow(port, 1, self.tid, known)), 0)
  assert.equal(send(port, 2), 0)
  assert.equal(block(add_slow(port, 3, self.tid, known)), 0)
}
function tellThenAdd({ port, log }: Objects): void {
  const known = acquaint(port)
  assert.equal(block(add_slow(port, 1, self.tid, known)), 0)
  store(memory(), port + Port.room, 1)
  while (load(memory(), port + Port.room) !== 2) if (log[7]++ > 3) return
  assert.equal(block(add_slow(port, 3, self.tid, known)), 0)
}
function addWhenTold({ port, log }: Objects): void {
  while (load(memory(), port + Port.room) !== 1) if (log[6]++ > 3) return
  assert.equal(add(port, 2), 0)
  store(memory(), port + Port.room, 2)
}

function askOne({ port, log }: Objects): void {
  const out = ask(port, 7)
  assert.ok(typeof out === 'object')
  assert.deepEqual([out.status, out.value], [Answer.REPLIED, 14])
  log[6] = 1
}
function askOther({ port }: Objects): void {
  const out = ask(port, 8)
  assert.ok(typeof out === 'object')
  assert.deepEqual([out.status, out.value], [Answer.REPLIED, 16])
}

// Gives up in time, or gets its answer.
function hasty({ port }: Objects): void {
  const out = ask(port, 3, now(CLOCK_MONOTONIC) + 1)
  assert.ok(out === ETIMEDOUT || (out as Outcome).value === 6)
}
// Serves what there is after that, if anything is.
function lateServer({ port }: Objects): void {
  local.ports = undefined
  join(port)
  const n = block(take_slow(port, self.tid, undefined, now(CLOCK_MONOTONIC) + 2))
  if (n > 0) answer(n)
}

// A port of which senders wait for half: it is full. Who sends two things, one to each port, and who waits for the second after the first it takes.
function setupMany(): Objects {
  const objects = setup(MANY)(), other = setup(1)()
  const known = acquaint(objects.port)
  for (let i = 0; i < MANY; i++) assert.equal(tryAdd(objects.port, i, self.tid, known), 0)
  letGo(known)
  objects.log[OTHER] = other.port
  forgetMessages()                                                        // schedules begin without what this heap has learned
  return objects
}
const MANY = 128, OTHER = 3
function sendsBoth({ port, log }: Objects): void {
  assert.equal(send(port, 1), 0)
  assert.equal(send(log[OTHER], 2), 0)
}
function takesOneOfMany({ port, log }: Objects): void {
  local.ports = undefined
  join(port)
  join(log[OTHER])
  assert.equal(serve(port), 0)
  log[TAKEN] = serve(log[OTHER])
}

// Closing.
function closer({ port }: Objects): void { close(port) }
function untilEnd({ port, log }: Objects): void {
  local.ports = undefined
  join(port)
  for (let body = serve(port); body !== -EPIPE; body = serve(port)) log[TAKEN]++
}
function sendOrNot({ port, log }: Objects): void {
  if (send(port, 1) === 0) log[LAST] = 1
}

// Serves one, then leaves. Who asks two is answered one, and told of the other.
function leaver({ port }: Objects): void {
  local.ports = undefined
  join(port)
  serve(port)
  leave(port)
}
function impatientLeaver({ port }: Objects): void {
  local.ports = undefined
  join(port)
  const n = block(take_slow(port, self.tid, undefined, now(CLOCK_MONOTONIC) + 2))
  if (n > 0) answer(n)
  leave(port)
}
function asksTwo({ port }: Objects): void {
  const first = ask(port, 1), second = ask(port, 2)
  assert.deepEqual((first as Outcome).value, 2)
  assert.ok(second === EPIPE || (second as Outcome).status === Answer.UNSERVED)
}
// Before anybody serves the port nobody refuses.
function asksInTime({ port }: Objects): void {
  const fresh = isFresh(port)
  const out = ask(port, 1, fresh ? now(CLOCK_MONOTONIC) + 9 : Infinity)
  assert.ok(out === EPIPE || (out === ETIMEDOUT && fresh) || (out as Outcome).status === Answer.UNSERVED || (out as Outcome).value === 2)
}
// Serves and leaves, while another one joins.
function successor(objects: Objects): void { impatientLeaver(objects) }

// Deaths.
const MORTAL = 0
// Who will die expects nothing.
function askMortal({ port }: Objects): void { ask(port, 7) }
function untilEight({ port }: Objects): void {
  local.ports = undefined
  join(port)
  while (serve(port) !== 8);
  leave(port)
}
function reaper(): void {
  becomeImpatient()
  awaitDeath(MORTAL)
  reap(carrierOf(MORTAL), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}
function setupMortal(limit: number): () => Objects {
  return () => {
    store(kernel, PROCESS + Process.spawner, SPAWNER_READY)
    return setup(limit)()
  }
}
// Gets what others send, whatever the dead one left.
function untilFive({ port }: Objects): void {
  local.ports = undefined
  join(port)
  while (serve(port) !== 5);
}
function told({ port }: Objects): void {
  if (isFresh(port)) return close(port)      // it has died before it came, or comes in vain
  const out = ask(port, 4)
  if (typeof out === 'number') assert.equal(out, EPIPE)
  else assert.ok([Answer.REPLIED, Answer.DIED, Answer.UNSERVED].includes(out.status as 1), String(out.status))
}

const nothingLeft = (): void => {
  forMessages((n, state) => { assert.fail(`message ${n} has state ${state}`) })
}
function drainAll(port: number): void {
  for (let n = takeFirst(port, self.tid, true); n > 0; n = takeFirst(port, self.tid, true)) if (n !== INLINE) free(n)
}
const emptied = ({ port }: Objects): void => {
  drainAll(port)
  nothingLeft()
}
// What a dead sender has lost, at most, is one record.
const wholeAgain = ({ port }: Objects): void => {
  drainAll(port)
  let lost = 0
  forMessages(() => { lost++ })
  assert.ok(lost <= 1, `${lost} messages are left`)
}
const nobodyServes = (): void => {
  nothingLeft()
  forServers((_, tid) => { assert.fail(`thread ${tid} serves`) })
}
const count = (taken: number, sum: number) => ({ log }: Objects): void => {
  nothingLeft()
  assert.deepEqual([log[TAKEN], log[SUM]], [taken, sum])
}

export const single: Story<Objects> = { setup: setup(1), threads: [one, take], after: count(1, 1), clock: false }
export const full: Story<Objects> = { setup: setup(1), threads: [two, takeBoth], after: count(2, 3), clock: false }
export const senders: Story<Objects> = { setup: setup(1), threads: [one, other, takeBoth], after: count(2, 6), clock: false }
export const servers: Story<Objects> = {
  setup: setup(4), threads: [two, takeAside, takeOver],
  after({ log }) {
    nothingLeft()
    assert.deepEqual([log[4], log[5]].sort(), [1, 2])
  },
  clock: false,
}
export const run: Story<Objects> = { setup: setup(4), threads: [addTwo, takes(2)], after: count(2, 3), clock: false }
export const longRun: Story<Objects> = { setup: setup(4), threads: [addThree, takes(3)], after: count(3, 6), clock: false }
export const fullRun: Story<Objects> = { setup: setup(1), threads: [addThree, takes(3)], after: count(3, 6), clock: false }
export const runs: Story<Objects> = { setup: setup(4), threads: [addTwo, addOther, takes(3)], after: count(3, 8), clock: false }
export const fullRuns: Story<Objects> = { setup: setup(1), threads: [addTwo, addOther, takes(3)], after: count(3, 8), clock: false }
export const between: Story<Objects> = { setup: setup(4), threads: [addAround, takes(3)], after: count(3, 6), clock: false }
export const sharedRun: Story<Objects> = {
  setup: setup(4), threads: [addThree, takeTwoAside, takeOver],
  after({ log }) {
    nothingLeft()
    assert.deepEqual([log[4], log[5], log[6]].sort(), [1, 2, 3])
    assert.ok(log[4] < log[6])
  },
  clock: false,
}
export const values: Story<Objects> = {
  setup: setup(4), threads: [addValues(...VALUES), takesValues(3, 0)],
  after({ log }) {
    nothingLeft()
    assert.deepEqual([...log.slice(0, 3)], [3, 5, 7])
  },
  clock: false,
}
export const mixed: Story<Objects> = {
  ...values, threads: [addValues(1.5, 2, 2.5), takesValues(3, 0)],
  after({ log }) {
    nothingLeft()
    assert.deepEqual([...log.slice(0, 3)], [3, 4, 5])
  },
}
export const sharedValues: Story<Objects> = {
  setup: setup(4), threads: [addValues(...VALUES), takesValues(2, 0), takesValues(1, 2)],
  after({ log }) {
    nothingLeft()
    assert.deepEqual([...log.slice(0, 3)].sort(), [3, 5, 7])
    assert.ok(log[0] < log[1])
  },
  clock: false,
}
// The sender uses the record again as soon as it may.
export const reused: Story<Objects> = {
  setup: setup(4), threads: [addValues(1.5, 2.5), takesValues(1, 0), takesValues(1, 1)],
  after({ log }) {
    nothingLeft()
    assert.deepEqual([log[0], log[1]].sort(), [3, 5])
  },
  clock: false,
}
// Who sends after it was told of another one's message comes after that.
export const toldOf: Story<Objects> = {
  setup: setup(4), threads: [tellThenAdd, addWhenTold],
  after({ port }) {
    const known = acquaint(port), bodies: number[] = []
    while (tryTake(port, known) > 0) bodies.push(taken.body as number)
    assert.deepEqual(bodies, [1, 2, 3].slice(0, bodies.length))
  },
  clock: false,
}
export const closedRun: Story<Objects> = {
  setup: setup(4), threads: [addOrNot, closer, untilEnd],
  after({ log }) {
    nothingLeft()
    assert.equal(log[TAKEN], log[LAST])
  },
  clock: false,
}
// Nobody takes anything: who waits for room is told of the end.
export const closedFull: Story<Objects> = {
  setup: setup(1), threads: [addOrNot, closer],
  after({ port, log }) {
    assert.ok(log[LAST] <= 1)
    emptied({ port, log })
  },
  clock: false,
}
export const leftRun: Story<Objects> = { setup: setup(4), threads: [addOrNot, leaver], after: nobodyServes, clock: false }
export const runSenderDies: Story<Objects> = {
  setup: setupMortal(4), threads: [addThenHold, addOther, untilFive, lastReaper], mortal: [MORTAL], daemons: [3], after: nothingHeld, clock: false,
}
export const runServerDies: Story<Objects> = {
  setup: setupMortal(4), threads: [leaver, addOrNot, reaper], mortal: [MORTAL], daemons: [2],
  after({ port }) {
    drainAll(port)                                                        // it may have died before it served
    nobodyServes()
  },
  clock: false,
}
export const asked: Story<Objects> = { setup: setup(1), threads: [askOne, take], after: count(1, 7), clock: false }
export const pause: Story<Objects> = {
  setup: setupMany, threads: [sendsBoth, takesOneOfMany],
  after({ port, log }) {
    assert.equal(log[TAKEN], 2)
    drainAll(port)
    nothingLeft()
  },
}
export const askedTwice: Story<Objects> = { setup: setup(1), threads: [askOne, askOther, takeBoth], after: count(2, 15), clock: false }
export const timed: Story<Objects> = { setup: setup(1), threads: [hasty, lateServer], after: emptied }
export const closed: Story<Objects> = {
  setup: setup(1), threads: [sendOrNot, closer, untilEnd],
  after({ log }) {
    nothingLeft()
    assert.equal(log[TAKEN], log[LAST])
  },
  clock: false,
}
export const left: Story<Objects> = { setup: setup(2), threads: [asksTwo, leaver], after: nobodyServes, clock: false }
export const followed: Story<Objects> = { setup: setup(2), threads: [asksInTime, impatientLeaver, successor], after: emptied }
export const senderDies: Story<Objects> = {
  setup: setupMortal(1), threads: [one, other, untilFive, reaper], mortal: [MORTAL], daemons: [3], after: wholeAgain, clock: false,
}
export const serverDies: Story<Objects> = {
  setup: setupMortal(2), threads: [leaver, told, reaper], mortal: [MORTAL], daemons: [2], after: nobodyServes, clock: false,
}
export const callerDies: Story<Objects> = {
  setup: setupMortal(2), threads: [askMortal, askOther, untilEight, reaper], mortal: [MORTAL], daemons: [3], after: wholeAgain, clock: false,
}
