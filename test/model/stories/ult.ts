// Stories of fibers: the trampoline of src/ult, on one carrier and on two.

import assert from 'node:assert/strict'
import { add, load, peek, poke, store } from '#atomics'
import { PLAIN } from '#internal/kernel/clone.js'
import { kernel, record, self } from '#internal/kernel/process.js'
import { ActionRecord, Status, ThreadRecord } from '#internal/kernel/records.js'
import { Kind, setAction } from '#internal/kernel/signal.js'
import type { Story } from '#internal/lab/index.js'
import { entryOf } from '#internal/lab/worker.js'
import { ThreadCancel } from '#internal/pthread/exit.js'
import { schedule, SCHED_FIFO } from '#internal/pthread/sched.js'
import { create, join_slow } from '#internal/pthread/thread.js'
import { Condition, fiber, Mutex, Semaphore, type Scheduler, type Task } from 'pthreads'
import { malloc, memory, pthread_cancel, pthread_kill, SIGUSR2 } from 'pthreads/posix'

type Body = Generator<unknown, void>

// Mutex ----------------------------------------------------------------------------------------------------------

interface Locked { mutex: Mutex, inside: number }

const setup = (): Locked => ({ mutex: new Mutex(), inside: malloc(4) })

function* enters({ mutex, inside }: Locked): Body {
  yield* fiber.lock(mutex)
  assert.equal(add(memory(), inside, 1), 0, 'two threads are inside')
  yield* fiber.yield()
  add(memory(), inside, -1)
  mutex.unlock()
}
function* second(o: Locked): Body { yield* enters(o) }

const free = ({ mutex, inside }: Locked): void => {
  assert.equal(load(memory(), inside), 0)
  assert.ok(mutex.tryLock(), 'the mutex is free')
}

// A thread of its own that contends with fibers.
function blocks({ mutex, inside }: Locked): void {
  mutex.lock()
  assert.equal(add(memory(), inside, 1), 0, 'two threads are inside')
  add(memory(), inside, -1)
  mutex.unlock()
}

export const locked: Story<Locked> = { setup, threads: [enters, second], model: 'm:n', on: [0, 1], after: free, clock: false }
export const lockedAnywhere: Story<Locked> = { setup, threads: [enters, second], model: 'm:n', after: free, clock: false }
export const lockedByAll: Story<Locked> = { setup, threads: [enters, second, blocks], system: [2], model: 'm:1', after: free, clock: false }

// It gives up after a while: what it was given at the last moment it must not keep.
interface Impatient extends Locked { gaveUp: number }
function* impatient({ mutex, inside, gaveUp }: Impatient): Body {
  try {
    yield* fiber.lock(mutex, 10)
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'ETIMEDOUT')
    add(memory(), gaveUp, 1)
    return
  }
  assert.equal(add(memory(), inside, 1), 0, 'two threads are inside')
  add(memory(), inside, -1)
  mutex.unlock()
}
export const timed: Story<Impatient> = {
  setup: () => ({ ...setup(), gaveUp: malloc(4) }), threads: [enters, impatient, second], model: 'm:n', on: [0, 1, 1], after: free,
}

// Condition, join ------------------------------------------------------------------------------------------------

interface Waiting { mutex: Mutex, condition: Condition, flag: number }

const setupWaiting = (): Waiting => ({ mutex: new Mutex(), condition: new Condition(), flag: malloc(4) })

function* waits({ mutex, condition, flag }: Waiting): Body {
  yield* fiber.lock(mutex)
  while (load(memory(), flag) === 0) yield* fiber.wait(condition, mutex)
  mutex.unlock()
}
function* tells({ mutex, condition, flag }: Waiting): Body {
  yield* fiber.lock(mutex)
  store(memory(), flag, 1)
  condition.signal()
  mutex.unlock()
}
export const told: Story<Waiting> = { setup: setupWaiting, threads: [waits, tells], model: 'm:n', on: [0, 1], clock: false }

interface Ran { ran: number }

const entries = {
  * work(ran: number, n: number): Generator<unknown, number> {
    add(memory(), ran, 1)
    yield* fiber.yield()
    return n + 1
  },
  handler(): void {
    add(memory(), handled, 1)
  },
}

// The thread that it creates may be begun here, or by the other carrier.
function* joins({ ran }: Ran): Body {
  const slot = create(entryOf('work'), [ran, 41], { name: '', detached: false, kind: PLAIN, transfer: [], fiber: true })
  assert.ok(slot > 0, `create: ${slot}`)
  const out = { status: 0, value: undefined as unknown, reason: 0, code: 0 }
  assert.equal(yield* join_slow(slot, kernel.i32[(record(slot) + ThreadRecord.serial) >>> 2], self.tid, out), 0)
  assert.deepEqual([out.status, out.value], [Status.RETURNED, 42])
  assert.equal(load(memory(), ran), 1)
}
export const joined: Story<Ran> = { setup: () => ({ ran: malloc(4) }), threads: [joins], model: 'm:n', entries, clock: false }

