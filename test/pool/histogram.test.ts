// Histograms and the queue of tasks, below the face.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from '#internal/pool/histogram.js'
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
