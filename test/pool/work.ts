// Tasks that the tests of pools run.

import { fiber, load, Mutex, parallelReduce, scope, Semaphore, Thread, ThreadPool, transfer } from 'pthreads'

export function add(a: number, b: number): number {
  return a + b
}

export function echo<T>(value: T): T {
  return value
}

export async function later(value: number): Promise<number> {
  await new Promise(resolve => setImmediate(resolve))
  return value
}

export function* generator(semaphore: Semaphore, promise: number): Generator<unknown, number> {
  yield* fiber.acquire(semaphore)
  return (yield* fiber.await(Promise.resolve(promise))) + 1
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message), { code: 'ERR_OF_MINE', extra: [1, 2] })
}

export function tid(): number {
  return Thread.current.tid
}

export function tidAfter(begun: Semaphore, go: Semaphore): number {
  begun.post()
  go.wait()
  return Thread.current.tid
}

/** Tells that it has begun, and ends when it may. */
export function hold(begun: Semaphore, go: Semaphore): void {
  begun.post()
  go.wait()
}

/** A loop that nothing but force ends. */
export function spin(begun: Semaphore): never {
  begun.post()
  for (;;);
}

/** A loop that looks; it has looked when it says that it has begun. */
export function polite(begun: Semaphore, ended: Semaphore): number {
  let rounds = ThreadPool.task!.aborted ? 1 : 0
  begun.post()
  while (!ThreadPool.task!.aborted) rounds++
  ended.post()
  return rounds
}

export async function listening(begun: Semaphore, ended: Semaphore): Promise<void> {
  const { signal } = ThreadPool.task!
  begun.post()
  await new Promise<void>(resolve => { signal.addEventListener('abort', () => { resolve() }) })
  ended.post()
}

/** Holds a mutex while it waits; gives it back if it is canceled. */
export function holding(mutex: Mutex, begun: Semaphore, never: Semaphore): void {
  mutex.lock()
  try {
    begun.post()
    never.wait()
  } finally {
    mutex.unlock()
  }
}

export function leave(code: number): void {
  process.exit(code)
}

export async function uncaught(message: string): Promise<void> {
  setImmediate(() => { throw new Error(message) })
  await new Promise(() => undefined)
}

export function exitThread(): void {
  Thread.exit(1)
}

export function hoard(): number {
  for (let all: unknown = null, i = 0; ; i++) all = { all, more: [i, i, i, i, i, i, i, i] }
}

export function sum(array: Float64Array): number {
  let total = 0
  for (const x of array) total += x
  return total
}

export function makeLarge(length: number): Float64Array {
  const array = new Float64Array(length).fill(1)
  return transfer(array, [array.buffer])
}

export function increment(array: Int32Array, times: number): void {
  for (let i = 0; i < times; i++) Atomics.add(array, 0, 1)
}

export function unsendable(): unknown {
  return { f: () => 1 }
}

let state = 'none'

export function init(value: string, log?: Int32Array): void {
  state = value
  if (log !== undefined) Atomics.add(log, 0, 1)
  logged = log
}

let logged: Int32Array | undefined

export function dispose(): void {
  if (logged !== undefined) Atomics.add(logged, 1, 1)
}

export function failingInit(): never {
  throw new TypeError('there is no such database')
}

/** A disposal, or a beginning, that never ends. */
export function hang(begun?: Semaphore): void {
  begun?.post()
  new Semaphore(0).wait()
}

