// Examples of many threads that wait, under every model; and what npm start shows.

import test from 'node:test'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, runProgram } from '../program.ts'
import { env, exampleAgrees, MODELS, run } from './agreement.ts'
import { given } from './programs.ts'

exampleAgrees('line-server')
exampleAgrees('sleepers', '30', '20')

for (const model of [MODELS[0], MODELS[2]]) {
  test(`ten thousand threads sleep at the same time (${model.join(' ')})`, async () => {
    const { code, stdout, timedOut } = await run(join(root, 'examples/c/wasm/sleepers.wasm'), [], model)
    assert.deepEqual([code, stdout, timedOut], [0, '10000 threads slept 100 ms at the same time: 10000 woke, 0 of them too early\n', false])
  })
}

test('what npm start shows of C: one committed program, three models, the same result', async () => {
  const script = `import { showProgram } from ${JSON.stringify(pathToFileURL(join(root, 'scripts/models.mjs')))}\nshowProgram(7, 5)`
  const { code, stdout, stderr } = await runProgram('-', { timeout: 120_000, env, node: ['--input-type=module'], ...given(script) })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /\n {2}1:1 +\d+\.\d\d s .*\n {2}m:1 +\d+\.\d\d s .*\n {2}m:n +\d+\.\d\d s .*\n {2}same result: 7 threads slept 5 ms at the same time: 7 woke, 0 of them too early\n/)
})
