// 10 000 user-level threads of the same 50 us of work each, all created by one: seconds, the mean of some rounds. Argument: how many carriers.

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
// The first rounds warm up: the engine compiles for each carrier in threads of its own, and its heap grows, which take the two cores as well.
const WARM = 5, ROUNDS = 5
const took = []
let sum
for (let round = -WARM; round < ROUNDS; round++) {
  const [seconds, result] = Thread.create(entries.parallel, MANY).join()
  if (round >= 0) took.push(seconds)
  sum = result
}
const seconds = took.reduce((all, s) => all + s) / ROUNDS
let right = 0
for (let i = 0; i < MANY; i++) right += compute(i)
report('ours', seconds, 's', { ok: sum === right })
