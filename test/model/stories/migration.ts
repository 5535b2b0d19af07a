// Stories of fibers that go on at other carriers: bodies that keep their state in shared memory, as stacks of C do, and that are lent at each step.

import assert from 'node:assert/strict'
import { add, load, peek, poke, store } from '#atomics'
import { beginFiber } from '#internal/kernel/fiber.js'
import { claim, getUp, lend, lieDown, readHints, suspendAt, take } from '#internal/kernel/crew.js'
import { reap, Reason } from '#internal/kernel/death.js'
import { effective } from '#internal/kernel/priority.js'
import { carrierRecord, kernel, placeRecord, record, SPAWNER_READY } from '#internal/kernel/process.js'
import { ActionRecord, Carrier, Flag, Place, PROCESS, Process, State, ThreadRecord } from '#internal/kernel/records.js'
import { Kind, setAction } from '#internal/kernel/signal.js'
import { allocate_locked } from '#internal/kernel/thread.js'
import type { Story } from '#internal/lab/index.js'
import { runTasks } from '#internal/lab/event-loop.js'
import { awaitDeath } from '#internal/lab/turn.js'
import { carrierOf, entryOf } from '#internal/lab/worker.js'
import { becomeImpatient } from '#internal/mem/lock.js'
import { heirs } from '#internal/pthread/bequest.js'
import { SCHED_FIFO, schedule } from '#internal/pthread/sched.js'
import type { Nomad } from '#internal/ult/fiber.js'
import { LEND } from '#internal/ult/steps.js'
import { free, malloc, memory, pthread_sigqueue, SA_SIGINFO, SIGUSR2, type SigInfo } from 'pthreads/posix'

/** Where each fiber that walks has four words: steps, how many carriers run it, 1 once a signal was sent, and how often its handler ran. */
interface Walks { words: number }

const STEPS = 3, EACH = 16
const DONE: IteratorResult<unknown, unknown> = { done: true, value: undefined }

/** A body that takes STEPS steps, each wherever its fiber runs then. What it knows it takes along; the words say whether that is right. */
class Walker implements Nomad {
  #words = 0
  #steps = 0
  #sent = 0

  constructor(words = 0) {
    this.#words = words
  }

