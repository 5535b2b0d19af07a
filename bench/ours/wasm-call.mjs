// Measures a call of C from TypeScript, in nanoseconds: a sum that depends on the one before. Argument: `export` calls what an instance of the module's own
// code exports, which no thread system knows of; `call` is a thread of the program meanwhile; `calling` is that from a thread of a carrier.

import { join } from 'node:path'
import { configure, load, Thread } from '../../dist/api/index.js'
import { call, Program } from '../../dist/wasm/index.js'
import { programs } from '../compile.mjs'
import { perOperation, report } from '../timing.mjs'

const [how] = process.argv.slice(2)
if (how === 'calling') configure({ model: 'm:1', carriers: 1 })
process.env.XDG_CACHE_HOME = join(programs, 'cache')

let calls = 0, sum = 0
const measure = add => perOperation(1024, () => {
  for (let i = 0; i < 1024; i++) sum = add(sum, 1)
  calls += 1024
})
const tell = (ns, ok) => report('ours', ns, 'ns', { ok })

if (how === 'export') {
  // (func (export "sum") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add), which is what clang makes of callee.c
  const types = [1, 7, 1, 96, 2, 127, 127, 1, 127], functions = [3, 2, 1, 0], exported = [7, 7, 1, 3, 115, 117, 109, 0, 0]
  const bytes = [0, 97, 115, 109, 1, 0, 0, 0, ...types, ...functions, ...exported, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)))
  tell(measure(exports.sum), sum === (calls | 0))
} else {
  const program = await Program.load(join(programs, 'wasm-callee.wasm'), { model: how === 'calling' ? 'm:1' : '1:1' })
  const running = program.start()
  if (how === 'call') {
    const entry = running.entry('sum')
    tell(measure((a, b) => call(entry, a, b)), sum === (calls | 0))
  } else {
    const entries = load(new URL('./wasm-call-entries.mjs', import.meta.url))
    const { ns, ok } = await Thread.create(entries.callsC, running.entry('sum')).joinAsync()
    tell(ns, ok)
  }
  running.exit()
  await running.ended
}
