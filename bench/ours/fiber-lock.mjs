// Measures yield* fiber.lock(mutex) + unlock of a mutex that nobody else wants, in nanoseconds a pair. Argument: the model.

import { configure, load, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

configure({ model: process.argv[2] })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
const [ns, ok] = Thread.create(entries.locking).join()
report('ours', ns, 'ns', { ok })
