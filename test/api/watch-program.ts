// Programs that the watcher looks at: some hang, the others rest until it has looked often enough to be fooled.

import { createServer } from 'node:net'
import { load as read, suspend, suspendAsync } from '#atomics'
import { kernel } from '#internal/kernel/process.js'
import { PROCESS, Process } from '#internal/kernel/records.js'
import { configure, load, Mutex, Semaphore, Thread } from 'pthreads'
import { scenes } from '../program.ts'

configure({ watch: true, traceSites: process.argv.includes('trace') })

const own = load<typeof import('./watch-program.ts')>(new URL(import.meta.url))
const work = load<typeof import('./threads-work.ts')>(new URL('./threads-work.js', import.meta.url))
const pause = new Int32Array(new SharedArrayBuffer(4))

/** It looks four times a second and a hang must stand for one: after ten looks it would have told. */
const ENOUGH = 10

const looks = PROCESS + Process.looks
const looked = (): boolean => read(kernel, looks) >= ENOUGH

// In the event loop, with a timer armed, until it has looked.
async function rest(): Promise<void> {
  const timer = setTimeout(() => undefined, 2 ** 30)
  for (let n = read(kernel, looks); n < ENOUGH; n = read(kernel, looks)) await suspendAsync(kernel, looks, n)
  clearTimeout(timer)
}

export function awaitsTimers(): Promise<void> {
  return rest()
}

export function waitsRaw(): void {
  for (let n = read(kernel, looks); n < ENOUGH; n = read(kernel, looks)) suspend(kernel, looks, n, Infinity)
}

export function plays(mine: Semaphore, yours: Semaphore): void {
  while (!looked()) {
    mine.wait()
    yours.post()
  }
  yours.post()
}

/** Joins `thread`, which waits for `never`, with a deadline, again and again; lets it end when it has looked. */
export function joinsPatiently(thread: Thread<unknown>, never: Semaphore, ms: number): void {
  for (;;) {
    try {
      thread.join(ms)
      return
    } catch (error) {
      if ((error as { code?: string }).code !== 'ETIMEDOUT') throw error
      if (looked()) never.post()
    }
  }
}

function embrace(): Thread<void>[] {
  const a = new Mutex({ name: 'a', type: 'normal' }), b = new Mutex({ name: 'b', type: 'normal' }), held = [new Semaphore(), new Semaphore()]
  return [Thread.create({ name: 'one' }, work.embraces, a, b, held[0], held[1]), Thread.create({ name: 'two' }, work.embraces, b, a, held[1], held[0])]
}

await scenes({
  // these hang
  cycle: () => { for (const thread of embrace()) thread.join() },
  async 'cycle while main is idle'() { for (const thread of embrace()) await thread.joinAsync() },
  'cycle beside a thread that works'() {
    Thread.create({ name: 'busy' }, work.spins, pause)
    for (const thread of embrace()) thread.join()
  },
  silence: () => { Thread.create({ name: 'worker' }, work.waits, new Semaphore(0, { name: 'never' })).join() },
  alone() {
    const mutex = new Mutex({ name: 'mine', type: 'normal' })
    mutex.lock()
    mutex.lock()
  },
  'ended holder'() {
    const mutex = new Mutex({ name: 'left locked', type: 'normal' })
    Thread.create(work.takes, mutex).join()
    mutex.lock()
  },

  // these do not
  async 'main is idle with a server'() {
    const never = new Semaphore()
    const thread = Thread.create(work.waits, never)
    const server = createServer().listen(0)
    await rest()
    server.close()
    never.post()
    thread.join()
  },
  async 'main awaits what it can be told on stdin'() {
    const line = new Semaphore()
    const thread = Thread.create(work.waits, line)
    void rest().then(() => { console.log('now') })
    await new Promise(resolve => process.stdin.once('data', resolve))
    line.post()
    thread.join()
    process.stdin.destroy()
  },
  async 'main awaits a thread that awaits timers'() { await Thread.create(own.awaitsTimers).joinAsync() },
  'main is blocked, and joins a thread that awaits timers': () => { Thread.create(own.awaitsTimers).join() },
  'main is blocked, and joins a thread in a wait of its own': () => { Thread.create(own.waitsRaw).join() },
  'two threads play, and main is blocked'() {
    const ping = new Semaphore(1), pong = new Semaphore()
    const players = [Thread.create(own.plays, ping, pong), Thread.create(own.plays, pong, ping)]
    for (const player of players) player.join()
  },
  'all wait, one until a deadline'() {
    const never = new Semaphore()
    const thread = Thread.create(work.waits, never)
    Thread.create(own.joinsPatiently, thread, never, 50).join()
  },
  'main waits until a deadline'() {
    const never = new Semaphore(), mutex = new Mutex()
    mutex.lock()
    joinsPatiently(Thread.create(work.waits, never), never, 300)
  },
  'many come and go'() {
    void Thread.current
    while (!looked()) for (const thread of [1, 2, 3, 4].map(() => Thread.create(work.returns))) thread.join()
  },
})
