// Charges under fair, on a clock that goes on only while a thread runs: so every ms is somebody's.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { configure, load, Thread } from 'pthreads'
import { WIDTH } from '#internal/ult/fair.js'
import { nothingLeft } from '../leftovers.ts'

configure({ model: 'm:1', scheduler: 'fair' })
const work = load<typeof import('./charge-work.ts')>(new URL('./charge-work.js', import.meta.url))

afterEach(() => nothingLeft())

const LEAST = 0.001                                                       // what a run costs at the least, ms
const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0)

test('a hundred threads whose runs are equal have had the same, but for one run', () => {
  const { had } = Thread.create(work.share, Array.from({ length: 100 }, () => [0.05]), 2000).join()
  for (const ms of had) assert.ok(Math.abs(ms - 20) <= 0.05 + WIDTH, `${ms} ms of 20`)
})

test('threads whose runs are long and threads whose runs are short have had the same', () => {
  const { had } = Thread.create(work.share, [[5], [0.5], [0.05], [0.005], [0.002, 7]], 1000).join()
  for (const ms of had) assert.ok(Math.abs(ms - 200) <= 7 + WIDTH, `${ms} ms of 200`)
})

test('while all runs are brief the clock is read at every sixth switch', () => {
  const { runs, reads } = Thread.create(work.share, [[0.0001], [0.0002], [0.00015]], 10).join()
  const switches = sum(runs)
  assert.ok(reads > switches / 6.1 && reads < switches / 5.9, `${reads} reads, ${switches} switches`)
  for (const each of runs) assert.ok(Math.abs(each - switches / 3) < 200, `${each} runs of ${switches}: brief ones count the same`)
})

test('a thread whose runs are long pays for them, among others whose runs are brief', () => {
  const { had, runs } = Thread.create(work.share, [[1], ...Array.from({ length: 9 }, () => [0.0002])], 100).join()
  const paid = [had[0], ...runs.slice(1).map(each => each * LEAST)]
  for (const ms of paid) assert.ok(Math.abs(ms - paid[0]) <= 1 + WIDTH, `${ms} ms, where another paid ${paid[0]}`)
})

test('a thread that earns trust by brief runs, and then runs for long, has no more than four times its share', () => {
  const sly = [...Array.from({ length: 40 }, () => 0.0002), 1]
  const { had } = Thread.create(work.share, [sly, sly, sly, [0.05]], 400).join()
  assert.ok(Math.max(...had) <= 4 * Math.min(...had) + 1 + WIDTH, had.join(' '))
  assert.ok(had[3] >= 100 - 1 - WIDTH, `${had[3]} ms of 100: who never was trusted has its due`)
})
