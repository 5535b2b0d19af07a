// pthread_create, _join, _detach, _self, _equal.  POSIX.1-2024; and the GNU library's forms of join.
//
// A thread is named by its tid; a handle also keeps the record's serial, so that it cannot be taken for a later
// thread with the same number.
//
// Join is a futex wait on the exit word, after a claim under tableLock: of all joins and detaches of a thread one
// succeeds.  A join that times out gives the claim back; one whose time had come before (`until` 0) does not sleep at all.

import { load, peek, poke } from '#atomics'
import { clone, PLAIN, start, undo, type Class } from '../kernel/clone.ts'
import { CLOCK_MONOTONIC, CLOCK_REALTIME, type Clock } from '../kernel/clock.ts'
import { countFailure } from '../kernel/death.ts'
import { EAGAIN, EBUSY, EINVAL, ENOMEM, ESRCH, ETIMEDOUT } from '../kernel/errno.ts'
import { figuresOf, type Figures } from '../kernel/figures.ts'
import { ANY, ANY_EPOCH, CANCEL, SIGNAL } from '../kernel/futex.ts'
import { bindFiber, cloneFiber, launchFiber, pinFiber, undoFiber } from '../kernel/fiber.ts'
import { host } from '../kernel/host.ts'
import { prioritized } from '../kernel/priority.ts'
import { annex, arena, kernel, record, self } from '../kernel/process.ts'
import { Annex, Flag, PROCESS, Process, Status, ThreadRecord } from '../kernel/records.ts'
import { block, deadlock, wait, type Sleeper } from '../kernel/request.ts'
import { site, tracing } from '../kernel/sites.ts'
import { claim, find, GONE, unclaim } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import { encode } from '../mem/codec.ts'
import { fits, type Address, type Memory } from '../mem/memory.ts'
import { putText } from '../mem/text.ts'
import { cancellationPoint, PTHREAD_CANCELED } from './cancel.ts'
import { PTHREAD_SCOPE_PROCESS } from './attr.ts'
import { encodeForAnybody } from './buffers.ts'
import { Attr } from './records.ts'
import { failureOf } from './bequest.ts'
import { entryId, sourceOf, type Entry } from './entry.ts'
import { bury, drop, freeName, receiveResult, sendArguments, sendWord } from './message.ts'
import { cause } from './obituary.ts'
import { obituary } from './obituary.ts'
import { isWord } from './parcel.ts'
import { isPriority, PTHREAD_EXPLICIT_SCHED, schedule } from './sched.ts'
import { deadline, type Timespec } from './timespec.ts'

/** How a thread is to be made. */
export interface Creation {
  name: string
  detached: boolean
  kind: Class
  /** It shares a carrier with others: a fiber. */
  fiber?: boolean
  /** The place of the carrier that is to run the fiber, before what it runs else. */
  place?: number
  /** It keeps no process alive, counts in no limit, and takes no signal of the process: a thread that waits for work, for ever. */
  daemon?: boolean
  transfer: readonly object[]
  /** Absent: the creator's. */
  scheduling?: { policy: number, priority: number } | undefined
  /** Address in user memory of a word that is told of its death: see Annex. */
  bell?: Address | undefined
}

const NONE: readonly object[] = []
const DEFAULT: Creation = { name: '', detached: false, kind: PLAIN, fiber: false, daemon: false, transfer: NONE, scheduling: undefined }

/** Whether threads share carriers that say nothing of it: the process's model. */
export function sharesByDefault(): boolean {
  return peek(kernel, PROCESS + Process.model) !== 0
}

/** Number and serial of the thread that {@link create} made last: the record of a detached one may be another's already. */
export const born = { tid: 0, serial: 0 }

/** Makes and starts a thread; returns its slot, or an errno negated. Throws a TypeError for arguments that cannot travel. */
export function create(entry: number, args: readonly unknown[], how: Creation = DEFAULT): number {
  const isOneWord = args.length === 1 && how.transfer.length === 0 && isWord(args[0])
  const message = args.length === 0 || isOneWord ? undefined : (how.fiber === true ? encodeForAnybody : encode)(args, 'args', how.transfer)
  let slot = -EINVAL
  try {
    const flags = (how.detached ? Flag.DETACHED : 0) | (how.daemon === true ? Flag.DAEMON : 0)
    slot = how.fiber === true ? cloneFiber(entry, flags) : clone(entry, how.kind, flags)
  } finally {
    if (slot < 0) message?.drop()
  }
  if (slot < 0) return slot
  let sent = false, pinned = true
  try {
    inheritScheduling(slot, how)
    if (how.place !== undefined) pinned = pinFiber(slot, how.place)
    else if (message !== undefined && message.extras.length !== 0 && how.fiber === true) bindFiber(slot)
    sent = pinned && (how.name === '' || giveName(slot, how.name)) && (isOneWord ? sendWord(slot, args[0]) : message === undefined || sendArguments(slot, message, how.transfer))
  } finally {
    if (!sent) cancelClone(slot)
  }
  if (!sent) {
    message?.drop()
    return pinned ? -ENOMEM : -EAGAIN
  }
  if (tracing()) poke(kernel, annex(slot) + Annex.createdAt, site())
  if (how.bell !== undefined) poke(kernel, annex(slot) + Annex.bell, how.bell)
  born.tid = peek(kernel, record(slot) + ThreadRecord.tid)
  born.serial = peek(kernel, record(slot) + ThreadRecord.serial)
  if (how.fiber === true) {
    launchFiber(slot)
    return slot
  }
  if (start(slot)) return slot
  drop(slot)
  cancelClone(slot)
  return -EAGAIN
}

