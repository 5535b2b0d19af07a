// The life of a lab Worker: one virtual thread, through all schedules.
//
//   enter       joins the process of the exploration: the first Worker makes it, runs setup and numbers the threads
//   loop        waits for its first turn of a schedule, runs its function with fresh copies of the arguments, gives the turn up
//   finish      whoever ends last checks `after`, makes the memory what it was, and begins the next schedule
//
// Nothing of this needs the controller: thousands of schedules run without a message.

import { host, pardon } from '#host'
import { peek, poke, store } from '#atomics'
import { installRun, serve } from '../kernel/carrier.ts'
import { installClock } from '../kernel/clock.ts'
import { installHost } from '../kernel/host.ts'
import { arena, attach, buffers, carrierRecord, create, kernel, record, self, setCarriers, user } from '../kernel/process.ts'
import { Carrier, CarrierState, Flag, PROCESS, Process, State, ThreadRecord } from '../kernel/records.ts'
import { pending } from '../kernel/request.ts'
import { spinShort } from '../kernel/spin.ts'
import { allocate_locked, forgetAsync } from '../kernel/thread.ts'
import { malloc } from '../mem/arena.ts'
import { decode, encode, installShapes } from '../mem/codec.ts'
import { Awaiting, isGenerator, isThenable } from '../pthread/awaiting.ts'
import { prefetch } from '../pthread/deliver.ts'
import { entryId, installResolver, routineOf, type Routine } from '../pthread/entry.ts'
import { deafen, NO_VERB, run } from '../pthread/start.ts'
import { forgetMessages } from '../port/message.ts'
import { forgetRuns } from '../port/run.ts'
import type { SchedulerFactory } from '../ult/scheduler.ts'
import { becomeTrampoline } from '../ult/trampoline.ts'
import { forgetReads } from './atomics.ts'
import { castOf, CARRIERS_MAX, namesOf, threadName, type Cast } from './cast.ts'
import { at, begun, c, daemon, Doing, early, history, address as addressField, its, killed, memory as memoryField, Mode, mortal, open, setTime, state, THREADS_MAX, time } from './control.ts'
import { describeFinding } from './describe.ts'
import { forgetTasks, put, takeTimers, turnUntil } from './event-loop.ts'
import { fiberBody, fiberNames, forgetAllFibers, makeFiber, occupy, schedulerFor, startFibers, stuckFibers } from './fibers.ts'
import { learnNames, nameOf } from './names.ts'
import { wakeAll } from './order.ts'
import { forgetWaits } from './promises.ts'
import { restore, take } from './snapshot.ts'
import { forgetHistories } from './states.ts'
import { isStory, type LabBirth, type Plan, type Report, type Story } from './story.ts'
import { next } from './strategy.ts'
import { installNames } from './trace.ts'
import { awaitTurn, become, begin, giveBack, KILLED, leave, setLive, stuck, unwindDaemons, type Verdict } from './turn.ts'

