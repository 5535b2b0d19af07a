// Measures spawn(move(42), n => n).join() of multithreading, a round trip, in microseconds.

import { initRuntime, move, shutdown, spawn } from 'multithreading'
import { measureRoundTrips } from './round-trips.mjs'

initRuntime({ maxWorkers: 1 })
await spawn(async () => (await import('../placement.mjs')).pinWorker(1)).join()
const echo = n => n                                        // one function: the pool sends its source once
await measureRoundTrips('multithreading', async (n) => {
  const result = await spawn(move(n), echo).join()
  if (!result.ok) throw result.error
  return result.value
})
shutdown()
