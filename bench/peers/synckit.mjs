// Measures the same through synckit.

import { createSyncFn } from 'synckit'
import { pinWorker } from '../placement.mjs'
import { perOperation, report } from '../timing.mjs'

const call = createSyncFn(new URL('./synckit-task.mjs', import.meta.url).href)
call('settle')
pinWorker(0)

let sum = 0, calls = 0
const ns = perOperation(64, () => {
  for (let i = 0; i < 64; i++) sum += call(42)
  calls += 64
})
report('synckit', ns / 1e3, 'us', { ok: sum === 42 * calls })
process.exit()                                             // synckit's Worker would keep it alive
