// Measures mutex.lock() + mutex.unlock() of a Mutex that nobody else wants, in nanoseconds a pair. Argument: the
// type, errorcheck (the default of the class) or normal.

import { Mutex } from '../../dist/api/index.js'
import { perOperation, report } from '../timing.mjs'

const mutex = new Mutex({ type: process.argv[2] ?? 'errorcheck' })
const shared = new Int32Array(new SharedArrayBuffer(4))

let pairs = 0
const ns = perOperation(4096, () => {
  for (let i = 0; i < 4096; i++) {
    mutex.lock()
    shared[0]++
    mutex.unlock()
  }
  pairs += 4096
})
report('ours', ns, 'ns', { ok: shared[0] === (pairs | 0) })
