// class Message: what a server has taken from a Port.

import { EDEADLK, EINVAL } from '../kernel/errno.ts'
import { block, settle as settleSleeper, type Sleeper } from '../kernel/request.ts'
import { closeAsync } from '../kernel/thread.ts'
import { encode } from '../mem/codec.ts'
import { answer, answerUnread } from '../port/answer.ts'
import { Answer, discardBody, empty, free, isAwaited, isServed, receive, refill, senderOf, serialOf, type Taken } from '../port/message.ts'
import { ErrnoError, frozen } from './errors.ts'
import { begin } from './later.ts'
import type { SendOptions } from './port-options.ts'
import type { Port } from './port.ts'

/** `taken`: it waits to be answered. `abandoned`: nobody waits for its answer any more. */
export type MessageState = 'taken' | 'abandoned' | 'replied' | 'aborted' | 'forwarded'

interface Asked { readonly n: number, readonly serial: number }

/** A message that the calling thread has taken from a port. `T` is its body, `R` the answer. */
export class Message<T = unknown, R = unknown> {
  /** What was sent: a copy, the receiver's own. */
  readonly body: T
  /** Tid of the thread that sent it; it stays when the message is forwarded. */
  readonly sender: number
  /** Whether it was sent by `do`: somebody waits for the answer. An answer to another one is thrown away. */
  readonly awaited: boolean
  readonly #port: Port<T, R>
  /** Its number, and the use of its record; undefined: nobody waits for the answer. */
  readonly #asked: Asked | undefined
  #state: Exclude<MessageState, 'abandoned'>

  private constructor(port: Port<T, R>, asked: Asked | undefined, body: T, sender: number) {
    this.body = body
    this.sender = sender
    this.awaited = asked !== undefined
    this.#port = port
    this.#asked = asked
    this.#state = 'taken'
  }

  /** @internal Message `n`, which the calling thread has taken from `port`. */
  static taken<T, R>(port: Port<T, R>, n: number): Message<T, R> {
    const sender = senderOf(n), awaited = isAwaited(n)
    let body: T
    try {
      body = receive(n) as T
    } catch (error) {
      answerUnread(n, error)
      throw error
    }
    if (!awaited) free(n)
    return new Message<T, R>(port, awaited ? { n, serial: serialOf(n) } : undefined, body, sender)
  }

  /** @internal A message of a run, which the calling thread has taken from `port`. */
  static inline<T, R>(port: Port<T, R>, { body, sender }: Taken): Message<T, R> {
    return new Message<T, R>(port, undefined, body as T, sender)
  }

  /** What has become of it. A server that works for long may look whether its answer is wanted still. */
  get state(): MessageState {
    if (this.#state !== 'taken' || this.#asked === undefined) return this.#state
    return isServed(this.#asked.n, this.#asked.serial) ? 'taken' : 'abandoned'
  }

  /**
   * Answers: `do` returns `result` to the sender. What stands in a list given by {@link transfer} moves. Throws TypeError for what
   * cannot travel, ErrnoError ENOMEM when user memory is full; then it may be answered otherwise. EINVAL if it was answered before.
   */
  reply(result: R): void {
    this.#settle(Answer.REPLIED, result, 'result', 'replied')
  }

  /** Answers with an error: `do` throws `reason` to the sender, with its class, message, code, cause and stack. As {@link reply}. */
  abort(reason: unknown = new Error(`the message to ${String(this.#port)} was aborted`)): void {
    this.#settle(Answer.ABORTED, reason, 'error', 'aborted')
  }

  // A getter in what is sent may answer the message itself, or let the time pass in which it is wanted.
  #settle(status: number, value: unknown, root: 'result' | 'error', state: 'replied' | 'aborted'): void {
    const operation = status === Answer.REPLIED ? 'reply' : 'abort'
    this.#answered(operation)
    const n = this.#wanted()
    if (n !== 0) {
      settleAs(n, status, value, root, () => {
        this.#answered(operation)
        return this.#wanted() !== 0
      })
    }
    this.#state = state
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
    const slot = begin('message.forwardAsync')
    try {
      const sleeper = this.forwarding(port, options)
      if (sleeper !== undefined) await settleSleeper(slot, sleeper)
    } finally {
      closeAsync(slot)
    }
  }

  /** @internal Forwards it; what remains to be slept for, if the port is full. */
  forwarding(port: Port<T, R>, options?: SendOptions): Sleeper<void> | undefined {
    this.#answered('forward')
    const isWanted = this.#wanted() !== 0
    this.#state = 'forwarded'                                             // while it sleeps it can be answered by nobody
    try {
      if (this.awaited && !isWanted) return undefined
      const sleeper = this.awaited ? this.#entering(port, options) : port.passing(this.body, options, this.sender)
      return sleeper === undefined ? undefined : this.#kept(sleeper)
    } catch (error) {
      this.#state = 'taken'
      throw error
    }
  }

  *#kept(sleeper: Sleeper<void>): Sleeper<void> {
    let isForwarded = false
    try {
      yield* sleeper
      isForwarded = true
    } finally {
      if (!isForwarded) this.#state = 'taken'
    }
  }

  #entering(port: Port<T, R>, options?: SendOptions): Sleeper<void> | undefined {
    const transfer = options?.transfer ?? []
    const message = encode(this.body, 'body', transfer)
    const n = this.#wanted()
    const errno = n !== 0 ? refill(n, message, transfer) : 0
    if (errno !== 0 || n === 0) message.drop()
    if (errno !== 0) throw new ErrnoError(errno, 'message.forward', 'message.forward: user memory is full', this)
    return n !== 0 ? port.entering(n, options, () => { empty(n) }) : undefined
  }

  #answered(operation: string): void {
    if (this.#state === 'taken') return
    throw new ErrnoError(EINVAL, `message.${operation}`, `message.${operation}: the message to ${String(this.#port)} was ${this.#state} before`, this)
  }

  // Its number, if somebody waits for the answer; else it is given up.
  #wanted(): number {
    if (this.#asked === undefined) return 0
    const { n, serial } = this.#asked
    if (isServed(n, serial)) return n
    discardBody(n, serial)
    return 0
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { body, sender, state } = this
    return { body, sender, state }
  }
}

function settleAs(n: number, status: number, value: unknown, root: string, isWanted?: () => boolean): void {
  const errno = answer(n, status, value, root, isWanted)
  if (errno !== 0) throw new ErrnoError(errno, 'message.reply', 'message.reply: user memory is full, the answer does not fit')
}
