// Three carriers, and nine tenths of the threads are created on one of them, a tenth on another: by how many per cent the carrier that ran most
// threads, or fewest, is off a third, from 100 ms after the beginning on.

import { configure, load, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const MANY = 20_000
configure({ model: 'm:n', carriers: 3 })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
for (let i = 0; i < 5; i++) Thread.create(entries.parallel, 2000).join()
const begin = performance.timeOrigin + performance.now()
const tally = {}
for (const load of [0.9, 0.1].map(share => Thread.create(entries.loads, share * MANY, begin)))
  for (const [worker, count] of Object.entries(load.join())) tally[worker] = (tally[worker] ?? 0) + count
const { 0: early = 0, ...late } = tally
const counts = Object.values(late)
const third = counts.reduce((sum, n) => sum + n, 0) / 3
const off = counts.length < 3 ? 100 : Math.max(...counts.map(n => Math.abs(n - third))) / third * 100
report('ours', off, '%', { ok: early + Math.round(3 * third) === MANY, counts })
