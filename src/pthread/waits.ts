// The wait-for graph: who sleeps on what, and who could end that.
//
// A sleeper's record says on what it sleeps: reason, memory, address.  Who holds that is the object's business:
// a function for each reason reads it from the object's own words (holdersBy).  Where nobody holds, as with
// a semaphore or a condition, there is no arrow.
//
// A cycle is read twice.  Each of its threads sleeps the same sleep both times and each of its objects has the same
// holder, so at a moment in between all of them slept at once, each on what the next one holds: it is no mixture of
// different moments.
//
// A sleep until a deadline ends by itself: it makes no arrow.  But for `once`, whose sleepers look once a second
// whether the runner has died.
//
// A lock asks before it sleeps whether it would close a cycle (`closesCycle`): the caller is here, so of its own arrow nothing
// can change but the holder.  Two threads that close a cycle at the same moment do not see each other sleep; the
// watcher finds those.  A join can be canceled: for a lock it is no arrow, for the watcher it is.
//
// Async: an acquisition (lockAsync) owns by a tid of its own, and nobody can know which pending promise its task waits
// for.  So it is named as a holder, and no arrow leaves it.

import { load, peek } from '#atomics'
import { memoryOf } from '../kernel/memories.ts'
import { kernel, record, self, slotOf } from '../kernel/process.ts'
import { Flag, State, ThreadRecord } from '../kernel/records.ts'
import { snapshot, type Snapshot } from '../kernel/snapshot.ts'
import { find } from '../kernel/thread.ts'
import { wmesgs, type Wmesg } from '../kernel/wmesg.ts'
import { KERNEL, type Address, type Memory } from '../mem/memory.ts'
import { Mutex, Once, Rwlock } from './records.ts'

/** The tids of the threads that hold the object at an address; only they can let the caller go on. */
export type Holders = (m: Memory, address: Address) => number[]

const one = (tid: number): number[] => tid === 0 ? [] : [tid]

/** How to read the holders of what a thread sleeps on, by the reason of its sleep. */
export const holdersBy: Partial<Record<Wmesg, Holders>> = {
  mutex: (m, a) => load(m, a) === 0 ? [] : one(peek(m, a + Mutex.owner)),
  rwlock: (m, a) => one(peek(m, a + Rwlock.owner)),                     // its writer; readers are counted, not named
  once: (m, a) => one(peek(m, a + Once.runner)),
  join: (m, a) => m.id === KERNEL && load(m, a) !== 0 ? one(peek(kernel, record(slotOf(a - ThreadRecord.exit)) + ThreadRecord.tid)) : [],
}

/** A sleep. */
export interface Wait {
  readonly by: Snapshot
  readonly reason: Wmesg
  readonly memory: number
  readonly address: Address
  /** Whether it ends by itself, at a deadline. */
  readonly timed: boolean
  readonly holders: readonly number[]
}

function holdersOf(reason: Wmesg, memory: number, address: Address): number[] {
  const m = memoryOf(memory)
  return m === undefined || address <= 0 || address + 4 > m.size ? [] : holdersBy[reason]?.(m, address) ?? []
}

/** The tid of the one thread that holds what thread `slot` sleeps on, as the words are now; 0: nobody, or it is not known. */
export function holderAwaitedBy(slot: number): number {
  const t = record(slot), reason = wmesgs[peek(kernel, t + ThreadRecord.wmesg)] as Wmesg
  return holdersOf(reason, peek(kernel, t + ThreadRecord.memory), peek(kernel, t + ThreadRecord.address))[0] ?? 0
}

/** The sleep that `by` is in, or undefined. */
export function waitOf(by: Snapshot): Wait | undefined {
  const reason = wmesgs[by.word(ThreadRecord.wmesg)]
  if (!by.asleep || reason === '') return undefined
  const memory = by.word(ThreadRecord.memory), address = by.word(ThreadRecord.address)
  const timed = reason !== 'once' && by.word(ThreadRecord.timed) !== 0
  const holders = holdersOf(reason, memory, address)
  return by.sleepsOn ? { by, reason, memory, address, timed, holders } : undefined
}

