// class Thread: pthread/thread.ts for TypeScript.

import { load, peek } from '#atomics'
import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { placeCount } from '../kernel/crew.ts'
import { ECANCELED, EDEADLK, EINTR, EINVAL, ENOSYS, EPERM, ESRCH, ETIMEDOUT } from '../kernel/errno.ts'
import { cpuOfCaller } from '../kernel/exit.ts'
import { figuresOf, type Figures } from '../kernel/figures.ts'
import { requestTermination } from '../kernel/mail.ts'
import { carrierRecord, kernel, record, self } from '../kernel/process.ts'
import { Carrier, FIRST, Flag, State, Status, ThreadRecord } from '../kernel/records.ts'
import { block, deadlock, freezes, wasFrozen, type Sleeper } from '../kernel/request.ts'
import { wmesgs } from '../kernel/wmesg.ts'
import { extend } from '../mem/codec.ts'
import { cancellationPoint, cancelThread, PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE, pthread_setcancelstate, pthread_testcancel } from '../pthread/cancel.ts'
import { entryId, sourceOf, type Entry, type Routine } from '../pthread/entry.ts'
import { pthread_exit } from '../pthread/exit.ts'
import { local } from '../pthread/local.ts'
import { cause, nameOf } from '../pthread/obituary.ts'
import { schedule, SCHED_FIFO, SCHED_OTHER, SCHED_RR } from '../pthread/sched.ts'
import { sleep_slow } from '../pthread/sleep.ts'
import { born, create, detach, join, join_slow, type Outcome } from '../pthread/thread.ts'
import { ensure, holdProcess } from './attach.ts'
import { creation, madeByFactory, notAnEntry, refused, schedulingOf, siteOf, type Policy, type ThreadOptions } from './creation.ts'
import { ErrnoError, frozen, ThreadDeathError } from './errors.ts'
import { sourceOf as sourceText } from './inline.ts'
import { after, later } from './later.ts'
import { NO_FIGURES, statsOf, type ThreadStats } from './stats.ts'

/** What a function returns as a thread: a generator's return value, or a promise's value. */
export type ResultOf<F extends Routine> = Awaited<ReturnType<F> extends Generator<unknown, infer R, never> ? R : ReturnType<F>>

/** `joined` covers detached: somebody else's handle cannot tell them apart. */
export type ThreadState = 'starting' | 'running' | 'sleeping' | 'exited' | 'joined'

const states: Readonly<Record<number, ThreadState>> = {
  [State.EMBRYO]: 'starting', [State.RUNNING]: 'running', [State.SLEEPING]: 'sleeping', [State.EXITED]: 'exited',
}

// By slot, the handle that travelled last: sent away and back, a Thread is the same Thread.
const known = new Map<number, WeakRef<Thread>>()

/** A thread. `R` is what its function returns. Travels between threads as the same thread. */
export class Thread<R = unknown> {
  /** The thread's number: 1 is the program's first thread. */
  readonly tid: number
  readonly name: string
  readonly #slot: number
  readonly #serial: number
  /** Where it was created, to be formatted when an error needs it. */
  readonly #site: { readonly stack?: string } | undefined
  /** What it has used, as it was when somebody last asked, or at its end. */
  #figures: Figures | undefined

  private constructor(slot: number, serial: number, tid: number, name: string, site: object | undefined) {
    this.#slot = slot
    this.#serial = serial
    this.tid = tid
    this.name = name
    this.#site = site
  }

