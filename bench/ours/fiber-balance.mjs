// Three carriers, and nine tenths of the threads are created on one of them, a tenth on another: by how many per cent the carrier that ran most
// threads, or fewest, is off a third, from 100 ms after the last was created. On one core, which the operating system shares among
// three that always have work: where three share two cores, it is its own balance that would be seen.

import { configure, load, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const MANY = 20_000
configure({ model: 'm:n', carriers: 3 })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
let off = 100, ok = true, counts = []
for (let round = 0; round < 2; round++) {                  // the first one is the warm-up
  const begin = new Float64Array(new SharedArrayBuffer(16)).fill(Infinity, 0, 1)
  const tally = {}
  for (const load of [0.9, 0.1].map(share => Thread.create(entries.loads, share * MANY, 2, begin)))
    for (const [worker, count] of Object.entries(load.join())) tally[worker] = (tally[worker] ?? 0) + count
  const { 0: early = 0, ...late } = tally
  counts = Object.values(late)
  const sum = counts.reduce((total, n) => total + n, 0)
  off = counts.length < 3 ? 100 : Math.max(...counts.map(n => Math.abs(n - sum / 3))) / sum * 300
  ok &&= early + sum === MANY
}
report('ours', off, '%', { ok, counts })
