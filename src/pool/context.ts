// What a task can know of itself: whether it is to stop.

import { load, suspendAsync } from '#atomics'
import { user } from '../kernel/process.ts'
import type { Address } from '../mem/memory.ts'
import { isAborted, listen } from './lane.ts'
import { LaneRecord } from './records.ts'

/** The task that the calling thread of a pool runs. */
export class PoolTask {
  readonly #lane: Address
  readonly #index: number
  #over = false
  /** Keeps the event loop alive while the signal may come. */
  #alive: ReturnType<typeof setInterval> | undefined
  #controller: AbortController | undefined

  /** @internal */
  constructor(lane: Address, index: number) {
    this.#lane = lane
    this.#index = index
  }

  /**
   * Whether it is to stop: its caller has aborted it, or its time is over. Cheap; for loops. A task that asks for it has the pool's grace to end in its own
   * way, before its thread is canceled.
   */
  get aborted(): boolean {
    this.#listen()
    return !this.#over && isAborted(this.#lane, this.#index)
  }

  /** Aborted when the task is to stop; its listeners run in the thread's event loop, so a task that never awaits should look at {@link aborted}. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.aborted) this.#controller.abort()
      else if (!this.#over) void this.#watch(this.#controller)
    }
    return this.#controller.signal
  }

  /** Throws an AbortError if the task is to stop. */
  throwIfAborted(): void {
    if (this.aborted) throw new DOMException('This operation was aborted', 'AbortError')
  }

  /** @internal It has ended, or its thread is about to. */
  end(): void {
    this.#over = true
    clearInterval(this.#alive)
  }

  #listen(): void {
    if (!this.#over) listen(this.#lane)
  }

  async #watch(controller: AbortController): Promise<void> {
    const word = this.#lane + LaneRecord.abort
    this.#alive = setInterval(() => undefined, 2 ** 31 - 1)
    while (!this.#over) {
      const seen = load(user, word)                                       // before the state is looked at
      if (isAborted(this.#lane, this.#index)) return controller.abort()
      await suspendAsync(user, word, seen)
    }
  }
}

/** What {@link ThreadPool.task} returns. */
export const current = { task: undefined as PoolTask | undefined }
