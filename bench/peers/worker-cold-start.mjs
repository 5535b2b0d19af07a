// The same as ours/cold-start.mjs with a bare Worker: `time` from new Worker to its first message, `memory` with
// eight alive at once.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { report } from '../timing.mjs'

const start = () => new Worker(new URL('./worker-echo.mjs', import.meta.url), { workerData: 42 })
if (process.argv[2] === 'memory') {
  const count = 8
  const before = process.memoryUsage.rss()
  const workers = Array.from({ length: count }, start)
  await Promise.all(workers.map(w => once(w, 'message')))
  report('Worker', (process.memoryUsage.rss() - before) / count / 2 ** 20, 'MB')
  await Promise.all(workers.map(w => w.terminate()))
} else {
  const begin = performance.now()
  const worker = start()
  const [value] = await once(worker, 'message')
  report('Worker', performance.now() - begin, 'ms', { ok: value === 42 })
  await worker.terminate()
}
