// Measures how much longer than for 1:1 the addon @node-rs/argon2-wasm32-wasi, as it was published, takes to load for threads that share a carrier, in
// seconds. Arguments: cold: nothing is kept of it, or warm: from the cache. What it computes there is checked.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configure } from '../../dist/index.js'
import { loadNapi, unloadNapi } from '../../dist/napi/index.js'
import { report } from '../timing.mjs'

const [how] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'pthreads-bench-'))
process.env.XDG_CACHE_HOME = folder
const options = { algorithm: 1, memoryCost: 256, timeCost: 2, parallelism: 1, salt: Buffer.from('somesalt') }
const right = '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8'
let ok = true

async function seconds(model) {
  const start = performance.now()
  const addon = await loadNapi('@node-rs/argon2-wasm32-wasi', { model, from: import.meta.url })
  const taken = (performance.now() - start) / 1e3
  ok &&= await addon.hash('password', options) === right
  await unloadNapi(addon)
  return taken
}

try {
  configure({ model: 'm:1' })
  await seconds('1:1')                                                    // what it depends on is imported
  const plain = await seconds('1:1')
  if (how === 'warm') await seconds('m:1')
  report('ours', await seconds('m:1') - plain, 's', { ok })
} finally {
  rmSync(folder, { recursive: true })
}
