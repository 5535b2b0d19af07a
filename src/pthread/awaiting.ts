// What a generator that is a thread yields when it waits for a promise.  The start routine of a system thread awaits it in the event loop
// of its Worker, the trampoline of a carrier of fibers runs others meanwhile.

/** `yield* new Awaiting(promise)`: the promise's value; throws what it is rejected with. */
export class Awaiting<T> implements Iterator<Awaiting<T>, T> {
  readonly promise: PromiseLike<T>
  #asked = false

  constructor(promise: PromiseLike<T>) {
    this.promise = promise
  }

  [Symbol.iterator](): this {
    return this
  }

  throw(error: unknown): IteratorResult<Awaiting<T>, T> {
    throw error
  }

  next(value?: unknown): IteratorResult<Awaiting<T>, T> {
    if (this.#asked) return { done: true, value: value as T }
    this.#asked = true
    return { done: false, value: this }
  }
}

/** Whether something that a thread's function returned is a generator, which is to be run. */
export function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Generator]'
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
