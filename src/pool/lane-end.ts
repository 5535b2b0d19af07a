// The pool's end of a lane: lane.ts says what may be done to an entry; here is which task stands in it.

import { load, peek, poke } from '#atomics'
import { ENOMEM } from '../kernel/errno.ts'
import { drop, letterNumber, post as mailTo, take as mailFrom } from '../kernel/mail.ts'
import { carrierRecord, kernel, record, self, user } from '../kernel/process.ts'
import { Carrier, ThreadRecord } from '../kernel/records.ts'
import { ErrnoError } from '../api/errors.ts'
import { Thread } from '../api/thread.ts'
import { encode } from '../mem/codec.ts'
import type { Address } from '../mem/memory.ts'
import { encodeForAnybody } from '../pthread/buffers.ts'
import type { Job } from './job.ts'
import {
  allocate, discard, DONE, endedAt, entryAt, ENTRIES, FREE, isPassed, joinPool, KILLING, LANE_SIZE, leavePool, nudge, open, orphan, post, POSTED, put,
  release, REVOKED, revoke, startedAt, stateOf, vacate,
} from './lane.ts'
import { EntryRecord, LaneRecord } from './records.ts'

/** As many tasks are worth waking a thread that naps. */
const MANY = 32

/** A task that is done, as {@link LaneEnd.reap} finds it. */
export interface Done { job: Job | undefined, threw: boolean, value: unknown, started: number, ended: number }

export class LaneEnd {
  readonly at: Address
  readonly #pool: Address
  thread!: Thread<void>
  #carrier = 0
  /** Indexes of the first entry that is not FREE, and of the next one to be written. */
  first = 0
  next = 0
  /** How many tasks are in it that somebody wants or that run. */
  live = 0
  /** Posted since its thread began to nap: {@link nudge} is due. */
  owed = 0
  /** How many it may hold. */
  window = 1
  /** How long its tasks take, ms, lately; NaN: nothing is known. */
  mean = NaN
  /** When it became idle, ms. */
  idleSince = 0
  /** It takes no more tasks: its thread is to end. */
  leaving = false
  /** Its thread has been canceled. */
  isCanceled = false
  /** The one in whose place it will take tasks, but not before that is gone. */
  before: LaneEnd | undefined
  /** The next step of stopping its task. */
  timer: ReturnType<typeof setTimeout> | undefined
  readonly #jobs = new Array<Job | undefined>(ENTRIES).fill(undefined)

  /** Throws ErrnoError ENOMEM. */
  constructor(operation: string, pool: Address) {
    this.#pool = pool
    this.at = allocate(LANE_SIZE)
    if (this.at === 0) throw new ErrnoError(ENOMEM, operation)
    joinPool(pool)
    poke(user, this.at + LaneRecord.sender, self.carrier)
    poke(user, this.at + LaneRecord.serial, peek(kernel, carrierRecord(self.carrier) + Carrier.serial))
  }

  /** `thread` serves it. */
  begin(thread: Thread<void>): void {
    this.thread = thread
    this.#carrier = peek(kernel, record(Thread.describe(thread).slot) + ThreadRecord.carrier)
  }

  /** Whether its thread has begun to look for tasks. */
  get isReady(): boolean {
    return load(user, this.at + LaneRecord.ready) === 1
  }

  /** Tasks took `mean` ms just now: so many make a `slice`. It grows step by step. */
  learn(mean: number, slice: number): void {
    this.mean = Number.isNaN(this.mean) ? mean : (this.mean + mean) / 2
    this.window = Math.max(1, Math.min(4 * this.window, Math.floor(slice / Math.max(this.mean, slice / 1024))))
  }

  get isEmpty(): boolean {
    return this.first === this.next
  }

  /** Whether it could take a task at once. */
  get isFree(): boolean {
    return this.isEmpty && this.before === undefined
  }

  get isFull(): boolean {
    return (this.next - this.first | 0) >= ENTRIES - 1                    // one is left for the end
  }

