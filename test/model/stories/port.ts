// Stories of ports: who sends, who serves, who asks, who leaves and who dies, on the functions below the face.

import assert from 'node:assert/strict'
import { load, store } from '#atomics'
import { CLOCK_MONOTONIC, now } from '#internal/kernel/clock.js'
import { reap, Reason } from '#internal/kernel/death.js'
import { EPIPE, ETIMEDOUT } from '#internal/kernel/errno.js'
import { SPAWNER_READY, kernel, self } from '#internal/kernel/process.js'
import { PROCESS, Process } from '#internal/kernel/records.js'
import { block } from '#internal/kernel/request.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { carrierOf } from '#internal/lab/worker.js'
import { encode } from '#internal/mem/codec.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import '#internal/port/end.js'
import { Answer, forMessages, free, isAwaited, receive, refill, settle, write } from '#internal/port/message.js'
import { do_slow, portInit, post_slow, take_slow, tryTake, type Outcome } from '#internal/port/port.js'
import { portSize } from '#internal/port/queue.js'
import { Port } from '#internal/port/records.js'
import { close, forServers, FRESH, join, leave } from '#internal/port/server.js'
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
  const n = block(take_slow(port, self.tid))
  return n < 0 ? n : answer(n)
}

function answer(n: number): number {
  const awaited = isAwaited(n), body = receive(n) as number
  if (!awaited) {
    free(n)
  } else {
    assert.equal(refill(n, encode(2 * body, 'result', []), []), 0)
    settle(n, Answer.REPLIED)
  }
  return body
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
  const n = block(take_slow(port, self.tid, now(CLOCK_MONOTONIC) + 2))
  if (n > 0) answer(n)
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
  const n = block(take_slow(port, self.tid, now(CLOCK_MONOTONIC) + 2))
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
  const fresh = load(memory(), port + Port.life) === FRESH
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
  if (load(memory(), port + Port.life) === FRESH) return close(port)      // it has died before it came, or comes in vain
  const out = ask(port, 4)
  if (typeof out === 'number') assert.equal(out, EPIPE)
  else assert.ok([Answer.REPLIED, Answer.DIED, Answer.UNSERVED].includes(out.status as 1), String(out.status))
}

const nothingLeft = (): void => {
  forMessages((n, state) => { assert.fail(`message ${n} has state ${state}`) })
}
const emptied = ({ port }: Objects): void => {
  for (let n = tryTake(port); n > 0; n = tryTake(port)) free(n)
  nothingLeft()
}
// What a dead sender has lost, at most, is one record.
const wholeAgain = ({ port }: Objects): void => {
  for (let n = tryTake(port); n > 0; n = tryTake(port)) free(n)
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
export const asked: Story<Objects> = { setup: setup(1), threads: [askOne, take], after: count(1, 7), clock: false }
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
