// What a pool does: threads that run tasks, for one heap, which submits them all.
//
// A task waits in the pool's queue, which is this heap's, then in the lane of a thread (lane.ts), where it runs.  A thread gets one task at a time until
// all threads are there and tasks have proved to be short: then as many as take SLICE, so that neither side waits for the other
// between two of them.  Should one of them take longer than it seemed, what is behind it is called back and goes to others.  While tasks with priorities wait
// every thread gets one at a time, so that the highest is the next.
//
// A task that is to stop is just taken out of the queue or a lane; where it runs it is stopped as stopping.ts says.
//
// A thread that dies fails the task that it ran.  What stood behind that goes to others.  A thread that dies before it was ready, in `init` say, fails the
// task that it was made for: else the pool would make threads for ever.  What nobody can be blamed for is told by close.
//
// The threads are the staff's (staff.ts), the promises the ledger's (ledger.ts).
//

import { ErrnoError, ThreadDeathError } from '../api/errors.ts'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { EAGAIN, ECANCELED, ENOMEM, EPIPE } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import type { Address } from '../mem/memory.ts'
import { local } from '../pthread/local.ts'
import type { ThreadPoolStats } from './figures.ts'
import type { Histogram } from './histogram.ts'
import { Job } from './job.ts'
import { allocatePool, answersOf, leaveAsMaker, setCrowd, tell, untilTold } from './lane.ts'
import type { Done, LaneEnd } from './lane-end.ts'
import { Ledger } from './ledger.ts'
import type { PoolSettings, RunOptions } from './options.ts'
import { TaskQueue } from './queue.ts'
import { Staff } from './staff.ts'
import { Stopping } from './stopping.ts'
import { withSuppressed } from './suppressed.ts'

/** How much work a thread may have ahead, ms. */
const SLICE = 2
/** A task that takes longer is one that others should not wait behind. */
const LONG = 2 * SLICE
/** So many tasks ahead of one make a crowd. */
const CROWD = 3
/** Threads that die one after another without a task done in between before one that waits is failed for it. */
const BARREN = 3

const NONE: readonly object[] = []

/** A pool's queue, and who gets what when. */
export class Dispatcher {
  readonly #settings: PoolSettings
  readonly #at: Address
  readonly #queue = new TaskQueue<Job>()
  readonly #ledger = new Ledger((job, reason) => { this.#abort(job, reason) })
  readonly #staff: Staff
  readonly #stopping: Stopping
  #barren = 0
  #submitted = 0
  #seen = 0
  #isWatching = false
  /** Many tasks are being posted. */
  #crowded = false
  #watching: Promise<void> | undefined
  #longTimer: ReturnType<typeof setTimeout> | undefined
  #closing: Promise<void> | undefined
  /** The thread that made the pool has ended without closing it. */
  #isAbandoned = false
  /** What threads have failed with and no task was told. */
  readonly #failures: unknown[] = []
  readonly #endings: Set<() => void>

  /** Throws ErrnoError ENOMEM, EAGAIN. */
  constructor(settings: PoolSettings) {
    this.#settings = settings
    this.#at = allocatePool()
    if (this.#at === 0) throw new ErrnoError(ENOMEM, 'new ThreadPool')
    this.#staff = new Staff(settings, this.#at, {
      ended: (lane, error) => { this.#ended(lane, error) },
      ready: () => {
        if (this.#closing === undefined) this.#staff.refill()
        this.#pump()
      },
    })
    this.#stopping = new Stopping(settings.grace, this.#staff, {
      reap: (lane, time) => { this.#reap(lane, time) },
      recall: lane => { this.#recall(lane) },
      pump: () => { this.#pump() },
    })
    this.#endings = local.endings ??= new Set()
    this.#endings.add(this.#abandon)
    for (let i = 0; i < settings.min; i++) this.#staff.hire()
  }

  get #title(): string {
    return `ThreadPool "${this.#settings.name}"`
  }

  // Submitting ----------------------------------------------------------------------------------------------------

  /** A promise of the outcome of entry `id`. `bounded`: it is refused when the queue is full. */
  submit(id: number, args: readonly unknown[], options: RunOptions, bounded: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal, timeout = Infinity, priority = 0, transfer = NONE } = options
      const refusal = this.#refusal(signal, bounded)
      if (refusal !== undefined) return reject(refusal.reason)
      const job = new Job(id, args, transfer, priority, now(CLOCK_MONOTONIC), resolve, reject)
      const mayStop = this.#ledger.add(job, signal, timeout)
      this.#queue.push(job)
      if (mayStop) this.#staff.spare.keep(id)
      if (priority !== 0) this.#recallAll()
      if ((++this.#submitted & 63) === 0 && answersOf(this.#at) !== this.#seen) this.#drain()
      else this.#pump()
    })
  }