  /** Posts a task. Throws what encoding its arguments throws; ErrnoError ENOMEM. */
  post(job: Job): void {
    const { at, next } = this, e = entryAt(at, next), { transfer } = job
    const message = transfer.length === 0 ? encodeForAnybody(job.args, 'args', transfer) : encode(job.args, 'args', transfer)
    const extras = message.extras.length === 0 ? undefined : [...message.extras]
    const letter = extras === undefined ? 0 : letterNumber()
    if (!put(e, message, letter)) {
      message.drop()
      throw new ErrnoError(ENOMEM, 'pool.run', 'pool.run: user memory is full, the arguments do not fit')
    }
    if (extras !== undefined) {
      try {
        mailTo(this.#carrier, letter, extras, transfer)
      } catch (error) {
        discard(e)
        throw error
      }
    }
    job.lane = this
    job.index = next
    job.moved = extras !== undefined
    this.#jobs[next & ENTRIES - 1] = job
    this.live++
    this.next = next + 1 | 0
    if (!post(at, next, job.entry)) this.owed = 0
    else if (++this.owed === MANY) this.nudge()
  }

  /** Wakes its thread for what was posted while that napped. */
  nudge(): void {
    if (this.owed === 0) return
    this.owed = 0
    nudge(this.at)
  }

  /** The thread is to end when it has passed what is posted. */
  postEnd(): void {
    this.leaving = true
    const { next } = this
    this.next = next + 1 | 0
    if (post(this.at, next, 0)) nudge(this.at)
  }

  /** Takes a task back that its thread has not begun. */
  revoke(job: Job): boolean {
    if (!revoke(this.at, job.index)) return false
    discard(entryAt(this.at, job.index))
    this.#jobs[job.index & ENTRIES - 1] = undefined
    this.live--
    job.lane = undefined
    return true
  }

  /** Takes back what its thread has not begun, but for the first; what has moved stays. Returns it in order. */
  recall(): Job[] {
    const back: Job[] = []
    for (let i = this.next - 1 | 0; (i - this.first | 0) > 0; i = i - 1 | 0) {
      const job = this.#jobs[i & ENTRIES - 1]
      if (job !== undefined && !job.moved && !job.settled && this.revoke(job)) back.push(job)
    }
    return back.reverse()
  }

  /** Cancels its thread. */
  cancel(): void {
    this.isCanceled = true
    this.thread.cancel()
  }

  /** Whether its thread runs a task. */
  get isBusy(): boolean {
    return this.busySince !== undefined && this.running !== 0
  }

  /** When its first entry was begun, ms; undefined if none is. */
  get busySince(): number | undefined {
    if (this.isEmpty) return undefined
    const state = stateOf(this.at, this.first)
    return state === POSTED || state === REVOKED || state === DONE || state === FREE ? undefined : startedAt(this.at, this.first)
  }

  /** The entry of its first task; 0: there is none, or it is the end. */
  get running(): number {
    return this.isEmpty ? 0 : peek(user, entryAt(this.at, this.first) + EntryRecord.entry)
  }

  /** Calls `f` with what is done, in order. */
  reap(f: (done: Done) => void): void {
    for (; this.first !== this.next; this.first = this.first + 1 | 0) {
      const i = this.first, state = stateOf(this.at, i)
      if (state === DONE) f(this.#take(i))
      else if (state !== REVOKED || !isPassed(this.at, i)) return
      vacate(this.at, i)
    }
  }

  #take(i: number): Done {
    const e = entryAt(this.at, i), job = this.#jobs[i & ENTRIES - 1]
    this.#jobs[i & ENTRIES - 1] = undefined
    this.live--
    const threw = peek(user, e + EntryRecord.threw) === 1
    const done = { job, threw, value: undefined as unknown, started: startedAt(this.at, i), ended: endedAt(this.at, i) }
    try {
      if (job === undefined || job.settled) this.#drop(e)
      else done.value = open(e, this.#extras(e))
    } catch (error) {
      done.threw = true
      done.value = error
    }
    return done
  }

  // What came beside the result in entry `e`.
  #extras(e: Address): unknown[] | undefined {
    const letter = peek(user, e + EntryRecord.length) === 0 ? 0 : peek(user, e + EntryRecord.mail)
    return letter === 0 ? undefined : mailFrom(peek(user, this.at + LaneRecord.carrier), peek(user, this.at + LaneRecord.carrierSerial), letter, false)
  }

  // Nobody wants the result in entry `e`.
  #drop(e: Address): void {
    try {
      drop(this.#extras(e) ?? [])
    } catch { /* it is lost already */ }
    discard(e)
  }

  /** Its thread has ended: calls `f` with the tasks that are left, in order, and whether they had been begun. Frees the lane. */
  clear(f: (job: Job, begun: boolean) => void): void {
    clearTimeout(this.timer)
    for (; this.first !== this.next; this.first = this.first + 1 | 0) {
      const i = this.first, job = this.#jobs[i & ENTRIES - 1], state = stateOf(this.at, i)
      if (state === DONE) this.#drop(entryAt(this.at, i))
      else discard(entryAt(this.at, i))
      this.#jobs[i & ENTRIES - 1] = undefined
      if (job === undefined || job.settled) continue
      job.lane = undefined
      f(job, state !== POSTED)
    }
    this.live = 0
    release(this.at)
    leavePool(this.#pool)
  }

  /** The thread that made the pool has ended: what runs is canceled, and the thread ends by itself; it is the caller's to detach. Calls `f` with each task. */
  abandon(f: (job: Job) => void): void {
    clearTimeout(this.timer)
    let isBusy = false
    for (const job of this.#jobs) {
      if (job === undefined) continue
      f(job)
      if (!this.revoke(job)) isBusy = true
    }
    const isCondemned = !this.isEmpty && stateOf(this.at, this.first) === KILLING
    if (!this.leaving) this.postEnd()
    if (!orphan(this.at)) this.clear(f)                                     // else the lane is the thread's, and may be gone
    else if (isCondemned) this.thread.terminate()                         // nobody is left who does it when its grace is over
    else if (isBusy) this.thread.cancel()
  }

  /** Calls `f` with each task that is in it. */
  forEach(f: (job: Job) => void): void {
    for (const job of this.#jobs) if (job !== undefined) f(job)
  }
}
