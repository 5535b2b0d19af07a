// What the threads of these tests run, as fibers or on Workers of their own.

import { fiber, load, Semaphore, Thread, ThreadLocal, threads, type Barrier, type Condition, type Mutex, type RwLock } from 'pthreads'
import type { MessagePort } from 'node:worker_threads'
import { memory, pthread_cleanup_push, pthread_kill, pthread_self, sigaction, SIGUSR2, usleep } from 'pthreads/posix'

const m = memory()
const entries = load<typeof import('./work.ts')>(new URL(import.meta.url))

type Run<T> = Generator<unknown, T>

export function* add(a: number, b: number): Run<number> {
  yield* fiber.yield()
  return a + b
}

export const plain = (x: number): number => 2 * x

export async function asynchronous(x: number): Promise<number> {
  await Promise.resolve()
  return 3 * x
}

export function* count(mutex: Mutex, cell: Int32Array, times: number): Run<void> {
  for (let i = 0; i < times; i++) {
    yield* fiber.lock(mutex)
    const before = cell[0]
    if (i % 3 === 0) yield* fiber.yield()
    cell[0] = before + 1
    mutex.unlock()
  }
}

export function* hold(mutex: Mutex, go: Semaphore): Run<void> {
  yield* fiber.lock(mutex)
  yield* fiber.acquire(go)
  mutex.unlock()
}

export function* lockFor(mutex: Mutex, ms: number): Run<string> {
  try {
    yield* fiber.lock(mutex, ms)
  } catch (error) {
    return (error as { code: string }).code
  }
  mutex.unlock()
  return 'locked'
}

export function* waitUntil(mutex: Mutex, condition: Condition, cell: Int32Array, ms?: number): Run<string> {
  yield* fiber.lock(mutex)
  try {
    while (cell[0] === 0) yield* fiber.wait(condition, mutex, ms)
    return 'signalled'
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    mutex.unlock()
  }
}

export function* acquire(semaphore: Semaphore): Run<void> {
  yield* fiber.acquire(semaphore)
}

export function* meet(barrier: Barrier): Run<boolean> {
  return yield* fiber.barrier(barrier)
}

export function* readers(lock: RwLock, inside: Int32Array, both: Semaphore): Run<void> {
  yield* fiber.read(lock)
  if (++inside[0] === 2) both.post(2)
  yield* fiber.acquire(both)
  lock.unlock()
}

export function* writeThenRead(lock: RwLock): Run<string> {
  yield* fiber.write(lock)
  const other = Thread.create(entries.tryRead, lock)
  const seen = yield* fiber.join(other)
  lock.unlock()
  return seen
}

export function* tryRead(lock: RwLock): Run<string> {
  yield* fiber.yield()
  return lock.tryRead() === null ? 'busy' : 'free'
}

export function* sleepFor(ms: number): Run<number> {
  const begin = performance.now()
  yield* fiber.sleep(ms)
  return performance.now() - begin
}

export function* joinIt(thread: Thread<number>): Run<number> {
  return yield* fiber.join(thread)
}

