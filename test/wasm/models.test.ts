// C programs whose threads share carriers: the same output as with a Worker for each thread.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { command, root, runProgram, type Ended } from '../program.ts'
import { given, inputOf, outcome } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-models-'))
after(() => { rmSync(folder, { recursive: true }) })
const env = { XDG_CACHE_HOME: folder }

const suspending = fileURLToPath(new URL('./c/wasm/suspending.wasm', import.meta.url))
const migrating = fileURLToPath(new URL('./c/wasm/migrating.wasm', import.meta.url))
const MODELS = [['--model', 'm:1'], ['--model', 'm:n', '--carriers', '1'], ['--model', 'm:n', '--carriers', '2'], ['--model', 'm:n', '--carriers', '3']]

function run(file: string, args: readonly string[], options: readonly string[], input = ''): Promise<Ended> {
  return runProgram(command, { timeout: 120_000, env, args: ['run', ...options, file, '--', ...args], ...given(input) })
}

// What is told of the transformation is not the program's.
const ended = ({ code, stdout, stderr, timedOut }: Ended): unknown => ({ timedOut, outcome: outcome(code, stdout, stderr.replace(/^.*transform.*\n/gm, '')) })

async function agrees(file: string, args: readonly string[], input = ''): Promise<void> {
  const alone = ended(await run(file, args, [], input))
  for (const model of MODELS) assert.deepEqual({ model, ended: ended(await run(file, args, model, input)) }, { model, ended: alone })
}

test('every call that waits suspends its thread alone, and gives what it gives under 1:1', () => agrees(suspending, []))
test('threads that may go on at other carriers compute what they compute under 1:1', () => agrees(migrating, ['waits', '30', '20']))
// 8 threads, created, locked and joined by a main that blocks at once: programs hang elsewhere for want of a pool as large.
for (const [name, ...args] of [['philosophers', '5', '200'], ['philosophers', '8', '50'], ['bounded-buffer'], ['merge-sort'], ['matrix'], ['line-server'], ['sleepers', '30', '20']])
  test(`the example ${[name, ...args].join(' ')} does the same under every model`, () => agrees(join(root, `examples/c/wasm/${name}.wasm`), args, inputOf(name)))

for (const model of [MODELS[0], MODELS[2]]) {
  test(`ten thousand threads sleep at the same time (${model.join(' ')})`, async () => {
    const { code, stdout, timedOut } = await run(join(root, 'examples/c/wasm/sleepers.wasm'), [], model)
    assert.deepEqual([code, stdout, timedOut], [0, '10000 threads slept 100 ms at the same time: 10000 woke, 0 of them too early\n', false])
  })
}

test('a program whose main returns ends its fibers that sleep for ever', async () => {
  const { code, timedOut } = await run(fileURLToPath(new URL('./c/wasm/cases.wasm', import.meta.url)), ['hang'], MODELS[0])
  assert.deepEqual([code, timedOut], [4, false])
})

test('what npm start shows of C: one committed program, three models, the same result', async () => {
  const script = `import { showProgram } from ${JSON.stringify(pathToFileURL(join(root, 'scripts/models.mjs')))}\nshowProgram(7, 5)`
  const { code, stdout, stderr } = await runProgram('-', { timeout: 120_000, env, node: ['--input-type=module'], ...given(script) })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /\n {2}1:1 +\d+\.\d\d s .*\n {2}m:1 +\d+\.\d\d s .*\n {2}m:n +\d+\.\d\d s .*\n {2}same result: 7 threads slept 5 ms at the same time: 7 woke, 0 of them too early\n/)
})
