// Runs a program of C, which prints its own line, and adds how large the process was at most. Arguments: its name in build/bench, the model,
// how many carriers, then the program's own. In a run across cores each carrier has a core.

import { join } from 'node:path'
import { configure, load, Semaphore, Thread } from '../../dist/api/index.js'
import { Program } from '../../dist/wasm/index.js'
import { programs } from '../compile.mjs'
import { pinWorker } from '../placement.mjs'

const [name, model, carriers, ...args] = process.argv.slice(2)
configure({ model, ...model !== '1:1' && { carriers: Number(carriers), threads: 1_000_100 } })
process.env.XDG_CACHE_HOME = join(programs, 'cache')
const program = await Program.load(join(programs, `wasm-${name}.wasm`), { model })
if (model === 'm:n') {
  const entries = load(new URL('./fiber-entries.mjs', import.meta.url)), together = new Semaphore()
  const apart = Array.from({ length: Number(carriers) }, () => Thread.create(entries.meets, Number(carriers), together))
  apart.forEach((thread, i) => { pinWorker(i, thread.join()) })
}
const { BENCH_MILLISECONDS, BENCH_PLACEMENT } = process.env
const env = Object.fromEntries(Object.entries({ BENCH_MILLISECONDS, BENCH_PLACEMENT }).filter(([, value]) => value !== undefined))
const { code } = await program.run({ args, env })
console.log(JSON.stringify({ gigabytes: process.resourceUsage().maxRSS / 2 ** 20 }))
process.exitCode = code
