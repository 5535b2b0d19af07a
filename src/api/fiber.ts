// fiber: the blocking verbs for generators that are threads.
//
//   export function* worker(mutex: Mutex) {
//     yield* fiber.lock(mutex)
//     …
//
// A thread of scope `process` shares its carrier with others: what would block it switches to another one instead, by a yield. A thread of
// scope `system` may be the same generator: then the verbs block its Worker, as the methods of the classes do.
//
// A verb that need not wait costs no switch, and no object: what it returns is the same each time.

import { CLOCK_MONOTONIC } from '../kernel/clock.ts'
import { EINTR } from '../kernel/errno.ts'
import { self } from '../kernel/process.ts'
import { Awaiting } from '../pthread/awaiting.ts'
import { cancellationPoint } from '../pthread/cancel.ts'
import { sched_yield } from '../pthread/sched.ts'
import { sleep_slow } from '../pthread/sleep.ts'
import { called } from '../ult/runnable.ts'
import { CHECK, credit, YIELD } from '../ult/steps.ts'
import { blocking } from '../ult/trampoline.ts'
import type { Barrier } from './barrier.ts'
import type { Condition } from './condition.ts'
import { after } from './later.ts'
import type { Message } from './message.ts'
import type { Mutex } from './mutex.ts'
import type { SendOptions } from './port-options.ts'
import type { Port } from './port.ts'
import type { RwLock } from './rwlock.ts'
import type { Semaphore } from './semaphore.ts'
import { Thread } from './thread.ts'

/** What `yield*` takes: its value is a `T`. */
export interface Verb<T> { [Symbol.iterator](): Iterator<unknown, T> }

// A generator is resumed with something that is not undefined, by the trampoline; the first call of next by yield* gets undefined.
function once(asks: IteratorYieldResult<unknown>): Verb<void> {
  const done = { done: true, value: undefined } as const
  const iterator = {
    next: (value?: unknown): IteratorResult<unknown, void> => value === undefined ? asks : done,
    throw(error: unknown): IteratorResult<unknown, void> {
      throw error
    },
  }
  return { [Symbol.iterator]: () => iterator }
}

const yields = once(YIELD), checks = once(CHECK)
const finished = { done: true, value: undefined } as const
const nothing = { next: (): IteratorResult<unknown, void> => finished }
const done: Verb<void> = { [Symbol.iterator]: () => nothing }

function* valued<T>(value: T): Generator<unknown, T> {
  yield* done
  return value
}

// A verb that need not wait: now and then, or when somebody was woken who may preempt, it asks whether another shall run.
function passes(): Verb<void> {
  return self.fiber && (--credit.left <= 0 || (credit.eager && called())) ? checks : done
}

const nobody = (value: Generator<unknown, unknown>): Verb<void> => value as Verb<void>

/** The verbs. Each throws what the method of the class throws. */
export interface Fiber {
  /** {@link Mutex.lock}. */
  lock(mutex: Mutex, ms?: number): Verb<void>
  /** {@link Condition.wait}. */
  wait(condition: Condition, mutex: Mutex, ms?: number): Verb<void>
  /** {@link Thread.join}: its value is the thread's result. */
  join<R>(thread: Thread<R>, ms?: number): Verb<R>
  /** {@link Thread.sleep}. */
  sleep(ms: number): Verb<void>
  /** Lets other threads of the carrier run; of a thread with a Worker of its own: of the processor. */
  yield(): Verb<void>
  /** The promise's value; throws what it is rejected with. Others run meanwhile. A cancellation point. */
  await<T>(promise: PromiseLike<T>): Verb<Awaited<T>>
  /** {@link Semaphore.wait}. */
  acquire(semaphore: Semaphore, ms?: number): Verb<void>
  /** {@link RwLock.read}. */
  read(rwlock: RwLock, ms?: number): Verb<void>
  /** {@link RwLock.write}. */
  write(rwlock: RwLock, ms?: number): Verb<void>
  /** {@link Barrier.wait}: its value is true for one of those who met. */
  barrier(barrier: Barrier, ms?: number): Verb<boolean>
  /** {@link Port.send}. */
  send<T>(port: Port<T>, body: T, options?: SendOptions): Verb<void>
  /** {@link Port.do}: its value is the answer. */
  do<T, R>(port: Port<T, R>, body: T, options?: SendOptions): Verb<R>
  /** {@link Port.wait}: its value is the message. */
  receive<T, R>(port: Port<T, R>, ms?: number): Verb<Message<T, R>>
  /** {@link Message.forward}. */
  forward<T, R>(message: Message<T, R>, port: Port<T, R>, options?: SendOptions): Verb<void>
  /**
   * Calls `f`, which blocks the Worker for a while: a native call, a synchronous one of the file system. Threads of the carrier that have not begun
   * run on others meanwhile, a spare one if need be; those that have begun wait. Its value is what `f` returns.
   */
  blocking<T>(f: () => T): Verb<T>
}

/** The blocking verbs of threads that are generators: `yield* fiber.lock(mutex)`. */
export const fiber: Fiber = {
  lock(mutex, ms) {
    if (mutex.tryLockFast()) return passes()
    if (self.fiber) return nobody(mutex.locking(ms))
    mutex.lock(ms)
    return done
  },

  wait(condition, mutex, ms) {
    if (self.fiber) return condition.waiting(mutex, ms)
    condition.wait(mutex, ms)
    return done
  },

  join: (thread, ms) => self.fiber ? thread.joining(ms) : valued(thread.join(ms)),

  sleep(ms) {
    if (self.fiber) return sleeping(ms)
    Thread.sleep(ms)
    return done
  },

  yield() {
    if (self.fiber) return yields
    sched_yield()
    return done
  },

  await: <T>(promise: PromiseLike<T>) => new Awaiting(promise) as Verb<Awaited<T>>,

  acquire(semaphore, ms) {
    if (self.fiber) {
      cancellationPoint()
      return semaphore.tryWait() ? passes() : semaphore.acquiring(ms)
    }
    semaphore.wait(ms)
    return done
  },

  read(rwlock, ms) {
    if (self.fiber) return rwlock.tryRead() === null ? nobody(rwlock.reading(ms)) : passes()
    rwlock.read(ms)
    return done
  },

  write(rwlock, ms) {
    if (self.fiber) return rwlock.tryWrite() === null ? nobody(rwlock.writing(ms)) : passes()
    rwlock.write(ms)
    return done
  },

  blocking: <T>(f: () => T) => valued(blocking(f)),

  send(port, body, options) {
    if (self.fiber) return port.sending(body, options) ?? passes()
    port.send(body, options)
    return done
  },

  do: (port, body, options) => self.fiber ? port.doing(body, options) : valued(port.do(body, options)),

  receive: (port, ms) => self.fiber ? port.receiving(ms) : valued(port.wait(ms)),

  forward(message, port, options) {
    if (self.fiber) return message.forwarding(port, options) ?? passes()
    message.forward(port, options)
    return done
  },

  barrier: (barrier, ms) => self.fiber ? barrier.meeting(ms) : valued(barrier.wait(ms)),
}

function* sleeping(ms: number): Generator<unknown, void> {
  const until = after(ms)
  cancellationPoint()
  for (let errno = EINTR; errno === EINTR;) errno = yield* sleep_slow(self.slot, until, CLOCK_MONOTONIC)
}
