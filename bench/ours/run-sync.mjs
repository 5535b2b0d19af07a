// Measures runSync of an async function that returns its argument, from the first thread, one call after another, in
// microseconds a call. Across cores the I/O thread is pinned.

import { load, runSync } from '../../dist/api/index.js'
import { perOperation, report } from '../timing.mjs'
import { pinWorker } from '../placement.mjs'

const entries = load(new URL('./run-sync-entries.mjs', import.meta.url))
runSync(entries.settle, 1)
pinWorker(0)

let sum = 0, calls = 0
const ns = perOperation(64, () => {
  for (let i = 0; i < 64; i++) sum += runSync(entries.echo, 42)
  calls += 64
})
report('ours', ns / 1e3, 'us', { ok: sum === 42 * calls })
