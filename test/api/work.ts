// What the threads of test/api do.  Longer than other files: a list of small functions, and one import in every thread.

import { once as event } from 'node:events'
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import { Condition, Mutex, Once, Semaphore, Thread, ThreadLocal, transfer, type Entry } from 'pthreads'
import { WebAssembly, type Module } from './wasm.ts'

// Arguments and results ------------------------------------------------------------------------------------------

export const add = (a: number, b: number): number => a + b

export function echo<T>(value: T): T {
  return value
}

export function nothing(): void {
  // Its argument, if it gets one, is left.
}

export function postAndReturn<T>(semaphore: Semaphore, value: T): T {
  semaphore.post()
  return value
}

export function countArguments(...args: unknown[]): number {
  return args.length
}

export function increment(word: Int32Array): number {
  return Atomics.add(word, 0, 1) + 1
}

export function sameBuffer(a: Int32Array, b: Uint8Array): boolean {
  return a.buffer === b.buffer
}

export function makeShared(value: number): Int32Array {
  const word = new Int32Array(new SharedArrayBuffer(4))
  word[0] = value
  return word
}

export function fill(buffer: ArrayBuffer, value: number): { buffer: ArrayBuffer } {
  new Uint8Array(buffer).fill(value)
  return transfer({ buffer }, [buffer])
}

export function makePort(text: string): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(text)
  return transfer(port2, [port2 as unknown as object]) as unknown as MessagePort
}

export function readPort(port: MessagePort): unknown {
  return (receiveMessageOnPort(port) as { message: unknown } | undefined)?.message
}

export async function answerPort(port: MessagePort): Promise<void> {
  const [message] = await event(port, 'message') as [number]
  port.postMessage(message * 2)
  port.close()
}

export function callExport(module: Module, name: string, ...args: number[]): number {
  const { exports } = new WebAssembly.Instance(module)
  return (exports[name] as (...n: number[]) => number)(...args)
}

export function compile(bytes: Uint8Array<ArrayBuffer>): Module {
  return new WebAssembly.Module(bytes)
}

export function areSame(a: unknown, b: unknown): boolean {
  return a === b
}

/** What kind of thing each argument is here. */
export function classesOf(...args: unknown[]): string[] {
  return args.map(each => typeof each === 'object' && each !== null ? each.constructor.name : typeof each)
}

export function disposeOf(...objects: Disposable[]): void {
  for (const each of objects) each[Symbol.dispose]()
}

export function bigBuffer(size: number): Uint8Array {
  return new Uint8Array(size).fill(7)
}

export function withFunctionInside(): unknown {
  return { tasks: [{ onDone: () => 1 }] }
}

export function withGetterThatThrows(): unknown {
  return { get value(): never { throw new RangeError('read me not') } }
}

// Ends -------------------------------------------------------------------------------------------------------------

export function fails(kind: string): never {
  switch (kind) {
    case 'TypeError': throw new TypeError('a type')
    case 'RangeError': throw new RangeError('a range')
    case 'SyntaxError': throw new SyntaxError('a syntax')
    case 'cause': throw new Error('outer', { cause: new RangeError('inner', { cause: 'the root' }) })
    case 'AggregateError': throw new AggregateError([new TypeError('one'), new Error('two'), 3], 'several')
    case 'AbortError': throw new DOMException('stopped', 'AbortError')
    case 'system': throw Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2, syscall: 'open', path: '/nowhere' })
    case 'own': throw new Custom('with more', { of: ['what', 1, new Date(0)] })
    case 'unsendable': throw Object.assign(new Error('with a function', { cause: () => 1 }), { onDone: () => 1, kept: 'this' })
    case 'function': throw (() => 1) as unknown as Error
    default: throw new Error(kind)
  }
}

class Custom extends Error {
  override readonly name = 'Custom'
  readonly detail: unknown

  constructor(message: string, detail: unknown) {
    super(message)
    this.detail = detail
  }
}

export function throws(value: unknown): never {
  throw value as Error
}

export function throwsDeep(): void {
  theInnermostFunction()
}

function theInnermostFunction(): never {
  throw new Error('from the depth')
}

export function exits(value: unknown, word?: Int32Array): never {
  try {
    return exitNow(value)
  } finally {
    if (word !== undefined) Atomics.add(word, 0, 1)
  }
}

function exitNow(value: unknown): never {
  return Thread.exit(value)
}

