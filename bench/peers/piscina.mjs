// Measures a task's round trip through piscina.

import { Piscina } from 'piscina'
import { measureRoundTrips } from './round-trips.mjs'

const pool = new Piscina({ filename: new URL('./echo-task.mjs', import.meta.url).href, minThreads: 1, maxThreads: 1 })
await measureRoundTrips('piscina', n => pool.run(n))
await pool.destroy()
