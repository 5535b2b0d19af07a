// Program.run with a model: nobody has configured the process; then the streams of programs whose threads share carriers.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program } from 'pthreads/wasm'
import { nothingLeft } from '../leftovers.ts'
import { examples } from './programs.ts'
import { taken, testStreams } from './streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-options-'))
process.env.XDG_CACHE_HOME = folder
after(() => { rmSync(folder, { recursive: true }) })

const file = join(examples, 'wasm/philosophers.wasm')
const MEALS = 'philosopher 0 ate 3 times\nphilosopher 1 ate 3 times\n6 meals\n'

test('the first run says model and carriers of the process; later ones may have Workers of their own, and nothing else', async () => {
  const program = await Program.load(file)
  await assert.rejects(program.run({ model: 'n:m' as 'm:n' }), { name: 'RangeError', message: 'Program.run: model "n:m" is not "1:1", "m:1" or "m:n"' })
  assert.throws(() => program.start({ model: 'm:n' }), { message: 'Program.start: philosophers.wasm was not loaded for m:n (run changes it, or load: model)' })
  await assert.rejects(program.run({ model: 'm:n', carriers: 0 }), { name: 'RangeError', message: /^carriers: 0 is not a whole number from 1 to 64$/ })
  for (const options of [{ model: 'm:n', carriers: 2 }, { model: 'm:n' }, { model: '1:1' }, {}] as const) {
    const { code, stdout } = await taken(program, ['2', '3'], '', options)
    assert.deepEqual([code, stdout], [0, MEALS])
  }
  await assert.rejects(program.run({ model: 'm:1' }), { message: 'Program.start: philosophers.wasm is to have 1 carrier; the process has 2 (configure: carriers)' })
  await assert.rejects(program.run({ model: 'm:n', carriers: 3 }), { message: 'Program.start: philosophers.wasm is to have 3 carriers; the process has 2 (configure: carriers)' })
  await nothingLeft()
})

testStreams(program => Program.load(program, { model: 'm:n' }))
