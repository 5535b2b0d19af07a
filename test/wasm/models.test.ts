// C programs whose threads share carriers: the same output as with a Worker for each thread; and the cache of transformed modules.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, root, runProgram, type Ended } from '../program.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-models-'))
after(() => { rmSync(folder, { recursive: true }) })
const env = { XDG_CACHE_HOME: folder }

const suspending = fileURLToPath(new URL('./c/wasm/suspending.wasm', import.meta.url))
const MODELS = [['--model', 'm:1'], ['--model', 'm:n', '--carriers', '1'], ['--model', 'm:n', '--carriers', '2'], ['--model', 'm:n', '--carriers', '3']]

function run(file: string, args: readonly string[], options: readonly string[]): Promise<Ended> {
  return runProgram(command, { timeout: 120_000, env, args: ['run', ...options, file, '--', ...args] })
}

async function agrees(file: string, args: readonly string[]): Promise<void> {
  const alone = await run(file, args, [])
  for (const model of MODELS) {
    const { code, stdout, timedOut } = await run(file, args, model)
    assert.deepEqual({ model, code, stdout, timedOut }, { model, code: alone.code, stdout: alone.stdout, timedOut: false })
  }
}

test('every call that waits suspends its thread alone, and gives what it gives under 1:1', () => agrees(suspending, []))
for (const [name, ...args] of [['philosophers', '5', '200'], ['bounded-buffer'], ['merge-sort'], ['matrix']])
  test(`the example ${name} does the same under every model`, () => agrees(join(root, `examples/c/wasm/${name}.wasm`), args))

test('a transformed module is kept; one that was spoilt on disk is made again', async () => {
  const cache = join(folder, 'pthreads'), name = (): string[] => readdirSync(cache)
  const program = join(root, 'examples/c/wasm/philosophers.wasm')
  await run(program, ['2', '1'], MODELS[0])
  const before = name().map(file => readFileSync(join(cache, file)))
  for (const file of name()) writeFileSync(join(cache, file), readFileSync(join(cache, file)).subarray(0, 5000))
  const { code, stdout } = await run(program, ['2', '1'], MODELS[0])
  assert.deepEqual([code, stdout], [0, 'philosopher 0 ate 1 times\nphilosopher 1 ate 1 times\n2 meals\n'])
  assert.ok(name().some((file, i) => readFileSync(join(cache, file)).equals(before[i])))
  assert.deepEqual(name().filter(file => file.endsWith('.tmp')), [])
})

test('pthreads build transforms ahead: and says what is no program', async () => {
  const program = join(root, 'examples/c/wasm/matrix.wasm')
  const own = mkdtempSync(join(tmpdir(), 'pthreads-build-'))
  try {
    const ended = await runProgram(command, { timeout: 120_000, env: { XDG_CACHE_HOME: own }, args: ['build', program] })
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(readdirSync(join(own, 'pthreads')).length, 1)
  } finally {
    rmSync(own, { recursive: true })
  }
  const missing = await runProgram(command, { env, args: ['build', 'missing.wasm'] })
  assert.deepEqual([missing.code, missing.stderr], [1, 'pthreads build: missing.wasm: no such file\n'])
  const text = await runProgram(command, { env, args: ['build', join(root, 'package.json')] })
  assert.deepEqual([text.code, text.stderr], [2, 'pthreads build: package.json: not a WebAssembly file\n'])
})

test('a folder that cannot be written costs time only', async () => {
  const program = join(root, 'examples/c/wasm/philosophers.wasm')
  const { code, stdout, stderr } = await runProgram(command, { timeout: 120_000, env: { XDG_CACHE_HOME: '/dev/null' }, args: ['run', ...MODELS[0], program, '--', '2', '1'] })
  assert.deepEqual([code, stdout], [0, 'philosopher 0 ate 1 times\nphilosopher 1 ate 1 times\n2 meals\n'])
  assert.match(stderr, /what was made of it is not kept for the next time: ENOTDIR/)
})

test('a program whose main returns ends its fibers that sleep for ever', async () => {
  const { code, timedOut } = await run(fileURLToPath(new URL('./c/wasm/cases.wasm', import.meta.url)), ['hang'], MODELS[0])
  assert.deepEqual([code, timedOut], [4, false])
})
