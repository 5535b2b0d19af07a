// Creates and joins a million threads, one after another, and prints how much the resident set grew (MB) since
// it was warm, and how long it took. That the process then ends by itself is checked by the harness: it kills
// and reports a contestant that does not. Argument: how many.

import { load, Thread } from '../../dist/api/index.js'
import { report } from '../timing.mjs'

const count = Number(process.argv[2] ?? 1_000_000)
const megabytes = () => process.memoryUsage.rss() / 2 ** 20
const entries = load(new URL('./entries.mjs', import.meta.url))

for (let i = 0; i < 20_000; i++) Thread.create(entries.echo, i).join()
const before = megabytes(), start = performance.now()
let wrong = 0
for (let i = 0; i < count; i++) if (Thread.create(entries.echo, i).join() !== i) wrong++
const seconds = (performance.now() - start) / 1e3, after = megabytes()
report('ours', after - before, 'MB', { ok: wrong === 0, threads: count, seconds, rssBefore: before, rssAfter: after })
