// Measures how long after its death a thread's join settles, with main blocked in it: the slowest of some deaths of a kind, in
// milliseconds. A thread writes down the time until it dies. Argument: throws, exit, heap, or terminated.

import { load, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const entries = load(new URL('./death-entries.mjs', import.meta.url))
const [kind] = process.argv.slice(2)
const alive = new Float64Array(new SharedArrayBuffer(8))
const now = () => performance.timeOrigin + performance.now()

let slowest = 0, ok = true
for (let i = 0; i < 4; i++) {
  alive[0] = 0
  const thread = kind === 'heap' ? Thread.create({ heapLimit: 32 * 2 ** 20 }, entries.heap, alive) : Thread.create(entries[kind], alive)
  if (kind === 'terminated') {
    while (alive[0] === 0);
    alive[0] = now()
    thread.terminate()
  }
  try {
    thread.join()
    ok = false
  } catch {
    slowest = Math.max(slowest, now() - alive[0])
  }
}
report('ours', slowest, 'ms', { ok })
