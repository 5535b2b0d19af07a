// What a program exports, called by threads of TypeScript: the same under every model.

import test from 'node:test'
import assert from 'node:assert/strict'
import { call, type Program, type Running } from 'pthreads/wasm'
import { load, Thread, ThreadPool, type Entry } from 'pthreads'
import { pthread_kill, SIGUSR1, SIGUSR2 } from 'pthreads/posix'
import { nothingLeft } from '../leftovers.ts'
import { eventually } from '../api/until.ts'
import { library } from './programs.ts'

const work = load<typeof import('./call-work.js')>(new URL('./call-work.js', import.meta.url))
const ENDED = { name: 'ProgramError', code: 'ERR_WASM_ENDED' }

/** Its functions, by name. */
export type Functions = Readonly<Record<string, Entry<(...args: (number | bigint)[]) => number | bigint | undefined>>>

/** What `running` exports. */
export function functionsOf(running: Running): Functions {
  return new Proxy({}, { get: (_, name) => running.entry(String(name)) })
}

/** Declares the tests. `fibers`: threads share carriers. */
export function testCalls(load: (file: string, preempt?: number) => Promise<Program>, fibers: boolean): void {
  const program = load(library), preemptible = load(library, 1)

  /** Runs `f` on the library, ends it with 5, and asserts that it ended so and that nothing is left. */
  async function used(f: (lib: Functions, running: Running) => Promise<void> | void): Promise<void> {
    const running = (await program).start()
    await f(functionsOf(running), running)
    running.exit(5)
    assert.deepEqual(await running.ended, { code: 5 })
    await nothingLeft()
  }

  /** Runs `f` on it, which ends it. */
  async function ends(exit: object, f: (lib: Functions, running: Running) => Promise<void> | void): Promise<void> {
    const running = (await program).start({ stderr: () => undefined })
    await f(functionsOf(running), running)
    assert.deepEqual(await running.ended, exit)
    await nothingLeft()
  }

  test('a call returns what C does, after the constructors have run, and the caller is the thread that it is', () => used((lib) => {
    assert.equal(call(lib.constructed), 7)
    assert.deepEqual([call(lib.wide, -(2n ** 40n)), call(lib.half, 5), call(lib.nothing)], [-3n * 2n ** 40n, 2.5, undefined])
    assert.equal(call(lib.self), Thread.current.tid)
  }))

  test('arrays are given in the program\'s memory', () => used((lib, { memory }) => {
    const at = Number(call(lib.malloc, 4000))
    new Int32Array(memory.buffer, at, 1000).fill(3)
    assert.equal(call(lib.sum, at, 1000), 3000)
    assert.equal(call(lib.free, at), undefined)
  }))

  test('an exported function is an entry: of threads, of tasks, of the arguments of other threads', () => used(async (lib) => {
    const threads = [1, 2, 3, 4].map(() => Thread.create(lib.count, 1000))
    assert.deepEqual(await Promise.all(threads.map(thread => thread.joinAsync())), [1000, 1000, 1000, 1000])
    assert.equal(call(lib.all), 4000)
    await using pool = new ThreadPool({ max: 2 })
    const sums = await Promise.all([1, 2, 3, 4].map(n => pool.run(lib.parent, n)))
    assert.deepEqual(sums, [0, 2, 6, 12])
    assert.equal(await Thread.create({ name: 'caller' }, work.callsTwice, lib.count, 10).joinAsync(), 20)
    assert.equal(call(lib.all), 4020)
  }))

  test('thread-local variables and values of keys are the caller\'s, from call to call, and destructors run at its end', () => used(async (lib) => {
    assert.deepEqual([call(lib.count, 3), call(lib.count, 4)], [3, 7])
    assert.equal(await Thread.create(work.keeps, lib.set, lib.get, 40).joinAsync(), 40)
    assert.equal(call(lib.gone), 40)
    assert.equal(call(lib.get), 0)
  }))

  test('C that is called makes threads and joins them', () => used(async (lib) => {
    assert.equal(call(lib.parent, 16), 240)
    assert.equal(await Thread.create(lib.parent, 16).joinAsync(), 240)
  }))

  test('callers come and go, and their stacks are used again', () => used(async (lib, { memory }) => {
    const size = memory.length
    for (let round = 0; round < 30; round++) {
      const wrong = [1, 2, 3].map(mark => Thread.create(lib.churn, mark, 300))
      for (const thread of wrong) assert.equal(await thread.joinAsync(), 0)
    }
    assert.equal(memory.length, size)
    assert.equal(call(lib.churn, 9, 2000), 0)
  }))

  test('a thread waits in C for one that calls it later', () => used(async (lib) => {
    const waits = Thread.create(lib.take)
    await eventually('it waits', () => waits.state === 'sleeping')
    assert.equal(call(lib.post), 0)
    assert.equal(await waits.joinAsync(), 0)
  }))

  test('pthread_exit in a call ends the calling thread, and a cancellation too', () => used(async (lib) => {
    assert.equal(await Thread.create(lib.out, 6).joinAsync(), 6)
    await assert.rejects(Thread.create(lib.cancel).joinAsync(), { code: 'ECANCELED' })
    const naps = Thread.create(lib.nap, 100_000)
    await eventually('it waits', () => naps.state === 'sleeping')
    naps.cancel()
    await assert.rejects(naps.joinAsync(), { code: 'ECANCELED' })
    assert.throws(() => call(lib.out, 6), { code: 'EPERM' })
    assert.equal(call(lib.constructed), 7)
  }))

  test('what is no call is refused, and nothing is lost', () => used(async (lib, running) => {
    const refused: [() => unknown, RegExp][] = [
      [() => call(lib.sum, 1), /call: sum takes 2 arguments, not 1/], [() => call(lib.sum, 'a' as never, 1), /argument 1 is of type string/],
      [() => call(lib.sum, 1, null as never), /argument 2 is null/], [() => call(lib.wide, 1), /argument 1 is of type number: C takes a bigint/],
      [() => call(lib.sum, 1, 1n), /argument 2 is of type bigint: C takes a number/],
      [() => running.entry('nobody'), /library\.wasm exports no function nobody: it exports .*sum.*malloc/], [() => call({ name: 'x' } as never), /x is no function of a program/],
      [() => call(undefined as never), /no function of a program/], [() => call(work.keeps as never), /keeps is no function/],
    ]
    for (const [f, message] of refused) assert.throws(f, (error: Error) => error instanceof TypeError && message.test(error.message))
    await assert.rejects(Thread.create(lib.sum, 1).joinAsync(), /sum takes 2 arguments, not 1/)
    assert.equal(call(lib.constructed), 7)
  }))

  test('who waits inside when the program ends is thrown out: of a mutex, a semaphore, a condition, a sleep', () => ends({ code: 3 }, async (lib, running) => {
    assert.equal(call(lib.wedge), 0)
    const inside = [Thread.create(lib.count, 1), Thread.create(lib.linger), Thread.create(lib.nap, 100_000), Thread.create(lib.linger)]
    await eventually('it waits', () => inside.every(thread => thread.state === 'sleeping'))
    running.exit(3)
    for (const thread of inside) await assert.rejects(thread.joinAsync(), ENDED)
    assert.throws(() => call(lib.constructed), { ...ENDED, message: /^library\.wasm: the program has ended/ })
  }))

  test('a wait on a condition, whose mutex a thread of the program keeps, ends with it', () => ends({ code: 3 }, async (lib, running) => {
    const waits = Thread.create(lib.condition)
    await eventually('it waits', () => waits.state === 'sleeping')
    assert.equal(call(lib.wedge), 0)
    running.exit(3)
    await assert.rejects(waits.joinAsync(), ENDED)
  }))

  test('an entry of a program that has ended fails, in whatever thread', () => ends({ code: 0 }, async (lib, running) => {
    const { constructed } = lib
    assert.equal(call(constructed), 7)
    running.exit()
    await running.ended
    assert.throws(() => call(constructed), ENDED)
    await assert.rejects(Thread.create(constructed).joinAsync(), ENDED)
    running.exit(1)                                                       // it has
  }))

  test('exit, a trap, and a stack that is too small end the program, and the call', async () => {
    await ends({ code: 9 }, (lib) => { assert.throws(() => call(lib.leave, 9), { ...ENDED, message: /the program has ended with 9/ }) })
    await ends({ code: 9 }, lib => assert.rejects(Thread.create(lib.leave, 9).joinAsync(), ENDED))
    await ends({ code: 132, signal: 'SIGILL' }, lib => assert.rejects(Thread.create(lib.trap).joinAsync(), { ...ENDED, message: /has ended by SIGILL/ }))
    await ends({ code: 139, signal: 'SIGSEGV' }, lib => assert.rejects(Thread.create(lib.overflow, 200).joinAsync(), ENDED))
  })

  if (!fibers) test('a thread that is terminated in a call ends the program', () => ends({ code: 137 }, async (lib) => {
    const waits = Thread.create(lib.linger)
    await eventually('it waits', () => waits.stats.waitsFor === 'semaphore')
    waits.terminate()
    await assert.rejects(waits.joinAsync(), { code: 'ERR_THREAD_TERMINATED' })
  }))

  test('handlers of atexit run when the library is ended, and its output is taken', async () => {
    let said = ''
    const running = (await program).start({ stdout: (bytes) => { said += new TextDecoder().decode(bytes) } })
    const lib = functionsOf(running)
    assert.equal(call(lib.farewell), 0)
    assert.equal(await Thread.create(lib.say, 4).joinAsync(), 0)
    running.exit(2)
    assert.deepEqual(await running.ended, { code: 2 })
    assert.equal(said, 'said 4\nbye\n')
    await nothingLeft()
  })

  test('generators call, and others of their carrier run meanwhile', () => used(async (lib) => {
    const waits = Array.from({ length: 20 }, () => Thread.create({ scope: fibers ? 'process' : 'system' }, work.takes, lib.take))
    await eventually('it waits', () => waits.every(thread => thread.state === 'sleeping'))
    for (const _ of waits) call(lib.post)
    for (const thread of waits) assert.equal(await thread.joinAsync(), 0)
    assert.equal(await Thread.create(work.countsBySteps, lib.count, 5).joinAsync(), 15)
  }))

  test('two programs are called by one thread', async () => {
    const [first, second] = [(await program).start(), (await program).start()].map(running => ({ running, lib: functionsOf(running) }))
    assert.equal(await Thread.create(work.callsBoth, first.lib.count, second.lib.count).joinAsync(), 43)
    first.running.exit(1)
    assert.deepEqual(await first.running.ended, { code: 1 })
    assert.equal(call(second.lib.all), 40)
    second.running.exit(2)
    assert.deepEqual(await second.running.ended, { code: 2 })
    await nothingLeft()
  })

  test('handlers of C run while TypeScript calls it', () => used(async (lib) => {
    assert.equal(call(lib.handle, SIGUSR2), 0)
    const waits = Thread.create(lib.take)
    await eventually('it waits', () => waits.state === 'sleeping')
    assert.equal(pthread_kill(waits.tid, SIGUSR2), 0)
    await eventually('the handler has run', () => call(lib.signalled) === SIGUSR2)
    call(lib.post)
    assert.equal(await waits.joinAsync(), 0)
  }))

  test('a handler of C that a thread of TypeScript runs has a stack of its own, not that of main', () => used(async (lib) => {
    assert.equal(call(lib.handle, SIGUSR2), 0)
    const sleeps = Thread.create(work.sleeps)
    await eventually('it sleeps', () => sleeps.stats.waitsFor === 'sleep')
    assert.equal(pthread_kill(sleeps.tid, SIGUSR2), 0)
    await eventually('the handler has run', () => call(lib.signalled) === SIGUSR2)
    assert.ok(Number(call(lib.stand)) > 2 * 2 ** 20, `it stood at ${String(call(lib.stand))}`)    // main's stack comes first, and is 2 MiB
    sleeps.cancel()
    await assert.rejects(sleeps.joinAsync(), { code: 'ECANCELED' })
  }))

  test('a handler that runs within a call calls that program, and no other one', async () => {
    const [first, second] = [(await program).start(), (await program).start()]
    const lib = functionsOf(first)
    const handled = new Int32Array(new SharedArrayBuffer(4))
    const waits = Thread.create(work.handles, lib.take, lib.constructed, functionsOf(second).constructed, handled)
    await eventually('it waits', () => waits.stats.waitsFor === 'semaphore')
    assert.equal(pthread_kill(waits.tid, SIGUSR1), 0)
    await eventually('it has handled that', () => Atomics.load(handled, 0) === 7)
    call(lib.post)
    assert.equal(await waits.joinAsync(), 'EDEADLK')
    for (const running of [first, second]) {
      running.exit()
      await running.ended
    }
    await nothingLeft()
  })

  test('a call that computes for ever ends with a program whose loops look', async () => {
    const running = (await preemptible).start()
    const loops = Thread.create(functionsOf(running).forever)
    await eventually('it computes', () => loops.state === 'running')
    running.exit(4)
    await assert.rejects(loops.joinAsync(), ENDED)
    assert.deepEqual(await running.ended, { code: 4 })
    await nothingLeft()
  })

  test('a library is started, not run', async () => {
    assert.equal((await program).isLibrary, true)
    await assert.rejects((await program).run(), /library\.wasm is a library: it has no main to run/)
  })
}
