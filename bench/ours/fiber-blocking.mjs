// A user-level thread on one of two carriers creates 1000 threads of 50 us of work, then blocks its carrier for a second:
// milliseconds until they have ended.

import { configure, load, Semaphore, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const MANY = 1000
configure({ model: 'm:n', carriers: 2 })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
for (let i = 0; i < 3; i++) Thread.create(entries.parallel, 1000).join()
const done = new Semaphore(), times = new Float64Array(new SharedArrayBuffer(16))
const blocker = Thread.create(entries.blocks, MANY, done, times)
for (let i = 0; i < MANY; i++) done.wait()
const milliseconds = performance.timeOrigin + performance.now() - times[0]
blocker.join()
report('ours', milliseconds, 'ms', { ok: times[1] - times[0] >= 990 })
