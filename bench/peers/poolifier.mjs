// Measures a task's round trip through poolifier.

import { fileURLToPath } from 'node:url'
import { FixedThreadPool } from 'poolifier'
import { measureRoundTrips } from './round-trips.mjs'

const pool = new FixedThreadPool(1, fileURLToPath(new URL('./poolifier-task.mjs', import.meta.url)))
await measureRoundTrips('poolifier', n => pool.execute(n))
await pool.destroy()
