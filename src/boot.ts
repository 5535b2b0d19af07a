// The first module of every Worker that the library starts: the spawner and the carriers.  What only one of them
// needs is loaded by that one: the spawner starts before every first thread.

import { workerData } from 'node:worker_threads'
import type { Birth } from './kernel/host.ts'

const birth = workerData as Birth

if (birth.role === 'spawner') {
  const { becomeSpawner } = await import('./api/spawner.ts')
  await becomeSpawner(birth)
} else {
  const { becomeCarrier } = await import('./api/carrier.ts')
  becomeCarrier(birth)
}
