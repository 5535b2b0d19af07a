// Standard input and output of `pthreads run`, as hard as shells make it: many readers, long lines, any bytes, and nobody who reads.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command } from '../program.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-standard-'))
after(() => { rmSync(folder, { recursive: true }) })
const blocking = fileURLToPath(new URL('./c/wasm/blocking.wasm', import.meta.url))

interface Ended { code: number | null, stdout: Buffer, stderr: string }

/** Runs it with `input`; `reads`: how many bytes of its output are read before that is closed. */
function run(model: readonly string[], args: readonly string[], input: Uint8Array, reads = Infinity): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const child = spawn(process.execPath, [command, 'run', ...model, blocking, '--', ...args], { env: { ...inherited, XDG_CACHE_HOME: folder }, timeout: 110_000, killSignal: 'SIGKILL' })
  const parts: Buffer[] = []
  let stderr = '', length = 0
  child.stdin.on('error', () => undefined)                                // it has ended
  child.stdin.end(input)
  child.stdout.on('data', (part: Buffer) => {
    parts.push(part)
    length += part.length
    if (length >= reads) child.stdout.destroy()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  return new Promise((resolve) => {
    child.once('close', (code) => { resolve({ code, stdout: Buffer.concat(parts), stderr: stderr.replace(/^.*transform.*\n/gm, '') }) })
  })
}

for (const model of [['--model', '1:1'], ['--model', 'm:1'], ['--model', 'm:n', '--carriers', '2']]) {
  const name = model.join(' ').replaceAll('--', '')

  test(`many threads that read at once get every byte, each of them once (${name})`, async () => {
    const bytes = randomBytes(1_000_000)
    const { code, stdout, stderr } = await run(model, ['readers', '8'], bytes)
    assert.deepEqual([code, stdout.toString(), stderr], [0, `${bytes.length} ${bytes.reduce((sum, byte) => sum + byte, 0)}\n`, ''])
  })

  test(`a line of megabytes with any bytes in it goes through (${name})`, async () => {
    const bytes = Buffer.concat([randomBytes(3_000_000), Buffer.from('\n\0end')])
    const { code, stdout, stderr } = await run(model, ['cat', ''], bytes)
    const hash = (of: Buffer): string => createHash('sha256').update(of).digest('hex')
    assert.deepEqual([code, stdout.length, hash(stdout), stderr], [0, bytes.length, hash(bytes), ''])
  })

  test(`who writes what nobody reads ends by SIGPIPE, or is told if it ignores that (${name})`, async () => {
    const ended = await run(model, ['endless', 'default'], Buffer.alloc(0), 10)
    assert.deepEqual([ended.code, ended.stderr], [141, ''])
    const told = await run(model, ['endless', 'ignored'], Buffer.alloc(0), 10)
    assert.deepEqual([told.code, told.stderr], [3, 'Broken pipe\n'])
  })
}
