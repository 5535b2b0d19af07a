// The event loop of a virtual thread: what an asynchronous function of a story runs in.
//
// One turn does one thing, then all microtasks run: a task that was put off, else a promise of `suspendAsync` that was resumed,
// else a timer that is due on the virtual clock.  With nothing to do the thread sleeps until one of its waits is resumed or
// its next timer is due.  Each turn is a step, so that other threads run between any two.  Between the turns the real event
// loop turns once, with this thread holding the lab's turn: nobody else runs meanwhile.
//
// What real time or the operating system settles (a file, a socket, a message) is not controlled: a thread that waits for
// that only sleeps for ever here.

import { time } from './control.ts'
import { LOOP, settleNext } from './promises.ts'
import { loopTurn, me, sleep } from './turn.ts'

/** The longest time of a timer: it stands for ever (kernel/request.ts). */
const NEVER = 2 ** 31 - 1

interface Timer { at: number, readonly every: number, readonly run: () => void }

const tasks: (() => void)[] = []
const timers = new Set<Timer>()

/** Runs in a later turn. */
export function put(task: () => void): void {
  tasks.push(task)
}

/** A schedule begins: nothing is put off. */
export function forgetTasks(): void {
  tasks.length = 0
  timers.clear()
}

/** Runs what has been put off, now. */
export function runTasks(): void {
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
}

class Handle {
  readonly timer: Timer

  constructor(timer: Timer) {
    this.timer = timer
  }

  ref(): this { return this }
  unref(): this { return this }
  hasRef(): boolean { return true }
  [Symbol.dispose](): void { timers.delete(this.timer) }
}

function start(run: () => void, ms: number, repeats: boolean): Handle {
  const wait = ms >= NEVER ? Infinity : ms >= 1 ? ms : 1
  const timer = { at: time() + wait, every: repeats ? wait : 0, run }
  timers.add(timer)
  return new Handle(timer)
}

const stop = (handle: unknown): void => { if (handle instanceof Handle) timers.delete(handle.timer) }

/** The timers of this heap are the loop's from now on. Returns what lets the real event loop turn. */
export function takeTimers(): () => Promise<void> {
  const immediate = globalThis.setImmediate
  const turn = (): Promise<void> => new Promise(resolve => immediate(resolve))
  Object.assign(globalThis, {
    setTimeout: (f: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) => start(() => { f(...args) }, ms, false),
    setInterval: (f: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) => start(() => { f(...args) }, ms, true),
    setImmediate: (f: (...args: unknown[]) => void, ...args: unknown[]) => { put(() => { f(...args) }) },
    clearTimeout: stop, clearInterval: stop,
  })
  return turn
}

function next(): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer
  return first
}

/** Turns until `result` is settled; for ever, if that is undefined. */
export async function turnUntil(result: PromiseLike<unknown> | undefined, realTurn: () => Promise<void>): Promise<void> {
  let settled = false
  const done = (): void => { settled = true }
  result?.then(done, done)
  for (;;) {
    await realTurn()
    if (settled) break
    loopTurn()
    const timer = next()
    const task = tasks.shift()
    if (task !== undefined) task()
    else if (settleNext(me)) continue
    else if (timer !== undefined && timer.at <= time()) fire(timer)
    else sleep(LOOP, me, timer === undefined ? Infinity : timer.at - time())
  }
  await result
}

function fire(timer: Timer): void {
  if (timer.every === 0) timers.delete(timer)
  else timer.at = time() + timer.every
  timer.run()
}
