// Two carriers have threads, all of which sleep, and nothing else happens in the process: per cent of one core that it uses.

import { configure, load, Semaphore, Thread } from '../../dist/api/index.js'
import { milliseconds, report } from '../timing.mjs'

configure({ model: 'm:n', carriers: 2 })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
Thread.create(entries.parallel, 2000).join()
const arrived = new Semaphore(), gate = new Semaphore()
const sleepers = Array.from({ length: 100 }, () => Thread.create(entries.sleeps, arrived, gate))
for (let i = 0; i < 100; i++) arrived.wait()
Thread.sleep(500)                                          // compilers and collectors finish what they began

const before = process.cpuUsage(), start = performance.now()
Thread.sleep(2.5 * milliseconds)
const { user, system } = process.cpuUsage(before), elapsed = performance.now() - start
gate.post(100)
for (const sleeper of sleepers) sleeper.join()
report('ours', (user + system) / 1e3 / elapsed * 100, '%')
