// Stories of the crew: carriers of fibers, which sleep on their bells, and others, who post hints and offer fibers. A carrier is a thread of
// the story that has a place; a fiber is a record that nobody runs, and a word that counts who has begun it.

import assert from 'node:assert/strict'
import { add, load, peek, poke, store } from '#atomics'
import { claim, getUp, giveBack, hint, lieDown, mayTake, offer, readHints, setBlocking, suspendAt, take } from '#internal/kernel/crew.js'
import { reap, Reason } from '#internal/kernel/death.js'
import { beginFiber, pinFiber, startFiber } from '#internal/kernel/fiber.js'
import { carrierRecord, kernel, placeRecord, record, SPAWNER_READY } from '#internal/kernel/process.js'
import { Carrier, Flag, Place, PROCESS, Process, State, ThreadRecord } from '#internal/kernel/records.js'
import { allocate_locked } from '#internal/kernel/thread.js'
import type { Story } from '#internal/lab/index.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { carrierOf } from '#internal/lab/worker.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import { heirs } from '#internal/pthread/bequest.js'
import { malloc, memory } from 'pthreads/posix'

/** Slots of two fibers, and how often each was begun, or seen. */
interface Objects { a: number, b: number, begun: number }

function place(i: number, thread: number): void {
  poke(kernel, carrierRecord(carrierOf(thread)) + Carrier.place, i + 1)
  poke(kernel, placeRecord(i) + Place.carrier, carrierOf(thread))
}

function fiber(): number {
  const slot = allocate_locked(Flag.FIBER | Flag.STARTED | Flag.DETACHED)
  store(kernel, record(slot) + ThreadRecord.claim, 1)
  poke(kernel, record(slot) + ThreadRecord.creator, 0)                    // else the reaper starts it again, if its creator dies
  for (const field of ['count', 'live'] as const) add(kernel, PROCESS + Process[field], 1)
  return slot
}

const setup = (places: number): Objects => {
  store(kernel, PROCESS + Process.spawner, SPAWNER_READY)
  for (let i = 0; i < places; i++) place(i, i)
  return { a: fiber(), b: fiber(), begun: malloc(8) }
}

const times = (o: Objects, slot: number): number => add(memory(), o.begun + (slot === o.a ? 0 : 4), 1)

// The carrier of place `i`, as src/ult runs it: it looks at its hints, takes what is offered, sleeps.
function serve(i: number, o: Objects, last = 1): void {
  for (;;) {
    readHints(i, slot => { times(o, slot) })
    let slot = 0
    for (let j = 0; j <= last && slot === 0; j++) if (j === i || mayTake(i, j)) slot = take(j)
    if (slot !== 0) {
      times(o, slot)
      beginFiber(slot)
    } else if (lieDown(i)) {
      suspendAt(i, Infinity)
      getUp(i)
    }
  }
}

const first = (o: Objects): void => { serve(0, o) }
const second = (o: Objects): void => { serve(1, o) }
const spare = (o: Objects): void => { serve(2, o, 2) }

// Hints at fibers of the first thread's carrier.
function setupHints(): Objects {
  const o = setup(1)
  for (const slot of [o.a, o.b]) poke(kernel, record(slot) + ThreadRecord.carrier, carrierOf(0))
  return o
}
function hintsA({ a }: Objects): void { hint(a) }
function hintsB({ b }: Objects): void { hint(b) }
function hintsBoth({ a, b }: Objects): void {
  hint(a)
  hint(b)
}

function offersA({ a }: Objects): void { offer(0, a) }
function offersB({ b }: Objects): void { offer(0, b) }
function offersBoth({ a, b }: Objects): void {
  offer(0, a)
  offer(1, b)
}

function offersBothHere({ a, b }: Objects): void {
  offer(0, a)
  offer(0, b)
}

const seen = (o: Objects): readonly number[] => [load(memory(), o.begun), load(memory(), o.begun + 4)]
const bothOnce = (o: Objects): void => { assert.deepEqual(seen(o), [1, 1], 'how often each was seen') }

export const hints: Story<Objects> = { setup: setupHints, threads: [first, hintsA, hintsB], daemons: [0], after: bothOnce, clock: false }
export const hintsInTurn: Story<Objects> = { setup: setupHints, threads: [first, hintsBoth], daemons: [0], after: bothOnce, clock: false }
export const offers: Story<Objects> = { setup: () => setup(2), threads: [first, second, offersA, offersB], daemons: [0, 1], after: bothOnce, clock: false }
export const offersInTurn: Story<Objects> = { setup: () => setup(2), threads: [first, second, offersBoth], daemons: [0, 1], after: bothOnce, clock: false }

// The carrier of the first place is busy all the time: the other one must come and take what is offered there.
export const busy: Story<Objects> = {
  setup: () => setup(2), threads: [() => undefined, second, offersA], daemons: [0, 1], clock: false,
  after: (o) => { assert.deepEqual(seen(o), [1, 0], 'how often each was seen') },
}

