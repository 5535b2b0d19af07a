// Measures pthread_rwlock_rdlock, or _wrlock, + pthread_rwlock_unlock of pthreads/posix on (memory, address), of a lock that
// nobody else wants, in nanoseconds a pair. Argument: read or write.

import {
  malloc, memory, pthread_rwlock_destroy, pthread_rwlock_init, pthread_rwlock_rdlock, pthread_rwlock_unlock, pthread_rwlock_wrlock, Rwlock,
} from '../../dist/api/posix.js'
import { perOperation, report } from '../timing.mjs'

const m = memory(), lock = malloc(Rwlock.size)
pthread_rwlock_init(m, lock)
const shared = new Int32Array(new SharedArrayBuffer(4))

let pairs = 0, errors = 0
const reads = () => {
  for (let i = 0; i < 4096; i++) {
    errors |= pthread_rwlock_rdlock(m, lock)
    shared[0]++
    errors |= pthread_rwlock_unlock(m, lock)
  }
  pairs += 4096
}
const writes = () => {
  for (let i = 0; i < 4096; i++) {
    errors |= pthread_rwlock_wrlock(m, lock)
    shared[0]++
    errors |= pthread_rwlock_unlock(m, lock)
  }
  pairs += 4096
}
const ns = perOperation(4096, process.argv[2] === 'write' ? writes : reads)
report('posix', ns, 'ns', { ok: errors === 0 && shared[0] === (pairs | 0) && pthread_rwlock_destroy(m, lock) === 0 })
