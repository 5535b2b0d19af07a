// class Message: what a server has taken from a Port.

import { EDEADLK, EINVAL, ENOMEM } from '../kernel/errno.ts'
import { block, type Sleeper } from '../kernel/request.ts'
import { encode } from '../mem/codec.ts'
import { transferListOf } from '../pthread/transfer.ts'
import { Answer, discardBody, empty, free, isAwaited, isInteger, isServed, receive, refill, refillInteger, senderOf, serialOf, settle, type Taken } from '../port/message.ts'
import { ErrnoError, frozen } from './errors.ts'
import { later } from './later.ts'
import type { SendOptions } from './port-options.ts'
import type { Port } from './port.ts'

/** `taken`: it waits to be answered. `abandoned`: nobody waits for its answer any more. */
export type MessageState = 'taken' | 'abandoned' | 'replied' | 'aborted' | 'forwarded'

/** A message that the calling thread has taken from a port. `T` is its body, `R` the answer. */
export class Message<T = unknown, R = unknown> {
  /** What was sent: a copy, the receiver's own. */
  readonly body: T
  /** Tid of the thread that sent it; it stays when the message is forwarded. */
  readonly sender: number
  /** Whether it was sent by `do`: somebody waits for the answer. An answer to another one is thrown away. */
  readonly awaited: boolean
  readonly #port: Port<T, R>
  readonly #n: number
  readonly #serial: number
  #state: Exclude<MessageState, 'abandoned'> = 'taken'

  private constructor(port: Port<T, R>, n: number, body: T, sender: number, awaited: boolean) {
    this.#port = port
    this.body = body
    this.sender = sender
    this.awaited = awaited
    this.#n = awaited ? n : 0
    this.#serial = awaited ? serialOf(n) : 0
  }

  /** @internal Message `n`, which the calling thread has taken from `port`. */
  static taken<T, R>(port: Port<T, R>, n: number): Message<T, R> {
    const sender = senderOf(n), awaited = isAwaited(n)
    let body: T
    try {
      body = receive(n) as T
    } catch (error) {
      settleWith(n, error)
      throw error
    }
    if (!awaited) free(n)
    return new Message<T, R>(port, n, body, sender, awaited)
  }

  /** @internal A message of a run, which the calling thread has taken from `port`. */
  static inline<T, R>(port: Port<T, R>, { body, sender }: Taken): Message<T, R> {
    return new Message<T, R>(port, 0, body as T, sender, false)
  }

  /** What has become of it. A server that works for long may look whether its answer is wanted still. */
  get state(): MessageState {
    if (this.#state !== 'taken' || !this.awaited) return this.#state
    return isServed(this.#n, this.#serial) ? 'taken' : 'abandoned'
  }

  /**
   * Answers: `do` returns `result` to the sender. What stands in a list given by {@link transfer} moves. Throws TypeError for what
   * cannot travel, ErrnoError ENOMEM when user memory is full; then it may be answered otherwise. EINVAL if it was answered before.
   */
  reply(result: R): void {
    this.#answered('reply')
    if (this.#isWanted()) settleAs(this.#n, Answer.REPLIED, result, 'result')
    this.#state = 'replied'
  }

  /** Answers with an error: `do` throws `reason` to the sender, with its class, message, code, cause and stack. As {@link reply}. */
  abort(reason: unknown = new Error(`the message to ${String(this.#port)} was aborted`)): void {
    this.#answered('abort')
    if (this.#isWanted()) settleAs(this.#n, Answer.ABORTED, reason, 'error')
    this.#state = 'aborted'
  }

  /** Replies with what `f` returns for the body, aborts with what it throws. An answer that cannot travel becomes that error. */
  answer(f: (body: T) => R): void {
    let result: R
    try {
      result = f(this.body)
    } catch (error) {
      return this.abort(error)
    }
    this.#deliver(result)
  }

  /** {@link answer} for a function that returns a promise. */
  async answerAsync(f: (body: T) => Promise<R>): Promise<void> {
    let result: R
    try {
      result = await f(this.body)
    } catch (error) {
      return this.abort(error)
    }
    this.#deliver(result)
  }

  #deliver(result: R): void {
    try {
      this.reply(result)
    } catch (error) {
      if (this.#state !== 'taken') throw error
      this.abort(error)
    }
  }

  /**
   * Sends it on to another port: whoever takes it there answers to the sender. Blocks while that port is full. Throws ErrnoError EPIPE if nobody
   * takes messages there, ETIMEDOUT; then it is the caller's still. EINVAL if it was answered before; TypeError for a body that cannot travel.
   */
  forward(port: Port<T, R>, options?: SendOptions): void {
    const sleeper = this.forwarding(port, options)
    if (sleeper === undefined || block<unknown>(sleeper) !== EDEADLK) return
    throw new ErrnoError(EDEADLK, 'message.forward', frozen(`${String(port)}: forward`, 'fiber.forward(message, port)', 'message.forwardAsync(port)'), port)
  }

  /** {@link forward} without blocking the thread. */
  async forwardAsync(port: Port<T, R>, options?: SendOptions): Promise<void> {
    const sleeper = this.forwarding(port, options)
    if (sleeper !== undefined) await later('message.forwardAsync', () => sleeper)
  }

  /** @internal Forwards it; what remains to be slept for, if the port is full. */
  forwarding(port: Port<T, R>, options?: SendOptions): Sleeper<void> | undefined {
    this.#answered('forward')
    if (!this.awaited) {
      this.#state = 'forwarded'
      return port.passing(this.body, options, this.sender)
    }
    if (!this.#isWanted()) {
      this.#state = 'forwarded'
      return undefined
    }
    const transfer = options?.transfer ?? []
    const message = encode(this.body, 'body', transfer)
    const errno = refill(this.#n, message, transfer)
    if (errno !== 0) message.drop()
    if (errno !== 0) throw new ErrnoError(errno, 'message.forward', 'message.forward: user memory is full', this)
    return port.entering(this.#n, options, () => { this.#state = 'forwarded' }, () => { empty(this.#n) })
  }

  #answered(operation: string): void {
    if (this.#state === 'taken') return
    throw new ErrnoError(EINVAL, `message.${operation}`, `message.${operation}: the message to ${String(this.#port)} was ${this.#state} before`, this)
  }

  // Else it is given up: nobody waits.
  #isWanted(): boolean {
    if (!this.awaited) return false
    if (isServed(this.#n, this.#serial)) return true
    discardBody(this.#n, this.#serial)
    return false
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { body, sender, state } = this
    return { body, sender, state }
  }
}

function settleAs(n: number, status: number, value: unknown, root: string): void {
  if (isInteger(value)) {
    refillInteger(n, value)
    return settle(n, status)
  }
  const transfer = transferListOf(value)
  const message = encode(value, root, transfer)
  const errno = refill(n, message, transfer)
  if (errno !== 0) {
    message.drop()
    throw new ErrnoError(ENOMEM, 'message.reply', 'message.reply: user memory is full, the answer does not fit')
  }
  settle(n, status)
}

// A body that could not be read.
function settleWith(n: number, error: unknown): void {
  empty(n)
  try {
    settleAs(n, Answer.ABORTED, error, 'error')
  } catch {
    settle(n, Answer.UNSERVED)
  }
}
