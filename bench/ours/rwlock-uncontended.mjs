// Measures lock.read() + lock.unlock(), or lock.write() + lock.unlock(), of an RwLock that nobody else wants, in nanoseconds
// a pair. Argument: read or write.

import { RwLock } from '../../dist/api/index.js'
import { perOperation, report } from '../timing.mjs'

const lock = new RwLock()
const shared = new Int32Array(new SharedArrayBuffer(4))

let pairs = 0
const reads = () => {
  for (let i = 0; i < 4096; i++) {
    lock.read()
    shared[0]++
    lock.unlock()
  }
  pairs += 4096
}
const writes = () => {
  for (let i = 0; i < 4096; i++) {
    lock.write()
    shared[0]++
    lock.unlock()
  }
  pairs += 4096
}
const ns = perOperation(4096, process.argv[2] === 'write' ? writes : reads)
report('ours', ns, 'ns', { ok: shared[0] === (pairs | 0) && lock.tryWrite() !== null })
