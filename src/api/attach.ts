// How the first heap becomes a process: at the first use of the library, with the limits that `configure` set.
// Heaps of threads are born attached (boot.ts).

import { add, load, peek, poke, pokef, store } from '#atomics'
import { host, loadParser, platform, strings } from '#host'
import { CLOCK_MONOTONIC, installClock, now } from '../kernel/clock.ts'
import { needSpawner, substituteHost } from '../kernel/clone.ts'
import { intern } from '../kernel/intern.ts'
import { installHost } from '../kernel/host.ts'
import { shapeTable } from '../kernel/shapes.ts'
import { attached, CARRIERS, carrierRecord, checkLimits, create, kernel, record, self, slotMask, type Limits } from '../kernel/process.ts'
import { Carrier, FIRST, Flag, PROCESS, Process, State, ThreadRecord } from '../kernel/records.ts'
import { closeAsync, lastSlot, openAsync, open_locked } from '../kernel/thread.ts'
import { installAttendant, settle, wait, type Sleeper } from '../kernel/request.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { installPlatform, installShapes, installStrings } from '../mem/codec.ts'
import { installResolver } from '../pthread/entry.ts'
import { failureOf } from '../pthread/bequest.ts'
import { attendant, installReaction } from '../pthread/deliver.ts'
import { obituary } from '../pthread/obituary.ts'
import { listen, react } from '../pthread/start.ts'
import { isSchedulerFile, schedulerNamed } from '../ult/schedulers.ts'
import { installParser } from './inline.ts'
import { forwardSignals } from './os-signals.ts'
import { resolve, resolveNow } from './resolve.ts'

const COPY = Symbol.for('pthreads')

/** Makes the layers of this heap know each other and the host. Throws if the heap has loaded the library twice. */
export function install(): void {
  const mine = import.meta.url
  const other: unknown = Reflect.get(globalThis, COPY)
  if (other !== undefined && other !== mine) throw new Error(`pthreads: two copies of the library are loaded in one thread: ${String(other)} and ${mine}`)
  Reflect.set(globalThis, COPY, mine)
  installHost(host)
  installClock(host.monotonic)
  installPlatform(platform)
  installShapes(shapeTable)
  if (strings !== undefined) installStrings(strings)
  installResolver(resolve, resolveNow)
  installAttendant(attendant)
  installReaction(react)
  installParser(loadParser)
}

let limits: Limits = {}
let model: Model = '1:1'
let scheduler = 'rr'
let watched = false, traced = false

export type Model = '1:1' | 'm:1' | 'm:n'
const MODELS: readonly string[] = ['1:1', 'm:1', 'm:n']

/** Limits of the process, and, for tests, a module whose `host` replaces verbs of the host in spawner and carriers. */
export interface Configuration extends Limits {
  /** Print a report on stderr when threads deadlock, or when all sleep and nothing can wake one. Default false. */
  watch?: boolean
  /** Note where threads are created and where they sleep, for reports: some microseconds for each. Default false. */
  traceSites?: boolean
  /**
   * How threads run that do not say it by their `scope`. 1:1 (default): each on a Worker of its own; m:1: all on one carrier, as fibers;
   * m:n: on as many as `carriers` says (default: one for each processor).
   */
  model?: Model
  /** Who runs next on a carrier of fibers: `rr` (default), `fifo`, `fair`, or the file of a module that exports a scheduler. */
  scheduler?: string | URL
  host?: URL | string
  /**
   * SIGHUP, SIGINT, SIGTERM, SIGUSR2, SIGCONT, SIGWINCH of the operating system become signals of the process, if the program
   * has an action for them or waits for them. They come when the first thread's event loop turns: not while it is blocked.
   */
  osSignals?: boolean
}
let osSignals = false

/**
 * Sets limits of the process. Must come before anything else is used; in a module that threads import again, it does
 * nothing there. Throws RangeError for limits that are none,
 * Error if the process exists already.
 */
