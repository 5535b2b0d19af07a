// pthread_kill, pthread_cancel: what is sent to a thread that has not begun yet. kill: a program reaches no other process.

import test from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { run } from './programs.ts'

const early = fileURLToPath(new URL('./c/wasm/early.wasm', import.meta.url))

for (const options of [['--model', '1:1'], ['--model', 'm:1'], ['--model', 'm:n', '--carriers', '2']]) {
  test(`under ${options.slice(1).join(' ')} a signal is handled on the new thread's own stack, a cancellation waits for its first point, and no other process is there`, async () => {
    const { code, stdout, timedOut } = await run(early, [], options)
    assert.deepEqual({ code, stdout, timedOut }, { code: 0, stdout: '', timedOut: false })
  })
}
