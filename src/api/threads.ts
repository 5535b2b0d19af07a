// threads(), deadlocks(), processInfo(): what runs, and why it hangs, from the kernel's own tables.

import { load } from '#atomics'
import { held } from '../kernel/handle.ts'
import { host } from '../kernel/host.ts'
import { arena, kernel, record, slotMask, user } from '../kernel/process.ts'
import { PROCESS, Process, State, ThreadRecord } from '../kernel/records.ts'
import { snapshots } from '../kernel/snapshot.ts'
import { armedTimers } from '../kernel/timer.ts'
import { used } from '../mem/arena.ts'
import { deadlocksAmong, type DeadlockedThread } from '../pthread/report.ts'
import { ioInfo, type IoInfo } from '../pthread/ring.ts'
import { describeThreads, signalsIn, type ThreadInfo } from '../pthread/threads.ts'
import { ensure } from './attach.ts'

/**
 * A copy of what the kernel knows about each thread of the process that has a record: that runs, sleeps, or has ended and
 * was not joined. In the order of the tids. Takes no lock and disturbs nobody; the threads run on meanwhile, so each
 * copy is right in itself, and two may be of different moments.
 */
export function threads(): ThreadInfo[] {
  ensure()
  return describeThreads(snapshots())
}

/**
 * The cycles of threads that wait for each other, at this moment: each waits, without a deadline, for what the next one
 * holds, the last for the first. A thread that waits for itself is a cycle of one.
 */
export function deadlocks(): DeadlockedThread[][] {
  ensure()
  return deadlocksAmong(snapshots())
}

/** What the kernel knows about the process. Times in ms, sizes in bytes. */
export interface ProcessInfo {
  readonly pid: number
  readonly ppid: number
  /** `running` if a thread runs or is about to; `sleeping` if all sleep. */
  readonly state: 'running' | 'sleeping'
  /** Threads that have not exited, the first one included. */
  readonly threads: number
  /** How many may exist besides the first. */
  readonly threadsMax: number
  /** Workers parked for the next threads, and how many may be. */
  readonly parked: number
  readonly parkedMax: number
  /** Processor time of the whole process. */
  readonly cpuTime: number
  /** Memory of the whole process that is resident. */
  readonly resident: number
  /** User memory in use, by mutexes, names and messages, and its size. */
  readonly memoryUsed: number
  readonly memoryMax: number
  /** Handles on objects of user memory that heaps hold. */
  readonly objects: number
  /** Timers that will expire. */
  readonly timers: number
  /** Signals that are pending for the process: no thread has taken them yet. */
  readonly pending: readonly number[]
  /** Threads that failed and were reported. */
  readonly failures: number
  /** The calls of `runSync`. */
  readonly io: IoInfo
}

/** A copy of what the kernel knows about the process. */
export function processInfo(): ProcessInfo {
  const all = threads()
  const { cpuTime, resident, parent } = host.usage()
  const word = (field: number): number => load(kernel, PROCESS + field)
  const commanded = load(kernel, record(slotMask) + ThreadRecord.state) !== State.FREE    // the first thread is one of the table's
  const alive = all.filter(({ state, system }) => state !== 'exited' && !system)
  return {
    pid: word(Process.pid),
    ppid: parent,
    state: alive.every(({ state }) => state === 'sleeping') ? 'sleeping' : 'running',
    threads: alive.length,
    threadsMax: word(Process.threads) - (commanded ? 1 : 0),
    parked: word(Process.cached),
    parkedMax: word(Process.cacheLimit),
    cpuTime,
    resident,
    memoryUsed: used(arena),
    memoryMax: user.size,
    objects: held(),
    timers: armedTimers(),
    pending: signalsIn(word(Process.pending0), word(Process.pending1)),
    failures: word(Process.failures),
    io: ioInfo(),
  }
}
