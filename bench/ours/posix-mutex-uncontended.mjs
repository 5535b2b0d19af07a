// Measures pthread_mutex_lock + pthread_mutex_unlock of pthreads/posix on (memory, address), a normal mutex that nobody
// else wants, in nanoseconds a pair: what the class costs above it is the difference to ours/mutex-uncontended.mjs.

import { Mutex } from '../../dist/api/index.js'
import { pthread_mutex_init, pthread_mutex_lock, pthread_mutex_unlock } from '../../dist/pthread/index.js'
import { arena, self, user } from '../../dist/kernel/process.js'
import { malloc } from '../../dist/mem/arena.js'
import { perOperation, report } from '../timing.mjs'

new Mutex()                                                // starts the process, whose memory the next lines use
const address = malloc(arena, 64, self.carrier)
pthread_mutex_init(user, address)
const shared = new Int32Array(new SharedArrayBuffer(4))

let pairs = 0, errors = 0
const ns = perOperation(4096, () => {
  for (let i = 0; i < 4096; i++) {
    errors |= pthread_mutex_lock(user, address)
    shared[0]++
    errors |= pthread_mutex_unlock(user, address)
  }
  pairs += 4096
})
report('posix', ns, 'ns', { ok: errors === 0 && shared[0] === (pairs | 0) })
