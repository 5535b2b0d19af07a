// What a pool does: threads that run tasks, for one heap, which submits them all.
//
// A task waits in the pool's queue, which is this heap's, then in the lane of a thread (lane.ts), where it runs.  A thread gets one task at a time until
// all threads are there and tasks have proved to be short: then as many as take SLICE, so that neither side waits for the other
// between two of them.  Should one of them take longer than it seemed, what is behind it is called back and goes to others.  While tasks with priorities wait
// every thread gets one at a time, so that the highest is the next.
//
// A task that is to stop, in layers: in the queue or in a lane it is just taken out; where it runs it is asked first, if it listens (context.ts), then
// its thread is canceled, at the end terminated, and replaced.
//
// A thread that dies fails the task that it ran.  What stood behind that goes to others.  A thread that dies before it was ready, in `init` say, fails the
// task that it was made for: else the pool would make threads for ever.
//
// Over 400 lines: one class, whose queue, threads and lanes change together; halves of it would share all of its state.

import { ErrnoError } from '../api/errors.ts'
import { CLOCK_MONOTONIC, now } from '../kernel/clock.ts'
import { EAGAIN, ENOMEM, EPIPE, ETIMEDOUT } from '../kernel/errno.ts'
import { host } from '../kernel/host.ts'
import type { Address } from '../mem/memory.ts'
import { local } from '../pthread/local.ts'
import { Figures, type ThreadPoolStats } from './figures.ts'
import { Job } from './job.ts'
import { allocatePool, answersOf, condemn, leaveAsMaker, listens, requestAbort, setCrowd, tell, untilTold } from './lane.ts'
import { LaneEnd, type Done } from './lane-end.ts'
import type { PoolSettings, RunOptions } from './options.ts'
import { TaskQueue } from './queue.ts'
import { Signals } from './signals.ts'
import { letGo, Staff } from './staff.ts'

/** How much work a thread may have ahead, ms. */
const SLICE = 2
/** A task that takes longer is one that others should not wait behind. */
const LONG = 2 * SLICE
/** How long a canceled thread may take before another one is started in its place, ms. */
const SOON = 2
/** So many tasks ahead of one make a crowd. */
const CROWD = 3
/** Threads that die one after another without a task done in between before one that waits is failed for it. */
const BARREN = 3

const NONE: readonly object[] = []

/** A pool's queue, its threads, and who gets what when. */
export class Dispatcher {
  readonly #settings: PoolSettings
  readonly #at: Address
  readonly #queue = new TaskQueue<Job>()
  readonly #staff: Staff
  /** Those that take tasks. */
  #lanes: LaneEnd[] = []
  /** Those whose threads live. */
  readonly #alive = new Set<LaneEnd>()
  /** The ends of their threads. */
  readonly #ends = new Set<Promise<void>>()
  /** Canceled ones that have not ended at once, and have no successor yet. */
  readonly #overdue = new Set<LaneEnd>()
  readonly figures = new Figures()
  readonly #signals = new Signals((job, reason) => { this.#abort(job as Job, reason) })
  #pending = 0
  /** A Worker was ended by force: its successor may be about to be ready. */
  #forced = false
  #threads = 0
  #barren = 0
  #submitted = 0
  #seen = 0
  #isWatching = false
  /** Many tasks are being posted. */
  #crowded = false
  #watching: Promise<void> | undefined
  #idleTimer: ReturnType<typeof setTimeout> | undefined
  #longTimer: ReturnType<typeof setTimeout> | undefined
  #quiet: (() => void) | undefined
  #closing: Promise<void> | undefined
  readonly #endings: Set<() => void>

  /** Throws ErrnoError ENOMEM, EAGAIN. */
  constructor(settings: PoolSettings) {
    this.#settings = settings
    this.#at = allocatePool()
    if (this.#at === 0) throw new ErrnoError(ENOMEM, 'new ThreadPool')
    this.#staff = new Staff(settings, this.#at, () => {
      if (this.#closing === undefined) this.#refill()
      this.#pump()
    })
    this.#endings = local.endings ??= new Set()
    this.#endings.add(this.#abandon)
    while (this.#lanes.length < this.#settings.min) this.#spawn()
  }

  get #title(): string {
    return `ThreadPool "${this.#settings.name}"`
  }

