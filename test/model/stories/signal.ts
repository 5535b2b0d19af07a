// Stories of signals.  The handler is an entry of the story, so that any thread can run it.  A thread of a story that ends says so to the
// kernel (`retire`), as the start routine does.

import assert from 'node:assert/strict'
import { add, load, poke } from '#atomics'
import { clone, PLAIN } from '#internal/kernel/clone.js'
import { host } from '#internal/kernel/host.js'
import { kernel, record, self } from '#internal/kernel/process.js'
import { ActionRecord, ThreadRecord } from '#internal/kernel/records.js'
import { Kind, retire, setAction } from '#internal/kernel/signal.js'
import { has, holderOf } from '#internal/kernel/signal-queue.js'
import type { Story } from '#internal/lab/index.js'
import { entryOf } from '#internal/lab/worker.js'
import {
  EINTR, kill, malloc, memory, pthread_kill, pthread_sigmask, Sem, sem_init, sem_post, sem_wait, SIG_BLOCK, sigaddset, sigemptyset, sigqueue, SIGRTMIN,
  SigSet, SIGUSR2, sigwaitinfo, type SigInfo,
} from 'pthreads/posix'

interface Objects { sem: number, sem2: number, handled: number, set: number, got: number }

let shared: Objects

const entries = {
  handler: (): void => {
    add(memory(), shared.handled, 1)
    sem_post(memory(), shared.sem)
  },
  counts: (): void => { add(memory(), shared.handled, 1) },
}

// `blocked`: threads of the story that block the signal from the start; `handler` handles SIGUSR2.
const prepare = (signo: number, blocked: readonly number[], handler: keyof typeof entries) => (): Objects => {
  const m = memory()
  const objects = { sem: malloc(Sem.size), sem2: malloc(Sem.size), handled: malloc(4), set: malloc(SigSet.size), got: malloc(8) }
  sem_init(m, objects.sem, 0, 0)
  sem_init(m, objects.sem2, 0, 0)
  sigemptyset(m, objects.set)
  sigaddset(m, objects.set, signo)
  for (const thread of blocked) {
    poke(kernel, record(thread + 1) + ThreadRecord.mask0, load(m, objects.set))
    poke(kernel, record(thread + 1) + ThreadRecord.mask1, load(m, objects.set + 4))
  }
  setAction(SIGUSR2, (a) => {
    poke(kernel, a + ActionRecord.kind, Kind.ENTRY)
    poke(kernel, a + ActionRecord.handler, entryOf(handler))
  })
  return objects
}

const toProcess = (): void => { assert.equal(kill(host.pid(), SIGUSR2), 0) }

// Sleeps until a handler has posted, whoever ran it.
function sleeper(objects: Objects): void {
  shared = objects
  while (sem_wait(memory(), objects.sem) === EINTR);
  retire()
}

// Does not block it, and ends.
function passer(objects: Objects): void {
  shared = objects
  add(memory(), objects.got, 1)
  retire()
}

// May have been chosen, and blocks it.
function shuts(objects: Objects): void {
  shared = objects
  assert.equal(pthread_sigmask(memory(), SIG_BLOCK, objects.set), 0)
  add(memory(), objects.got, 1)
}

const once = ({ handled }: Objects): void => { assert.equal(load(memory(), handled), 1, 'the handler runs once') }

export const chosen: Story<Objects> = { setup: prepare(SIGUSR2, [1], 'handler'), threads: [sleeper, toProcess], after: once, entries, clock: false }
export const passedOn: Story<Objects> = { setup: prepare(SIGUSR2, [2], 'handler'), threads: [passer, sleeper, toProcess], after: once, entries, clock: false }
export const shut: Story<Objects> = { setup: prepare(SIGUSR2, [2], 'handler'), threads: [shuts, sleeper, toProcess], after: once, entries, clock: false }

// Of two signals that are queued, each is one waiter's.
function awaits({ set, got }: Objects): void {
  const info: Partial<SigInfo> = {}
  assert.equal(sigwaitinfo(memory(), set, info), 0)
  assert.equal(add(memory(), got, info.si_value!) & info.si_value!, 0, 'a signal is taken twice')
}
function awaits2(objects: Objects): void { awaits(objects) }
function queues(): void {
  assert.equal(sigqueue(host.pid(), SIGRTMIN, 1), 0)
  assert.equal(sigqueue(host.pid(), SIGRTMIN, 2), 0)
}
function queues1(): void { assert.equal(sigqueue(host.pid(), SIGRTMIN, 1), 0) }
const taken = (sum: number) => ({ got }: Objects): void => { assert.equal(load(memory(), got), sum) }

export const awaited: Story<Objects> = { setup: prepare(SIGRTMIN, [0, 1], 'counts'), threads: [awaits, queues1], after: taken(1), entries, clock: false }
export const awaitedByTwo: Story<Objects> = { setup: prepare(SIGRTMIN, [0, 1, 2], 'counts'), threads: [awaits, awaits2, queues], after: taken(3), entries, clock: false }

// Everybody blocks it, the thread that is being made too: it is pending, though it would be ignored.
const prepareBorn = (): Objects => {
  const objects = prepare(SIGUSR2, [0, 1], 'counts')()
  setAction(SIGUSR2, (a) => { poke(kernel, a + ActionRecord.kind, Kind.IGNORED) })
  return objects
}
function bears(): void { assert.ok(clone(entryOf('counts'), PLAIN, 0) > 0) }
const pending = (): void => { assert.ok(has(holderOf(0), SIGUSR2), 'a signal that everybody blocks is gone') }

export const born: Story<Objects> = { setup: prepareBorn, threads: [bears, toProcess], after: pending, carriers: 1, entries, clock: false }

// A wait that a signal ends has taken nothing: who gives up then leaves the unit to the other.
function givesUp(objects: Objects): void {
  shared = objects
  if (sem_wait(memory(), objects.sem2) === 0) sem_post(memory(), objects.sem2)
}
function stays(objects: Objects): void {
  shared = objects
  assert.equal(sem_wait(memory(), objects.sem2), 0)
}
function posts({ sem2 }: Objects): void { sem_post(memory(), sem2) }
function interrupts(): void { assert.equal(pthread_kill(1, SIGUSR2), 0) }

export const interrupted: Story<Objects> = { setup: prepare(SIGUSR2, [1, 2, 3], 'counts'), threads: [givesUp, stays, posts, interrupts], entries, clock: false }

// It sleeps on what nobody else will do: the handler must run, wherever the signal met it.
function stuck(objects: Objects): void {
  shared = objects
  while (sem_wait(memory(), objects.sem) === EINTR);
  assert.equal(self.slot, 1)
}
export const directed: Story<Objects> = { setup: prepare(SIGUSR2, [1], 'handler'), threads: [stuck, interrupts], after: once, entries, clock: false }
