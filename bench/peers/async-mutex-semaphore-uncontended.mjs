// Measures acquire + release of async-mutex's Semaphore, which counts one thread's asynchronous code, in nanoseconds a pair.

import { Semaphore } from 'async-mutex'
import { perOperationAsync, report } from '../timing.mjs'

const semaphore = new Semaphore(1)
const ns = await perOperationAsync(1024, async () => {
  for (let i = 0; i < 1024; i++) {
    await semaphore.acquire()
    semaphore.release()
  }
})
report('async-mutex', ns, 'ns', { ok: semaphore.getValue() === 1 })
