// Measures what a cold thread costs. `time`: milliseconds from Thread.create to its result, first thread of the
// process, the library's own start included (importing it is not). `memory`: MB of resident set per thread, eight
// alive at once, above the process as it was before the first.

import { load, Semaphore, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const entries = load(new URL('./entries.mjs', import.meta.url))
if (process.argv[2] === 'memory') {
  const count = 8
  const before = process.memoryUsage.rss()
  const arrived = new Semaphore(0), gate = new Semaphore(0)
  const threads = Array.from({ length: count }, () => Thread.create(entries.idle, arrived, gate))
  for (let i = 0; i < count; i++) arrived.wait()
  const after = process.memoryUsage.rss()
  gate.post(count)
  for (const t of threads) t.join()
  report('ours', (after - before) / count / 2 ** 20, 'MB')
} else {
  const start = performance.now()
  const ok = Thread.create(entries.echo, 42).join() === 42
  report('ours', performance.now() - start, 'ms', { ok })
}
