// 10 000 user-level threads of the same 50 us of work each, all created by one: seconds. Argument: how many carriers.

import { configure, load, Thread } from '../../dist/api/index.js'
import { compute } from './fiber-entries.mjs'
import { report } from '../timing.mjs'

const MANY = 10_000
configure({ model: 'm:n', carriers: Number(process.argv[2]) })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
for (let i = 0; i < 3; i++) Thread.create(entries.parallel, 1000).join()       // all carriers are up, and compiled
const [seconds, sum] = Thread.create(entries.parallel, MANY).join()
let right = 0
for (let i = 0; i < MANY; i++) right += compute(i)
report('ours', seconds, 's', { ok: sum === right })
