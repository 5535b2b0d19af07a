// Measures fiber.yield between two user-level threads on one carrier, in nanoseconds a switch. Argument: the scheduler.

import { configure, load, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

configure({ model: 'm:1', scheduler: process.argv[2] })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
const [ns, one, other] = Thread.create(entries.switching).join()
report('ours', ns, 'ns', { ok: Math.abs(one - other) <= 0.02 * (one + other) })
