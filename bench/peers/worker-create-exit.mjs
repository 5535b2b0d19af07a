// Measures a new Worker per task: from new Worker, through its answer, to its exit; one after another, in
// microseconds. Its threads are not pinned: it is three orders of magnitude away from where that matters.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { perOperationAsync, report } from '../timing.mjs'

let sum = 0, created = 0
const ns = await perOperationAsync(4, async () => {
  for (let i = 0; i < 4; i++, created++) {
    const worker = new Worker(new URL('./worker-echo.mjs', import.meta.url), { workerData: 42 })
    const gone = once(worker, 'exit')
    const [value] = await once(worker, 'message')
    worker.postMessage('go')
    await gone
    sum += value
  }
})
report('Worker', ns / 1e3, 'us', { ok: sum === 42 * created })