// Signals, cancellation ------------------------------------------------------------------------------------------

interface Posted { gate: Semaphore, begun: Semaphore, count: number }
let handled = 0

const TARGET = 1                                         // its tid
const setupPosted = (): Posted => {
  const objects = { gate: new Semaphore(0), begun: new Semaphore(0), count: malloc(4) }
  setAction(SIGUSR2, (a) => {
    poke(kernel, a + ActionRecord.kind, Kind.ENTRY)
    poke(kernel, a + ActionRecord.handler, entryOf('handler'))
  })
  return objects
}

// The signal comes before, while or after it sleeps: its handler runs once, and it sleeps until somebody posts.
function* isTold({ gate, begun, count }: Posted): Body {
  handled = count
  begun.post()
  yield* fiber.acquire(gate)
}
function signals({ gate, begun }: Posted): void {
  begun.wait()
  assert.equal(pthread_kill(TARGET, SIGUSR2), 0)
  gate.post()
}
export const signalled: Story<Posted> = {
  setup: setupPosted, threads: [isTold, signals], system: [1], model: 'm:1', entries, clock: false,
  after: ({ count }) => { assert.equal(load(memory(), count), 1, 'the handler runs once') },
}

// Canceled before it sleeps, or asleep.
function* isCanceled({ gate, count }: Posted): Body {
  try {
    yield* fiber.acquire(gate)
  } catch (error) {
    assert.ok(error instanceof ThreadCancel)
    add(memory(), count, 1)
    throw error
  }
}
function cancels(): void { assert.equal(pthread_cancel(TARGET), 0) }
const canceledOnce = ({ count }: Posted): void => { assert.equal(load(memory(), count), 1, 'it was canceled') }
export const canceled: Story<Posted> = {
  setup: setupPosted, threads: [isCanceled, cancels], system: [1], model: 'm:1', clock: false, after: canceledOnce,
}

function* cancelsToo(): Body {
  yield* fiber.yield()
  cancels()
}
export const canceledByFiber: Story<Posted> = {
  setup: setupPosted, threads: [isCanceled, cancelsToo], model: 'm:n', on: [0, 1], clock: false, after: canceledOnce,
}

// It waits for a promise that nobody settles.
function* isCanceledInAwait({ count }: Posted): Body {
  try {
    yield* fiber.await(new Promise(() => undefined))
  } catch (error) {
    assert.ok(error instanceof ThreadCancel)
    add(memory(), count, 1)
    throw error
  }
}
export const canceledInAwait: Story<Posted> = {
  setup: setupPosted, threads: [isCanceledInAwait, cancels], system: [1], model: 'm:1', clock: false, after: canceledOnce,
}

// Promises -------------------------------------------------------------------------------------------------------

// One fiber awaits, another sleeps until a callback of the event loop posts: what runs neither as a fiber nor in another heap.
function* awaits({ gate }: Posted): Body {
  const later = new Promise<void>(resolve => setImmediate(resolve))
  void later.then(() => new Promise<void>(resolve => setImmediate(resolve))).then(() => { gate.post() })
  yield* fiber.await(later)
  yield* fiber.await(new Promise<void>(resolve => setTimeout(resolve, 1)))
}

let settle: () => void
function* awaitsPosted({ gate }: Posted): Body {
  setImmediate(() => { gate.post() })
  yield* fiber.await(new Promise<void>(resolve => settle = resolve))
}
function* settles({ gate }: Posted): Body {
  yield* fiber.acquire(gate)
  settle()
}
export const calledBack: Story<Posted> = { setup: setupPosted, threads: [awaitsPosted, settles], model: 'm:1', clock: false }

function* isPosted({ gate, count }: Posted): Body {
  yield* fiber.acquire(gate)
  add(memory(), count, 1)
}
function posts({ gate }: Posted): void { gate.post() }
function* isPostedTwice(o: Posted): Body {
  yield* isPosted(o)
  yield* isPosted(o)
}
export const awaited: Story<Posted> = {
  setup: setupPosted, threads: [awaits, isPostedTwice, posts], system: [2], model: 'm:1',
  after: ({ count }) => { assert.equal(load(memory(), count), 2) },
}

// Blocking -------------------------------------------------------------------------------------------------------

