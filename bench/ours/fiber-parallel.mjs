// 10 000 user-level threads of the same 50 us of work each, all created by one: seconds. Argument: how many carriers.

import { configure, load, Semaphore, Thread } from '../../dist/api/index.js'
import { pinWorker } from '../placement.mjs'
import { compute } from './fiber-entries.mjs'
import { report } from '../timing.mjs'

const MANY = 10_000, carriers = Number(process.argv[2])
configure({ model: 'm:n', carriers })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
const together = new Semaphore()
const apart = Array.from({ length: carriers }, () => Thread.create(entries.meets, carriers, together))
apart.forEach((thread, i) => { pinWorker(i, thread.join()) })
// All carriers are up, and compiled: the engine compiles for each in threads of its own, which take two cores for half a second.
for (let i = 0; i < 3; i++) Thread.create(entries.parallel, MANY).join()
const [seconds, sum] = Thread.create(entries.parallel, MANY).join()
let right = 0
for (let i = 0; i < MANY; i++) right += compute(i)
report('ours', seconds, 's', { ok: sum === right })
