// What the types of the face promise to a strict program.  Never run: strict.test.ts asks the compiler.
// A line that must not compile stands below an @ts-expect-error.

import { Barrier, Condition, configure, ErrnoError, load, Mutex, Once, runSync, RwLock, Semaphore, SpinLock, Thread, thread, ThreadDeathError, ThreadLocal, transfer, type Entry, type MutexHold, type RwLockHold, type ThreadOptions } from 'pthreads'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const is = <_ extends true>(): void => undefined

const work = load<typeof import('./work.ts')>(new URL('./work.js', import.meta.url))
const mutex = new Mutex(), data = new Float64Array(1)

// load: functions become entries of their own types, and nothing else is there.
is<Same<typeof work.add, Entry<(a: number, b: number) => number>>>()
is<Same<keyof typeof work, 'add' | 'greet' | 'sum' | 'nothing' | 'many'>>()
// @ts-expect-error -- no export of that name
void work.subtract
// @ts-expect-error -- no function
void work.constant
// @ts-expect-error -- entries cannot be replaced
work.add = work.greet
// @ts-expect-error -- an entry is no function
void work.add(1, 2)
// @ts-expect-error -- neither URL nor factory
load(5)

// runSync: the arguments are the function's, the result is what its promise resolves to.
is<Same<ReturnType<typeof runSync<typeof import('./work.ts').sum>>, { sum: number }>>()
runSync(work.add, 1, 2).toFixed()
runSync({ timeout: 5, transfer: [data.buffer] }, work.sum, data, mutex).sum.toFixed()
runSync({}, work.nothing)
// @ts-expect-error -- an argument is missing
runSync(work.add, 1)
// @ts-expect-error -- of another type, behind options
runSync({ timeout: 5 }, work.add, '1', 2)
// @ts-expect-error -- no such option
runSync({ detached: true }, work.add, 1, 2)
// @ts-expect-error -- no promise
void runSync(work.sum, data, mutex).then
// @ts-expect-error -- no entry
runSync(() => 1)

// create: the arguments are the function's.
const added = Thread.create(work.add, 1, 2), summed = Thread.create({ name: 'sum', transfer: [data.buffer] }, work.sum, data, mutex)
Thread.create(work.greet, 'a')
Thread.create(work.greet, 'a', { loud: true })
Thread.create(work.many, 'a', 1, 2, 3)
Thread.create({}, work.nothing)
// @ts-expect-error -- an argument is missing
Thread.create(work.add, 1)
// @ts-expect-error -- one too many
Thread.create(work.add, 1, 2, 3)
// @ts-expect-error -- of another type
Thread.create(work.add, 1, '2')
// @ts-expect-error -- of another type, behind options
Thread.create({ name: 'add' }, work.add, '1', 2)
// @ts-expect-error -- an option of the argument that is none
Thread.create(work.greet, 'a', { laud: true })
// @ts-expect-error -- a semaphore is no mutex
Thread.create(work.sum, data, new Semaphore())
// @ts-expect-error -- a rest argument of another type
Thread.create(work.many, 'a', 1, 'b')
// @ts-expect-error -- a plain function is no entry
Thread.create((a: number) => a, 1)
// @ts-expect-error -- an option that is none
Thread.create({ stack: 1 }, work.add, 1, 2)
// @ts-expect-error -- an option of another type
Thread.create({ detached: 1 }, work.add, 1, 2)

// join: the result is the function's, without its promise.
is<Same<typeof added, Thread<number>>>()
is<Same<typeof summed, Thread<{ sum: number }>>>()
const sum = added.join(), result = await summed.joinAsync(10)
is<Same<typeof sum, number>>()
is<Same<typeof result, { sum: number }>>()
const none = Thread.create(work.nothing).join()
is<Same<typeof none, void>>()
// @ts-expect-error -- milliseconds are a number
added.join('5')
// @ts-expect-error -- a number is no string
const text: string = added.join()
// @ts-expect-error -- threads are created, not constructed
new Thread()
// @ts-expect-error -- a thread's number cannot be changed
added.tid = 5

// inline and thread infer both.
const inline = Thread.inline(async (a: number, b: string) => await Promise.resolve([a, b] as const), 1, 'b')
is<Same<typeof inline, Thread<readonly [number, string]>>>()
// @ts-expect-error -- of another type
Thread.inline((a: number) => a, 'a')
// @ts-expect-error -- one too many
Thread.inline((a: number) => a, 1, 2)
export const twice = thread(import.meta, function twice(n: number) { return n * 2 })
const called: number = twice(2), created = Thread.create(twice, 2)
is<Same<typeof created, Thread<number>>>()
// @ts-expect-error -- of another type
Thread.create(twice, '2')

// The objects.
const locked: Mutex = mutex.lock(5), tried: Mutex | null = mutex.tryLock()
const within = mutex.with(() => 'text'), later = await mutex.withAsync(async hold => await Promise.resolve(hold))
is<Same<typeof within, string>>()
is<Same<typeof later, MutexHold>>()
{
  using _ = mutex.lock()
  using _held = await mutex.lockAsync()
  using _tried = mutex.tryLock()
  using _made = new Semaphore(1)
}
// @ts-expect-error -- no such type
new Mutex({ type: 'fast' })
// @ts-expect-error -- a tryLock may be null
mutex.tryLock().unlock()
const rwlock = new RwLock({ prefer: 'readers' }), reading: RwLock | null = rwlock.tryRead()
const readWithin = rwlock.withRead(() => 5), held = await rwlock.withWriteAsync(hold => hold)
is<Same<typeof readWithin, number>>()
is<Same<typeof held, RwLockHold>>()
{
  using _ = rwlock.write(5)
  using _held = await rwlock.readAsync(5)
  using _spun = new SpinLock().lock()
}
// @ts-expect-error -- no such preference
new RwLock({ prefer: 'nobody' })
// @ts-expect-error -- a hold is for reading or for writing
held.mode = 'both'
const serial: boolean = new Barrier(1, { name: 'b' }).wait(5)
// @ts-expect-error -- a barrier has a count
new Barrier()
// @ts-expect-error -- a spin lock does not wait for a time
new SpinLock().lock(5)
const condition = new Condition({ name: 'c' })
condition.wait(mutex, 5)
await condition.waitAsync(await mutex.lockAsync())
// @ts-expect-error -- a condition needs a mutex
condition.wait()
// @ts-expect-error -- and nothing else
condition.wait(condition)
const possible: boolean = new Semaphore(1).tryWait()
// @ts-expect-error -- a value is a number
new Semaphore('1')
new Once().run(() => undefined)
// @ts-expect-error -- a routine is a function
new Once().run(5)
const local = new ThreadLocal<number>({ initial: () => 5 }), value = local.get()
is<Same<typeof value, number | undefined>>()
// @ts-expect-error -- of another type
local.set('5')
const moved = transfer({ data }, [data.buffer])
is<Same<typeof moved, { data: typeof data }>>()
configure({ threads: 5, memory: 2 ** 24, cache: 1 })
// @ts-expect-error -- no such limit
configure({ thread: 5 })
const options: ThreadOptions = { stackSize: 2 ** 20 }
const code = (error: unknown): string => error instanceof ErrnoError || error instanceof ThreadDeathError ? error.code : ''
const sleeps: number | undefined = added.stats.sleepsBy.mutex
// @ts-expect-error -- nobody sleeps on that
void added.stats.sleepsBy.nothing

export const used = [reading, readWithin, serial,
  sum, result, none, inline, created, within, later, value, moved, text, called, locked, tried, possible, options, code, sleeps]
