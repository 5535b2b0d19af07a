// What every pool is measured by: await one task, then the next, in microseconds a round trip. One Worker, as
// ours has one, kept warm.

import { pinWorker } from '../placement.mjs'
import { perOperationAsync, report } from '../timing.mjs'

/** Measures `run(42)`, which resolves to 42, and prints the line. */
export async function measureRoundTrips(name, run) {
  await run(42)
  pinWorker(0)
  let sum = 0, tasks = 0
  const ns = await perOperationAsync(16, async () => {
    for (let i = 0; i < 16; i++, tasks++) sum += await run(42)
  })
  report(name, ns / 1e3, 'us', { ok: sum === 42 * tasks })
}
