// class Port: port/port.ts for TypeScript.  Each verb has its blocking, asynchronous, trying and fiber form side by side.

import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EAGAIN, EDEADLK, EINVAL, ENOMEM, EPIPE, ETIMEDOUT } from '../kernel/errno.ts'
import { self, user } from '../kernel/process.ts'
import { block, freezes, type Sleeper } from '../kernel/request.ts'
import { peek } from '#atomics'
import { encode } from '../mem/codec.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { local } from '../pthread/local.ts'
import { isShort } from '../port/body.ts'
import { PORT } from '../port/end.ts'
import { free, INLINE, isInteger, taken, write, writeInteger, type Taken } from '../port/message.ts'
import { add_slow, do_slow, fillIn, lookOn, portInit, send_slow, take_slow, tryAdd, tryPost, tryTake, type Out } from '../port/port.ts'
import { acquaint, count, hardLimit, portSize, type Known } from '../port/queue.ts'
import { Port as Record } from '../port/records.ts'
import { letGo } from '../port/run.ts'
import { appoint, close, departures, join, leave } from '../port/server.ts'
import { emptyOutcome, resultOf } from './answer.ts'
import type { ErrnoError } from './errors.ts'
import { after, later } from './later.ts'
import { Message } from './message.ts'
import { capacityIn, MOVES, NONE, transferOf, untilOf, type PortOptions, type SendOptions } from './port-options.ts'
import { Adoption, nameIn, Shared, travels } from './shared.ts'
import type { Thread } from './thread.ts'

/**
 * A port for messages between threads, of whatever kind. Any thread may send; whoever waits for messages serves the port: one thread,
 * which owns what the messages are about, or several, to which it is a queue of work. Messages of a thread arrive in the order in
 * which it sent them.
 * `T` is what is sent, `R` what it is answered with.
 *
 * A thread serves from its first `wait` or `get` to its end. When all who have served have ended, what is in the port is refused, and so is what
 * is sent, until somebody serves it again: nobody waits for an answer that cannot come.
 */
export class Port<T = unknown, R = unknown> extends Shared {
  /** What this heap remembers of the port, which stays where it is while the handle is held. */
  readonly #known: Known
  /** The thread that served last, and how many had left before: it serves still if nobody has left since. */
  #server = 0
  #departures = 0

  /** Throws RangeError, TypeError for options that are none, ErrnoError ENOMEM when user memory is full. */
  constructor(options: PortOptions = {}) {
    const adoption = options instanceof Adoption ? options : undefined
    const limit = adoption === undefined ? capacityIn(options) : 1
    super(PORT, portSize(limit), adoption === undefined ? nameIn('Port', options) : '', adoption)
    if (adoption === undefined) portInit(this.at, limit)
    this.#known = acquaint(this.at)
  }

  /** How many messages it holds before `send` blocks. */
  get capacity(): number {
    if (this.at === 0) throw this.failure(0, 'capacity')
    return peek(user, this.at + Record.limit)
  }

  /** How many messages are in it now. */
  get size(): number {
    if (this.at === 0) throw this.failure(0, 'size')
    return count(this.at)
  }

  // Sending -----------------------------------------------------------------------------------------------------