function inheritScheduling(slot: number, { scheduling }: Creation): void {
  if (scheduling !== undefined) schedule(slot, scheduling.policy, scheduling.priority)
  else if (prioritized()) schedule(slot, peek(kernel, record(self.slot) + ThreadRecord.policy), peek(kernel, record(self.slot) + ThreadRecord.priority))
}

function cancelClone(slot: number): void {
  freeName(slot)
  if ((peek(kernel, record(slot) + ThreadRecord.flags) & Flag.FIBER) !== 0) undoFiber(slot)
  else undo(slot)
}

/** Names thread `slot`; false: ENOMEM. */
export function giveName(slot: number, name: string): boolean {
  const address = putText(arena, name, self.carrier)
  if (address === 0) return false
  freeName(slot)
  poke(kernel, record(slot) + ThreadRecord.name, address)
  return true
}

/** What became of a thread: how it ended, and its result or error. */
export interface Outcome {
  status: number
  value: unknown
  reason: number
  code: number
  /** What it has used. */
  figures?: Figures
}

/**
 * Waits for the end of thread `slot` and takes its outcome into `out`; the thread is then no more. Returns 0;
 * ETIMEDOUT; ESRCH: no such thread; EINVAL: detached or joined already; EDEADLK: it is `tid` itself.
 */
export function* join_slow(slot: number, serial: number, tid: number, out: Outcome, until = Infinity, clock: Clock = CLOCK_MONOTONIC): Sleeper<number> {
  const t = record(slot)
  if (peek(kernel, t + ThreadRecord.tid) === tid && peek(kernel, t + ThreadRecord.serial) === serial) return deadlock()
  const refused = claim(slot, serial, Flag.JOINED)
  if (refused > 0) return refused
  while (load(kernel, t + ThreadRecord.exit) !== 0) {
    let result = ETIMEDOUT
    try {
      if (until > 0) result = yield wait(kernel, t + ThreadRecord.exit, 1, wmesg.join, until, clock, ANY, ANY_EPOCH, SIGNAL | CANCEL)
    } catch (error) {                                                     // the joiner was canceled
      unclaim(slot)
      throw error
    }
    if (result === 0) continue
    unclaim(slot)
    return result
  }
  out.status = peek(kernel, t + ThreadRecord.status)
  out.reason = peek(kernel, t + ThreadRecord.reason)
  out.code = out.status === Status.DIED ? peek(kernel, annex(slot) + Annex.code) : 0
  out.figures = figuresOf(slot)
  try {
    out.value = receiveResult(slot)
  } finally {
    bury(slot)
  }
  return 0
}

/** {@link join_slow} on the calling thread. */
export function join(slot: number, serial: number, out: Outcome, until = Infinity, clock: Clock = CLOCK_MONOTONIC): number {
  cancellationPoint()
  return block(join_slow(slot, serial, self.tid, out, until, clock))
}

/** Detaches thread `slot`: it ends unobserved; if it has failed already, that is printed. Returns 0, ESRCH or EINVAL as {@link join_slow}. */
export function detach(slot: number, serial: number): number {
  const refused = claim(slot, serial, Flag.DETACHED)
  if (refused === GONE) {
    if ((load(kernel, record(slot) + ThreadRecord.flags) & Flag.FAILED) !== 0) {
      countFailure()
      host.writeError(obituary(slot, failureOf(slot)))
    }
    bury(slot)
  }
  return refused === GONE ? 0 : refused
}

// POSIX names -------------------------------------------------------------------------------------------------

/**
 * Starts a thread that calls `routine` with `arg`, and stores its pthread_t at `thread` of `m`. `attr`: address of
 * thread attributes in `m`, or 0. EAGAIN: too many threads, or the host refuses another Worker; EINVAL: attributes
 * not initialized, or no entry; ENOMEM. Throws a TypeError for an `arg` that cannot travel. `shares`: without attributes it shares a carrier.
 * `bell`: a word of user memory that is told of its death, see Annex.
 */