function stands({ by, reason, memory, address, holders }: Wait): boolean {
  const now = holdersOf(reason, memory, address)
  return now.length === holders.length && now.every((tid, i) => tid === holders[i]) && by.sleepsOn
}

/** The threads that wait for each other in `all`, as lists: each waits for what the next one holds, the last for the first. */
export function cycles(all: readonly Snapshot[]): Wait[][] {
  const waits = new Map<number, Wait>()
  for (const copy of all) {
    const wait = arrowOf(copy)
    if (wait !== undefined) waits.set(copy.word(ThreadRecord.tid), wait)
  }
  const found: number[][] = []
  const seen = new Set<number>()
  for (const tid of waits.keys()) walk(tid, each => waits.get(each)?.holders, seen, found)
  return found.map(cycle => fromLowest(cycle).map(tid => waits.get(tid)!)).filter(cycle => cycle.every(stands))
}

/** Whether waiting for the mutex would never end, because its holder waits, through others maybe, for the calling thread. */
export function closesCycle(m: Memory, mutex: Address): boolean {
  const holders = one(peek(m, mutex + Mutex.owner))
  if (!holders.some(isAsleep)) return false
  const waits = new Map<number, Wait>()
  const found: number[][] = []
  walk(self.tid, (tid) => {
    if (tid === self.tid) return holders
    const copy = isAsleep(tid) ? snapshot(find(tid)) : undefined
    const wait = copy === undefined ? undefined : arrowOf(copy)
    if (wait === undefined || !firm.has(wait.reason) || wait.by.word(ThreadRecord.tid) !== tid) return undefined
    waits.set(tid, wait)
    return wait.holders
  }, new Set(), found)
  const mine = found.find(cycle => cycle.includes(self.tid))
  return mine !== undefined && mine.every(tid => tid === self.tid || stands(waits.get(tid)!)) && peek(m, mutex + Mutex.owner) === holders[0]
}

const firm: ReadonlySet<Wmesg> = new Set<Wmesg>(['mutex', 'rwlock', 'once'])

function isAsleep(tid: number): boolean {
  const slot = find(tid)
  return slot !== 0 && load(kernel, record(slot) + ThreadRecord.state) === State.SLEEPING
}

// The sleep that the copy tells of, if it does not end by itself and somebody holds what it is on.
function arrowOf(copy: Snapshot): Wait | undefined {
  if ((copy.word(ThreadRecord.flags) & (Flag.ASYNC | Flag.HOST)) !== 0) return undefined
  const wait = waitOf(copy)
  return wait !== undefined && !wait.timed && wait.holders.length !== 0 ? wait : undefined
}

// Depth first; `path` is where we came from.  A thread is entered once, so a cycle is found once.  The depth is the
// number of threads that wait in a row: a stack of our own, for there may be thousands.
function walk(from: number, holdersOf: (tid: number) => readonly number[] | undefined, seen: Set<number>, found: number[][]): void {
  const path: number[] = []
  const ahead: number[][] = [[from]]
  while (ahead.length !== 0) {
    const tid = ahead[ahead.length - 1].pop()
    if (tid === undefined) {
      ahead.pop()
      path.pop()
      continue
    }
    const at = path.indexOf(tid)
    if (at >= 0) found.push(path.slice(at))
    const holders = seen.has(tid) ? undefined : holdersOf(tid)
    if (holders === undefined) continue
    seen.add(tid)
    path.push(tid)
    ahead.push([...holders])
  }
}

// The same cycle always begins with the same thread.
function fromLowest(cycle: readonly number[]): number[] {
  const lowest = cycle.indexOf(cycle.reduce((a, b) => Math.min(a, b)))
  return [...cycle.slice(lowest), ...cycle.slice(0, lowest)]
}

/** The reasons whose sleeps something outside of the process, or the library itself, may end. */
export const externalReasons: ReadonlySet<Wmesg> = new Set<Wmesg>(['start', 'mail', 'signal', 'sleep', 'output', 'exit of all', 'call'])
