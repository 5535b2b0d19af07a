// The Worker that a pool keeps ready for its next thread.
//
// Who aborts a task that does not listen loses its Worker, and another one takes 50 ms and more to start.  So once a pool has been given a task that can be
// aborted, it keeps a Worker that has loaded what threads of a pool need, and that task's module: a thread begins there and ends at once, and its
// Worker stays in the kernel's cache, where the next thread finds it.  It is not the pool's alone: whoever creates a thread may get it.

import { load } from '#atomics'
import { later } from '../api/later.ts'
import { Thread } from '../api/thread.ts'
import { kernel, record } from '../kernel/process.ts'
import { ThreadRecord } from '../kernel/records.ts'
import { wait, type Sleeper } from '../kernel/request.ts'
import { inNameOf } from '../kernel/thread.ts'
import { wmesg } from '../kernel/wmesg.ts'
import type { Entry } from '../pthread/entry.ts'
import type { ThreadOptions } from '../api/creation.ts'

export class Spare {
  /** Makes one ready for an entry. */
  readonly #make: (entry: number) => Thread
  /** Called when one is ready. */
  readonly #ready: () => void
  readonly #maker: number
  #gettingReady: Promise<void> | undefined
  /** Whether a Worker is ready, or about to be. */
  #isThere = false

  constructor(options: ThreadOptions, getReady: () => Entry<(entry: number) => unknown>, ready: () => void, maker: number) {
    this.#maker = maker
    this.#make = entry => Thread.create({ ...options, detached: true }, getReady(), entry)
    this.#ready = ready
  }

  /** A Worker is about to be ready: sooner than one that starts now. */
  get isGettingReady(): boolean {
    return this.#gettingReady !== undefined
  }

  /** A thread has been made: it has taken the Worker, if there was one. */
  taken(): void {
    if (!this.isGettingReady) this.#isThere = false
  }

  /** A Worker is to be ready that can run `entry`. */
  keep(entry: number): void {
    if (this.#isThere) return
    this.#isThere = true
    let thread: Thread
    try {
      thread = this.#make(entry)
    } catch {
      return                                                              // the next thread will tell, if it is still so then
    }
    const { slot, serial } = Thread.describe(thread)
    this.#gettingReady = inNameOf(this.#maker, () => later('ThreadPool', () => ended_slow(slot, serial))).then(() => {
      this.#gettingReady = undefined
      this.#ready()
    })
  }

  /** Resolves when none gets ready any more. */
  async settled(): Promise<void> {
    await this.#gettingReady
  }
}

// Waits until a thread that nobody joins has ended, and its Worker is in the cache.
function* ended_slow(slot: number, serial: number): Sleeper<void> {
  const t = record(slot)
  while (load(kernel, t + ThreadRecord.serial) === serial && load(kernel, t + ThreadRecord.exit) === 1) yield wait(kernel, t + ThreadRecord.exit, 1, wmesg.port)
}
