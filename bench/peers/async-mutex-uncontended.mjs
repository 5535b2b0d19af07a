// Measures acquire + release of async-mutex, which guards one thread's asynchronous code and no shared memory, in
// nanoseconds a pair.

import { Mutex } from 'async-mutex'
import { perOperationAsync, report } from '../timing.mjs'

const mutex = new Mutex()
let counter = 0, pairs = 0
const ns = await perOperationAsync(1024, async () => {
  for (let i = 0; i < 1024; i++, pairs++) {
    const release = await mutex.acquire()
    counter++
    release()
  }
})
report('async-mutex', ns, 'ns', { ok: counter === pairs })