export function* joinItself(): Run<string> {
  try {
    yield* fiber.join(Thread.current)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

export function* awaitThese(): Run<unknown[]> {
  const seen: unknown[] = [yield* fiber.await(Promise.resolve('at once'))]
  seen.push(yield* fiber.await(new Promise(resolve => setTimeout(resolve, 5, 'later'))))
  try {
    yield* fiber.await(Promise.reject(new RangeError('no')))
  } catch (error) {
    seen.push(String(error))
  }
  return seen
}

let settle: ((text: string) => void) | undefined

export function* awaitAnother(): Run<string> {
  const other = Thread.create(entries.settleIt)
  const text = yield* fiber.await(new Promise<string>((resolve) => { settle = resolve }))
  yield* fiber.join(other)
  return text
}

export function* settleIt(): Run<void> {
  while (settle === undefined) yield* fiber.yield()
  settle('by a fiber')
}

export function* awaitForEver(): Run<void> {
  yield* fiber.await(new Promise(() => undefined))
}

export function* awaitCanceled(cell: Int32Array): Run<void> {
  const keeper = setInterval(() => undefined, 1000)
  try {
    Atomics.store(cell, 0, 1)
    yield* fiber.await(new Promise(() => undefined))
  } finally {
    clearInterval(keeper)
    yield* fiber.await(Promise.resolve())
    Atomics.store(cell, 0, 2)
  }
}

export function* awaitStopped(cell: Int32Array): Run<string> {
  const keeper = setInterval(() => undefined, 1000)
  sigaction(m, SIGUSR2, {
    sa_handler: () => {
      throw new Error('stopped')
    },
  })
  try {
    Atomics.store(cell, 0, 1)
    yield* fiber.await(new Promise(() => undefined))
  } catch (error) {
    return (error as Error).message
  } finally {
    clearInterval(keeper)
  }
  return 'came back'
}

export function* sleepWell(cell: Int32Array): Run<void> {
  pthread_cleanup_push(() => { cell[1] = 10 * cell[0] + 2 })
  try {
    yield* fiber.sleep(3_600_000)
  } finally {
    cell[0] = 1
  }
}

export function* exitEarly(): Run<void> {
  yield* fiber.yield()
  Thread.exit('early')
}

export function* fail(): Run<never> {
  yield* fiber.yield()
  throw new RangeError('out of a fiber')
}

export function* yieldNonsense(): Run<string> {
  try {
    yield 42
  } catch (error) {
    return String(error)
  }
  return 'nothing was thrown'
}

type Blocking = 'lock' | 'wait' | 'acquire' | 'read' | 'write' | 'meet' | 'join' | 'sleep'

export function* block(how: Blocking, object: object, mutex: Mutex): Run<string> {
  yield* fiber.yield()
  try {
    switch (how) {
      case 'lock': (object as Mutex).lock(); break
      case 'wait': mutex.lock(); (object as Condition).wait(mutex); break
      case 'acquire': (object as Semaphore).wait(); break
      case 'read': (object as RwLock).read(); break
      case 'write': (object as RwLock).write(); break
      case 'meet': (object as Barrier).wait(); break
      case 'join': (object as Thread).join(); break
      case 'sleep': Thread.sleep(1000)                                    // refused at once: EDEADLK
    }
  } catch (error) {
    if (mutex.tryLock() === null) return 'the mutex is held'
    mutex.unlock()
    return (error as Error).message
  }
  return 'did not throw'
}

/** Has called what would have frozen its carrier, and then locks what it holds. */
export function* relock(mutex: Mutex, lock: RwLock): Run<unknown[]> {
  yield* fiber.yield()
  const said: unknown[] = []
  for (const object of [mutex, lock]) {
    const again = (): unknown => object === mutex ? mutex.lock() : lock.write()
    again()
    said.push(usleep(1000))                                               // refused at once: EDEADLK
    try {
      again()
    } catch (error) {
      said.push((error as Error).message)
    }
    object.unlock()
  }
  return said
}

/** The same calls, where no generator is: in the thread's function itself, and after its promise. */
export async function blockAsynchronously(mutex: Mutex, semaphore: Semaphore): Promise<string[]> {
  const says = (call: () => void): string => {
    try {
      call()
    } catch (error) {
      return (error as Error).message
    }
    return 'did not throw'
  }
  const before = says(() => { mutex.lock() })
  await Promise.resolve()
  return [before, says(() => { semaphore.wait() }), says(() => { Thread.sleep(1000) })]      // all refused at once
}

export function* blockWhenFree(mutex: Mutex, semaphore: Semaphore, lock: RwLock): Run<number> {
  mutex.lock()
  mutex.unlock()
  semaphore.wait()
  lock.write()
  lock.unlock()
  yield* fiber.yield()
  return semaphore.value
}

const own = new ThreadLocal<number>()

export function* keepsItsOwn(value: number): Run<boolean> {
  const me = Thread.current
  own.set(value)
  for (let i = 0; i < 10; i++) {
    yield* fiber.yield()
    if (own.get() !== value || Thread.current !== me || pthread_self() !== me.tid) return false
  }
  return true
}

export function* destroys(cell: Int32Array): Run<void> {
  const value = new ThreadLocal<number>({ destructor: (n) => { cell[0] = n } })
  value.set(7)
  yield* fiber.yield()
}

let handled: Int32Array = new Int32Array(1)
function onSignal(): void {
  handled[0] = Thread.current.tid
}

/** Its handler, and with it its heap, runs on whoever takes the signal: it notes whom. */
export function* handles(cell: Int32Array, ready: Semaphore): Run<void> {
  handled = cell
  sigaction(m, SIGUSR2, { sa_handler: onSignal })
  ready.post()
  yield* fiber.sleep(3_600_000)
}

export function* signalsItself(): Run<boolean> {
  sigaction(m, SIGUSR2, { sa_handler: onSignal })
  yield* fiber.yield()
  pthread_kill(pthread_self(), SIGUSR2)
  return handled[0] === pthread_self()
}

/** A neighbour signals it while it is queued: when its yield returns the handler has run. */
export function* heardAfterYield(): Run<boolean> {
  sigaction(m, SIGUSR2, { sa_handler: onSignal })
  const mine = pthread_self(), neighbour = Thread.create(entries.signals, mine)
  handled[0] = 0
  while (neighbour.state !== 'exited') yield* fiber.yield()
  const heard = handled[0] === mine
  yield* fiber.join(neighbour)
  return heard
}

export function* signals(tid: number): Run<void> {
  yield* fiber.yield()
  pthread_kill(tid, SIGUSR2)
}

/** Yields until its handler throws. */
export function* yieldsUntilStopped(cell: Int32Array, i: number): Run<string> {
  sigaction(m, SIGUSR2, {
    sa_handler: () => {
      throw new Error(`stopped ${Thread.current.tid === pthread_self()}`)
    },
  })
  try {
    for (;;) {
      Atomics.add(cell, i, 1)
      yield* fiber.yield()
    }
  } catch (error) {
    yield* fiber.yield()
    return (error as Error).message
  }
}

const order: number[] = []

export function* takeTurns(rounds: number): Run<void> {
  for (let i = 0; i < rounds; i++) {
    order.push(Thread.current.tid)
    yield* fiber.yield()
  }
}

export function* threeTakeTurns(): Run<string> {
  const threads = [1, 2, 3].map(() => Thread.create(entries.takeTurns, 4))
  for (const each of threads) yield* fiber.join(each)
  return order.map(tid => threads.findIndex(each => each.tid === tid)).join('')
}

export function* exitProcess(sleepers: Semaphore): Run<void> {
  yield* fiber.acquire(sleepers)
  process.exit(5)
}

export function* sleepOn(sleepers: Semaphore, never: Semaphore): Run<void> {
  sleepers.post()
  yield* fiber.acquire(never)
}

/** As {@link sleepOn}, but not before `n` of them run at the same time: each on another carrier. */
export function* meetAndSleepOn(n: number, together: Semaphore, sleepers: Semaphore, never: Semaphore): Run<void> {
  together.post()
  while (together.value < n);
  yield* sleepOn(sleepers, never)
}

export function* startsMany(n: number): Run<number> {
  const threads: Thread<number>[] = []
  for (let i = 0; i < n; i++) threads.push(Thread.create(entries.plain, i))
  let sum = 0
  for (const each of threads) sum += yield* fiber.join(each)
  return sum
}

/** Runs until `n` such fibers run at once: each needs a carrier of its own. */
export function* meetRunning(n: number, together: Semaphore): Run<number> {
  together.post()
  while (together.value < n);
  yield* fiber.yield()
  return threads().find(({ tid }) => tid === Thread.current.tid)!.carrier
}

export function* createMeetings(n: number, together: Semaphore): Run<number> {
  const all = Array.from({ length: n }, () => Thread.create(entries.meetRunning, n, together))
  const carriers = new Set<number>()
  for (const each of all) carriers.add(yield* fiber.join(each))
  return carriers.size
}

/** Creates fibers that begin on one carrier each; what the process knows of them while all of them run. */
export function* tellMigrations(n: number, together: Semaphore): Run<{ carrier: number, all: { carrier: number, migrations: number }[] }> {
  const all = Array.from({ length: n }, () => Thread.create(entries.tellMigration, n, together))
  const told: { carrier: number, migrations: number }[] = []
  for (const each of all) told.push(yield* fiber.join(each))
  return { carrier: threads().find(({ tid }) => tid === Thread.current.tid)!.carrier, all: told }
}

export function* tellMigration(n: number, together: Semaphore): Run<{ carrier: number, migrations: number }> {
  const carrier = yield* meetRunning(n, together)
  return { carrier, migrations: threads().find(({ tid }) => tid === Thread.current.tid)!.migrations }
}

export function* staysPut(rounds: number): Run<number> {
  const carriers = new Set<number>()
  for (let i = 0; i < rounds; i++) {
    carriers.add(threads().find(({ tid }) => tid === Thread.current.tid)!.carrier)
    if (i % 10 === 0) yield* fiber.sleep(0.1)
    else yield* fiber.yield()
  }
  return carriers.size
}

export function post(port: MessagePort): void {
  port.postMessage('here')
  port.close()
}

/** Blocks its carrier until `n` others have ended. */
export function* blockUntil(done: Semaphore, n: number): Run<string> {
  const others = Array.from({ length: n }, () => Thread.create(entries.postIt, done))
  const result = yield* fiber.blocking(() => {
    for (let i = 0; i < n; i++) done.wait()
    return 'others ran meanwhile'
  })
  for (const each of others) yield* fiber.join(each)
  return result
}

/** As {@link blockUntil}, but by a fiber that begins first of many, when its carrier may have taken in the others. */
export function* blockBeforeOthers(done: Semaphore, n: number): Run<string> {
  const first = Thread.create(entries.blockUntilPosted, done, n)
  const others = Array.from({ length: n }, () => Thread.create(entries.postIt, done))
  const result = yield* fiber.join(first)
  for (const each of others) yield* fiber.join(each)
  return result
}

/** Keeps the spare carrier busy, and is in blocking sections until as many others have ended. */
export function* blockAgainAndAgain(done: Semaphore, n: number): Run<number> {
  const spins = new Semaphore(), spinner = Thread.create(entries.spinUntil, spins, done, n)
  yield* fiber.blocking(() => { spins.wait() })
  const others = Array.from({ length: n }, () => Thread.create(entries.postIt, done))
  while (done.value < n) {
    yield* fiber.blocking(() => undefined)
    yield* fiber.yield()
  }
  for (const each of [spinner, ...others]) yield* fiber.join(each)
  return done.value
}

export function spinUntil(spins: Semaphore, done: Semaphore, n: number): void {
  spins.post()
  while (done.value < n);
}

export function* blockUntilPosted(done: Semaphore, n: number): Run<string> {
  return yield* fiber.blocking(() => {
    for (let i = 0; i < n; i++) done.wait()
    return 'others ran meanwhile'
  })
}

export function* postIt(done: Semaphore): Run<void> {
  yield* fiber.yield()
  done.post()
}

const events: string[] = []

export function* noteWhenItRuns(name: string): Run<void> {
  events.push(name)
  yield* fiber.yield()
}

/** Creates all before any of them can run. */
export function* byPriority(): Run<string> {
  const all = [['other', 0], ['low', 10], ['high', 30], ['mid', 20], ['high too', 30]] as const
  const threads = all.map(([name, priority]) => Thread.create({ priority }, entries.noteWhenItRuns, name))
  for (const each of threads) yield* fiber.join(each)
  return events.splice(0).join(', ')
}

export function* holdAWhile(mutex: Mutex): Run<void> {
  yield* fiber.lock(mutex)
  events.push('low holds')
  while (!events.includes('high wants')) yield* fiber.sleep(0.1)
  for (let i = 0; i < 3; i++) yield* fiber.yield()
  events.push('low unlocks')
  mutex.unlock()
}

export function* burn(): Run<void> {
  for (let i = 0; i < 50; i++) yield* fiber.yield()
  events.push('burnt')
}

export function* wants(mutex: Mutex): Run<void> {
  events.push('high wants')
  yield* fiber.lock(mutex)
  events.push('high has')
  mutex.unlock()
}

/** A thread of high priority waits for one of low priority, while others burn the processor in between. */
export function* inversion(mutex: Mutex): Run<string> {
  const low = Thread.create({ priority: 10 }, entries.holdAWhile, mutex)
  while (events.length === 0) yield* fiber.sleep(0.1)
  const burning = [1, 2, 3].map(() => Thread.create({ priority: 20 }, entries.burn))
  const high = Thread.create({ priority: 30 }, entries.wants, mutex)
  for (const each of [low, high, ...burning]) yield* fiber.join(each)
  return events.splice(0).join(', ')
}

export function* locksUntil(mutex: Mutex, cell: Int32Array): Generator<unknown, number> {
  let rounds = 0
  for (; Atomics.load(cell, 0) === 0; rounds++) {
    yield* fiber.lock(mutex)
    mutex.unlock()
  }
  return rounds
}

export function* settles(cell: Int32Array): Generator<unknown, void> {
  yield* fiber.await(new Promise(resolve => setTimeout(resolve, 1)))
  Atomics.store(cell, 0, 1)
}
