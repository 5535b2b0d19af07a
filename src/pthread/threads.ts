// What can be told about threads: typed copies of their records, with names for what are numbers there.

import { load, peek } from '#atomics'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { objects } from '../kernel/handle.ts'
import { host } from '../kernel/host.ts'
import { textOf } from '../kernel/intern.ts'
import { carrierRecord, kernel, record, slotOf, user } from '../kernel/process.ts'
import { Annex, CallRecord, Carrier, Flag, IO, Io, ObjectHead, State, Status, ThreadRecord } from '../kernel/records.ts'
import { textAt, type Snapshot } from '../kernel/snapshot.ts'
import { find } from '../kernel/thread.ts'
import { wmesgs, type Wmesg } from '../kernel/wmesg.ts'
import { KERNEL, USER, type Address } from '../mem/memory.ts'
import { nameOfEntry } from './obituary.ts'
import { waitOf, type Wait } from './waits.ts'

/** What a thread, or a promise of it, waits for. */
export interface WaitInfo {
  /** The kind of wait: `mutex`, `condition`, `join` … */
  readonly reason: Wmesg
  /** In words: `Mutex "accounts"`, `the end of thread 7 "teller"`. */
  readonly object: string
  /** Id of the memory that the object is in, and its address there. */
  readonly memory: number
  readonly address: number
  /** Tids of the threads that hold it: only they can end the wait. Empty where nobody holds, as with a semaphore. */
  readonly holders: readonly number[]
  /** The holders in words: `thread 7 "teller"`; '' if there are none, and for join. */
  readonly heldBy: string
  /** Whether it ends at a deadline. */
  readonly timed: boolean
  /** Where it was called, one line a frame, innermost first; '' unless places are traced. */
  readonly site: string
}

/** A copy of what the kernel knows about a thread. Times in ms. */
export interface ThreadInfo {
  readonly tid: number
  /** The name it was given, or its entry's, or ''. */
  readonly name: string
  readonly state: 'starting' | 'running' | 'sleeping' | 'exited'
  /** Of a thread that has exited: how. '' before. */
  readonly ended: '' | 'returned' | 'threw' | 'exited' | 'died' | 'canceled'
  readonly detached: boolean
  /** Whether it is the library's own: the I/O thread. It does not count among the program's threads. */
  readonly system: boolean
  /** What it sleeps on; undefined if it does not sleep. */
  readonly waitsFor: WaitInfo | undefined
  /** What promises of it wait for: `lockAsync` and its kin. */
  readonly awaits: readonly WaitInfo[]
  /** Tid of the thread that created it; 0 for the first. */
  readonly creator: number
  /** How many threads that it created have a record. */
  readonly children: number
  /** Number of the Worker that runs it, 1 the first heap; 0 if none does. */
  readonly carrier: number
  /** `process`: it shares that Worker with others. */
  readonly scope: 'system' | 'process'
  /** The operating system's number for that Worker's thread; 0 where there is none. */
  readonly osThread: number
  /** Processor time; NaN where the host cannot tell. Of a thread that shares its Worker: charged when its carrier reads the clock. */
  readonly cpuTime: number
  /** Since it began to run, until it ended or until now. */
  readonly elapsed: number
  /** How often it slept, in all and by reason, and how often another thread woke it. */
  readonly sleeps: number
  readonly sleepsBy: Readonly<Partial<Record<Wmesg, number>>>
  readonly wakeups: number
  /**
   * Switches of the Worker's thread by the operating system, since the Worker began; NaN where the host cannot tell. Of a thread that shares
   * its Worker: its own, to others there.
   */
  readonly voluntary: number
  readonly involuntary: number
  /** How often it went from one Worker to another: of a thread that shares its Worker, 1 if another than the one where it was to begin took it. */
  readonly migrations: number
  /** Signals that are pending for it, and that it blocks. */
  readonly pending: readonly number[]
  readonly blocked: readonly number[]
  readonly priority: number
  readonly policy: number
  /** Where it was created, one line a frame; '' unless places are traced. */
  readonly createdAt: string
}

const states = { [State.EMBRYO]: 'starting', [State.RUNNING]: 'running', [State.SLEEPING]: 'running', [State.EXITED]: 'exited' } as const
const ends = {
  [Status.NONE]: '', [Status.RETURNED]: 'returned', [Status.THREW]: 'threw', [Status.EXITED]: 'exited', [Status.DIED]: 'died', [Status.CANCELED]: 'canceled',
} as const
const types: Partial<Record<Wmesg, string>> = { mutex: 'Mutex', condition: 'Condition', semaphore: 'Semaphore', once: 'Once', rwlock: 'RwLock', barrier: 'Barrier', port: 'Port' }

/** Names things; made for one report, as it lists the process's objects once. */
export class Namer {
  #objects: Set<Address> | undefined

  /** The name of the thread in a copy. */
  nameOf(copy: Snapshot): string {
    const name = copy.word(ThreadRecord.name)
    const given = name === 0 ? '' : textAt(name)
    if (given !== '') return given
    return nameOfEntry(copy.word(ThreadRecord.entry))
  }

  /** Thread `tid` in words: `thread 7 "teller"`. */
  thread(tid: number): string {
    const slot = find(tid)
    const t = record(slot)
    if (slot === 0) return `thread ${tid}, which has ended`
    if ((load(kernel, t + ThreadRecord.flags) & Flag.ASYNC) !== 0) return `an asynchronous acquisition of ${this.thread(peek(kernel, t + ThreadRecord.creator))}`
    const name = this.nameOf({ word: field => peek(kernel, t + field) } as Snapshot)
    return `thread ${tid}${name === '' ? '' : ` "${name}"`}`
  }