  /**
   * Sends `body` and goes on: nobody answers. Blocks while the port is full. Throws TypeError for a body that cannot travel, naming the
   * path; ErrnoError EPIPE if the port is closed, or all who have served it have ended; ETIMEDOUT; EAGAIN when there are too many
   * messages under way; ENOMEM when user memory is full. A cancellation point when it blocks.
   */
  send(body: T, options?: SendOptions): void {
    const until = options === undefined ? Infinity : untilOf(options)
    if (this.#isBare(body, options)) {
      let errno = tryAdd(this.at, body, self.tid, this.#known)
      if (errno === EAGAIN) errno = block(add_slow(this.at, body, self.tid, this.#known, until))
      if (errno !== 0) throw this.failure(Math.abs(errno), 'send')
      return
    }
    const n = this.#write(body, options, false, 'send')
    if (n === 0) return
    const { at } = this
    let errno = tryPost(at, n, undefined, this.#known)
    if (errno === EAGAIN) errno = block(send_slow(at, n, until))
    else if (errno !== 0) free(n)
    if (errno !== 0) throw this.failure(errno, 'send')
  }

  /** {@link send} if the port is not full; false if it is. Does not block. */
  trySend(body: T, options?: { transfer?: readonly object[] }): boolean {
    if (this.at === 0) throw this.failure(0, 'trySend')
    const moves = options === undefined ? NONE : transferOf(options, MOVES)
    if (this.#isBare(body, options)) {
      const errno = tryAdd(this.at, body, self.tid, this.#known)
      if (errno !== 0 && errno !== EAGAIN) throw this.failure(Math.abs(errno), 'trySend')
      return errno === 0
    }
    if (count(this.at) >= this.capacity) return false
    const n = this.#write(body, options, false, 'trySend')
    if (n === 0) return true
    const errno = tryPost(this.at, n, moves.length === 0 ? undefined : hardLimit(this.at))   // what has moved cannot be taken back
    if (errno === 0) return true
    free(n)
    if (errno === EAGAIN) return false
    throw this.failure(errno, 'trySend')
  }

  /** {@link send} without blocking the thread. */
  async sendAsync(body: T, options?: SendOptions): Promise<void> {
    const until = options === undefined ? Infinity : untilOf(options)
    const { at } = this, { tid } = self
    if (this.#isBare(body, options)) {
      let errno = tryAdd(at, body, tid, this.#known)
      if (errno === EAGAIN) errno = await later('port.sendAsync', () => add_slow(at, body, tid, this.#known, until))
      if (errno !== 0) throw this.failure(Math.abs(errno), 'sendAsync')
      return
    }
    const n = this.#write(body, options, false, 'sendAsync')
    if (n === 0) return
    let errno = tryPost(at, n)
    if (errno === EAGAIN) errno = await this.#sendLater(n, until)
    else if (errno !== 0) free(n)
    if (errno !== 0) throw this.failure(errno, 'sendAsync')
  }

  async #sendLater(n: number, until: number): Promise<number> {
    const { at } = this
    let isBegun = false
    remember()
    try {
      return await later('port.sendAsync', () => {
        isBegun = true
        return send_slow(at, n, until)
      })
    } finally {
      if (!isBegun) free(n)
    }
  }

  /** @internal {@link send} for a fiber; what remains to be slept for, if the port is full. */
  sending(body: T, options?: SendOptions): Sleeper<void> | undefined {
    return this.passing(body, options, self.tid)
  }

  /** @internal The same in another thread's name. */
  passing(body: T, options: SendOptions | undefined, sender: number): Sleeper<void> | undefined {
    if (!this.#isBare(body, options)) {
      const n = this.#write(body, options, false, 'send', sender)
      return n === 0 ? undefined : this.entering(n, options, free)
    }
    const until = options === undefined ? Infinity : untilOf(options)
    const errno = tryAdd(this.at, body, sender, this.#known)
    if (errno === EAGAIN) return this.#add(body, sender, until)
    if (errno !== 0) throw this.failure(Math.abs(errno), 'send')
    return undefined
  }

  *#add(body: number, sender: number, until: number): Sleeper<void> {
    const errno = yield* add_slow(this.at, body, sender, this.#known, until)
    if (errno !== 0) throw this.failure(Math.abs(errno), 'send')
  }

  // Whether a body that is sent to nobody's answer is added to a run.
  #isBare(body: unknown, options: SendOptions | undefined): body is number {
    return isInteger(body) && this.at !== 0 && (options?.transfer ?? NONE).length === 0
  }

  /** @internal Enters message `n`; what remains to be slept for, if the port is full. */
  entering(n: number, options: SendOptions | undefined, refused: (n: number) => void): Sleeper<void> | undefined {
    let errno = EINVAL
    try {
      const until = options === undefined ? Infinity : untilOf(options)
      if (this.at !== 0) errno = tryPost(this.at, n)
      if (errno === EAGAIN) return this.#enter(n, until, refused)
    } finally {
      if (errno !== 0 && errno !== EAGAIN) refused(n)
    }
    if (errno !== 0) throw this.failure(errno, 'send')
    return undefined
  }

  *#enter(n: number, until: number, refused: (n: number) => void): Sleeper<void> {
    const errno = yield* send_slow(this.at, n, until, CLOCK_MONOTONIC, refused)
    if (errno !== 0) throw this.failure(errno, 'send')
  }

  // Asking ------------------------------------------------------------------------------------------------------

  /**
   * Sends `body` and waits for the answer, which it returns. Blocks. Throws what {@link Message.abort} was given, with class, message, code, cause and
   * stack; what {@link send} throws; ErrnoError EPIPE also if nobody will answer: the thread that took the message has ended, or
   * all who served the port; ThreadDeathError if it died; ETIMEDOUT: the message is taken back, or its answer will be thrown away. A cancellation point.
   */
  do(body: T, options?: SendOptions): R {
    const until = options === undefined ? Infinity : untilOf(options)
    cancellationPoint()
    if (freezes()) throw this.failure(EDEADLK, 'do')
    const n = this.#write(body, options, true, 'do')
    const out = emptyOutcome()
    return resultOf(this, block(do_slow(this.at, n, out, until)), out)
  }

  /** {@link do} without blocking the thread. */
  async doAsync(body: T, options?: SendOptions): Promise<R> {
    const until = options === undefined ? Infinity : untilOf(options)
    const out = emptyOutcome()
    remember()
    return resultOf(this, await later('port.doAsync', () => {
      const n = this.#write(body, options, true, 'doAsync')
      return do_slow(this.at, n, out, until)
    }), out)
  }

  /** @internal {@link do} for a fiber. */
  *doing(body: T, options?: SendOptions): Sleeper<R> {
    const until = options === undefined ? Infinity : untilOf(options)
    cancellationPoint()
    const n = this.#write(body, options, true, 'do')
    const out = emptyOutcome()
    return resultOf(this, yield* do_slow(this.at, n, out, until), out)
  }

  // Serving -----------------------------------------------------------------------------------------------------

  /**
   * Waits for a message, or for `ms` milliseconds, and takes it. Blocks. From now on the calling thread serves the port. Throws ErrnoError ETIMEDOUT;
   * EPIPE if the port is closed and empty; EAGAIN when there are too many servers. A cancellation point.
   */
  wait(ms?: number): Message<T, R> {
    const until = after(ms)
    this.#serve('wait')
    cancellationPoint()
    let n = tryTake(this.at, this.#known)
    if (n === 0) n = this.#sleep(until)
    return this.#taken(n, 'wait')
  }

  #sleep(until?: number): number {
    const n = lookOn(this.at, this.#known)
    if (n !== 0) return n
    if (freezes()) throw this.failure(EDEADLK, 'wait')
    return block(take_slow(this.at, self.tid, undefined, until))
  }

  /** Takes a message if there is one, else undefined. Does not block. Otherwise as {@link wait}. */
  get(): Message<T, R> | undefined {
    this.#serve('get')
    const n = tryTake(this.at, this.#known)
    return n === 0 ? undefined : this.#taken(n, 'get')
  }

  /** {@link wait} without blocking the thread. */
  async waitAsync(ms?: number): Promise<Message<T, R>> {
    const until = after(ms)
    this.#serve('waitAsync')
    const out = { body: 0, sender: 0 }
    return this.#taken(await this.#next(out, until), 'waitAsync', out)
  }

  // `out`: other messages are taken before the promise's reaction runs.
  async #next(out: Out, until = Infinity): Promise<number> {
    const { at } = this, { tid } = self
    const n = tryTake(at, this.#known)
    fillIn(out, n)
    return n !== 0 ? n : later('port.waitAsync', () => take_slow(at, tid, out, until))
  }

  /** @internal {@link wait} for a fiber. */
  *receiving(ms?: number): Sleeper<Message<T, R>> {
    const until = after(ms)
    this.#serve('wait')
    cancellationPoint()
    return this.#taken(yield* take_slow(this.at, self.tid, undefined, until), 'wait')
  }

  /**
   * The calling thread, or another one, serves the port from now on, though it may not have waited yet: who asks is refused with EPIPE if it ends
   * before that, or has ended already. Does not block. Throws ErrnoError EAGAIN when there are too many servers.
   */
  serve(thread?: Thread): void {
    if (thread === undefined || thread.tid === self.tid) return this.#serve('serve')
    if (this.at === 0) throw this.failure(0, 'serve')
    const errno = appoint(this.at, thread.tid)
    if (errno !== 0) throw this.failure(errno, 'serve')
  }

  /** The messages as they come, until the port is closed. Blocks as {@link wait}. */
  [Symbol.iterator](): IterableIterator<Message<T, R>> {
    const next = (): IteratorResult<Message<T, R>, undefined> => {
      this.#serve('wait')
      cancellationPoint()
      let n = tryTake(this.at, this.#known)
      if (n === 0) n = this.#sleep()
      return n === -EPIPE ? { done: true, value: undefined } : { done: false, value: this.#taken(n, 'wait') }
    }
    return { next, [Symbol.iterator]() { return this } }
  }

  /** The messages as they come, until the port is closed, without blocking the thread. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message<T, R>, void> {
    for (;;) {
      this.#serve('waitAsync')
      const out = { body: 0, sender: 0 }
      const n = await this.#next(out)
      if (n === -EPIPE) return
      yield this.#taken(n, 'waitAsync', out)
    }
  }

  /** No more messages can be sent: EPIPE. Those in the port can still be taken; after them its servers are told of the end. */
  close(): void {
    if (this.at === 0) throw this.failure(0, 'close')
    close(this.at)
  }

  /** Lets go of the port at once; the calling thread serves it no more. */
  override [Symbol.dispose](): void {
    if (this.at !== 0) leave(this.at)
    letGo(this.#known)
    super[Symbol.dispose]()
  }

  // -------------------------------------------------------------------------------------------------------------

  // A message of its own; 0: nobody answers, and it was added to a run.
  #write(body: T, options: SendOptions | undefined, answered: boolean, operation: string, sender = self.tid): number {
    if (this.at === 0) throw this.failure(0, operation)
    const transfer = options?.transfer ?? NONE
    if (isInteger(body) && transfer.length === 0) return this.#written(writeInteger(body, answered, sender), operation)
    const message = encode(body, 'body', transfer)
    if (this.at === 0) {                                                  // a getter in the body has disposed of the port
      message.drop()
      throw this.failure(0, operation)
    }
    const errno = answered || transfer.length !== 0 || !isShort(message) ? EAGAIN : tryAdd(this.at, message, sender, this.#known)
    if (errno !== EAGAIN) {
      message.drop()
      if (errno !== 0) throw this.failure(Math.abs(errno), operation)
      return 0
    }
    let n = 0
    try {
      n = write(message, transfer, answered, sender)
    } finally {
      if (n <= 0) message.drop()
    }
    return this.#written(n, operation)
  }

  #written(n: number, operation: string): number {
    if (n < 0) throw this.failure(n === -EAGAIN ? EAGAIN : ENOMEM, operation)
    return n
  }

  #serve(operation: string): void {
    if (this.at === 0) throw this.failure(0, operation)
    if (this.#server === self.tid && this.#departures === departures) return
    const server = join(this.at)
    if (server < 0) throw this.failure(-server, operation)
    this.#server = self.tid
    this.#departures = departures
  }

  #taken(n: number, operation: string, out: Taken = taken): Message<T, R> {
    if (n === INLINE) return Message.inline(this, out)
    if (n > 0) return Message.taken(this, n)
    throw this.failure(-n, operation)
  }

  /** @internal The error of a question that came to nothing. */
  unanswered(errno: number): ErrnoError {
    return this.failure(errno, 'do')
  }

  protected override explain(errno: number, operation: string): string {
    switch (errno) {
      case EPIPE: return /wait|get/.test(operation) ? `${String(this)} is closed, and empty` : `${String(this)} is closed, or all who served it have ended`
      case ETIMEDOUT: return /wait/.test(operation) ? `no message came to ${String(this)} in time` : /do/.test(operation) ? `${String(this)} did not answer in time` : `${String(this)} was full all the time`
      case EAGAIN: return `${String(this)}: too many messages are under way, or too many threads serve ports`
      case ENOMEM: return `${String(this)}: user memory is full, the message does not fit`
      default: return super.explain(errno, operation)
    }
  }
}

// The thread has messages under way when it ends.
function remember(): void {
  local.ports ??= new Map<number, number>()
}

travels(PORT, Port, adoption => new Port(adoption as object))
