// How long a wait looks before it suspends: what was learned from the waits before it, on a clock of this test's own.

import assert from 'node:assert/strict'
import test from 'node:test'
import { installClock } from '#internal/kernel/clock.js'
import { Spin } from '#internal/kernel/spin.js'

const A_MOMENT = 40, POLL = 3e-6                                          // polls; ms
const BUDGET = 0.05, RARELY = 1024
let time = 1000
installClock(() => time)

/** Waits for what comes after `ms` of looking. Returns how many polls were made, and for how long. */
function wait(spin: Spin, ms: number, poll = POLL): { polls: number, took: number, found: boolean } {
  const start = time
  let polls = 0, left = spin.begin()
  while (left !== 0 && time - start < ms) {
    time += poll
    polls++
    if (--left === 0) left = spin.more()
  }
  spin.end(left !== 0)
  return { polls, took: time - start, found: left !== 0 }
}

/** How many of `count` such waits looked on. */
function looks(spin: Spin, count: number, ms: number): number {
  let looked = 0
  for (let i = 0; i < count; i++) if (wait(spin, ms).polls > A_MOMENT) looked++
  return looked
}

test('a wait that is always over soon never suspends', () => {
  const spin = new Spin()
  for (let i = 0; i < 10_000; i++) assert.ok(wait(spin, 0.02).found)
})

test('a look takes the budget and one piece at most, however slow a poll is', () => {
  for (const poll of [1e-6, POLL, 1e-5]) {
    const { took, found } = wait(new Spin(), Infinity, poll)
    assert.ok(!found)
    assert.ok(took >= BUDGET && took <= BUDGET + 500 * poll, `${took} ms`)
  }
})

test('two looks in vain are the end of it: then waits look for a moment and suspend', () => {
  const spin = new Spin()
  assert.equal(looks(spin, 2, Infinity), 2)
  assert.equal(looks(spin, 60, Infinity), 0)
})

test('waits that are never over soon waste one look in 1024, in the long run', () => {
  const spin = new Spin()
  looks(spin, 10_000, Infinity)
  assert.equal(looks(spin, 10 * RARELY, Infinity), 10)
})

test('one that pays, of those, brings them back at once', () => {
  const spin = new Spin()
  looks(spin, 10_000, Infinity)
  assert.ok(looks(spin, RARELY, 0.01) > 0)
  assert.equal(looks(spin, 1000, 0.01), 1000)
  looks(spin, 4, Infinity)
  assert.equal(looks(spin, 1000, Infinity), 4)                             // the 64th, and twice as many each time after it
})

test('a long row of looks that paid is forgotten after four in vain', () => {
  const spin = new Spin()
  looks(spin, 1000, 0.01)
  assert.equal(looks(spin, 50, Infinity), 4)
})

test('one in vain among many that pay changes nothing', () => {
  const spin = new Spin()
  for (let i = 0; i < 1000; i++) {
    assert.equal(looks(spin, 9, 0.01), 9)
    assert.equal(looks(spin, 1, Infinity), 1)
  }
})

test('waits that a moment is enough for say nothing about the others', () => {
  const spin = new Spin()
  looks(spin, 2, Infinity)
  assert.equal(looks(spin, 100_000, 20 * POLL), 0)
  assert.equal(looks(spin, 63, Infinity), 0)
  assert.equal(looks(spin, 1, Infinity), 1)
})