  /** What a thread waits for, in words. */
  object({ reason, memory, address, holders }: Wait): string {
    if (reason === 'join' && memory === KERNEL) return `the end of ${this.thread(peek(kernel, record(slotOf(address - ThreadRecord.exit)) + ThreadRecord.tid))}`
    if (reason === 'call' && memory === KERNEL && address === IO + Io.input) return 'input, or that a descriptor is ready'
    if (reason === 'call' && memory === KERNEL) return `a call of "${nameOfEntry(peek(kernel, address + CallRecord.entry))}"`
    if (reason === 'reply') return holders.length === 1 ? `an answer of ${this.thread(holders[0])}` : 'an answer'
    const type = types[reason]
    if (type === undefined) return reason
    const block = address - ObjectHead.size
    const mine = memory === USER && (this.#objects ??= objects()).has(block)
    const name = mine ? textAt(peek(user, block + ObjectHead.name)) : ''
    return name !== '' ? `${type} "${name}"` : `${mine ? type : reason} at ${memory === USER ? '' : `${memory}:`}0x${address.toString(16)}`
  }

  wait(wait: Wait): WaitInfo {
    const { by, reason, memory, address, timed, holders } = wait
    const heldBy = reason === 'join' ? '' : holders.map(tid => this.thread(tid)).join(', ')
    return { reason, object: this.object(wait), memory, address, holders, heldBy, timed, site: textOf(by.rest(Annex.sleepsAt)) }
  }
}

/** What the copies tell, in the order of the tids. Asynchronous acquisitions are told with their threads. */
export function describeThreads(all: readonly Snapshot[], namer = new Namer()): ThreadInfo[] {
  const children = new Map<number, number>()
  const awaits = new Map<number, WaitInfo[]>()
  const threads: Snapshot[] = []
  for (const copy of all) {
    const creator = copy.word(ThreadRecord.creator)
    if ((copy.word(ThreadRecord.flags) & Flag.ASYNC) === 0) {
      threads.push(copy)
      children.set(creator, (children.get(creator) ?? 0) + 1)
      continue
    }
    const wait = waitOf(copy)
    if (wait !== undefined) awaits.set(creator, [...awaits.get(creator) ?? [], namer.wait(wait)])
  }
  threads.sort((a, b) => a.word(ThreadRecord.tid) - b.word(ThreadRecord.tid))
  return threads.map(copy => describe(copy, namer, children.get(copy.word(ThreadRecord.tid)) ?? 0, awaits.get(copy.word(ThreadRecord.tid)) ?? []))
}

function describe(copy: Snapshot, namer: Namer, children: number, awaits: readonly WaitInfo[]): ThreadInfo {
  const word = (field: number): number => copy.word(field)
  const state = word(ThreadRecord.state)
  const exited = state === State.EXITED
  const wait = waitOf(copy)
  const carrier = exited || state === State.EMBRYO ? 0 : word(ThreadRecord.carrier)
  const c = carrierRecord(carrier)
  const osThread = carrier === 0 ? 0 : peek(kernel, c + Carrier.osThread)
  const shared = (word(ThreadRecord.flags) & Flag.FIBER) !== 0
  const usage = shared
    ? { cpuTime: copy.double(ThreadRecord.cpu), voluntary: word(ThreadRecord.voluntary), involuntary: word(ThreadRecord.involuntary) }
    : osThread === 0 ? { cpuTime: NaN, voluntary: NaN, involuntary: NaN } : host.usageOf(osThread)
  const started = copy.double(ThreadRecord.started)
  const sleepsBy: Partial<Record<Wmesg, number>> = {}
  wmesgs.forEach((reason, i) => {
    const count = copy.rest(Annex.sleepsBy + 4 * i)
    if (reason !== '' && count !== 0) sleepsBy[reason] = count
  })
  return {
    tid: word(ThreadRecord.tid),
    name: namer.nameOf(copy),
    state: wait === undefined ? states[state as keyof typeof states] : 'sleeping',
    ended: ends[word(ThreadRecord.status) as keyof typeof ends],
    detached: (word(ThreadRecord.flags) & Flag.DETACHED) !== 0,
    system: (word(ThreadRecord.flags) & Flag.SYSTEM) !== 0,
    waitsFor: wait === undefined ? undefined : namer.wait(wait),
    awaits,
    creator: word(ThreadRecord.creator),
    children,
    carrier,
    osThread,
    scope: shared ? 'process' : 'system',
    cpuTime: exited || shared ? copy.double(ThreadRecord.cpu) : usage.cpuTime - kernel.f64[c + Carrier.cpu >>> 3],
    elapsed: started === 0 ? 0 : (exited ? copy.double(ThreadRecord.ended) : now(CLOCK_MONOTONIC)) - started,
    sleeps: word(ThreadRecord.sleeps),
    sleepsBy,
    wakeups: word(ThreadRecord.wakeups),
    voluntary: usage.voluntary,
    involuntary: usage.involuntary,
    migrations: copy.rest(Annex.migrations),
    pending: signalsIn(word(ThreadRecord.pending0), word(ThreadRecord.pending1)),
    blocked: signalsIn(word(ThreadRecord.mask0), word(ThreadRecord.mask1)),
    priority: word(ThreadRecord.priority),
    policy: word(ThreadRecord.policy),
    createdAt: textOf(copy.rest(Annex.createdAt)),
  }
}

/** The signals whose bits are set, from 1. */
export function signalsIn(low: number, high: number): number[] {
  const set: number[] = []
  for (let n = 1; n <= 64; n++) if (((n <= 32 ? low : high) >>> (n - 1 & 31) & 1) !== 0) set.push(n)
  return set
}