export function hangHard(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

export async function hangAsync(): Promise<void> {
  const timer = setInterval(() => undefined, 60_000)
  await new Promise(() => undefined)
  clearInterval(timer)
}

let disposals: Int32Array

export function initCount(array: Int32Array): void {
  disposals = array
}

export function failingDispose(): never {
  throw new Error(`the disposal of thread ${Atomics.add(disposals, 0, 1)}`)
}

export function stateNow(): string {
  return state
}

export function order(array: Int32Array, value: number): void {
  array[Atomics.add(array, 0, 1) + 1] = value
}

export function inTask(): boolean {
  return ThreadPool.task !== undefined && !ThreadPool.task.aborted
}

export async function nested(n: number): Promise<number> {
  await using pool = new ThreadPool({ max: 2 })
  const halves = await Promise.all([pool.run(inner.add, n, 0), pool.run(inner.add, 0, n)])
  return halves[0] + halves[1]
}

const inner = load<typeof import('./work.ts')>(new URL(import.meta.url))

export function square(x: number): number {
  return x * x
}

export function failAtFive(n: number): number {
  if (n === 5) throw new RangeError(`not ${n}`)
  return n
}

/** The first one waits until it may go on; the others fail. */
export function failAfterFirst([begun, go, i]: [Semaphore, Semaphore, number]): number {
  if (i !== 0) throw new Error('not the first')
  begun.post()
  go.wait()
  return i
}

/** The first one returns; the others wait. */
export function holdAfterFirst([begun, go, i]: [Semaphore, Semaphore, number]): number {
  if (i === 0) return i
  begun.post()
  go.wait()
  return i
}

export function half(x: number): number {
  return x / 2
}

export function plus(a: number, b: number): number {
  return a + b
}

export async function halfLater(x: number): Promise<number> {
  return await Promise.resolve(x / 2)
}

export function nothing(): void {
  // returns none
}

export function double(x: bigint): bigint {
  return 2n * x
}

export function plusBig(a: bigint, b: bigint): bigint {
  return a + b
}

export function countPart(_from: number, _to: number, parts: Int32Array): void {
  Atomics.add(parts, 0, 1)
}

/** Without a pool of its own. */
export async function sumInParallel(array: Int32Array): Promise<number> {
  return await parallelReduce(array, inner.plus, 0)
}

export function fill(from: number, to: number, array: Int32Array): void {
  for (let i = from; i < to; i++) array[i] += i
}

export function failBetween(from: number, to: number, at: number): void {
  if (from <= at && at < to) throw new RangeError(`there is no ${at}`)
}

export function waitFor(begun: Semaphore, go: Semaphore, value: number): number {
  begun.post()
  go.wait()
  return value
}

export function failAfter(go: Semaphore, message: string): never {
  go.wait()
  throw new Error(message)
}

/** Fails when it is canceled, as code does that cannot clean up. */
export function failWhenCanceled(begun: Semaphore, never: Semaphore): void {
  begun.post()
  try {
    never.wait()
  } finally {
    throw new Error('cannot clean up')
  }
}

export function* waitAsFiber(begun: Semaphore, go: Semaphore, value: number): Generator<unknown, number> {
  begun.post()
  yield* fiber.acquire(go)
  return value
}

/** A scope whose two children wait, and whose block waits for one of them. */
export async function scoped(begun: Semaphore, never: Semaphore): Promise<number> {
  return await scope(async s => {
    void s.spawn(inner.waitFor, begun, never, 1).catch(() => undefined)
    return await s.spawn(inner.waitFor, begun, never, 2)
  })
}

export function* scopedFiber(begun: Semaphore, never: Semaphore): Generator<unknown, number> {
  return yield* fiber.await(scope(async s => await s.spawn({ scope: 'process' }, inner.waitAsFiber, begun, never, 2)))
}

/** Returns, and has not waited for its scope. */
export async function leavesScope(begun: Semaphore, never: Semaphore): Promise<void> {
  void scoped(begun, never)
  await begun.waitAsync()
  await begun.waitAsync()
}

/** Makes a pool of two threads and ends without closing it: one has a task that never ends, the other one none. */
export async function leavesPool(how: 'return' | 'throw' | 'cancel' | 'exit', begun: Semaphore, never: Semaphore): Promise<void> {
  const pool = new ThreadPool({ min: 2, max: 2, name: 'left behind' })
  await pool.run(inner.add, 1, 1)
  void pool.run(inner.hold, begun, never)
  await begun.waitAsync()
  for (let i = 0; i < 10; i++) void pool.run({ timeout: 60_000 }, inner.hold, begun, never)
  if (how === 'throw') throw new Error('and is sorry')
  if (how === 'exit') process.exit(3)
  if (how === 'cancel') Thread.current.cancel()
  if (how === 'cancel') Thread.testCancel()
}

/** Leaves a pool while a task of it, in a loop without an end, is being stopped. */
export async function leavesLoop(begun: Semaphore): Promise<void> {
  const pool = new ThreadPool({ max: 1, grace: 60_000, name: 'left behind' }), controller = new AbortController()
  const task = pool.run({ signal: controller.signal }, inner.spin, begun)
  await begun.waitAsync()
  controller.abort()
  await task.catch(() => undefined)
}
