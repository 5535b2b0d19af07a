// Histograms and the queue of tasks, below the face.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from '#internal/pool/histogram.js'
import { Job } from '#internal/pool/job.js'
import { Ledger } from '#internal/pool/ledger.js'
import { TaskQueue } from '#internal/pool/queue.js'

test('percentiles are at most an eighth too large, and never too small', () => {
  const histogram = new Histogram()
  for (let ms = 1; ms <= 1000; ms++) histogram.record(ms)
  const { count, min, max, mean, p50, p90, p99 } = histogram.times
  assert.deepEqual([count, min, max, mean], [1000, 1, 1000, 500.5])
  for (const [found, exact] of [[p50, 500], [p90, 900], [p99, 990]]) assert.ok(found >= exact && found <= exact * 1.126, `${found} for ${exact}`)
})

test('times below a microsecond, negative ones and huge ones are counted', () => {
  const histogram = new Histogram()
  for (const ms of [0, -1, 1e-5, 1e12]) histogram.record(ms)
  let counted = 0
  histogram.forEach((_, count) => { counted += count })
  assert.deepEqual([counted, histogram.times.min, histogram.times.max], [4, 0, 1e12])
  assert.equal(histogram.times.p50, 0.001)
  assert.deepEqual(new Histogram().times, { count: 0, min: 0, max: 0, mean: 0, p50: 0, p90: 0, p99: 0 })
})

test('the queue gives the highest priority first, equals in order, what came back before them, and none that is settled', () => {
  const queue = new TaskQueue<{ priority: number, settled: boolean, name: string }>()
  const task = (name: string, priority = 0): { priority: number, settled: boolean, name: string } => ({ priority, settled: false, name })
  const gone = task('gone')
  for (const each of [task('a'), gone, task('b'), task('low', -1), task('high', 2), task('higher', 3)]) queue.push(each)
  queue.unshift(task('back'))
  gone.settled = true
  queue.forget(gone)
  assert.deepEqual([queue.size, queue.prioritized], [6, 3])
  const order: string[] = []
  for (let each = queue.shift(); each !== undefined; each = queue.shift()) order.push(each.name)
  assert.deepEqual(order, ['higher', 'high', 'back', 'a', 'b', 'low'])
  assert.equal(queue.size, 0)
})

test('the queue sorts any priorities, also when many are settled while they wait', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  let random = seed
  const next = (n: number): number => Math.floor((random = Math.imul(random, 1103515245) + 12345 & 0x7fff_ffff) / 2 ** 31 * n)
  const queue = new TaskQueue<{ priority: number, settled: boolean, order: number }>()
  const all = Array.from({ length: 2000 }, (_, order) => ({ priority: next(7) - 3, settled: false, order }))
  for (const task of all) {
    queue.push(task)
    const gone = all[next(task.order + 1)]
    if (gone.settled || next(3) === 0) continue
    gone.settled = true
    queue.forget(gone)
  }
  const left = all.filter(({ settled }) => !settled)
  assert.deepEqual([queue.size, queue.prioritized], [left.length, left.filter(({ priority }) => priority !== 0).length], `seed ${seed}`)
  const order: number[] = []
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) order.push(task.order)
  assert.deepEqual(order, left.sort((a, b) => b.priority - a.priority || a.order - b.order).map(task => task.order), `seed ${seed}`)
})

test('a task that is settled holds nothing of what it was given, wherever it still stands', () => {
  const job = new Job(1, [{}], [new ArrayBuffer(8)], 0, 0, () => undefined, () => undefined), ledger = new Ledger(() => undefined)
  ledger.add(job, undefined, Infinity)
  ledger.settle(job, true, new Error('aborted'))
  assert.deepEqual([job.settled, job.args, job.transfer], [true, [], []])
})