export function callsProcessExit(code: number): void {
  process.exit(code)
}

export function fillsItsHeap(): number {
  const kept: number[][] = []
  while (kept.length < 1e8) kept.push([kept.length, 0, 0, 0, 0, 0, 0, 0])
  return kept.length
}

export { depthOfStack } from '../stack-depth.ts'

export function spins(started: Int32Array): void {
  Atomics.store(started, 0, 1)
  while (Atomics.load(started, 0) === 1) { /* until somebody ends it */ }
}

// Threads ----------------------------------------------------------------------------------------------------------

export function whoAmI(): { tid: number, name: string, state: string, same: boolean } {
  const { current } = Thread
  return { tid: current.tid, name: current.name, state: current.state, same: current === Thread.current }
}

export function waitThenReturn<T>(go: Semaphore, value: T): T {
  go.wait()
  return value
}

export function waitThenThrow(go: Semaphore, message: string): never {
  go.wait()
  throw new Error(message)
}

export function joinIt<R>(t: Thread<R>): R {
  return t.join()
}

export async function joinItAsync<R>(t: Thread<R>): Promise<R> {
  return await t.joinAsync()
}

/** The codes with which a thread's attempts on itself fail. */
export async function joinSelf(): Promise<string[]> {
  const self = Thread.current
  const codes = [codeOf(() => self.join()), codeOf(() => self.join(0))]
  await self.joinAsync().catch((error: unknown) => codes.push((error as { code: string }).code))
  codes.push(codeOf(() => { self.terminate() }))
  return codes
}

export function detachSelf(word: Int32Array): string {
  Thread.current.detach()
  Atomics.store(word, 0, 1)
  return 'nobody reads this'
}

export function codeOf(f: () => unknown): string {
  try {
    f()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
  return 'no error'
}

/** Sums 2^depth ones, a thread for every node of the tree. */
export function tree(self: Entry<(self: never, depth: number) => number>, depth: number): number {
  if (depth === 0) return 1
  const create = Thread.create as unknown as (entry: unknown, ...args: unknown[]) => Thread<number>
  const [left, right] = [create(self, self, depth - 1), create(self, self, depth - 1)]
  return left.join() + right.join()
}

export function runEntry(entry: Entry<(a: number, b: number) => number>, a: number, b: number): number {
  return Thread.create(entry, a, b).join()
}

export function makeThread(go: Semaphore, entry: Entry<typeof waitThenReturn>, value: number): Thread {
  return Thread.create(entry, go, value)
}

// Mutexes ----------------------------------------------------------------------------------------------------------

/** Counts in a plain word, which only exclusion makes right. */
export function count(mutex: Mutex, counter: Int32Array, times: number): void {
  for (let i = 0; i < times; i++) {
    mutex.lock()
    counter[0]++
    mutex.unlock()
  }
}

export async function countAsync(mutex: Mutex, counter: Int32Array, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await mutex.withAsync(async () => {
      const before = counter[0]
      await Promise.resolve()
      counter[0] = before + 1
    })
  }
}

/** Holds the mutex until told to let go. */
export function hold(mutex: Mutex, held: Semaphore, release: Semaphore): void {
  mutex.with(() => {
    held.post()
    release.wait()
  })
}

export async function holdAsync(mutex: Mutex, held: Semaphore, release: Semaphore): Promise<void> {
  await mutex.withAsync(async () => {
    held.post()
    await release.waitAsync()
  })
}

export function lockAndReturn(mutex: Mutex, order: Int32Array, id: number): void {
  mutex.with(() => { note(order, id) })
}

/** Appends `id`: order[0] counts, the ids follow. */
export function note(order: Int32Array, id: number): void {
  order[Atomics.add(order, 0, 1) + 1] = id
}

export function tryLockIt(mutex: Mutex): boolean {
  if (mutex.tryLock() === null) return false
  mutex.unlock()
  return true
}

export function unlockIt(mutex: Mutex): void {
  mutex.unlock()
}

export function lockTwice(mutex: Mutex): void {
  mutex.lock()
  mutex.lock()
  mutex.unlock()
}

export function lockAndLeave(mutex: Mutex): void {
  mutex.lock()
}

export async function lockAsyncAndLeave(mutex: Mutex): Promise<void> {
  await mutex.lockAsync()
}

