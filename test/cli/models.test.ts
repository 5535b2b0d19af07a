// pthreads run --model: one program under three models.

import assert from 'node:assert/strict'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { command, runProgram } from '../program.ts'

const program = fileURLToPath(new URL('./fixtures/models.mjs', import.meta.url))

for (const options of [['--model', '1:1'], ['--model', 'm:1'], ['--model', 'm:n', '--carriers', '2', '--scheduler', 'fair'], ['--model', 'm:1', '--scheduler', 'fifo']]) {
  test(`a program of generators has the same result with ${options.join(' ')}`, async () => {
    const { code, stdout, stderr } = await runProgram(command, { timeout: 60_000, args: ['run', program, ...options] })
    assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: '120\n250\n', stderr: '' })
  })
}

test('a model or a scheduler that is none is refused', async () => {
  const model = await runProgram(command, { timeout: 60_000, args: ['run', program, '--model', 'n:m'] })
  assert.notEqual(model.code, 0)
  assert.match(model.stderr, /Allowed choices are 1:1, m:1, m:n/)
  const scheduler = await runProgram(command, { timeout: 60_000, args: ['run', program, '--model', 'm:1', '--scheduler', 'best'] })
  assert.notEqual(scheduler.code, 0)
  assert.match(scheduler.stderr, /no scheduler "best": rr, fifo, fair/)
})