// As the reaper may, somebody offers a fiber that is offered already.
export const twice: Story<Objects> = {
  setup: () => setup(2), threads: [first, second, offersA, offersA], daemons: [0, 1], clock: false,
  after: (o) => { assert.deepEqual(seen(o), [1, 0], 'how often each was seen') },
}

// The first carrier enters a blocking section when a fiber was offered, or before.
function blocks(): void { setBlocking(0, true) }
export const blocking: Story<Objects> = {
  setup: () => {
    const o = setup(1)
    place(2, 1)
    return o
  },
  threads: [blocks, spare, offersA], daemons: [0, 1], clock: false,
  after: (o) => { assert.deepEqual(seen(o), [1, 0], 'how often each was seen') },
}

// The first carrier takes what is offered, gives it back, and enters a blocking section.
function takesAndBlocks(): void {
  const slots = [take(0), take(0)]
  for (const slot of slots) if (slot !== 0) giveBack(0, slot)
  setBlocking(0, true)
}
export const givesBack: Story<Objects> = {
  setup: () => {
    const o = setup(1)
    place(2, 1)
    offersBothHere(o)
    return o
  },
  threads: [takesAndBlocks, spare], daemons: [0, 1], after: bothOnce, clock: false,
}

// Death of somebody who posts, and of a carrier, at any step: the reaper is a thread of the story.

const MORTAL = 0

function reaper(): void {
  becomeImpatient()
  awaitDeath(MORTAL)
  reap(carrierOf(MORTAL), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}

export const posterDies: Story<Objects> = {
  setup: () => {
    const o = setup(0)
    place(0, 1)
    return o
  },
  threads: [offersA, first, offersB, reaper], mortal: [MORTAL], daemons: [1, 3], clock: false,
  after: (o) => {
    const [a, b] = seen(o)
    assert.equal(b, 1, 'the other one\'s fiber was begun')
    assert.ok(a <= 1)
  },
}
export const hinterDies: Story<Objects> = {
  setup: () => {
    const o = setup(0)
    place(0, 1)
    for (const slot of [o.a, o.b]) poke(kernel, record(slot) + ThreadRecord.carrier, carrierOf(1))
    return o
  },
  threads: [hintsA, first, hintsB, reaper], mortal: [MORTAL], daemons: [1, 3], clock: false,
  after: (o) => { assert.ok(seen(o)[1] >= 1, 'the other one\'s hint was read') },
}
export const giverDies: Story<Objects> = {
  setup: () => {
    const o = setup(2)
    offersBothHere(o)
    return o
  },
  threads: [takesAndBlocks, second, reaper], mortal: [MORTAL], daemons: [0, 1, 2], after: bothOnce, clock: false,
}
export const carrierDies: Story<Objects> = {
  setup: () => {
    const o = setup(2)
    offer(0, o.a)
    return o
  },
  threads: [first, second, reaper], mortal: [MORTAL], daemons: [0, 1, 2], clock: false,
  after: (o) => {
    assert.ok(seen(o)[0] >= 1, 'the fiber was begun')
    assert.equal(claim(o.a), false)
    assert.equal(load(kernel, PROCESS + Process.idle) & 1, load(kernel, placeRecord(0) + Place.bell), 'who is dead is not idle')
  },
}

// A fiber is for one carrier, which dies: it has begun there, or is settled, or was refused to who made it.
function servesPinned(o: Objects): void {
  for (;;) {
    readHints(0, (slot) => {
      if (!claim(slot)) return
      times(o, slot)
      beginFiber(slot)
    })
    if (!lieDown(0)) continue
    suspendAt(0, Infinity)
    getUp(0)
  }
}
function pins(o: Objects): void {
  if (pinFiber(o.a, 0)) startFiber(o.a)
  else add(memory(), o.begun + 4, 1)
}
function setupPinned(): Objects {
  const o = setup(1)
  const t = record(o.a)
  poke(kernel, t + ThreadRecord.flags, Flag.FIBER)
  poke(kernel, t + ThreadRecord.claim, 0)
  return o
}
export const pinned: Story<Objects> = {
  setup: setupPinned, threads: [servesPinned, pins], daemons: [0], clock: false,
  after: (o) => { assert.deepEqual(seen(o), [1, 0], 'how often it was begun, and refused') },
}
export const pinnedCarrierDies: Story<Objects> = {
  setup: setupPinned, threads: [servesPinned, pins, reaper], mortal: [MORTAL], daemons: [0, 2], clock: false,
  after: (o) => {
    const [begun, refused] = seen(o)
    assert.ok(begun + refused <= 1)
    assert.ok(begun + refused === 1 || peek(kernel, record(o.a) + ThreadRecord.state) === State.EXITED, 'it was begun, refused or settled')
  },
}
