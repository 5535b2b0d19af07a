// Creates user-level threads that all live at once, runs and joins them: seconds; and how large the process was then at most.
// Argument: how many.

import { configure, load, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const many = Number(process.argv[2])
configure({ model: 'm:1', threads: Math.min(1_000_000, many + 16), memory: 2 * 2 ** 30 - 65536 })
const entries = load(new URL('./fiber-entries.mjs', import.meta.url))
Thread.create(entries.creating, 1000).join()
const [seconds, ok] = Thread.create(entries.creating, Math.min(many, 1_000_000 - 2)).join()
report('ours', seconds, 's', { ok, gigabytes: process.resourceUsage().maxRSS / 2 ** 20 })