  next(): IteratorResult<unknown, unknown> {
    assert.equal(add(memory(), this.#words + 4, 1), 0, 'one carrier runs it')
    assert.equal(load(memory(), this.#words), this.#steps, 'it goes on where it was')
    if (this.#sent === 1) assert.equal(load(memory(), this.#words + 12), 1, 'its handler has run')
    this.#sent = load(memory(), this.#words + 8)
    store(memory(), this.#words, ++this.#steps)
    add(memory(), this.#words + 4, -1)
    return this.#steps === STEPS ? DONE : LEND
  }

  pack(at: number): boolean {
    poke(kernel, at, this.#words)
    poke(kernel, at + 4, this.#steps)
    poke(kernel, at + 8, this.#sent)
    return true
  }

  unpack(at: number): void {
    this.#words = peek(kernel, at)
    this.#steps = peek(kernel, at + 4)
    this.#sent = peek(kernel, at + 8)
  }

  gone(): void {
    this.#steps = -1
  }

  throw(error: unknown): never {
    throw error
  }

  return(): IteratorResult<unknown, unknown> {
    return DONE
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.#steps = -1
  }

  get [Symbol.toStringTag](): string {
    return 'Generator'
  }
}

const FULL = 4711
const ROOM = 12

/** One that has more to take along than there is room for: it lies in user memory, and who claims the fiber frees that. Its last word counts these. */
class Bearer extends Walker {
  override pack(at: number): boolean {
    const more = malloc(EACH)
    poke(memory(), more, FULL)
    poke(kernel, at + ROOM, more)
    super.pack(at)
    add(memory(), peek(kernel, at) + 12, 1)
    return true
  }

  override unpack(at: number): void {
    const more = peek(kernel, at + ROOM)
    assert.equal(peek(memory(), more), FULL, 'nobody else has unpacked it')
    poke(memory(), more, 0)
    free(more)
    super.unpack(at)
    add(memory(), peek(kernel, at) + 12, -1)
  }
}

const walkerOf = (Kind: typeof Walker) => (i: number): ((o: Walks) => unknown) => Object.assign(({ words }: Walks) => new Kind(words + EACH * i), {
  arrive: (at: number): Nomad => {
    const walker = new Kind()
    walker.unpack(at)
    return walker
  },
})
const walker = walkerOf(Walker)
const walkers = (count: number): ((o: Walks) => unknown)[] => Array.from({ length: count }, (_, i) => walker(i))

const entries = {
  handler(_: number, { si_value: words }: SigInfo): void {
    add(memory(), words + 12, 1)
  },
}

const MOST = 3
const setup = (): Walks => {
  setAction(SIGUSR2, (a) => {
    poke(kernel, a + ActionRecord.kind, Kind.ENTRY)
    poke(kernel, a + ActionRecord.handler, entryOf('handler'))
    poke(kernel, a + ActionRecord.flags, SA_SIGINFO)
  })
  return { words: malloc(EACH * MOST) }
}

const walked = (count: number) => ({ words }: Walks): void => {
  for (let i = 0; i < count; i++) assert.equal(load(memory(), words + EACH * i), STEPS, 'each has taken all its steps')
}

// All begin at the first carrier; the other one, which has nothing to do, takes what that lends, and lends again.
const story = { setup, model: 'm:n', carriers: 2, entries, clock: false } as const
export const walks: Story<Walks> = { ...story, threads: walkers(2), on: [0, 0], after: walked(2) }
export const bears: Story<Walks> = {
  ...story, threads: [0, 1].map(walkerOf(Bearer)), on: [0, 0],
  after: (o) => {
    walked(2)(o)
    for (let i = 0; i < 2; i++) assert.equal(load(memory(), o.words + EACH * i + 12), 0, 'what it took along is freed')
  },
}
export const walksBack: Story<Walks> = { ...story, threads: walkers(3), on: [0, 0, 0], after: walked(3) }

// A signal comes before a fiber begins, while it runs, is lent, is on its way, or has ended. Who knows that it was sent has its handler run when it
// goes on, wherever that is.
const TARGET = 1
function signals({ words }: Walks): void {
  if (pthread_sigqueue(TARGET, SIGUSR2, words) === 0) store(memory(), words + 8, 1)
}
export const signalled: Story<Walks> = { ...story, threads: [...walkers(2), signals], system: [2], on: [0, 0], after: walked(2) }

// Death of a carrier that lends a fiber, at any step, and of one that claims it: a fiber is a record, and a word that counts who has gone on with it.

interface Lent { slot: number, seen: number }
const MORTAL = 0

const setupLent = (): Lent => {
  store(kernel, PROCESS + Process.spawner, SPAWNER_READY)
  for (let i = 0; i < 2; i++) {
    poke(kernel, carrierRecord(carrierOf(i)) + Carrier.place, i + 1)
    poke(kernel, placeRecord(i) + Place.carrier, carrierOf(i))
  }
  const slot = allocate_locked(Flag.FIBER | Flag.STARTED)
  for (const field of ['count', 'live'] as const) add(kernel, PROCESS + Process[field], 1)
  poke(kernel, record(slot) + ThreadRecord.creator, 0)
  store(kernel, record(slot) + ThreadRecord.claim, 1)
  return { slot, seen: malloc(4) }
}
function lends({ slot }: Lent): void {
  assert.ok(claim(slot))
  beginFiber(slot)
  lend(0, slot)
}
function takesUp(i: number, { slot, seen }: Lent): void {
  for (;;) {
    const found = take(0)
    if (found !== 0) {
      assert.equal(found, slot)
      add(memory(), seen, 1)
    } else if (lieDown(i)) {
      suspendAt(i, Infinity)
      getUp(i)
    }
  }
}
function reaper(): void {
  becomeImpatient()
  awaitDeath(MORTAL)
  reap(carrierOf(MORTAL), { reason: Reason.TERMINATED, code: 1 }, heirs, () => undefined)
  runTasks()
}
const state = ({ slot }: Lent): number => peek(kernel, record(slot) + ThreadRecord.state)

// Who is on the way is given a priority. The one who takes the fiber reads it, or is told later.

interface Given extends Lent { known: number }
const PRIORITY = 5

function rereads(o: Given): void {
  poke(memory(), o.known, effective(o.slot))
}

function takesAndKnows(o: Given): void {
  for (;;) {
    readHints(1, () => { rereads(o) })
    if (take(0) !== 0) {
      add(memory(), o.seen, 1)
      load(kernel, record(o.slot) + ThreadRecord.policy)                  // as refresh does
      rereads(o)
    } else if (lieDown(1)) {
      suspendAt(1, Infinity)
      getUp(1)
    }
  }
}

export const given: Story<Given> = {
  setup: () => ({ ...setupLent(), known: malloc(4) }),
  threads: [lends, takesAndKnows, ({ slot }) => { schedule(slot, SCHED_FIFO, PRIORITY) }], daemons: [1], clock: false,
  after: (o) => {
    assert.equal(load(memory(), o.seen), 1, 'the other one goes on with it')
    assert.equal(peek(memory(), o.known), PRIORITY, 'and knows its priority')
  },
}

// Either it dies with its carrier, or another one goes on with it.
export const lenderDies: Story<Lent> = {
  setup: setupLent, threads: [lends, o => { takesUp(1, o) }, reaper], mortal: [MORTAL], daemons: [1, 2], clock: false,
  after: (o) => {
    const seen = load(memory(), o.seen)
    assert.ok(seen <= 1, 'one carrier goes on with it')
    if (seen === 1) assert.notEqual(state(o), State.EXITED, 'it does not die with a carrier that had lent it')
    else assert.notEqual(state(o), State.RUNNING, 'it has ended, or somebody goes on with it')
  },
}
