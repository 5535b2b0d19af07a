// What a thread of a pool runs: it takes the tasks of its lane one after another.
//
// While it has none it sleeps in the kernel, like any thread; but if something of a former task keeps its event loop alive, a socket say, it
// waits there, so that that goes on.  Microtasks run after each task that returns a promise, and before each sleep.
//
// A canceled thread ends where it is, and what it had left to do in promises may still go on in its Worker.  So each
// continuation here looks first whether the thread is the one that it was (`here`).

import { peek, poke, store } from '#atomics'
import { later } from '../api/later.ts'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { host } from '../kernel/host.ts'
import { letterNumber, post as mailTo, take as mailFrom } from '../kernel/mail.ts'
import { carrierRecord, kernel, record, self, user } from '../kernel/process.ts'
import { Carrier, ThreadRecord } from '../kernel/records.ts'
import { block } from '../kernel/request.ts'
import { encode, type Message } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { Awaiting, isGenerator, isThenable } from '../pthread/awaiting.ts'
import { encodeForAnybody } from '../pthread/buffers.ts'
import { pthread_cleanup_pop, pthread_cleanup_push } from '../pthread/cleanup.ts'
import { routineNow, type Routine } from '../pthread/entry.ts'
import { ThreadExit } from '../pthread/exit.ts'
import { NO_VERB } from '../pthread/start.ts'
import { detach } from '../pthread/thread.ts'
import { transferListOf } from '../pthread/transfer.ts'
import { current, PoolTask } from './context.ts'
import { discard, entryAt, finish, isMakerGone, leave as leaveLane, open, pass, posted_slow, put, take, tell } from './lane.ts'
import { EntryRecord, LaneRecord } from './records.ts'

/** Entries to run when a thread of the pool begins, and when it ends; 0: none. */
export interface Life { readonly init: number, readonly initArgs: readonly unknown[], readonly dispose: number }

/** How long it runs without a turn of the event loop when it never has to wait, ms. */
const TURN = 5

/** Serves `lane` of `pool` until it is told to end. */
export async function serve(lane: Address, pool: Address, { init, initArgs, dispose }: Life): Promise<void> {
  const isHere = here()
  poke(user, lane + LaneRecord.carrier, self.carrier)
  poke(user, lane + LaneRecord.carrierSerial, peek(kernel, carrierRecord(self.carrier) + Carrier.serial))
  if (init !== 0) await still(isHere, call(init, initArgs))
  pthread_cleanup_push(() => leaving(lane, pool, dispose))
  store(user, lane + LaneRecord.ready, 1)
  tell(pool)
  let time = now(CLOCK_MONOTONIC), turned = time
  for (let i = 0; ; i = i + 1 | 0) {
    if (peek(user, lane + LaneRecord.tail) === i) {
      await still(isHere, idle(lane, i, pool))
      if (peek(user, lane + LaneRecord.tail) === i) break                 // L7
      time = turned = now(CLOCK_MONOTONIC)
    } else if (time - turned > TURN) {
      await still(isHere, nextTurn())
      time = turned = now(CLOCK_MONOTONIC)
    }
    const entry = peek(user, entryAt(lane, i) + EntryRecord.entry)
    if (take(lane, i, time)) {
      if (entry === 0) break
      const pending = run(lane, i, entry)
      if (pending !== undefined) await still(isHere, pending)
      if (pending !== undefined) turned = now(CLOCK_MONOTONIC)
      time = now(CLOCK_MONOTONIC)
      if (!finish(lane, i, outcome.threw, time)) {                        // L3
        discard(entryAt(lane, i))
        break
      }
    }
    pass(lane, i)
    tell(pool)
  }
  pthread_cleanup_pop(0)
  await leaving(lane, pool, dispose)
}

/** Loads what a thread of the pool needs, and the module of an entry: its Worker is ready then for the next thread. */
export async function getReady(entry: number): Promise<void> {
  try {
    await routineNow(entry)
  } catch { /* the task will tell */ }
}

async function leaving(lane: Address, pool: Address, dispose: number): Promise<void> {
  current.task?.end()
  current.task = undefined
  try {
    if (dispose !== 0) await call(dispose, [])
  } finally {
    if (isMakerGone(pool)) detach(self.slot, peek(kernel, record(self.slot) + ThreadRecord.serial))   // nobody joins it: L7
    leaveLane(lane, pool)
  }
}

// Whether the calling thread is the one that it is now.
function here(): () => boolean {
  const { slot } = self, serial = peek(kernel, record(slot) + ThreadRecord.serial)
  return () => self.slot === slot && peek(kernel, record(slot) + ThreadRecord.serial) === serial
}