export function lockTimed(mutex: Mutex, ms: number): string {
  return codeOf(() => { mutex.lock(ms) })
}

// Conditions -------------------------------------------------------------------------------------------------------

/** Waits once and notes when it was woken. */
export function waitOnce(mutex: Mutex, condition: Condition, order: Int32Array, id: number): void {
  mutex.lock()
  condition.wait(mutex)
  note(order, id)
  mutex.unlock()
}

export function waitTimed(mutex: Mutex, condition: Condition, ms: number): string {
  return mutex.with(() => codeOf(() => { condition.wait(mutex, ms) }))
}

export function signalHolding(mutex: Mutex, condition: Condition, word: Int32Array): void {
  mutex.lock()
  Atomics.store(word, 0, 1)
  condition.signal()
  mutex.unlock()
}

export interface Queue { readonly mutex: Mutex, readonly notEmpty: Condition, readonly notFull: Condition, readonly state: Int32Array }
const CAPACITY = 4

/** state: 0 how many are queued, 1 where the first is, 2 … the places. */
export function produce({ mutex, notEmpty, notFull, state }: Queue, from: number, to: number): void {
  for (let item = from; item < to; item++) {
    mutex.lock()
    while (state[0] === CAPACITY) notFull.wait(mutex)
    state[2 + (state[1] + state[0]++) % CAPACITY] = item
    notEmpty.signal()
    mutex.unlock()
  }
}

export function consume({ mutex, notEmpty, notFull, state }: Queue, many: number): number {
  let sum = 0
  for (let i = 0; i < many; i++) {
    mutex.lock()
    while (state[0] === 0) notEmpty.wait(mutex)
    sum += state[2 + state[1]]
    state[1] = (state[1] + 1) % CAPACITY
    state[0]--
    notFull.signal()
    mutex.unlock()
  }
  return sum
}

export async function consumeAsync({ mutex, notEmpty, notFull, state }: Queue, many: number): Promise<number> {
  let sum = 0
  for (let i = 0; i < many; i++) {
    await mutex.withAsync(async held => {
      while (state[0] === 0) await notEmpty.waitAsync(held)
      sum += state[2 + state[1]]
      state[1] = (state[1] + 1) % CAPACITY
      state[0]--
      notFull.signal()
    })
  }
  return sum
}

// Semaphores -------------------------------------------------------------------------------------------------------

export function pingPong(mine: Semaphore, yours: Semaphore, times: number): void {
  for (let i = 0; i < times; i++) {
    mine.wait()
    yours.post()
  }
}

export function takeOne(semaphore: Semaphore, taken: Int32Array): void {
  semaphore.wait()
  Atomics.add(taken, 0, 1)
}

export async function takeOneAsync(semaphore: Semaphore, taken: Int32Array): Promise<void> {
  await semaphore.waitAsync()
  Atomics.add(taken, 0, 1)
}

export function waitSemaphoreTimed(semaphore: Semaphore, ms: number): string {
  return codeOf(() => { semaphore.wait(ms) })
}

export function postIt(semaphore: Semaphore, n: number): void {
  semaphore.post(n)
}

// Once -------------------------------------------------------------------------------------------------------------

export function runOnce(once: Once, counter: Int32Array): number {
  once.run(() => { counter[0]++ })
  return counter[0]
}

export async function runOnceAsync(once: Once, counter: Int32Array): Promise<number> {
  await once.runAsync(async () => {
    const before = counter[0]
    await Promise.resolve()
    counter[0] = before + 1
  })
  return counter[0]
}

export function runOnceSlowly(once: Once, inside: Semaphore, go: Semaphore, counter: Int32Array): number {
  once.run(() => {
    inside.post()
    go.wait()
    counter[0]++
  })
  return counter[0]
}

export function runOnceAndThrow(once: Once, inside: Semaphore, go: Semaphore): void {
  once.run(() => {
    inside.post()
    go.wait()
    throw new Error('not this time')
  })
}

export function beginOnceAndReturn(once: Once, inside: Semaphore): void {
  void once.runAsync(() => new Promise(() => undefined))
  inside.post()
}

// Thread-local values ----------------------------------------------------------------------------------------------

export function localValue(local: ThreadLocal<unknown>, value: unknown): unknown[] {
  const before = local.get()
  local.set(value)
  return [before, local.get()]
}

export function noteDestroyed(order: Int32Array): void {
  Atomics.add(order, 0, 1)
}

