// Measures a switch between two fibers of effect: both call yieldNow and nothing else. Nanoseconds a switch.

import { Effect } from 'effect'
import { milliseconds, report } from '../timing.mjs'

const BATCH = 256

async function measure() {
  const switches = [0, 0]
  const start = performance.now()
  const fiber = k => Effect.gen(function* yields() {
    while (performance.now() - start < milliseconds) {
      for (let i = 0; i < BATCH; i++) yield* Effect.yieldNow
      switches[k] += BATCH
    }
  })
  await Effect.runPromise(Effect.all([fiber(0), fiber(1)], { concurrency: 'unbounded' }))
  const [all, apart] = [switches[0] + switches[1], Math.abs(switches[0] - switches[1])]
  return { ns: (performance.now() - start) * 1e6 / all, fair: apart <= 0.02 * all }
}

await measure()                                            // warm-up
const { ns, fair } = await measure()
report('effect', ns, 'ns', { ok: fair })
