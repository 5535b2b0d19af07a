// Measures the throughput of one Mutex that two threads fight for (lock; counter++; unlock), in million
// operations a second of both together, over a fixed time; then checks that no increment was lost. Argument: the
// type, errorcheck or normal.

import { load, Mutex, Thread } from '../../dist/api/index.js'
import { milliseconds, report } from '../timing.mjs'

const entries = load(new URL('./entries.mjs', import.meta.url))
const mutex = new Mutex({ type: process.argv[2] ?? 'errorcheck' })
const shared = new Int32Array(new SharedArrayBuffer(16))   // counter, stop, arrived, start
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const threads = [0, 1].map(worker => Thread.create(entries.fight, worker, mutex, shared))
while (Atomics.load(shared, 2) < 2) pause(5)
const start = performance.now()
Atomics.store(shared, 3, 1)
Atomics.notify(shared, 3)
pause(milliseconds)
Atomics.store(shared, 1, 1)
const total = threads.reduce((sum, t) => sum + t.join(), 0)
const elapsed = performance.now() - start
report('ours', total / 1e3 / elapsed, 'Mops/s', { ok: shared[0] === total })
