// Measures lock + dispose of multithreading's Mutex that nobody else wants, in nanoseconds a pair. Argument: async
// (lock(), which its documentation recommends) or blocking (blockingLock()).

import { Mutex } from 'multithreading'
import { perOperation, perOperationAsync, report } from '../timing.mjs'

const mutex = new Mutex(new Int32Array(new SharedArrayBuffer(4)))
let pairs = 0
const ns = process.argv[2] === 'blocking'
  ? perOperation(1024, () => {
    for (let i = 0; i < 1024; i++, pairs++) {
      const guard = mutex.blockingLock()
      guard.value[0]++
      guard.dispose()
    }
  })
  : await perOperationAsync(1024, async () => {
    for (let i = 0; i < 1024; i++, pairs++) {
      const guard = await mutex.lock()
      guard.value[0]++
      guard.dispose()
    }
  })
const guard = mutex.blockingLock()
report('multithreading', ns, 'ns', { ok: guard.value[0] === (pairs | 0) })
guard.dispose()