export function configure(configuration: Configuration): void {
  if (attached() && self.carrier !== FIRST) return
  if (attached()) throw new Error('configure: the process exists already; configure it before the first use of the library')
  if (typeof configuration !== 'object' || configuration === null) throw new TypeError(`configure: ${configuration === null ? 'null' : typeof configuration}, not an object`)
  const { host: module, osSignals: wanted, watch = watched, traceSites = traced, ...others } = configuration
  const { model: wantedModel = model, scheduler: wantedScheduler = scheduler, ...rest } = others
  for (const [key, value] of Object.entries({ watch, traceSites })) if (typeof value !== 'boolean') throw new TypeError(`configure: ${key}: ${typeof value}, not a boolean`)
  for (const key of Object.keys(rest)) if (!['threads', 'memory', 'cache', 'carriers'].includes(key)) throw new TypeError(`configure: unknown option "${key}"`)
  checkLimits(rest)
  if (!MODELS.includes(wantedModel)) throw new RangeError(`configure: model "${String(wantedModel)}" is not "1:1", "m:1" or "m:n"`)
  if (wantedModel === 'm:1' && (rest.carriers ?? 1) !== 1) throw new RangeError('configure: m:1 has one carrier')
  const name = String(wantedScheduler)
  if (!isSchedulerFile(name)) schedulerNamed(name)
  if (wanted !== undefined && typeof wanted !== 'boolean') throw new TypeError(`configure: osSignals: ${typeof wanted}, not a boolean`)
  osSignals = wanted ?? osSignals
  limits = { ...limits, ...rest }
  model = wantedModel
  scheduler = name
  watched = watch
  traced = traceSites
  substituteHost(module === undefined ? undefined : String(module))
}

/** Makes this heap the first of a process, if it belongs to none. */
export function ensure(): void {
  if (!attached()) attachFirst()
}

function attachFirst(): void {
  install()
  create({ ...limits, carriers: carriersOf(limits) }, host.pid())
  poke(kernel, PROCESS + Process.bumpThread, 2)
  become(1, 0)
  listen()
  if (osSignals) forwardSignals()
  host.atExit(report)
  if (watched) needSpawner()                                             // the first thread may hang all alone
}

/**
 * Makes this heap the command that runs a program: it is no thread of the program, whose first one gets tid 1.
 */
export function ensureCommand(): void {
  install()
  create({ ...limits, carriers: carriersOf(limits) }, host.pid(), 1)
  poke(kernel, PROCESS + Process.lastTid, COMMAND_TID - 1)
  become(slotMask, Flag.HOST)
  poke(kernel, PROCESS + Process.lastTid, 0)
  host.atExit(report)
}

function carriersOf({ carriers }: Limits): number {
  return carriers ?? (model === 'm:1' ? 1 : Math.min(CARRIERS, host.processors()))
}

const COMMAND_TID = 2 ** 29 - 1

function become(slot: number, flags: number): void {
  self.carrier = FIRST
  poke(kernel, PROCESS + Process.watch, watched ? 1 : 0)
  poke(kernel, PROCESS + Process.tracing, traced ? 1 : 0)
  poke(kernel, PROCESS + Process.model, model === '1:1' ? 0 : 1)
  poke(kernel, carrierRecord(FIRST) + Carrier.osThread, host.pid())       // the first heap runs in the process's first thread
  open_locked(slot, flags)                                                // nobody else is there yet
  poke(kernel, record(slot) + ThreadRecord.carrier, FIRST)
  pokef(kernel, record(slot) + ThreadRecord.started, now(CLOCK_MONOTONIC))
  store(kernel, record(slot) + ThreadRecord.state, State.RUNNING)
  self.slot = slot
  self.tid = peek(kernel, record(slot) + ThreadRecord.tid)
  poke(kernel, PROCESS + Process.scheduler, intern(scheduler))
}

let held = false

/** Keeps the first heap's event loop alive while threads live, whatever they do. */
export function holdProcess(): void {
  if (held || self.carrier !== FIRST) return
  held = true
  host.nextTurn(() => void untilAllExited().finally(() => {
    held = false
    if (load(kernel, PROCESS + Process.live) !== 0) holdProcess()
  }))
}

/** Resolves when no thread is alive but the first. */
export async function untilAllExited(): Promise<void> {
  if (load(kernel, PROCESS + Process.live) === 0) return
  const slot = openAsync()
  if (slot < 0) return
  await settle(slot, allExited())
  closeAsync(slot)
}

function* allExited(): Sleeper<void> {
  for (let live = load(kernel, PROCESS + Process.live); live !== 0; live = load(kernel, PROCESS + Process.live))
    yield wait(kernel, PROCESS + Process.live, live, wmesg['exit of all'])
}

// At the end of the process: threads that failed and that nobody joined.  Returns the exit code.
function report(): number {
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot)
    const flags = peek(kernel, t + ThreadRecord.flags)
    if (load(kernel, t + ThreadRecord.state) !== State.EXITED || (flags & Flag.FAILED) === 0 || (flags & Flag.JOINED) !== 0) continue
    host.writeError(obituary(slot, failureOf(slot)))
    add(kernel, PROCESS + Process.failures, 1)
  }
  return load(kernel, PROCESS + Process.failures) > 0 ? 1 : 0
}
