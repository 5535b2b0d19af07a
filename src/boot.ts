// The first module of every Worker that the library starts: the spawner, the carriers, the threads of the lab.

import { workerData } from 'node:worker_threads'
import { install } from './api/attach.ts'
import { becomeCarrier } from './api/carrier.ts'
import { becomeSpawner } from './api/spawner.ts'
import { importModule } from './host/import-module.ts'
import { node as host } from './host/node.ts'
import type { Birth } from './kernel/host.ts'
import type { LabBirth } from './lab/story.ts'

const birth = workerData as Birth | LabBirth

if (birth.role === 'lab') {
  const { live } = await import('./lab/worker.ts')
  await live(birth, { install, importModule })
} else if (birth.role === 'carrier') becomeCarrier(birth)
else host.awaitBirth(born => void becomeSpawner(born))
