// A task as the pool knows it, from run to its outcome.

import type { LaneEnd } from './lane-end.ts'
import type { Queued } from './queue.ts'

const NOTHING: readonly never[] = []

export class Job implements Queued {
  readonly entry: number
  args: readonly unknown[]
  transfer: readonly object[]
  readonly priority: number
  /** When it was submitted, ms. */
  readonly submitted: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** Its promise is settled. */
  settled = false
  /** Where it is; undefined: in the queue. */
  lane: LaneEnd | undefined
  index = 0
  /** Part of its arguments went to the lane's thread by mail: it cannot go to another one. */
  moved = false
  /** What is to be undone when it is settled. */
  timer: ReturnType<typeof setTimeout> | undefined
  signal: AbortSignal | undefined

  constructor(entry: number, args: readonly unknown[], transfer: readonly object[], priority: number, submitted: number,
    resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.entry = entry
    this.args = args
    this.transfer = transfer
    this.priority = priority
    this.submitted = submitted
    this.resolve = resolve
    this.reject = reject
  }

  /** It is settled: where it still stands it is passed over, and must not hold what it was given. */
  letGo(): void {
    this.args = this.transfer = NOTHING
  }
}
