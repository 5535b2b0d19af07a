// The threads of a pool: who takes tasks, and whose place is free.
//
// a thread                       is in `lanes`   is in `alive`   has a place     who changes that
//   takes tasks                  yes             yes             yes             retire, leave: it is to end.  Its end
//   is to end                    no              yes             yes             its end; vacate, when it has been terminated
//   is as good as ended          no              yes             no              its end
//
// There are never more than `max` places taken, but for those of successors: hired before another's place is free, and given nothing till then (`before`).

import { peek } from '#atomics'
import { load as loadModule } from '../api/entry.ts'
import { Thread } from '../api/thread.ts'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { kernel, record, self } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { inNameOf, unclaim } from '../kernel/thread.ts'
import type { Address } from '../mem/memory.ts'
import { detach } from '../pthread/thread.ts'
import { idFor } from './entry-id.ts'
import type { Job } from './job.ts'
import { LaneEnd } from './lane-end.ts'
import { leavePool, release } from './lane.ts'
import type { PoolSettings } from './options.ts'
import type * as Serve from './serve.ts'
import { Spare } from './spare.ts'

/** The longest that a timer waits, ms. */
const LONGEST = 2 ** 31 - 1

let entries: ReturnType<typeof loadModule<typeof Serve>> | undefined

const entriesNow = (): NonNullable<typeof entries> => entries ??= loadModule<typeof Serve>(new URL('./serve.js', import.meta.url))

/** What the staff's threads tell. */
export interface Employer {
  /** The thread of `lane` has ended: by that error, if there is one. */
  ended(lane: LaneEnd, error: unknown): void
  /** A thread can be hired sooner than before. */
  ready(): void
}

export class Staff {
  readonly spare: Spare
  readonly #settings: PoolSettings
  readonly #pool: Address
  readonly #employer: Employer
  /** The thread that made the pool. */
  readonly #maker = self.tid
  readonly #options: { name: string, scope: 'system', heapLimit?: number, stackSize?: number }
  #lanes: LaneEnd[] = []
  readonly #alive = new Set<LaneEnd>()
  /** The ends of those that live. */
  readonly #ends = new Set<Promise<void>>()
  #places = 0
  /** A Worker was ended by force: its successor may be about to be ready. */
  #forced = false
  #idleTimer: ReturnType<typeof setTimeout> | undefined

  constructor(settings: PoolSettings, pool: Address, employer: Employer) {
    this.#settings = settings
    this.#pool = pool
    this.#employer = employer
    const { name, heapLimit, stackSize } = settings
    this.#options = { name, scope: 'system', ...(heapLimit !== undefined && { heapLimit }), ...(stackSize !== undefined && { stackSize }) }
    this.spare = new Spare(this.#options, () => entriesNow().getReady, () => { employer.ready() }, this.#maker)
  }

  /** Those that take tasks. */
  get lanes(): readonly LaneEnd[] {
    return this.#lanes
  }

  /** Those whose threads live. */
  get alive(): ReadonlySet<LaneEnd> {
    return this.#alive
  }

  /** How many places are taken. */
  get places(): number {
    return this.#places
  }

  /** Whether another one may be hired now: one Worker that starts is enough where one was ended. */
  get mayHire(): boolean {
    return this.#places < this.#settings.max && !(this.#forced && this.spare.isGettingReady)
  }

  /** Makes a thread that takes tasks. Throws ErrnoError. */
  hire(): LaneEnd {
    const lane = this.#begin()
    this.#places++
    this.#lanes.push(lane)
    this.#alive.add(lane)
    lane.idleSince = now(CLOCK_MONOTONIC)
    const end = this.#untilEnd(lane).finally(() => { this.#ends.delete(end) })
    this.#ends.add(end)
    return lane
  }

  #begin(): LaneEnd {
    const { init, initArgs, dispose } = this.#settings
    const lane = new LaneEnd('ThreadPool', this.#pool)
    const life: Serve.Life = { init: init === undefined ? 0 : idFor(init), initArgs, dispose: dispose === undefined ? 0 : idFor(dispose) }
    try {
      lane.begin(Thread.create(this.#options, entriesNow().serve, lane.at, this.#pool, life))
    } catch (error) {
      release(lane.at)
      leavePool(this.#pool)
      throw error
    }
    this.spare.taken()
    return lane
  }

  async #untilEnd(lane: LaneEnd): Promise<void> {
    let error: unknown
    try {
      await inNameOf(this.#maker, () => lane.thread.joinAsync())          // a fiber that has a task run may end before
    } catch (e) {
      error = e
    }
    this.#alive.delete(lane)
    this.#employer.ended(lane, error)
  }

  /** As many as are to be there always. */
  refill(): void {
    try {
      while (this.#places < this.#settings.min && this.mayHire) this.hire()
    } catch { /* the next task will tell, if it is still so then */ }
  }

  /** It is to end when it has done what it has. */
  retire(lane: LaneEnd): void {
    lane.postEnd()
    this.leave(lane)
  }

  /** It takes no more tasks. */
  leave(lane: LaneEnd): void {
    this.#lanes = this.#lanes.filter(each => each !== lane)
  }

  /** Its place is free: it has ended, or, with `force`, is about to. */
  vacate(lane: LaneEnd, force = false): void {
    if (force) this.#forced = true
    if (lane.window !== 0) this.#places--
    lane.window = 0
    for (const each of this.#lanes) if (each.before === lane) each.before = undefined
  }

  /** Those above `min` that have had no task for long end, now or later. */
  retireIdle(): void {
    const { min, idleTimeout } = this.#settings
    if (this.#idleTimer !== undefined || idleTimeout === Infinity || this.#lanes.length <= min || !this.#lanes.some(lane => lane.isFree)) return
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined
      const time = now(CLOCK_MONOTONIC)
      for (const lane of this.#lanes) {
        if (lane.isFree && time - lane.idleSince >= idleTimeout && this.#lanes.length > min) this.retire(lane)
      }
      this.retireIdle()
    }, Math.min(idleTimeout, LONGEST))
  }

  /** All end when they have done what they have; resolves then. */
  async close(): Promise<void> {
    clearTimeout(this.#idleTimer)
    for (const lane of this.#lanes) this.retire(lane)
    while (this.#ends.size !== 0) await Promise.all(this.#ends)
    await this.spare.settled()
  }

  /** The thread that made the pool has ended: lane.ts, L7. Calls `f` with each task that they have. */
  abandon(f: (job: Job) => void): void {
    clearTimeout(this.#idleTimer)
    for (const lane of this.#alive) {
      lane.abandon(f)
      letGo(lane.thread)
    }
    this.#lanes = []
  }
}

/** Detaches a thread whose join was given up, with all promises of the thread that wanted it. */
export function letGo(thread: Thread): void {
  const { slot, serial } = Thread.describe(thread)
  if (peek(kernel, record(slot) + ThreadRecord.serial) !== serial) return
  unclaim(slot)                                                           // by a join that was given up when it had just been woken
  detach(slot, serial)
}
