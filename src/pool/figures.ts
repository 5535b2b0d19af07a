// What a pool counts.

import { Histogram, type Times } from './histogram.ts'

/** Figures about a pool; times in ms. */
export interface ThreadPoolStats {
  /** Threads that take tasks, and how many of them have one. */
  readonly threads: number
  readonly busy: number
  /** Tasks that wait for a thread. */
  readonly queued: number
  /** Tasks that have returned; that have failed, in whatever way; how many of these were aborted or came too late. */
  readonly completed: number
  readonly failed: number
  readonly aborted: number
  /** Threads that have died of themselves. */
  readonly deaths: number
  /** From run to the task's begin, and from there to its end. */
  readonly wait: Times
  readonly run: Times
}

export class Figures {
  #completed = 0
  #failed = 0
  #aborted = 0
  #deaths = 0
  readonly #wait = new Histogram()
  readonly #run = new Histogram()

  ran(waited: number, ran: number): void {
    this.#wait.record(waited)
    this.#run.record(ran)
  }

  settled(threw: boolean): void {
    if (threw) this.#failed++
    else this.#completed++
  }

  aborted(): void {
    this.#aborted++
  }

  died(): void {
    this.#deaths++
  }

  histogram(what: 'wait' | 'run'): Histogram {
    return what === 'wait' ? this.#wait : this.#run
  }

  stats(threads: number, busy: number, queued: number): ThreadPoolStats {
    return {
      threads, busy, queued, completed: this.#completed, failed: this.#failed, aborted: this.#aborted, deaths: this.#deaths,
      wait: this.#wait.times, run: this.#run.times,
    }
  }
}
