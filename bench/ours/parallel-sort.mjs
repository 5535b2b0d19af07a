// Sorts 10 million random doubles: parallelSort on two threads, or the array's own sort; seconds, the median of three after one to warm up.

import { parallelSort, ThreadPool } from '../../dist/index.js'
import { report } from '../timing.mjs'

const [how, count] = process.argv.slice(2)
const array = new Float64Array(how === 'sort' ? new ArrayBuffer(8 * count) : new SharedArrayBuffer(8 * count))
const pool = how === 'sort' ? undefined : new ThreadPool({ min: 2, max: 2 })
const times = []
let ok = true
for (let round = 0; round < 4; round++) {
  let state = 12345
  const next = () => (state = Math.imul(state, 1103515245) + 12345 & 0x7fff_ffff) / 2 ** 31
  for (let i = 0; i < array.length; i++) array[i] = 1000 * (next() + next() / 2 ** 31) - 500     // all bits of a double, both signs
  const start = performance.now()
  if (pool === undefined) array.sort()
  else await parallelSort(array, { pool })
  if (round > 0) times.push(performance.now() - start)
  for (let i = 1; i < array.length; i++) if (!(array[i - 1] <= array[i])) ok = false
}
report(how, times.sort((a, b) => a - b)[1] / 1e3, 's', { ok })
await pool?.close()
