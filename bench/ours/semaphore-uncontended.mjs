// Measures semaphore.post() + semaphore.wait() of a Semaphore that nobody else uses, in nanoseconds a pair.

import { Semaphore } from '../../dist/api/index.js'
import { perOperation, report } from '../timing.mjs'

const semaphore = new Semaphore(0)

const ns = perOperation(4096, () => {
  for (let i = 0; i < 4096; i++) {
    semaphore.post()
    semaphore.wait()
  }
})
report('ours', ns, 'ns', { ok: semaphore.value === 0 })
