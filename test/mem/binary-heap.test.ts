// The heap that tasks with priorities and the events of the simulator stand in.

import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { BinaryHeap } from '#internal/mem/binary-heap.js'
import { random } from '../stress/random.ts'

test('what leaves a heap is always the one that comes before all that stay (up to 500 of them, by chance)', () => {
  const seed = Date.now() % 1e9, below = random(seed)
  const heap = new BinaryHeap<number>((a, b) => a < b)
  let model: number[] = []
  for (let step = 0; step < 20_000; step++) {
    const what = below(10)
    if (what === 0 && model.length > 100) {
      const odd = below(2)
      heap.keep(n => n % 2 === odd)
      model = model.filter(n => n % 2 === odd)
    } else if (model.length < 500 && (what < 6 || model.length === 0)) {
      const n = below(1e9)                                                // no two are alike, or it does not matter
      heap.push(n)
      model.push(n)
      model.sort((a, b) => a - b)
    } else {
      equal(heap.first, model[0], `seed ${seed}, step ${step}`)
      equal(heap.shift(), model.shift(), `seed ${seed}, step ${step}`)
    }
  }
  const rest: number[] = []
  for (let n = heap.shift(); n !== undefined; n = heap.shift()) rest.push(n)
  deepEqual(rest, model, `seed ${seed}`)
  equal(heap.first, undefined)
  equal(heap.shift(), undefined)
})
