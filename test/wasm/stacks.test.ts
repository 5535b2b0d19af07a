// Stacks of C: small ones, and where frames lie while their thread waits.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-stacks-'))
after(() => { rmSync(folder, { recursive: true }) })
const how = { timeout: 120_000, env: { XDG_CACHE_HOME: folder } }

const stacks = fileURLToPath(new URL('./c/wasm/stacks.wasm', import.meta.url))
const MODELS = { '1:1': [], 'm:1': ['--model', 'm:1'], 'm:n': ['--model', 'm:n', '--carriers', '2'] }
const TOO_MUCH = 'stacks.wasm: thread 2 "thread": the thread has used more than its stack: see pthread_attr_setstacksize (SIGSEGV)\n'

for (const [model, options] of Object.entries(MODELS)) {
  if (model !== '1:1') {
    test(`frames of threads that wait stay whole, many or few, in small stacks and in the smallest (${model})`, async () => {
      const { code, stdout, timedOut } = await run(stacks, [], options, how)
      assert.deepEqual({ code, stdout, timedOut }, { code: 0, stdout: 'recurses: 0\nfills: 0\nfills the smallest: 0\nyields: 0\nhandlers that yield: 100\n', timedOut: false })
    })
  }
  test(`a thread that uses more than its stack ends the program, and is named (${model})`, async () => {
    const { code, stderr, timedOut } = await run(stacks, ['much'], options, how)
    assert.deepEqual({ code, told: stderr.endsWith(TOO_MUCH), timedOut }, { code: 139, told: true, timedOut: false }, stderr)
  })
}

test('a handler that needs more than its thread\'s frames have left of the stack is told', async () => {
  const { code, stderr, timedOut } = await run(stacks, ['handler'], MODELS['m:1'], how)
  assert.deepEqual({ code, told: stderr.endsWith(TOO_MUCH), timedOut }, { code: 139, told: true, timedOut: false }, stderr)
})
