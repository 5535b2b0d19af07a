// Measures sem_post + sem_wait of pthreads/posix on (memory, address), of a semaphore that nobody else uses, in nanoseconds
// a pair.

import { malloc, memory, Sem, sem_getvalue, sem_init, sem_post, sem_wait } from '../../dist/api/posix.js'
import { perOperation, report } from '../timing.mjs'

const m = memory(), sem = malloc(Sem.size), value = malloc(4)
sem_init(m, sem, 0, 0)

let errors = 0
const ns = perOperation(4096, () => {
  for (let i = 0; i < 4096; i++) {
    errors |= sem_post(m, sem)
    errors |= sem_wait(m, sem)
  }
})
sem_getvalue(m, sem, value)
report('posix', ns, 'ns', { ok: errors === 0 && m.i32[value >>> 2] === 0 })
