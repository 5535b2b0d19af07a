// The first module of the lab's Workers; and of carriers, where the program has replaced modules: else it is boot.cjs.

import { workerData } from 'node:worker_threads'
import { install } from './api/attach.ts'
import { begin } from './begin.ts'
import { importModule } from './host/import-module.ts'
import type { Birth } from './kernel/host.ts'
import type { LabBirth } from './lab/story.ts'

const birth = workerData as Birth | LabBirth

if (birth.role === 'lab') {
  const { live } = await import('./lab/worker.ts')
  await live(birth, { install, importModule })
} else begin(birth)
