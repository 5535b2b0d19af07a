// Fibers in the lab: threads of a story whose model is m:1 or m:n.
//
// Their carriers are Workers of the lab that run the trampoline of src/ult, the one that ships, over the lab's atomics, event loop and clock.
// What a trampoline keeps in its heap is forgotten between schedules (forgetTrampoline); what all see is in the memory that the snapshot
// brings back: there each fiber has a record and waits to be begun, offered at a place or, if that is said or its policy wants it, hinted at.
//
// A carrier never ends.  So a schedule is over when nobody can run, and all is well if every fiber has ended.

import { or, peek, poke, store } from '#atomics'
import { hint, offer } from '../kernel/crew.ts'
import { forgetRecruits } from '../kernel/fiber.ts'
import { usePriorities } from '../kernel/priority.ts'
import { carrierRecord, kernel, placeRecord, record, self } from '../kernel/process.ts'
import { Carrier, CarrierState, Flag, Place, PROCESS, Process, State, ThreadRecord } from '../kernel/records.ts'
import { allocate_locked, lastSlot } from '../kernel/thread.ts'
import { Awaiting, isGenerator, isThenable } from '../pthread/awaiting.ts'
import { ThreadExit } from '../pthread/exit.ts'
import type { Settler } from '../ult/fiber.ts'
import type { Scheduler, SchedulerFactory } from '../ult/scheduler.ts'
import { checkScheduler, isSchedulerFile, schedulerNamed, schedulerOf } from '../ult/schedulers.ts'
import { forgetTrampoline } from '../ult/trampoline.ts'
import { threadName, type Cast } from './cast.ts'
import type { FiberName } from './describe.ts'
import type { Story } from './story.ts'
import { KILLED } from './turn.ts'

/** Finds the factory of the story's scheduler: a name, a module's URL, or the factory. */
export async function schedulerFor({ scheduler }: Cast, file: string, load: (url: string) => Promise<Record<string, unknown>>): Promise<SchedulerFactory> {
  if (typeof scheduler === 'function') return (): Scheduler => checkScheduler(scheduler(), 'the story\'s scheduler')
  if (!isSchedulerFile(scheduler)) return schedulerNamed(scheduler)
  const url = new URL(scheduler, file).href
  return schedulerOf(await load(url), url)
}

/** Gives the record of a fiber to the next thread of the story, whose entry is `entry`: it is started by {@link startFibers}. */
export function makeFiber(entry: number): void {
  const slot = allocate_locked(Flag.FIBER | Flag.DETACHED)
  poke(kernel, record(slot) + ThreadRecord.entry, entry)
  poke(kernel, record(slot) + ThreadRecord.creator, 0)
  for (const field of ['count', 'live'] as const) poke(kernel, PROCESS + Process[field], peek(kernel, PROCESS + Process[field]) + 1)
}

/** Carrier `n` has place `i`. */
export function occupy(i: number, n: number): void {
  poke(kernel, carrierRecord(n) + Carrier.state, CarrierState.RUNNING)
  poke(kernel, carrierRecord(n) + Carrier.serial, 1)
  poke(kernel, carrierRecord(n) + Carrier.place, i + 1)
  poke(kernel, placeRecord(i) + Place.carrier, n)
}

/** Setup is over: the fibers wait to be begun. */
export function startFibers({ on }: Story, { fibers, carriers }: Cast): void {
  for (const [k, i] of fibers.entries()) {
    const slot = i + 1, t = record(slot)
    or(kernel, t + ThreadRecord.flags, Flag.STARTED)
    store(kernel, t + ThreadRecord.claim, 1)
    if (peek(kernel, t + ThreadRecord.priority) > 0) usePriorities()
    const place = on?.[i] ?? k % carriers
    if (on?.[i] === undefined && peek(kernel, t + ThreadRecord.policy) === 0) {
      offer(place, slot)
      continue
    }
    poke(kernel, t + ThreadRecord.carrier, peek(kernel, placeRecord(place) + Place.carrier))
    hint(slot)
  }
}

/** The function of the story as a fiber's: `failed` is told what it throws. One that makes bodies of its own kind is left as it is. */
export function fiberBody(f: (objects: unknown) => unknown, objects: () => unknown, failed: (error: unknown) => never): () => unknown {
  const { arrive } = f as Settler
  if (arrive !== undefined) return Object.assign(() => f(objects()), { arrive })
  return function* () {
    try {
      const result = f(objects())
      if (isGenerator(result)) return yield* result
      return isThenable(result) ? yield* new Awaiting(result) : result
    } catch (error) {
      if (error === KILLED || error instanceof ThreadExit) throw error
      return failed(error)
    }
  }
}

/** A schedule begins: this heap has never run a fiber. */
export function forgetAllFibers(): void {
  forgetTrampoline()
  forgetRecruits()
  self.fiber = false
}

/** The fibers, as reports name them: those of the story, then those that they have created. */
export function fiberNames(story: Story, { fibers, carriers }: Cast): FiberName[] {
  if (carriers === 0) return []
  const stuck = new Set(stuckFibers(story.daemons))
  const own = fibers.map(i => ({ slot: i + 1, tid: i + 1, name: threadName(story, i), stuck: stuck.has(i + 1) }))
  const others = [...stuck].filter(slot => slot > story.threads.length)
  return [...own, ...others.map(slot => {
    const tid = peek(kernel, record(slot) + ThreadRecord.tid)
    return { slot, tid, name: `thread ${tid}`, stuck: true }
  })]
}

/** The slots of fibers that have not ended, but for those that need not: threads of the story in `daemons`. */
export function stuckFibers(daemons: readonly number[] = []): number[] {
  const found: number[] = []
  for (let slot = 1, last = lastSlot(); slot <= last; slot++) {
    const t = record(slot), state = peek(kernel, t + ThreadRecord.state)
    if ((peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) === 0 || state === State.FREE || state === State.EXITED) continue
    if (!daemons.includes(slot - 1)) found.push(slot)
  }
  return found
}
