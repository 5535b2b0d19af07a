// The threads of a pool: how one is made, and the Worker that is kept ready for the next.
//
// Who aborts a task that does not listen loses its Worker, and another one takes 50 ms and more to start.  So once a pool has been given a task that can be
// aborted, it keeps a Worker that has loaded what threads of a pool need, and that task's module: a thread begins there and ends at once, and its
// Worker stays in the kernel's cache, where the next thread finds it.  It is not the pool's alone: whoever creates a thread may get it.

import { load, peek } from '#atomics'
import { load as loadModule } from '../api/entry.ts'
import { later } from '../api/later.ts'
import { Thread } from '../api/thread.ts'
import { kernel, record } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { wait, type Sleeper } from '../kernel/request.ts'
import { unclaim } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Address } from '../mem/memory.ts'
import { detach } from '../pthread/thread.ts'
import { idFor } from './entry-id.ts'
import { LaneEnd } from './lane-end.ts'
import { leavePool, release } from './lane.ts'
import type { PoolSettings } from './options.ts'
import type * as Serve from './serve.ts'

let entries: ReturnType<typeof loadModule<typeof Serve>> | undefined

const entriesNow = (): NonNullable<typeof entries> => entries ??= loadModule<typeof Serve>(new URL('./serve.js', import.meta.url))

export class Staff {
  readonly #settings: PoolSettings
  readonly #pool: Address
  #getsReady: Promise<void> | undefined
  /** Whether a Worker is ready, or about to be. */
  #hasSpare = false
  /** Called when one is ready. */
  readonly #ready: () => void

  constructor(settings: PoolSettings, pool: Address, ready: () => void) {
    this.#settings = settings
    this.#pool = pool
    this.#ready = ready
  }

  /** A Worker is about to be ready: sooner than one that starts now. */
  get isGettingReady(): boolean {
    return this.#getsReady !== undefined
  }

  /** Makes a thread that serves a new lane. Throws ErrnoError. */
  hire(): LaneEnd {
    const { init, initArgs, dispose } = this.#settings
    const lane = new LaneEnd('ThreadPool', this.#pool)
    const life: Serve.Life = { init: init === undefined ? 0 : idFor(init), initArgs, dispose: dispose === undefined ? 0 : idFor(dispose) }
    try {
      lane.begin(Thread.create(this.#options, entriesNow().serve, lane.at, this.#pool, life))
      if (!this.isGettingReady) this.#hasSpare = false                    // it has been taken, if there was one
      return lane
    } catch (error) {
      release(lane.at)
      leavePool(this.#pool)
      throw error
    }
  }

  /** A Worker is to be ready that can run `entry`. */
  keepSpare(entry: number): void {
    if (this.#hasSpare) return
    this.#hasSpare = true
    let thread: Thread
    try {
      thread = Thread.create({ ...this.#options, detached: true }, entriesNow().getReady, entry)
    } catch {
      return                                                              // the next thread will tell, if it is still so then
    }
    const { slot, serial } = Thread.describe(thread)
    this.#getsReady = later('ThreadPool', () => ended_slow(slot, serial)).then(() => {
      this.#getsReady = undefined
      this.#ready()
    })
  }

  /** Resolves when no thread gets ready any more. */
  async settled(): Promise<void> {
    await this.#getsReady
  }

  get #options(): { name: string, scope: 'system', heapLimit?: number, stackSize?: number } {
    const { name, heapLimit, stackSize } = this.#settings
    return { name, scope: 'system', ...(heapLimit !== undefined && { heapLimit }), ...(stackSize !== undefined && { stackSize }) }
  }
}

// Waits until a thread that nobody joins has ended, and its Worker is in the cache.
function* ended_slow(slot: number, serial: number): Sleeper<void> {
  const t = record(slot)
  while (load(kernel, t + ThreadRecord.serial) === serial && load(kernel, t + ThreadRecord.exit) === 1) yield wait(kernel, t + ThreadRecord.exit, 1, wmesg.port)
}

/** Detaches a thread whose join was given up, with all promises of the thread that wanted it. */
export function letGo(thread: Thread): void {
  const { slot, serial } = Thread.describe(thread)
  if (peek(kernel, record(slot) + ThreadRecord.serial) !== serial) return
  unclaim(slot)                                                           // by a join that was given up when it had just been woken
  detach(slot, serial)
}
