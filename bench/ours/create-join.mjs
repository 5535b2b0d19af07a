// Measures Thread.create(echo, 42).join() from the main thread, which blocks, one after another, warm; in
// microseconds a pair. Across cores the Worker that the first thread ran on is pinned; every later thread runs
// on it too, and the end of the run checks that.

import { load, Thread } from '../../dist/api/index.js'
import { perOperation, report } from '../timing.mjs'
import { pinWorker } from '../placement.mjs'

const entries = load(new URL('./entries.mjs', import.meta.url))
const settled = Thread.create(entries.settle, 1).join()
pinWorker(0)

let sum = 0, created = 0
const ns = perOperation(64, () => {
  for (let i = 0; i < 64; i++) sum += Thread.create(entries.echo, 42).join()
  created += 64
})

const sameWorker = Thread.create(entries.whereAmI).join() === settled
const note = sameWorker ? undefined : 'ran on a Worker that is not pinned'
report('ours', ns / 1e3, 'us', { ok: sum === 42 * created, note })