const FIRST_CARRIER = 3
const EPOCH = 1_700_000_000_000        // of Date.now in a schedule
/** Frames of a stack that say nothing about the program. */
const OURS = /^ +at .*([\\/]lab[\\/](worker|turn)\.[jt]s|\[nodejs\.|node:internal)/
const THREADS = 200, MEMORY = 8 << 20

/** What the boot module lends: layers that this one may not import. */
export interface Loan { install(): void, importModule(url: string): Promise<Record<string, unknown>> }

let birth: LabBirth
let story: Story
let cast: Cast
let makeScheduler: SchedulerFactory
let plan: Plan
let objects: unknown
let keep: unknown
let over = false

/** The life of a lab Worker. */
export async function live(born: LabBirth, loan: Loan): Promise<void> {
  birth = born
  try {
    await enter(loan)
  } catch (error) {
    birth.port.postMessage({ kind: 'failed', error: error instanceof Error ? error.stack ?? String(error) : String(error) } satisfies Report)
    return
  }
  if (birth.plan !== undefined) await loop()
  else {
    host.listen(birth.port, () => {
      start()
      void loop()
    }, () => undefined)
  }
}

// Joins the exploration.
async function enter(loan: Loan): Promise<void> {
  open(birth.control)
  FinalizationRegistry.prototype.register = () => undefined             // when they run is the engine's choice, and the memory is restored anyway
  loan.install()
  installShapes(undefined)                                               // what a heap remembers of earlier schedules would change this one
  spinShort()
  become(birth.index, birth.processors, fail, () => { scheduleOver() })
  installNames(nameOf)
  if (birth.plan === undefined) {
    create({ threads: THREADS, memory: MEMORY, cache: 16, carriers: CARRIERS_MAX }, 1)
    self.carrier = FIRST_CARRIER
    await loadStory(loan)
    setCarriers(cast.carriers === 0 ? 2 : cast.carriers)
    plan = await makePlan()
    birth.port.postMessage(plan)
  } else {
    attach(birth.plan.buffers)
    self.carrier = FIRST_CARRIER + birth.index
    await loadStory(loan)
    plan = birth.plan
  }
  identify(birth.index)
  for (const entry of entriesOf()) {                                    // heaps know entries by heart: all from the start
    void routineOf(entry)
    prefetch(entry)
  }
  keep = decode(user, plan.message, plan.extras)
  learnNames(keep)
  virtualize()
  birth.port.postMessage({ kind: 'ready' } satisfies Report)
}

async function loadStory({ importModule }: Loan): Promise<void> {
  const module = await importModule(birth.file)
  const found = birth.story === undefined ? module : module[birth.story]
  if (!isStory({ ...found as object })) {
    throw new Error(birth.story === undefined
      ? 'it exports no array "threads" of functions, or a "setup" or "after" that is no function'
      : `its export "${birth.story}" is not { setup, threads, after }`)
  }
  story = found as Story
  cast = castOf(story, birth.setting)
  if (cast.carriers !== 0) makeScheduler = await schedulerFor(cast, birth.file, importModule)
  installResolver(resolve, resolve)
}

function resolve(source: string): Routine {
  const name = source.slice(2)
  const f = source.startsWith('l') ? story.entries?.[name] : threadBody(Number(name))
  if (f === undefined) throw new Error(`the story has no entry "${name}"`)
  return f
}

// Each fiber has objects of its own, as each thread has.
function threadBody(i: number): Routine {
  return fiberBody(story.threads[i], () => decode(user, plan.message, plan.extras), error => failWith(error, threadName(story, i)))
}

/** The entry of that name in the story's `entries`, for `create`. */
export function entryOf(name: string): number {
  return entryId(`l\n${name}`)
}

const threadEntry = (i: number): number => entryId(`t\n${i}`)
const entriesOf = (): number[] => [...Object.keys(story.entries ?? {}).map(entryOf), ...cast.fibers.map(threadEntry)]

// The first Worker: threads and carriers get their records, setup runs, what it returns is written down for all.
async function makePlan(): Promise<Plan> {
  const { bodies, fibers, carriers, spare, parked, workers } = cast
  c[at.threads] = workers
  c[at.clock] = story.clock === false ? 0 : 1
  c[at.ordered] = c[at.mode] === Mode.SEARCH && c[at.bound] < 0 && c[at.clock] === 0 ? 1 : 0
  for (let i = 0; i < story.threads.length; i++) {
    if (fibers.includes(i)) makeFiber(threadEntry(i))
    else makeThread(bodies.indexOf(i))
  }
  for (let i = 0; i < carriers; i++) occupy(i, FIRST_CARRIER + bodies.length + i)
  if (spare) occupy(carriers, FIRST_CARRIER + bodies.length + carriers)
  for (let i = 0; i < parked; i++) makeCarrier(bodies.length + i)
  if (carriers !== 0) makeHost()
  poke(kernel, PROCESS + Process.bumpCarrier, FIRST_CARRIER + workers + 1)
  identifyFirst()
  void entriesOf()
  const made = await story.setup?.()
  startFibers(story, cast)
  const message = encode(made, 'setup()')
  const extras = [...message.extras]
  if (!extras.every(each => Object.prototype.toString.call(each) === '[object SharedArrayBuffer]')) throw new TypeError('setup returned something that cannot be shared by several threads, as a MessagePort or a transferred buffer')
  const address = malloc(arena, message.size, self.carrier)
  if (address === 0) throw new Error('what setup returned does not fit')
  message.place(user, address)
  for (let i = 0; i < 2 * THREADS_MAX; i++) encode(made, 'setup()')      // each decoding takes one hold on the objects in it
  return { kind: 'plan', buffers: buffers(), message: address, extras, names: namesOf(story, cast), threads: workers }
}

function makeThread(i: number): void {
  const slot = allocate_locked(0)
  const t = record(slot), n = FIRST_CARRIER + i
  poke(kernel, t + ThreadRecord.carrier, n)
  store(kernel, t + ThreadRecord.state, State.RUNNING)
  poke(kernel, PROCESS + Process.count, peek(kernel, PROCESS + Process.count) + 1)
  poke(kernel, PROCESS + Process.live, peek(kernel, PROCESS + Process.live) + 1)
  poke(kernel, carrierRecord(n) + Carrier.state, CarrierState.RUNNING)
  poke(kernel, carrierRecord(n) + Carrier.thread, slot)
  poke(kernel, carrierRecord(n) + Carrier.serial, 1)
}

// Where there are fibers, `setup` and `after` run as a thread that the program does not see: no fiber's verbs would do there.
function makeHost(): void {
  const slot = allocate_locked(Flag.HOST)
  store(kernel, record(slot) + ThreadRecord.state, State.RUNNING)
  poke(kernel, PROCESS + Process.model, 1)
}

// A parked carrier that sleeps on its job; its thread begins when somebody resumes it there.
function makeCarrier(i: number): void {
  const n = FIRST_CARRIER + i
  const r = carrierRecord(n)
  poke(kernel, r + Carrier.state, CarrierState.PARKED)
  poke(kernel, r + Carrier.serial, 1)
  poke(kernel, r + Carrier.job, -1)
  poke(kernel, r + Carrier.link, peek(kernel, PROCESS + Process.cache))
  poke(kernel, PROCESS + Process.cache, n)
  poke(kernel, PROCESS + Process.cached, peek(kernel, PROCESS + Process.cached) + 1)
}

// Who this heap is at the beginning of a schedule.
function identify(i: number): void {
  self.carrier = FIRST_CARRIER + i
  self.slot = i < cast.bodies.length ? cast.bodies[i] + 1 : 0
  self.tid = self.slot !== 0 ? peek(kernel, record(self.slot) + ThreadRecord.tid) : -self.carrier
}

// Who it is in `setup` and `after`: the first thread, if that has a Worker.
function identifyFirst(): void {
  identify(0)
  if (cast.carriers === 0) return
  self.carrier = FIRST_CARRIER + cast.workers
  self.slot = story.threads.length + 1
  self.tid = peek(kernel, record(self.slot) + ThreadRecord.tid)
}

let realTurn: () => Promise<void>

function virtualize(): void {
  realTurn = takeTimers()
  pardon(KILLED)                                                        // a trampoline may run in a promise's reaction
  installClock(time)
  installRun(run)
  installHost({ ...host, nextTurn: put, active: () => 0, cpuTime: () => 0, monotonic: time, quit: () => { throw KILLED } })
  Date.now = () => EPOCH + time()
  performance.now = time
  Math.random = () => {
    randomState = Math.imul(randomState ^ randomState >>> 15, 0x2c1b3c6d) + 0x6d2b79f5 | 0
    return (randomState >>> 0) / 2 ** 32
  }
}

let randomState = 0

// The first Worker, when all are ready: keeps the memory and gives the first turn away.
function start(): void {
  poke(kernel, PROCESS + Process.carriers, peek(kernel, PROCESS + Process.bumpCarrier))   // no others can be made: EAGAIN
  take(plan.extras as SharedArrayBuffer[])
  if (!next(true)) throw new Error('lab: nothing to explore')
  reset()
  begin()
}

function reset(): void {
  for (const field of [at.steps, at.quiet, at.decisions, at.used, at.order, at.hash, at.known, at.spinners, at.rounds]) c[field] = 0
  setTime(0)
  if (c[at.ordered] === 0) forgetHistories()
  wakeAll()
  forgetWaits()
  const { bodies, parked: anyParked } = cast
  for (let i = 0; i < c[at.threads]; i++) {
    const isCarrier = i >= bodies.length, parked = isCarrier && anyParked !== 0
    c[its(state, i)] = parked ? Doing.ASLEEP : Doing.READY
    c[its(memoryField, i)] = 0
    c[its(addressField, i)] = parked ? carrierRecord(FIRST_CARRIER + i) + Carrier.job : 0
    c[its(killed, i)] = 0
    c[its(begun, i)] = 0
    c[its(history, i)] = 0
    c[its(history, i) + 1] = 0
    c[its(early, i)] = 0
    c[its(daemon, i)] = isCarrier || story.daemons?.includes(bodies[i]) === true ? 1 : 0
    c[its(mortal, i)] = !isCarrier && story.mortal?.includes(bodies[i]) === true ? 1 : 0
  }
}

// Runs this Worker's thread whenever it has the turn.
async function loop(): Promise<never> {
  const body = birth.index < cast.bodies.length ? story.threads[cast.bodies[birth.index]] : undefined
  for (;;) {
    awaitTurn()
    c[its(begun, birth.index)] = 1
    identify(birth.index)
    randomState = birth.index + 1
    forgetTasks()
    deafen()
    forgetAsync()
    forgetMessages()
    forgetRuns()
    pending.clear()
    over = false
    forgetReads()
    forgetAllFibers()
    objects = decode(user, plan.message, plan.extras)
    try {
      if (c[its(killed, birth.index)] !== 0) throw KILLED
      setLive(true)
      if (body === undefined) await carry()
      else {
        const result = driven(body(objects))
        if (isThenable(result)) await turnUntil(result, realTurn)
      }
    } catch (error) {
      if (error !== KILLED) failWith(error)
    }
    setLive(false)
    if (over) finish()
    else if (c[its(killed, birth.index)] !== 0 && c[its(state, birth.index)] === Doing.DONE) giveBack()
    else leave()
  }
}

/** The carrier's number of thread `i`. */
export const carrierOf = (i: number): number => FIRST_CARRIER + i

async function carry(): Promise<never> {
  if (cast.carriers === 0) serve()
  else becomeTrampoline(makeScheduler)
  for (;;) await turnUntil(undefined, realTurn)
}

// A generator is a thread whose verbs block, as one of scope system does: that interleaves whatever carriers of fibers could, and more.
function driven(result: unknown): unknown {
  return isGenerator(result) ? drive(result, () => result.next()) : result
}

function drive(body: Generator<unknown, unknown, unknown>, step: () => IteratorResult<unknown, unknown>): unknown {
  let result = step()
  while (result.done !== true && !(result.value instanceof Awaiting)) result = body.throw(new TypeError(NO_VERB))
  if (result.done === true) return result.value
  const { promise } = result.value as Awaiting<unknown>
  return Promise.resolve(promise).then(value => drive(body, () => body.next(value)), (error: unknown) => drive(body, () => body.throw(error)))
}

// Nobody can run: the schedule is over if only daemons are left, one of which may be this thread, falling asleep.
function scheduleOver(): void {
  if (stuck().length !== 0 || (cast.carriers !== 0 && stuckFibers(story.daemons).length !== 0)) fail('nobody can run')
  if (c[its(state, birth.index)] === Doing.ASLEEP) {
    c[its(state, birth.index)] = Doing.DONE
    c[its(killed, birth.index)] = 1
    over = true
    throw KILLED
  }
  finish()
}

function finish(): void {
  setLive(false)
  unwindDaemons()
  identifyFirst()                                                       // `after` may lock, whoever ended last
  try {
    story.after?.(objects)
  } catch (error) {
    failWith(error, 'after')
  }
  if (!next(false)) {
    birth.port.postMessage({ kind: 'done' } satisfies Report)
    rest()
  }
  restore(plan.extras as SharedArrayBuffer[])
  reset()
  begin()
}

function failWith(error: unknown, who = plan.names[birth.index]): never {
  setLive(false)
  const assertion = (error as { code?: unknown } | null)?.code === 'ERR_ASSERTION'
  const text = error instanceof Error ? error.stack ?? String(error) : String(error)
  return report(assertion ? 'assertion' : 'error', text.split('\n').filter(line => !OURS.test(line)).join('\n'), who)
}

function fail(verdict: Verdict): never {
  setLive(false)
  return report(verdict, undefined)
}

function report(verdict: Verdict, error: string | undefined, who = plan.names[birth.index]): never {
  birth.port.postMessage({ kind: 'finding', finding: describeFinding(verdict, error, plan.names, who, fiberNames(story, cast)) } satisfies Report)
  return rest()
}

// The exploration is over; the controller ends this Worker.
function rest(): never {
  for (;;) Atomics.wait(c, at.total, c[at.total])
}