export function setLocal(local: ThreadLocal<Int32Array>, value: Int32Array): void {
  local.set(value)
}

export function setLocalAndThrow(local: ThreadLocal<Int32Array>, value: Int32Array): never {
  local.set(value)
  throw new Error('after it was set')
}

/** Keys made in the thread itself: their destructors may be functions. */
export function ownDestructors(order: Int32Array): number {
  const first = new ThreadLocal<number>({ destructor: value => { note(order, value) } })
  const second = new ThreadLocal<number>({ destructor: value => { note(order, value) } })
  new ThreadLocal<number>({ destructor: value => { note(order, value) } })
  first.set(1)
  second.set(2)
  return Atomics.load(order, 0)
}

export function asyncDestructor(word: Int32Array): void {
  new ThreadLocal<number>({
    async destructor(value) {
      await new Promise(resolve => setTimeout(resolve, 1))
      Atomics.store(word, 0, value)
    },
  }).set(5)
}

export function destructorThatThrows(): string {
  new ThreadLocal<number>({ destructor() { throw new RangeError('in a destructor') } }).set(1)
  return 'a result'
}

export function destructorThatSetsAgain(word: Int32Array): void {
  const local = new ThreadLocal<number>({
    destructor(value) {
      Atomics.add(word, 0, 1)
      local.set(value + 1)
    },
  })
  local.set(1)
}

export function deletedKey(word: Int32Array): unknown {
  const local = new ThreadLocal<number>({ destructor() { Atomics.add(word, 0, 1) } })
  local.set(1)
  local[Symbol.dispose]()
  return local.get()
}

export function initialValue(word: Int32Array): number[] {
  const local = new ThreadLocal({ initial: () => Atomics.add(word, 0, 1) + 10 })
  return [local.get()!, local.get()!]
}

export function holdLocal(local: ThreadLocal<Int32Array>, value: Int32Array, ready: Semaphore, go: Semaphore): unknown {
  local.set(value)
  ready.post()
  go.wait()
  return local.get()
}

// Asynchronous entries ---------------------------------------------------------------------------------------------

export async function afterTimers(ms: number): Promise<string> {
  const steps: string[] = []
  queueMicrotask(() => steps.push('microtask'))
  process.nextTick(() => steps.push('tick'))
  await new Promise(resolve => setImmediate(resolve))
  steps.push('immediate')
  await new Promise(resolve => setTimeout(resolve, ms))
  steps.push('timer')
  return steps.sort().join()
}

export async function fetchNothing(): Promise<[number, string]> {
  const response = await fetch('data:,nothing')
  return [response.status, await response.text()]
}

export async function importsAndReads(): Promise<boolean> {
  const { readFile } = await import('node:fs/promises')
  return (await readFile(new URL(import.meta.url), 'utf8')).includes('importsAndReads')
}

export async function rejects(message: string): Promise<never> {
  await Promise.resolve()
  throw new TypeError(message)
}

export async function neverSettles(): Promise<void> {
  await new Promise(() => undefined)
}

export function thenable(value: number): PromiseLike<number> {
  return { then: (onfulfilled: (n: number) => unknown) => onfulfilled(value) } as PromiseLike<number>
}

export async function throwsInCallback(): Promise<void> {
  await new Promise(() => setTimeout(() => { throw new RangeError('from a timer') }, 1))
}

export async function rejectsUnhandled(): Promise<void> {
  await new Promise(() => setTimeout(() => void Promise.reject(new RangeError('unhandled')), 1))
}

export async function exitsAsync(value: unknown): Promise<never> {
  await Promise.resolve()
  return Thread.exit(value)
}

export async function exitsInCallback(value: unknown): Promise<void> {
  await new Promise(() => setTimeout(() => Thread.exit(value), 1))
}

export function leavesTimer(word: Int32Array): string {
  setInterval(() => Atomics.add(word, 0, 1), 1)
  return 'done'
}

export async function waitsAsync(go: Semaphore, value: string): Promise<string> {
  await go.waitAsync()
  return value
}

export async function abandonsWaits(semaphore: Semaphore, mutex: Mutex, condition: Condition): Promise<string> {
  void semaphore.waitAsync()
  void mutex.lockAsync()
  void new Mutex().withAsync(held => condition.waitAsync(held))
  await Promise.resolve()
  return 'gone'
}