export function pthread_create(m: Memory, thread: Address, attr: Address, routine: Entry, arg?: unknown, shares = sharesByDefault(), bell?: Address): number {
  const source = sourceOf(routine)
  if (source === undefined || source.startsWith('f')) return EINVAL
  if (!fits(m, thread, 4) || (attr !== 0 && (!fits(m, attr, Attr.size) || peek(m, attr + Attr.initialized) !== 1))) return EINVAL
  const explicit = attr !== 0 && peek(m, attr + Attr.inherit) === PTHREAD_EXPLICIT_SCHED
  const policy = explicit ? peek(m, attr + Attr.policy) : 0, priority = explicit ? peek(m, attr + Attr.priority) : 0
  if (!isPriority(priority, policy)) return EINVAL
  const id = entryId(source)
  if (id < 0) return -id
  const heap = attr === 0 ? 0 : peek(m, attr + Attr.heap), stack = attr === 0 ? 0 : Math.ceil(peek(m, attr + Attr.stack) / 1024)
  const how: Creation = {                                                 // one shape: it is read a hundred thousand times a second
    name: '', detached: attr !== 0 && peek(m, attr + Attr.detached) === 1, kind: heap === 0 && stack === 0 ? PLAIN : { heap, stack, factory: 0 },
    fiber: attr === 0 ? shares : peek(m, attr + Attr.scope) === PTHREAD_SCOPE_PROCESS, daemon: false, transfer: NONE,
    scheduling: explicit ? { policy, priority } : undefined, bell,
  }
  const slot = create(id, [arg], how)
  if (slot < 0) return -slot
  poke(m, thread, born.tid)
  return 0
}

/**
 * Waits for the end of `thread`. Its result is stored as `out.value`; of a thread that threw, the error is stored
 * as `out.error`, and an Error of one that died; of one that was canceled, PTHREAD_CANCELED as the value. ESRCH, EINVAL, EDEADLK as POSIX
 * says. A cancellation point.
 */
export function pthread_join(thread: number, out: { value?: unknown, error?: unknown } = {}): number {
  cancellationPoint()
  return joinInto(thread, out, Infinity, CLOCK_MONOTONIC)
}

/** {@link pthread_join} until `abstime` on CLOCK_REALTIME: ETIMEDOUT after that, and the thread can still be joined. */
export function pthread_timedjoin_np(thread: number, out: { value?: unknown, error?: unknown }, abstime: Timespec): number {
  return pthread_clockjoin_np(thread, out, CLOCK_REALTIME, abstime)
}

/** {@link pthread_timedjoin_np} on the clock given. */
export function pthread_clockjoin_np(thread: number, out: { value?: unknown, error?: unknown }, clock: Clock, abstime: Timespec): number {
  const until = deadline(abstime, clock)
  cancellationPoint()
  return until < 0 ? EINVAL : joinInto(thread, out, until, clock)
}

/** {@link pthread_join} if `thread` has ended, else EBUSY. Does not block; not a cancellation point. */
export function pthread_tryjoin_np(thread: number, out: { value?: unknown, error?: unknown } = {}): number {
  const errno = joinInto(thread, out, 0, CLOCK_MONOTONIC)
  return errno === ETIMEDOUT ? EBUSY : errno
}

function joinInto(thread: number, out: { value?: unknown, error?: unknown }, until: number, clock: Clock): number {
  const slot = find(thread)
  return slot === 0 ? ESRCH : block(joinInto_slow(slot, out, until, clock))
}

function* joinInto_slow(slot: number, out: { value?: unknown, error?: unknown }, until: number, clock: Clock): Sleeper<number> {
  const outcome: Outcome = { status: 0, value: undefined, reason: 0, code: 0 }
  const result = yield* join_slow(slot, peek(kernel, record(slot) + ThreadRecord.serial), self.tid, outcome, until, clock)
  if (result !== 0) return result
  if (outcome.status === Status.CANCELED) out.value = PTHREAD_CANCELED
  else if (outcome.status === Status.RETURNED || outcome.status === Status.EXITED) out.value = outcome.value
  else out.error = outcome.value ?? new Error(`the thread ${cause(outcome.reason, outcome.code)}`)
  return 0
}

/** Detaches `thread`. ESRCH, EINVAL as POSIX says. */
export function pthread_detach(thread: number): number {
  const slot = find(thread)
  return slot === 0 ? ESRCH : detach(slot, peek(kernel, record(slot) + ThreadRecord.serial))
}

/** The calling thread. */
export function pthread_self(): number {
  return self.tid
}

/** Whether both name the same thread. */
export function pthread_equal(t1: number, t2: number): boolean {
  return t1 === t2
}