// A fiber blocks its carrier until another one runs that has not begun: the spare carrier, or the other one, takes it.
function* freezes({ gate }: Posted): Body {
  yield* fiber.blocking(() => { gate.wait() })
}
function* thaws({ gate, count }: Posted): Body {
  add(memory(), count, 1)
  yield* fiber.yield()
  gate.post()
}
const begunOnce = ({ count }: Posted): void => { assert.equal(load(memory(), count), 1, 'each is begun once') }
export const frozen: Story<Posted> = { setup: setupPosted, threads: [freezes, thaws], model: 'm:1', spare: true, clock: false, after: begunOnce }
export const stolen: Story<Posted> = { setup: setupPosted, threads: [freezes, passes, thaws], model: 'm:n', on: [0], clock: false, after: begunOnce }
function* passes(): Body { yield* fiber.yield() }

// Order of SCHED_FIFO, and whom a scheduler lets preempt ------------------------------------------------------------

/** What was done, in order: a count, then the letters. */
interface Logged { mutex: Mutex, gate: Semaphore, gate2: Semaphore, log: number, posted: number }

const PRIORITIES = [10, 10, 10, 20, 0, 5]

const setupLogged = (priorities: readonly number[]) => (): Logged => {
  priorities.forEach((priority, i) => { if (priority > 0) schedule(i + 1, SCHED_FIFO, priority) })
  return { mutex: new Mutex(), gate: new Semaphore(0), gate2: new Semaphore(0), log: malloc(256), posted: malloc(4) }
}
function note({ log }: Logged, letter: string): void {
  poke(memory(), log + 4 * add(memory(), log, 1) + 4, letter.charCodeAt(0))
}
const noted = ({ log }: Logged): string => String.fromCharCode(...Array.from({ length: load(memory(), log) }, (_, i) => peek(memory(), log + 4 + 4 * i)))

// A verb that need not wait.
function* verb({ mutex }: Logged): Body {
  yield* fiber.lock(mutex)
  mutex.unlock()
}
const twice = (small: string) => function* (o: Logged): Body {
  note(o, small)
  yield* fiber.yield()
  note(o, small.toUpperCase())
}
const a = twice('a'), c = twice('c')
function* wakesUrgent(o: Logged): Body {
  note(o, 'b')
  o.gate.post()
  yield* verb(o)
  note(o, 'B')
}
function* urgent(o: Logged): Body {
  note(o, 'h')
  yield* fiber.acquire(o.gate)
  note(o, 'H')
}
function* least(o: Logged): Body {
  note(o, 'o')
  const posted = load(memory(), o.posted) === 1
  yield* verb(o)
  if (posted) assert.match(noted(o), /X/, 'who was woken before the verb has run')
  note(o, 'O')
}
function* wokenFromOutside(o: Logged): Body {
  note(o, 'x')
  yield* fiber.acquire(o.gate2)
  note(o, 'X')
}
function fromOutside({ gate2, posted }: Logged): void {
  gate2.post()
  store(memory(), posted, 1)
}
export const ordered: Story<Logged> = {
  setup: setupLogged(PRIORITIES), threads: [a, wakesUrgent, c, urgent, least, wokenFromOutside, fromOutside], system: [6], model: 'm:1', scheduler: 'fifo', clock: false,
  after(o) {
    assert.equal(noted(o).replace('X', ''), 'habHBcACxoO')
    assert.ok(noted(o).indexOf('X') > noted(o).indexOf('x'))
  },
}

// Whoever has the higher number shall run before the others, says this scheduler; and else the last one first.
function byNumber(): Scheduler {
  const tasks: Task[] = []
  return {
    name: 'by number',
    get runnable() { return tasks.length },
    enqueue(task) {
      tasks.push(task)
      tasks.sort((x, y) => x.tid - y.tid)
    },
    pick: () => tasks.pop() ?? null,
    remove(task) { if (tasks.includes(task)) tasks.splice(tasks.indexOf(task), 1) },
    slice: () => Infinity,
    preempts: (woken, running) => woken.tid > running.tid,
  }
}

function* rounds(o: Logged): Body {
  for (let n = 0; n < 3; n++) {
    const posted = load(memory(), o.posted) === 1
    yield* verb(o)
    if (posted) assert.equal(noted(o), 'X', 'who was woken before the verb has run')
  }
}
function* preempts(o: Logged): Body {
  yield* fiber.acquire(o.gate2)
  note(o, 'X')
}
function* fromOtherCarrier(o: Logged): Body {
  yield* fiber.yield()
  fromOutside(o)
}
function* wakesItself(o: Logged): Body {
  fromOutside(o)
  yield* rounds(o)
}
const stated = { setup: setupLogged([]), scheduler: byNumber, clock: false }
export const statedByItself: Story<Logged> = { ...stated, threads: [wakesItself, preempts], model: 'm:1' }
export const statedOutside: Story<Logged> = { ...stated, threads: [rounds, preempts, fromOutside], system: [2], model: 'm:1' }
export const statedAcross: Story<Logged> = { ...stated, threads: [rounds, preempts, fromOtherCarrier], on: [0, 0, 1], model: 'm:n' }