async function still<T>(isHere: () => boolean, promise: PromiseLike<T> | T): Promise<T> {
  try {
    return await promise
  } finally {
    if (!isHere()) await new Promise<never>(() => undefined)
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => { host.nextTurn(resolve) })

let afterPromise = false

async function idle(lane: Address, i: number, pool: Address): Promise<void> {
  await Promise.resolve()                                                 // microtasks of the task before
  if (afterPromise) await nextTurn()
  afterPromise = false
  if (host.active() === 0) block(posted_slow(lane, i, pool))
  else await later('ThreadPool', () => posted_slow(lane, i, pool))
}

// How the last task ended.
const outcome = { threw: false }

// Runs the task in entry `i` and writes its outcome there; a promise if it does that later.
function run(lane: Address, i: number, entry: number): Promise<void> | undefined {
  const task = current.task = new PoolTask(lane, i)
  let result: unknown
  try {
    const f = routineNow(entry)
    if (typeof f !== 'function') return runLater(lane, i, task, f)
    result = Reflect.apply(f, undefined, argumentsOf(lane, i))
    if (isThenable(result) || isGenerator(result)) return settle(lane, i, task, result)
  } catch (error) {
    return ended(lane, i, task, true, error)
  }
  return ended(lane, i, task, false, result)
}

async function runLater(lane: Address, i: number, task: PoolTask, f: Promise<Routine>): Promise<void> {
  const isHere = here()
  try {
    const routine = await still(isHere, f)
    await settle(lane, i, task, Reflect.apply(routine, undefined, argumentsOf(lane, i)))
  } catch (error) {
    ended(lane, i, task, true, error)
  }
}

async function settle(lane: Address, i: number, task: PoolTask, result: unknown): Promise<void> {
  const isHere = here()
  afterPromise = true
  let value: unknown
  try {
    value = await still(isHere, isGenerator(result) ? drive(result) : result)
  } catch (error) {
    return ended(lane, i, task, true, error)
  }
  return ended(lane, i, task, false, value)
}

// A generator runs to its end here; where it waits for a promise, it goes on in the event loop.
async function drive(body: Generator<unknown, unknown, unknown>): Promise<unknown> {
  const isHere = here()
  let step = body.next()
  while (step.done !== true) {
    if (!(step.value instanceof Awaiting)) {
      step = body.throw(new TypeError(NO_VERB))
      continue
    }
    let value: unknown
    try {
      value = await still(isHere, (step.value as Awaiting<unknown>).promise)
    } catch (error) {
      step = body.throw(error)
      continue
    }
    step = body.next(value)
  }
  return step.value
}

function ended(lane: Address, i: number, task: PoolTask, threw: boolean, value: unknown): undefined {
  task.end()
  current.task = undefined
  if (threw && value instanceof ThreadExit) throw value
  outcome.threw = threw
  const failure = leave(lane, i, value)
  if (failure === undefined) return
  outcome.threw = true
  if (leave(lane, i, failure) !== undefined) leave(lane, i, new Error(String(failure)))
}

function argumentsOf(lane: Address, i: number): unknown[] {
  const e = entryAt(lane, i), mail = peek(user, e + EntryRecord.mail)
  const extras = mail === 0 ? undefined : mailFrom(peek(user, lane + LaneRecord.sender), peek(user, lane + LaneRecord.serial), mail, true)
  return open(e, extras) as unknown[]
}

// Writes the result or error into entry `i`; returns what went wrong.
function leave(lane: Address, i: number, value: unknown): unknown {
  const e = entryAt(lane, i)
  discard(e)                                                              // arguments that nobody has read
  if (value === undefined) return undefined
  let message: Message | undefined
  try {
    const transfer = transferListOf(value)
    message = transfer.length === 0 ? encodeForAnybody(value, 'result', transfer) : encode(value, 'result', transfer)
    const extras = message.extras.length === 0 ? undefined : [...message.extras]
    const mail = extras === undefined ? 0 : letterNumber()
    if (!put(e, message, mail)) {
      message.drop()
      return new Error('ENOMEM: user memory is full, the result of the task does not fit')
    }
    if (extras !== undefined) mailTo(peek(user, lane + LaneRecord.sender), mail, extras, transfer)
    return undefined
  } catch (error) {
    discard(e)
    return error
  }
}

// A function of the pool's own: init, dispose.
async function call(entry: number, args: readonly unknown[]): Promise<void> {
  const f = await routineNow(entry)
  const result: unknown = Reflect.apply(f, undefined, args)
  if (isGenerator(result)) await drive(result)
  else if (isThenable(result)) await result
}
