// Measures our pool with one of the loads of pool-loads.mjs.

import { load, ThreadPool } from '../../dist/index.js'
import { measurePool, threadsFor } from '../pool-loads.mjs'

const [how] = process.argv.slice(2), threads = threadsFor(how)
const work = load(new URL('../pool-work.mjs', import.meta.url))
const pool = new ThreadPool({ min: threads, max: threads })
const run = (value, transfer) => transfer === undefined ? pool.run(work.probe, value) : pool.run({ transfer }, work.probe, value)
await measurePool('ours', how, run, (begun, signal) => pool.run({ signal }, work.spin, begun))
await pool.close()
