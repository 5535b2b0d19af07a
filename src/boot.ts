// The first module of every Worker that the library starts: the spawner and the carriers.

import { workerData } from 'node:worker_threads'
import { becomeCarrier } from './api/carrier.ts'
import { becomeSpawner } from './api/spawner.ts'
import type { Birth } from './kernel/host.ts'

const birth = workerData as Birth

if (birth.role === 'spawner') await becomeSpawner(birth)
else becomeCarrier(birth)
