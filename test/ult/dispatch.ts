// dispatch(): a function runs on a chosen carrier. For each scheduler, and under 1:1, where the carriers come when somebody wants them.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { carriers, configure, dispatch, load, Mutex, Semaphore, Thread, threads } from 'pthreads'
import { asleep, until, words } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'

const CARRIERS = 2
const work = load<typeof import('./dispatch-work.ts')>(new URL('./dispatch-work.js', import.meta.url))
const stateOf = ({ tid }: Thread): string | undefined => threads().find(each => each.tid === tid)?.state

function frozen(entry: typeof work.freeze = work.freeze): { thread: Thread<void>, thaw(): void } {
  const runs = new Semaphore(), word = words(1)
  const thread = dispatch(0, entry, runs, word)
  runs.wait()
  return {
    thread,
    thaw() {
      Atomics.store(word, 0, 1)
      Atomics.notify(word, 0)
    },
  }
}

/** A function that runs at carrier 0, which has died, when there is another one. */
export function replaced(): Thread<number> {
  let again: Thread<number> | undefined
  until('there is another carrier', () => {
    try {
      again = dispatch(0, work.add, 2, 3)
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'EAGAIN')
    }
    return again !== undefined
  })
  return again!
}

export function dispatchesUnder(scheduler: string, model: 'm:n' | '1:1' = 'm:n'): void {
  configure({ model, carriers: CARRIERS, scheduler })
  afterEach(() => nothingLeft())

  test('a function runs on the carrier that is named, and sees what that one\'s modules keep', () => {
    assert.equal(carriers(), CARRIERS)
    assert.deepEqual([0, 0, 1, 0, 1].map(i => dispatch(i, work.tally).join()), [1, 2, 1, 3, 2])
  })

  test('its result comes to who joins: blocking, in a promise, in a fiber', async () => {
    assert.equal(dispatch(1, work.add, 1, 2).join(), 3)
    assert.equal(await dispatch(1, work.add, 3, 4).joinAsync(), 7)
    assert.equal(Thread.create(work.joinOne, dispatch(0, work.add, 5, 6)).join(), 11)
  })

  test('what it throws is thrown to who joins, with class and properties', () => {
    assert.throws(() => dispatch(0, work.fail).join(), error => error instanceof RangeError && error.message === 'no such shard' && 'code' in error && error.code === 'ESHARD')
  })

  test('a generator may sleep there', () => {
    assert.equal(dispatch(1, work.sleepFor, 1).join(), 'slept')
  })

  test('no other carrier takes it', () => {
    const { thread, thaw } = frozen()
    const waits = dispatch(0, work.add, 1, 1)
    for (let i = 0; i < 50; i++) assert.equal(dispatch(1, work.add, i, 1).join(), i + 1)
    assert.equal(stateOf(waits), 'starting')
    thaw()
    assert.equal(waits.join(), 2)
    thread.join()
  })

  test('what one thread sends there begins in that order, before what could run there already', () => {
    const go = new Semaphore(), log = words(7)
    const before = [4, 5, 6].map(n => dispatch(0, work.writeWhenPosted, go, log, n))
    for (const each of before) asleep(each, 'semaphore')
    const { thread, thaw } = frozen()
    go.post(3)
    const sent = [1, 2, 3].map(n => dispatch(0, work.write, log, n))
    thaw()
    for (const each of [thread, ...sent, ...before]) each.join()
    assert.deepEqual([...log.subarray(0, 4)], [6, 1, 2, 3])
    assert.deepEqual([...log.subarray(4)].sort(), [4, 5, 6])              // in which order: the scheduler's affair
  })

  test('who runs there makes way at its next verb', () => {
    const runs = new Semaphore(), word = words(1)
    const thread = dispatch(0, work.lockUntil, runs, new Mutex(), word)
    runs.wait()
    dispatch(0, work.set, word).join()
    assert.equal(thread.join(), true)
  })

  test('the carrier dies before it comes to it: the join says so, and the next carrier of that place runs what comes', () => {
    const { thread, thaw } = frozen(work.freezeAndExit)
    const waits = [1, 2].map(n => dispatch(0, work.add, n, 1))
    thaw()
    assert.throws(() => thread.join(), { code: 'ERR_THREAD_CALLED_EXIT' })
    for (const each of waits) assert.throws(() => each.join(), { code: 'ERR_THREAD_NEVER_STARTED' })
    assert.equal(replaced().join(), 5)
  })

  test('what is no carrier, and what is no entry, is refused', () => {
    for (const n of [-1, CARRIERS, 0.5, NaN, '0' as unknown as number]) assert.throws(() => dispatch(n, work.add, 1, 1), RangeError)
    assert.throws(() => dispatch(0, work.add.name as never), TypeError)
    assert.throws(() => dispatch(0, work.add, Symbol('no') as unknown as number, 1), TypeError)
  })
}
