// 100 equal user-level threads compute and yield on one carrier, under the scheduler fair: by how many per cent the time that one
// of them had the carrier is off the mean, at most.

import { Barrier, configure, load, Thread } from '../../dist/api/index.js'
import { milliseconds, report } from '../timing.mjs'

const MANY = 100
configure({ model: 'm:1', scheduler: 'fair' })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
const together = new Barrier(MANY)
const threads = Array.from({ length: MANY }, () => Thread.create(entries.equals, together, 2.5 * milliseconds))
const had = threads.map(thread => thread.join()).map(([ms]) => ms)
const mean = had.reduce((sum, ms) => sum + ms) / MANY
report('ours', Math.max(...had.map(ms => Math.abs(ms - mean))) / mean * 100, '%', { mean })