  // Submitting ----------------------------------------------------------------------------------------------------

  /** A promise of the outcome of entry `id`. */
  submit(id: number, args: readonly unknown[], options: RunOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal, timeout, priority = 0, transfer = NONE } = options
      const refusal = this.#refusal(signal)
      if (refusal !== undefined) return reject(refusal.reason)
      const job = new Job(id, args, transfer, priority, now(CLOCK_MONOTONIC), resolve, reject)
      this.#pending++
      if (signal !== undefined) this.#signals.add(signal, job)
      if (timeout !== undefined && timeout !== Infinity) {
        const late = (): void => { this.#abort(job, new ErrnoError(ETIMEDOUT, 'pool.run', `the task was not done within ${timeout} ms`)) }
        job.timer = setTimeout(late, Math.min(timeout, 2 ** 31 - 1))
      }
      this.#queue.push(job)
      if (signal !== undefined || job.timer !== undefined) this.#staff.keepSpare(id)
      if (priority !== 0) this.#recallAll()
      if ((++this.#submitted & 63) === 0 && answersOf(this.#at) !== this.#seen) this.#drain()
      else this.#pump()
    })
  }

  #refusal(signal: AbortSignal | undefined): { reason: unknown } | undefined {
    if (this.#closing !== undefined) return { reason: new ErrnoError(EPIPE, 'pool.run', `${this.#title} is closed`) }
    if (signal?.aborted === true) return { reason: signal.reason }
    const { maxQueue, max } = this.#settings
    if (maxQueue === Infinity || this.#waiting < maxQueue || this.#threads < max || this.#lanes.some(lane => lane.isFree)) return undefined
    return { reason: new ErrnoError(EAGAIN, 'pool.run', `${this.#title}: ${maxQueue} tasks wait already`) }
  }

  get #waiting(): number {
    this.#reapAll()
    let waiting = this.#queue.size
    for (const lane of this.#lanes) waiting += Math.max(0, lane.live - 1)
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
        this.#settle(job, true, error)
        continue
      }
      if (!this.#isWatching) this.#watching = this.#watch()
    }
    if (this.#queue.size !== 0 && this.#overdue.size !== 0 && !this.#staff.isGettingReady) this.#replaceEarly()
    if (this.#pending === 0) this.#quiet?.()
  }

  // More than a few tasks are to be posted: lane.ts, L6.
  #gather(): void {
    this.#crowded = true
    setCrowd(this.#at, true)
    queueMicrotask(() => {
      if (!this.#crowded) return
      this.#crowded = false
      setCrowd(this.#at, false)
      for (const lane of this.#lanes) lane.nudge()
    })
  }

  // The one with the least to do, or a new one; undefined: all have enough. Throws if there is none and none can be made.
  #laneForNext(): LaneEnd | undefined {
    let best: LaneEnd | undefined
    for (const lane of this.#lanes) if (lane.before === undefined && (best === undefined || lane.live < best.live)) best = lane
    if (best !== undefined && best.live === 0 && !best.isFull) return best
    if (this.#threads < this.#settings.max && !this.#awaitsSpare) {
      try {
        return this.#spawn()
      } catch (error) {
        if (this.#threads === 0) throw error
      }
    }
    if (best === undefined || best.isFull || best.live >= best.window) return undefined
    if (this.#queue.prioritized !== 0 || this.#lanes.length < this.#settings.max) return undefined
    this.#longTimer ??= setTimeout(() => { this.#lookForLong() }, LONG)
    return best
  }

  #spawn(): LaneEnd {
    const lane = this.#staff.hire()
    this.#threads++
    this.#lanes.push(lane)
    this.#alive.add(lane)
    lane.idleSince = now(CLOCK_MONOTONIC)
    const end = this.#untilEnd(lane).finally(() => { this.#ends.delete(end) })
    this.#ends.add(end)
    return lane
  }

  // Results -------------------------------------------------------------------------------------------------------

  // Looks for results while any are to come.
  async #watch(): Promise<void> {
    this.#isWatching = true
    for (;;) {
      this.#drain()
      if (this.#lanes.every(lane => lane.isEmpty)) break
      await (untilTold(this.#at, this.#seen) ?? new Promise<void>(resolve => { host.nextTurn(resolve) }))
    }
    this.#isWatching = false
  }

  #drain(): void {
    this.#seen = answersOf(this.#at)                                      // lane.ts, L4
    const time = this.#reapAll()
    this.#pump()
    this.#balance(time)
    this.#retireLater()
  }

  #reapAll(): number {
    const time = now(CLOCK_MONOTONIC)
    for (const lane of this.#lanes) this.#reap(lane, time)
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
    if (job !== undefined && !job.settled) this.figures.ran(started - job.submitted, ended - started)
    if (job !== undefined) this.#settle(job, threw, value)
  }

  #settle(job: Job, threw: boolean, value: unknown): void {
    if (job.settled) return
    job.settled = true
    this.#pending--
    if (job.timer !== undefined) clearTimeout(job.timer)
    if (job.signal !== undefined) this.#signals.remove(job.signal, job)
    this.figures.settled(threw)
    if (threw) job.reject(value)
    else job.resolve(value)
    if (this.#pending === 0) this.#quiet?.()
  }

  // Balance -------------------------------------------------------------------------------------------------------

  // A thread has nothing to do, and others have more than a little ahead: it is theirs to share.
  #balance(time: number): void {
    if (this.#queue.size !== 0 || !this.#lanes.some(lane => lane.isFree)) return
    for (const lane of this.#lanes) {
      if (lane.live < 2) continue
      const ahead = (lane.live - 1) * (Number.isNaN(lane.mean) ? LONG : lane.mean), since = lane.busySince
      if (ahead > SLICE / 4 || (since !== undefined && time - since > LONG)) this.#recall(lane)
    }
    if (this.#queue.size !== 0) this.#pump()
  }

  // Tasks that take longer than it seemed have others behind them.
  #lookForLong(): void {
    this.#longTimer = undefined
    const time = now(CLOCK_MONOTONIC)
    let ahead = false
    for (const lane of this.#lanes) {
      if (lane.live < 2) continue
      const since = lane.busySince
      if (since !== undefined && time - since > LONG && this.#lanes.length > 1) this.#recall(lane)
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
    for (let i = this.#lanes.length - 1; i >= 0; i--) if (this.#lanes[i].live > 1) this.#recall(this.#lanes[i])
  }

  // Threads that have had no task for long end.
  #retireLater(): void {
    const { min, idleTimeout } = this.#settings
    if (this.#idleTimer !== undefined || idleTimeout === Infinity || this.#lanes.length <= min || !this.#lanes.some(lane => lane.isFree)) return
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined
      const time = now(CLOCK_MONOTONIC)
      for (const lane of this.#lanes) {
        if (lane.isFree && time - lane.idleSince >= idleTimeout && this.#lanes.length > min) this.#retire(lane)
      }
      this.#retireLater()
    }, Math.min(idleTimeout, 2 ** 31 - 1))
  }

  #retire(lane: LaneEnd): void {
    lane.postEnd()
    this.#leave(lane)
  }

  #leave(lane: LaneEnd): void {
    this.#lanes = this.#lanes.filter(each => each !== lane)
  }

  // Stopping ------------------------------------------------------------------------------------------------------

  #abort(job: Job, reason: unknown): void {
    if (job.settled) return
    const { lane } = job
    this.figures.aborted()
    this.#settle(job, true, reason)
    if (lane === undefined) this.#queue.forget(job)
    else if (!lane.revoke(job) && requestAbort(lane.at, job.index)) this.#stop(lane, job.index)
    this.#pump()
  }

  #stop(lane: LaneEnd, i: number): void {
    if (listens(lane.at)) lane.timer = setTimeout(() => { this.#kill(lane, i) }, this.#settings.grace)
    else this.#kill(lane, i)
  }

  #kill(lane: LaneEnd, i: number): void {
    if (!condemn(lane.at, i)) return
    lane.leaving = true
    this.#reap(lane, now(CLOCK_MONOTONIC))
    this.#recall(lane)
    this.#leave(lane)
    lane.thread.cancel()
    const late = (): void => {
      lane.thread.terminate()
      this.#forced = true
      this.#gone(lane)                                                    // as good as
      this.#pump()
    }
    const { grace } = this.#settings
    lane.timer = grace <= SOON ? setTimeout(late, grace) : setTimeout(() => {
      lane.timer = setTimeout(late, grace - SOON)
      this.#overdue.add(lane)
      this.#pump()
    }, SOON)
    this.#pump()
  }

  // Threads that will not end soon get their successors now: a Worker takes longer to start than the rest of the grace. They are given nothing before.
  #replaceEarly(): void {
    for (const lane of this.#overdue) {
      this.#overdue.delete(lane)
      try {
        this.#spawn().before = lane
        this.#staff.keepSpare(lane.running)                               // the next one
      } catch { /* then later */ }
    }
  }

  // Its place is free.
  #gone(lane: LaneEnd): void {
    if (lane.window !== 0) this.#threads--
    lane.window = 0
    this.#overdue.delete(lane)
    for (const each of this.#lanes) if (each.before === lane) each.before = undefined
  }

  async #untilEnd(lane: LaneEnd): Promise<void> {
    let error: unknown
    try {
      await lane.thread.joinAsync()
    } catch (e) {
      error = e
    }
    this.#ended(lane, error)
  }

  #ended(lane: LaneEnd, error: unknown): void {
    this.#alive.delete(lane)
    lane.reap(done => { this.#deliver(done) })
    this.#leave(lane)
    this.#gone(lane)
    const wasReady = lane.isReady, back: Job[] = []
    const failure = error ?? new Error(`the task ended its thread, ${String(lane.thread)} of ${this.#title}: a task returns or throws`)
    lane.clear((job, begun) => {
      if (begun || job.moved) this.#settle(job, true, failure)
      else back.push(job)
    })
    if (error !== undefined && !lane.leaving) {
      this.figures.died()
      const blamed = !wasReady || ++this.#barren > BARREN ? back.shift() ?? this.#queue.shift() : undefined
      if (blamed !== undefined) this.#settle(blamed, true, error)
    }
    for (let i = back.length - 1; i >= 0; i--) this.#queue.unshift(back[i])
    if (wasReady && this.#closing === undefined) this.#refill()
    this.#pump()
    tell(this.#at)                                                        // whoever watches looks again
  }

  #settleAll(error: unknown): void {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) this.#settle(job, true, error)
  }

  // One Worker that starts is enough where one was ended.
  get #awaitsSpare(): boolean {
    return this.#forced && this.#staff.isGettingReady
  }

  #refill(): void {
    try {
      while (!this.#awaitsSpare && this.#threads < this.#settings.min) this.#spawn()
    } catch { /* the next task will tell, if it is still so then */ }
  }

  get stats(): ThreadPoolStats {
    const waiting = this.#waiting                                         // looks for results first
    return this.figures.stats(this.#lanes.length, this.#lanes.filter(lane => lane.live !== 0).length, waiting)
  }

  /** All that waits or runs is aborted. */
  abortAll(reason: unknown): void {
    this.#settleAll(reason)
    for (const lane of this.#lanes) lane.forEach(job => { this.#abort(job, reason) })
  }

  /** Takes no more tasks; resolves when all are done and the threads have ended. */
  close(): Promise<void> {
    return this.#closing ??= this.#close()
  }

  async #close(): Promise<void> {
    if (this.#pending !== 0) await new Promise<void>(resolve => { this.#quiet = resolve })
    clearTimeout(this.#idleTimer)
    clearTimeout(this.#longTimer)
    for (const lane of this.#lanes) this.#retire(lane)
    while (this.#ends.size !== 0) await Promise.all(this.#ends)
    await this.#staff.settled()
    tell(this.#at)
    await this.#watching
    this.#endings.delete(this.#abandon)
    leaveAsMaker(this.#at)
  }

  // The thread that made the pool has ended without closing it: lane.ts, L7. Its promises are never settled.
  readonly #abandon = (): void => {
    for (const timer of [this.#idleTimer, this.#longTimer]) clearTimeout(timer)
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) this.#forget(job)
    for (const lane of this.#alive) {
      lane.abandon(job => { this.#forget(job) })
      letGo(lane.thread)
    }
    this.#lanes = []
    this.#crowded = false
    this.#closing = new Promise(() => undefined)
    leaveAsMaker(this.#at)
  }

  #forget(job: Job): void {
    job.settled = true
    clearTimeout(job.timer)
    if (job.signal !== undefined) this.#signals.remove(job.signal, job)
  }
}
