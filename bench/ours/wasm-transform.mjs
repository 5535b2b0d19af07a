// Measures how much longer than for 1:1 a program's module takes to load for threads that share carriers, in seconds. Arguments: the module; cold:
// nothing is kept of it, or warm: from the cache.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program } from '../../dist/wasm/index.js'
import { report } from '../timing.mjs'

const [file, how] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'pthreads-bench-'))
process.env.XDG_CACHE_HOME = folder
try {
  const seconds = async (model) => {
    const start = performance.now()
    await Program.load(file, { model })
    return (performance.now() - start) / 1e3
  }
  const plain = await seconds('1:1')
  if (how === 'warm') await seconds('m:n')
  report('ours', await seconds('m:n') - (how === 'warm' ? await seconds('1:1') : plain), 's')
} finally {
  rmSync(folder, { recursive: true })
}
