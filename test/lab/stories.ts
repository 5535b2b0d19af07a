// Stories for the lab itself: each has the one property that its test names.

import assert from 'node:assert/strict'
import { add, load, store } from '#atomics'
import type { Story } from 'pthreads/lab'
import { CLOCK_MONOTONIC, ETIMEDOUT, malloc, memory, Sem, sem_clockwait, sem_wait } from 'pthreads/posix'

interface Objects { sem: number, word: number }
const setup = (): Objects => ({ sem: malloc(Sem.size), word: malloc(8) })

function waits({ sem }: Objects): void { sem_wait(memory(), sem) }
function forgets({ word }: Objects): void { add(memory(), word, 1) }
export const forgotten: Story<Objects> = { setup, threads: [waits, forgets] }

function looks({ word }: Objects): void { while (load(memory(), word) === 0); }
function sets({ word }: Objects): void { store(memory(), word, 1) }
export const polls: Story<Objects> = { setup, threads: [looks, waits] }
export const polled: Story<Objects> = { setup, threads: [looks, sets] }

// Each waits until it is alone.
const polite1 = (mine: number, other: number) => ({ word }: Objects): void => {
  const m = memory()
  for (;;) {
    store(m, word + mine, 1)
    if (load(m, word + other) === 0) return
    store(m, word + mine, 0)
    if (mine === 0 && load(m, word + 4) === 2) return
    store(m, word + mine, 1)
  }
}
export const polite: Story<Objects> = { setup, threads: [polite1(0, 4), polite1(4, 0)] }

function bad(): void { throw new RangeError('no') }
export const fails: Story<Objects> = { setup, threads: [forgets, bad] }

function increments({ word }: Objects): void { store(memory(), word, load(memory(), word) + 1) }
export const update: Story<Objects> = { setup, threads: [increments, increments], after({ word }) { assert.equal(load(memory(), word), 2) } }

function sleepsTwice({ sem }: Objects): void {
  const before = performance.now()
  for (const second of [5, 7]) assert.equal(sem_clockwait(memory(), sem, CLOCK_MONOTONIC, { tv_sec: second, tv_nsec: 0 }), ETIMEDOUT)
  assert.equal(performance.now(), 7000)
  assert.ok(before <= 7000)
}
export const sleeps: Story<Objects> = { setup, threads: [sleepsTwice, forgets] }

let first: unknown
export const chance: Story<Objects> = {
  setup, threads: [forgets, ({ word }) => {
    forgets({ sem: 0, word })
    const drawn = [Math.random(), Math.random(), Date.now()]
    first ??= drawn
    assert.deepEqual(drawn, first)
  }],
}

let runs = 0
function counts({ word }: Objects): void { for (let i = runs++ % 3; i < 3; i++) forgets({ sem: 0, word }) }
export const remembers: Story<Objects> = { setup, threads: [counts, forgets, forgets] }

export const nothing = { threads: [] }
export const unsharable: Story<object> = { setup: () => ({ f: () => 1 }), threads: [() => undefined] }