  /** @internal A handle on the thread in slot `slot`. */
  static of(slot: number, serial: number, tid: number, name: string): Thread {
    const here = known.get(slot)?.deref()
    if (here !== undefined && here.#serial === serial) return here
    return new Thread(slot, serial, tid, name, undefined)
  }

  /** @internal What identifies the thread. */
  static describe(t: Thread): { slot: number, serial: number } {
    return { slot: t.#slot, serial: t.#serial }
  }

  /**
   * Starts a thread that calls the entry with the arguments. Does not wait for it; blocks for the few milliseconds
   * in which a Worker is made, if none is parked. Throws TypeError for what is no entry and for arguments that
   * cannot travel, naming the path; ErrnoError EAGAIN when there are too many threads or the host refuses another
   * Worker; ENOMEM when user memory is full.
   */
  static create<F extends Routine>(entry: Entry<F>, ...args: Parameters<F>): Thread<ResultOf<F>>
  static create<F extends Routine>(options: ThreadOptions, entry: Entry<F>, ...args: Parameters<F>): Thread<ResultOf<F>>
  static create(first: ThreadOptions | Entry, ...rest: unknown[]): Thread {
    const source = sourceOf(first)
    if (source !== undefined) return spawn(source, first as Entry, rest, {}, Thread.create)
    const entry = rest.shift()
    const sourceOfSecond = sourceOf(entry)
    if (typeof first !== 'object' || first === null || sourceOfSecond === undefined) throw notAnEntry(typeof first === 'object' && first !== null ? entry : first)
    return spawn(sourceOfSecond, entry as Entry, rest, first as ThreadOptions, Thread.create)
  }

  /**
   * Starts a thread that runs `f` by its source text: it sees its arguments and the globals, nothing around it.
   * A free variable is a TypeError that names it. Otherwise as {@link create}.
   */
  static inline<A extends unknown[], R>(f: (...args: A) => R, ...args: A): Thread<Awaited<R>> {
    if (typeof f !== 'function') throw new TypeError(`Thread.inline: ${typeof f}, not a function`)
    ensure()
    return spawn(`i${sourceText(f)}`, { name: f.name } as Entry, args, {}, Thread.inline) as Thread<Awaited<R>>
  }

  /** The thread that calls. */
  static get current(): Thread {
    ensure()
    const here = local.handle as Thread | undefined
    if (here?.tid === self.tid && here.#slot === self.slot) return here
    const t = record(self.slot)
    const handle = new Thread(self.slot, peek(kernel, t + ThreadRecord.serial), self.tid, self.slot === 0 ? '' : nameOf(self.slot), undefined)
    local.handle = handle
    return handle
  }

  /** Ends the calling thread with `value` as its result: `finally` blocks and destructors run. Not for the first thread of a program without `run`. */
  static exit(value?: unknown): never {
    ensure()
    if (self.carrier === FIRST) throw new ErrnoError(EPERM, 'Thread.exit', 'Thread.exit: the first thread cannot exit by itself; let it return, or run the program with `pthreads run`')
    return pthread_exit(value)
  }

  /**
   * Suspends the calling thread for `ms` milliseconds; handlers of signals run meanwhile. Throws TypeError or RangeError for
   * what is no duration.
   */
  static sleep(ms: number): void {
    ensure()
    const until = after(ms)
    if (freezes()) throw new ErrnoError(EDEADLK, 'Thread.sleep', frozen('Thread.sleep', 'fiber.sleep(ms)', 'Thread.sleepAsync(ms)'))
    cancellationPoint()
    for (let errno = EINTR; errno === EINTR;) errno = block(sleep_slow(self.slot, until, CLOCK_MONOTONIC))
  }

  /** {@link sleep} without blocking the calling thread. */
  static async sleepAsync(ms: number): Promise<void> {
    ensure()
    const until = after(ms)
    await later('Thread.sleepAsync', slot => sleep_slow(slot, until, CLOCK_MONOTONIC))
  }

  /** Ends the calling thread here if it was canceled, and handlers of signals run that are due. */
  static testCancel(): void {
    ensure()
    pthread_testcancel()
  }

  /** Whether the calling thread can be canceled: a request waits while it cannot. Returns what was before. */
  static setCancelable(cancelable: boolean): boolean {
    ensure()
    const before = { value: PTHREAD_CANCEL_ENABLE }
    pthread_setcancelstate(cancelable ? PTHREAD_CANCEL_ENABLE : PTHREAD_CANCEL_DISABLE, before)
    return before.value === PTHREAD_CANCEL_ENABLE
  }

  /** What it does now. */
  get state(): ThreadState {
    return this.#lives() ? states[load(kernel, record(this.#slot) + ThreadRecord.state)] ?? 'joined' : 'joined'
  }

  /** What the kernel knows about it. After join: as they were at its end. */
  get stats(): ThreadStats {
    let waitsFor: ThreadStats['waitsFor'] = ''
    if (this.#lives()) {
      const t = record(this.#slot)
      if (load(kernel, t + ThreadRecord.state) === State.SLEEPING) waitsFor = wmesgs[peek(kernel, t + ThreadRecord.wmesg)]
      this.#figures = figuresOf(this.#slot, this.tid === self.tid ? cpuOfCaller() : NaN)
    }
    return statsOf(this.#figures ?? NO_FIGURES, waitsFor)
  }

  #lives(): boolean {
    const t = record(this.#slot)
    return peek(kernel, t + ThreadRecord.serial) === this.#serial && load(kernel, t + ThreadRecord.state) !== State.FREE
  }

  /**
   * Waits for the end of the thread, or for `ms` milliseconds, and returns its result; throws what it threw, with
   * its class, message, code, cause and stack; ThreadDeathError if it died, ErrnoError ECANCELED if it was canceled. Blocks. One join succeeds: ErrnoError
   * EINVAL if it was joined or detached before; EDEADLK if it is the caller; ETIMEDOUT, and it can be joined again.
   */
  join(ms?: number): R {
    const outcome = emptyOutcome()
    return this.#result(join(this.#slot, this.#serial, outcome, after(ms), CLOCK_MONOTONIC), outcome)
  }

  /** @internal {@link join} for a fiber. */
  *joining(ms?: number): Sleeper<R> {
    const outcome = emptyOutcome()
    cancellationPoint()
    return this.#result(yield* join_slow(this.#slot, this.#serial, self.tid, outcome, after(ms), CLOCK_MONOTONIC), outcome)
  }

  /** {@link join} without blocking the calling thread. */
  async joinAsync(ms?: number): Promise<R> {
    const outcome = emptyOutcome()
    const until = after(ms)
    const errno = self.tid === this.tid ? deadlock() : await later('thread.joinAsync', (_, tid) => join_slow(this.#slot, this.#serial, tid, outcome, until, CLOCK_MONOTONIC))
    return this.#result(errno, outcome)
  }

  /** Nobody will join it: it ends unobserved. ErrnoError EINVAL if it was joined or detached before. */
  detach(): void {
    const errno = detach(this.#slot, this.#serial)
    if (errno !== 0) throw this.#failure(errno, 'detach')
  }

  /**
   * Asks the thread to end: it does so where it waits for a condition, a semaphore, a thread or a time, or when it comes to
   * such a place, or to {@link Thread.testCancel}; also in an await. `finally` blocks run (not around an await), locks are the
   * program's to release there. Its join throws ErrnoError ECANCELED. Returns at once; does nothing if the thread has ended.
   * Throws ErrnoError EPERM for the first thread of a program without `run`.
   */
  cancel(): void {
    const errno = cancelThread(this.#slot, this.#serial)
    if (errno === EPERM) throw new ErrnoError(EPERM, 'thread.cancel', `cancel: ${String(this)} is the first one, which cannot end before the process; run the program with \`pthreads run\``, this)
  }

  /**
   * Ends the thread by force: at once, wherever it is. `finally` blocks do not run, locks that it holds stay held.
   * The last resort; its join throws ThreadDeathError. Does nothing if it has ended. Throws ErrnoError EINVAL for the
   * calling thread and the first one; ENOSYS if another thread's factory made its Worker, or if it shares its Worker with others: use {@link cancel}.
   */
  terminate(): void {
    if (this.tid === self.tid || this.#slot === 1) throw new ErrnoError(EINVAL, 'thread.terminate', `${String(this)} cannot be terminated`, this)
    if (!this.#lives()) return
    const t = record(this.#slot)
    if ((peek(kernel, t + ThreadRecord.flags) & Flag.FIBER) !== 0) {
      throw new ErrnoError(ENOSYS, 'thread.terminate', `${String(this)} shares its Worker with others, which would end with it: cancel() ends it at its next cancellation point`, this)
    }
    const n = peek(kernel, t + ThreadRecord.carrier)
    if (peek(kernel, carrierRecord(n) + Carrier.factory) === 0) {
      requestTermination(this.#slot, this.#serial)
      return
    }
    const made = madeByFactory.get(n)
    if (made === undefined) throw new ErrnoError(ENOSYS, 'thread.terminate', `${String(this)} runs on a Worker of a factory; only the thread that loaded the factory can terminate it`, this)
    made.terminate()
  }

  /** Its priority: the one it was given. 0 once it has ended and was joined or detached. */
  get priority(): number {
    return this.#lives() ? peek(kernel, record(this.#slot) + ThreadRecord.priority) : 0
  }

  /** Its policy. */
  get policy(): Policy {
    const number = this.#lives() ? peek(kernel, record(this.#slot) + ThreadRecord.policy) : SCHED_OTHER
    return number === SCHED_FIFO ? 'fifo' : number === SCHED_RR ? 'rr' : 'other'
  }

  /**
   * Gives it a priority, and a policy: without one, `fifo` for a priority above 0, `other` for 0. Throws RangeError if
   * they do not fit, ErrnoError ESRCH if the thread has been joined, or has ended detached.
   */
  setPriority(priority: number, policy?: Policy): void {
    const { policy: number } = schedulingOf('thread.setPriority', priority, policy)
    if (!this.#lives()) throw new ErrnoError(ESRCH, 'thread.setPriority', `${String(this)} is no more`, this)
    schedule(this.#slot, number, priority)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Thread { tid: ${this.tid}, name: '${this.name}', state: '${this.state}' }`
  }

  toString(): string {
    return `thread ${this.tid}${this.name === '' ? '' : ` "${this.name}"`}`
  }

  #result(errno: number, { status, value, reason, code, figures }: Outcome): R {
    if (errno !== 0) throw this.#failure(errno, 'join')
    this.#figures = figures
    switch (status) {
      case Status.RETURNED:
      case Status.EXITED: return value as R
      case Status.THREW: throw this.#extend(value)
      case Status.CANCELED: throw new ErrnoError(ECANCELED, 'thread.join', `${String(this)} was canceled`, this)
      default: throw this.#extend(new ThreadDeathError(`${String(this)} ${cause(reason, code)}`, reason, this.tid, reason === 1 ? code : undefined, value))
    }
  }

  // An error's stack ends with where the thread was created.
  #extend(error: unknown): unknown {
    const created = this.#site?.stack
    if (error instanceof Error && created !== undefined)
      Object.defineProperty(error, 'stack', { value: `${error.stack ?? String(error)}\n    --- ${String(this)} was created by thread ${self.tid} ---\n${created.slice(created.indexOf('\n') + 1)}`, configurable: true, writable: true })
    return error
  }

  #failure(result: number, operation: string): ErrnoError {
    if (result === EDEADLK && operation === 'join' && wasFrozen()) return new ErrnoError(result, `thread.${operation}`, frozen(`${String(this)}: ${operation}`, 'fiber.join(thread)', 'thread.joinAsync()'), this)
    const errno = result === ESRCH ? EINVAL : result                      // the record is gone: it was joined or detached
    return new ErrnoError(errno, `thread.${operation}`, explain(errno, operation, String(this)), this)
  }

  /** @internal */
  static started(slot: number, name: string, site: object | undefined): Thread {
    return new Thread(slot, born.serial, born.tid, name, site)
  }
}

function emptyOutcome(): Outcome {
  return { status: 0, value: undefined, reason: 0, code: 0 }
}

function explain(errno: number, operation: string, thread: string): string {
  switch (errno) {
    case EINVAL: return `${operation}: ${thread} was joined or detached before`
    case EDEADLK: return `${operation}: ${thread} is the calling thread`
    case ETIMEDOUT: return `${thread} did not end in time`
    default: return `${operation}: ${thread}`
  }
}

function spawn(source: string, entry: Entry, args: unknown[], options: ThreadOptions, caller: object, place?: number): Thread {
  ensure()
  const id = entryId(source)
  if (id < 0) throw new ErrnoError(-id, 'Thread.create', 'Thread.create: user memory is full, or there are too many different entries')
  const how = place === undefined ? creation(source, options) : { ...creation(source, options), place }
  const site = siteOf(caller)
  const slot = create(id, args, how)
  if (slot < 0) throw refused(-slot, source)
  holdProcess()
  return Thread.started(slot, how.name === '' ? entry.name : how.name, site)
}

/** How many carriers run threads of scope `process`: {@link dispatch} numbers them from 0. */
export function carriers(): number {
  ensure()
  return placeCount() - 1                                                 // the last one is a spare
}

/**
 * Runs a function on another carrier, of those that run the threads of scope `process`, before the threads there that wait for their turn: what is sent to a
 * carrier begins in the order in which one thread sends it, and a thread that runs there makes way at its next verb of `fiber`. The function sees what the
 * modules of that carrier have kept: so data can belong to a carrier, and need no lock. It is a thread of that carrier: no other one takes it, nor a spare
 * carrier while that one is blocked or busy; it may be a generator, and sleep. The thread that is returned is to be joined, by `join`, `joinAsync` or
 * `fiber.join`, for the result, or what the function threw; its join says so if the carrier has died. Throws what {@link Thread.create} throws; RangeError
 * for what is no carrier; ErrnoError EAGAIN also if that carrier has died and there is no other one in its place yet.
 */
export function dispatch<F extends Routine>(carrier: number, entry: Entry<F>, ...args: Parameters<F>): Thread<ResultOf<F>> {
  const source = sourceOf(entry)
  if (source === undefined) throw notAnEntry(entry)
  const count = carriers()
  if (!Number.isInteger(carrier) || carrier < 0 || carrier >= count) throw new RangeError(`dispatch: ${String(carrier)} is no carrier: there ${count === 1 ? 'is one, 0' : `are ${count}, from 0 to ${count - 1}`}`)
  return spawn(source, entry as Entry, args, { scope: 'process' }, dispatch, carrier) as Thread<ResultOf<F>>
}

extend({
  tag: 6,
  matches: o => o instanceof Thread,
  encode(o, writer) {
    const { slot, serial } = Thread.describe(o as Thread)
    const { tid, name } = o as Thread
    known.set(slot, new WeakRef(o as Thread))
    writer.word(slot)
    writer.word(serial)
    writer.word(tid)
    writer.text(name)
  },
  decode: reader => Thread.of(reader.word(), reader.word(), reader.word(), reader.text()),
})
