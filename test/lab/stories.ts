// Stories for the lab itself: each has the one property that its test names.

import assert from 'node:assert/strict'
import { add, load, store } from '#atomics'
import { later } from '#internal/api/later.js'
import { wait_slow } from '#internal/pthread/sem.js'
import { fiber, Mutex, Semaphore } from 'pthreads'
import type { Story } from 'pthreads/lab'
import { CLOCK_MONOTONIC, ETIMEDOUT, malloc, memory, Sem, sem_clockwait, sem_wait } from 'pthreads/posix'

interface Objects { sem: number, word: number }
const semaphore = (sem: number): Promise<number> => later('test', () => wait_slow(memory(), sem))
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

// What it awaits nobody does; its event loop has nothing left.
async function awaits({ sem }: Objects): Promise<void> { await semaphore(sem) }
export const promised: Story<Objects> = { setup, threads: [awaits, forgets], clock: false }

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

// Three that each read and then write what they read and one more: the sum may be 1, 2 or 3.
const never = (sum: number): Story<Objects> => ({
  setup, threads: [increments, increments, increments], clock: false,
  after({ word }) { assert.notEqual(load(memory(), word), sum) },
})
export const sum0 = never(0), sum1 = never(1), sum2 = never(2), sum3 = never(3), sum4 = never(4)

// What each of two sees of the other's word: nothing, the first or the second thing written.
const seen = (one: number, two: number): Story<Objects> => {
  const writes = (mine: number, other: number, note: number) => ({ word }: Objects): void => {
    const m = memory()
    store(m, word + mine, 1)
    store(m, word + mine, 2)
    store(m, word + note, load(m, word + other))
  }
  return {
    setup: () => ({ sem: 0, word: malloc(16) }), threads: [writes(0, 4, 8), writes(4, 0, 12)], clock: false,
    after({ word }) { assert.notDeepEqual([load(memory(), word + 8), load(memory(), word + 12)], [one, two]) },
  }
}
export const seen00 = seen(0, 0), seen02 = seen(0, 2), seen12 = seen(1, 2), seen21 = seen(2, 1), seen22 = seen(2, 2), seen11 = seen(1, 1)

// Philosophers that are generators: two forks, two of them, each takes the one at its left first.
interface Forks { left: Mutex, right: Mutex }
const forks = (): Forks => ({ left: new Mutex({ type: 'normal', name: 'left' }), right: new Mutex({ type: 'normal', name: 'right' }) })
function* dines(first: Mutex, second: Mutex): Generator {
  yield* fiber.lock(first)
  yield* fiber.await(Promise.resolve())
  yield* fiber.lock(second)
  second.unlock()
  first.unlock()
}
function* greedy({ left, right }: Forks): Generator { yield* dines(left, right) }
function* contrary({ left, right }: Forks): Generator { yield* dines(right, left) }
function* modest({ left, right }: Forks): Generator { yield* dines(left, right) }
function* rude(): Generator { yield 1 }
export const dine: Story<Forks> = { setup: forks, threads: [greedy, contrary], clock: false }
export const dined: Story<Forks> = { setup: forks, threads: [greedy, modest], clock: false }
function* wrong(): Generator {
  yield* fiber.yield()
  bad()
}
export const failsLater: Story<Forks> = { setup: forks, threads: [wrong], clock: false }
function freezes({ gate }: { gate: Semaphore }): void { gate.wait() }
export const freezing: Story<{ gate: Semaphore }> = { setup: () => ({ gate: new Semaphore(0) }), threads: [freezes], clock: false }
export const yields: Story<Forks> = { setup: forks, threads: [rude], clock: false }
