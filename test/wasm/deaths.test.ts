// A program whose thread ends outside of C, by process.exit in its Worker or by an error of the host, ends with a message and an exit code: what the
// thread held stays held, and nobody waits for it for ever.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-deaths-'))
after(() => { rmSync(folder, { recursive: true }) })
const blocking = fileURLToPath(new URL('./c/wasm/blocking.wasm', import.meta.url))
const hook = fileURLToPath(new URL('./fixtures/dying.mjs', import.meta.url))

for (const model of [['--model', '1:1'], ['--model', 'm:1'], ['--model', 'm:n', '--carriers', '2']]) {
  const name = model.join(' ').replaceAll('--', '')
  const ends = async (who: string, how: string, code: number, stderr: RegExp): Promise<void> => {
    const ended = await run(blocking, ['die', who], model, { node: ['--import', hook], env: { DIES: how, XDG_CACHE_HOME: folder }, timeout: 110_000 })
    assert.deepEqual({ code: ended.code, stdout: ended.stdout, timedOut: ended.timedOut }, { code, stdout: '', timedOut: false }, ended.stderr)
    assert.match(ended.stderr, stderr)
  }
  const died = /blocking\.wasm: .*(called process\.exit\(9\)|one of its threads, or one that called it, has died|had failed)/
  test(`a thread that has a lock dies, and main waits for the lock (${name})`, () => ends('waited', 'exit', 137, died))
  test(`a detached thread that has a lock dies, and main waits for the lock (${name})`, () => ends('detached', 'exit', 137, died))
  test(`a thread dies that is joined (${name})`, () => ends('joined', 'exit', 137, died))
  test(`main dies (${name})`, () => ends('main', 'exit', 137, died))
  test(`an import fails, and main waits for what the thread holds (${name})`, () => ends('waited', 'throw', 70, /blocking\.wasm: thread 2 "thread" failed: Error: an error of the host/))
}
