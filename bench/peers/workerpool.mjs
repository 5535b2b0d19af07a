// Measures a task's round trip through workerpool.

import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { measureRoundTrips } from './round-trips.mjs'

const file = fileURLToPath(new URL('./workerpool-task.mjs', import.meta.url))
const pool = workerpool.pool(file, { workerType: 'thread', minWorkers: 1, maxWorkers: 1 })
await measureRoundTrips('workerpool', n => pool.exec('echo', [n]))
await pool.terminate()
