// Measures a task's round trip through tinypool.

import Tinypool from 'tinypool'
import { measureRoundTrips } from './round-trips.mjs'

const pool = new Tinypool({ filename: new URL('./echo-task.mjs', import.meta.url).href, minThreads: 1, maxThreads: 1 })
await measureRoundTrips('tinypool', n => pool.run(n))
await pool.destroy()
