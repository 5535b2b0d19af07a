// A low-priority holder among 50 threads that only compute: the high-priority waiter has the lock within two slices.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Mutex, Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'

const OTHERS = 50

/** The tests, under `scheduler`; `exact`: whether its rules look at no clock, so that each round must do, not only the best of five. */
export function donations(scheduler: 'rr' | 'fifo' | 'fair', exact: boolean): void {
  configure({ model: 'm:1', scheduler })
  const work = load<typeof import('./donation-work.ts')>(new URL('./donation-work.js', import.meta.url))
  const worst = (turns: number[]): number => exact ? Math.max(...turns) : Math.min(...turns)
  const rounds = (round: () => number): number[] => Array.from({ length: 5 }, round)

  afterEach(() => nothingLeft())

  test(`${scheduler}: the holder of a plain mutex runs when somebody waits for it, before 50 that only compute`, () => {
    const turns = rounds(() => Thread.create(work.turnsUntilLocked, new Mutex(), OTHERS).join())
    assert.ok(worst(turns) <= 2, `turns of others: ${turns.join(', ')}`)
  })

  test(`${scheduler}: the holder of a mutex that lends priority runs before 50 of a priority in between`, () => {
    const turns = rounds(() => Thread.create({ priority: 40 }, work.turnsByInheritance, new Mutex({ protocol: 'inherit' }), OTHERS).join())
    assert.ok(Math.max(...turns) <= 2, `turns of others: ${turns.join(', ')}`)
  })

  test(`${scheduler}: two that give each other their turns all the time do not keep a third from running`, () => {
    const turns = Thread.create(work.pingPong, 300).join()
    assert.ok(turns >= 20, `it had ${turns} turns`)
  })
}