  #refusal(signal: AbortSignal | undefined, bounded: boolean): { reason: unknown } | undefined {
    const end = this.#isAbandoned ? 'has ended with the thread that made it' : 'is closed'
    if (this.#closing !== undefined) return { reason: new ErrnoError(EPIPE, 'pool.run', `${this.#title} ${end}`) }
    if (signal?.aborted === true) return { reason: signal.reason }
    if (!bounded || !this.isFull()) return undefined
    return { reason: new ErrnoError(EAGAIN, 'pool.run', `${this.#title}: ${this.#settings.maxQueue} tasks wait already`) }
  }

  /** Whether as many tasks wait as may. */
  isFull(): boolean {
    const { maxQueue, max } = this.#settings
    return maxQueue !== Infinity && this.#waiting >= maxQueue && this.#staff.places >= max && !this.#staff.lanes.some(lane => lane.isFree)
  }

  get #waiting(): number {
    this.#reapAll()
    let waiting = this.#queue.size
    for (const lane of this.#staff.lanes) waiting += Math.max(0, lane.live - 1)
    return waiting
  }

  // Gives tasks to threads.
  #pump(): void {
    while (this.#queue.size !== 0) {
      let lane: LaneEnd | undefined
      try {
        lane = this.#laneForNext()
      } catch (error) {
        this.#settleAll(error)
      }
      if (lane === undefined) break
      const job = this.#queue.shift()
      if (job === undefined) break
      if (lane.live >= CROWD && !this.#crowded) this.#gather()
      try {
        lane.post(job)
      } catch (error) {
        this.#ledger.settle(job, true, error)
        continue
      }
      if (!this.#isWatching) this.#watching = this.#watch()
    }
    if (this.#queue.size !== 0) this.#stopping.replace()
  }

  // More than a few tasks are to be posted: lane.ts, L6.
  #gather(): void {
    this.#crowded = true
    setCrowd(this.#at, true)
    queueMicrotask(() => {
      if (!this.#crowded) return
      this.#crowded = false
      setCrowd(this.#at, false)
      for (const lane of this.#staff.lanes) lane.nudge()
    })
  }

  // The one with the least to do, or a new one; undefined: all have enough. Throws if there is none and none can be made.
  #laneForNext(): LaneEnd | undefined {
    const { lanes } = this.#staff
    let best: LaneEnd | undefined
    for (const lane of lanes) if (lane.before === undefined && (best === undefined || lane.live < best.live)) best = lane
    if (best !== undefined && best.live === 0 && !best.isFull) return best
    if (this.#staff.mayHire) {
      try {
        return this.#staff.hire()
      } catch (error) {
        if (this.#staff.places === 0) throw error
      }
    }
    if (best === undefined || best.isFull || best.live >= best.window) return undefined
    if (this.#queue.prioritized !== 0 || lanes.length < this.#settings.max) return undefined
    this.#longTimer ??= setTimeout(() => { this.#lookForLong() }, LONG)
    return best
  }

  // Results -------------------------------------------------------------------------------------------------------

  // Looks for results while any are to come.
  async #watch(): Promise<void> {
    this.#isWatching = true
    for (;;) {
      this.#drain()
      if (this.#staff.lanes.every(lane => lane.isEmpty)) break
      await (untilTold(this.#at, this.#seen) ?? new Promise<void>(resolve => { host.nextTurn(resolve) }))
    }
    this.#isWatching = false
  }

  #drain(): void {
    this.#seen = answersOf(this.#at)                                      // lane.ts, L4
    const time = this.#reapAll()
    this.#pump()
    this.#balance(time)
    this.#staff.retireIdle()
  }

  #reapAll(): number {
    const time = now(CLOCK_MONOTONIC)
    for (const lane of this.#staff.lanes) this.#reap(lane, time)
    return time
  }

  #reap(lane: LaneEnd, time: number): void {
    if (lane.isEmpty) return
    let count = 0, spent = 0
    lane.reap(done => {
      count++
      spent += done.ended - done.started
      this.#deliver(done)
    })
    if (count === 0) return
    this.#barren = 0
    if (lane.isEmpty) lane.idleSince = time
    lane.learn(spent / count, SLICE)
  }

  #deliver({ job, threw, value, started, ended }: Done): void {
    if (job === undefined || job.settled) return
    this.#ledger.figures.ran(started - job.submitted, ended - started)
    this.#ledger.settle(job, threw, value)
  }

  // Balance -------------------------------------------------------------------------------------------------------

  // A thread has nothing to do, and others have more than a little ahead: it is theirs to share.
  #balance(time: number): void {
    const { lanes } = this.#staff
    if (this.#queue.size !== 0 || !lanes.some(lane => lane.isFree)) return
    for (const lane of lanes) {
      if (lane.live < 2) continue
      const ahead = (lane.live - 1) * (Number.isNaN(lane.mean) ? LONG : lane.mean), since = lane.busySince
      if (ahead > SLICE / 4 || (since !== undefined && time - since > LONG)) this.#recall(lane)
    }
    if (this.#queue.size !== 0) this.#pump()
  }

  // Tasks that take longer than it seemed have others behind them.
  #lookForLong(): void {
    this.#longTimer = undefined
    const time = now(CLOCK_MONOTONIC), { lanes } = this.#staff
    let ahead = false
    for (const lane of lanes) {
      if (lane.live < 2) continue
      const since = lane.busySince
      if (since !== undefined && time - since > LONG && lanes.length > 1) this.#recall(lane)
      else ahead = true
    }
    this.#pump()
    if (ahead) this.#longTimer ??= setTimeout(() => { this.#lookForLong() }, LONG)
  }

  #recall(lane: LaneEnd): void {
    lane.window = 1
    const back = lane.recall()
    for (let i = back.length - 1; i >= 0; i--) this.#queue.unshift(back[i])
  }

  #recallAll(): void {
    const { lanes } = this.#staff
    for (let i = lanes.length - 1; i >= 0; i--) if (lanes[i].live > 1) this.#recall(lanes[i])
  }

  // Ends ----------------------------------------------------------------------------------------------------------

  #abort(job: Job, reason: unknown): void {
    if (job.settled) return
    const { lane } = job
    this.#ledger.figures.aborted()
    this.#ledger.settle(job, true, reason)
    if (lane === undefined) this.#queue.forget(job)
    else if (!lane.revoke(job)) this.#stopping.stop(lane, job.index)
    this.#pump()
  }

  // The thread of `lane` has ended.
  #ended(lane: LaneEnd, error: unknown): void {
    lane.reap(done => { this.#deliver(done) })
    this.#staff.leave(lane)
    this.#staff.vacate(lane)
    this.#stopping.ended(lane)
    const wasReady = lane.isReady, inTask = lane.isBusy, back: Job[] = []
    const failure = error ?? new Error(`the task ended its thread, ${String(lane.thread)} of ${this.#title}: a task returns or throws`)
    lane.clear((job, begun) => {
      if (begun || job.moved) this.#ledger.settle(job, true, failure)
      else back.push(job)
    })
    if (error !== undefined) this.#blame(lane, error, wasReady, inTask, back)
    for (let i = back.length - 1; i >= 0; i--) this.#queue.unshift(back[i])
    if (wasReady && this.#closing === undefined) this.#staff.refill()
    this.#pump()
    tell(this.#at)                                                        // whoever watches looks again
  }

  // A thread has died: who is told? One that was told to end fails in `dispose`, one that was not ready in `init`.
  #blame(lane: LaneEnd, error: unknown, wasReady: boolean, inTask: boolean, back: Job[]): void {
    if (lane.leaving) {
      if (!inTask && !isByForce(error)) this.#failures.push(error)
      return
    }
    this.#ledger.figures.died()
    const blamed = !wasReady || ++this.#barren > BARREN ? back.shift() ?? this.#queue.shift() : undefined
    if (blamed !== undefined) this.#ledger.settle(blamed, true, error)
    else if (!wasReady) this.#failures.push(error)
  }

  #settleAll(error: unknown): void {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) this.#ledger.settle(job, true, error)
  }

  get stats(): ThreadPoolStats {
    const waiting = this.#waiting, { lanes } = this.#staff                // looks for results first
    return this.#ledger.figures.stats(lanes.length, lanes.filter(lane => lane.live !== 0).length, waiting)
  }

  /** How long tasks waited, or ran. */
  histogram(what: 'wait' | 'run'): Histogram {
    this.#reapAll()
    return this.#ledger.figures.histogram(what)
  }

  /** Takes no more tasks; resolves when all are done and the threads have ended. Rejects with what `dispose` has failed with. */
  close(): Promise<void> {
    return this.#closing ??= this.#close()
  }

  /** {@link close}; all that waits or runs is aborted. */
  destroy(reason: unknown): Promise<void> {
    const closed = this.close()
    this.#settleAll(reason)
    for (const lane of this.#staff.lanes) lane.forEach(job => { this.#abort(job, reason) })
    this.#stopping.expel()
    return closed
  }

  async #close(): Promise<void> {
    await this.#ledger.untilQuiet()
    clearTimeout(this.#longTimer)
    await this.#staff.close()
    this.#stopping.over()
    tell(this.#at)
    await this.#watching
    this.#endings.delete(this.#abandon)
    leaveAsMaker(this.#at)
    if (this.#failures.length !== 0) throw withSuppressed(this.#failures)
  }

  // The thread that made the pool has ended without closing it: lane.ts, L7. Its promises are never settled.
  readonly #abandon = (): void => {
    clearTimeout(this.#longTimer)
    this.#stopping.over()
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) this.#ledger.forget(job)
    this.#staff.abandon(job => { this.#ledger.forget(job) })
    this.#crowded = false
    this.#isAbandoned = true
    this.#closing = new Promise(() => undefined)
    leaveAsMaker(this.#at)
  }
}

// Whether a thread ended because it was canceled or terminated.
function isByForce(error: unknown): boolean {
  return (error instanceof ErrnoError && error.errno === ECANCELED) || (error instanceof ThreadDeathError && error.code === 'ERR_THREAD_TERMINATED')
}
