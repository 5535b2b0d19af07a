// What a program reads and writes, where that is given and taken by who runs it: the same under every model.

import test from 'node:test'
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program, type RunOptions } from 'pthreads/wasm'
import { nothingLeft } from '../leftovers.ts'
import { cases, examples, inputOf, outcome } from './programs.ts'

interface Told { code: number, stdout: string, stderr: string, pieces: number }

/** Runs it, and takes what it writes. */
export async function taken(program: Program, args: readonly string[], stdin: string | Uint8Array, more: RunOptions = {}): Promise<Told> {
  const told = { stdout: '', stderr: '', pieces: 0 }, decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const to = (stream: 'stdout' | 'stderr') => (bytes: Uint8Array): void => {
    told.pieces++
    told[stream] += decoders[stream].decode(bytes, { stream: true })
  }
  const { code } = await program.run({ args, stdin, stdout: to('stdout'), stderr: to('stderr'), ...more })
  return { code, ...told }
}

/** Declares the tests of programs that are loaded by `load`. */
export function testStreams(load: (file: string) => Promise<Program>): void {
  const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i} of what is more than the taker lets a writer be ahead\n`).join('')
  const program = load(cases)

  test('standard input is text or bytes; its output is taken, whole and in order, however much it is', async () => {
    const { code, stdout, pieces } = await taken(await program, ['cat'], lines)
    assert.equal(code, 0)
    assert.ok(stdout === lines && pieces > 100, `${stdout.length} of ${lines.length} characters in ${pieces} pieces`)
    for (const text of ['über\nend', '']) {
      const ended = await taken(await program, ['cat'], new TextEncoder().encode(text))
      assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, text, ''])
    }
    await nothingLeft()
  })

  test('what several threads print is not torn', async () => {
    const { stdout } = await taken(await program, ['print'], '')
    assert.equal(stdout.split('\n').filter(line => /^[abc]\d+:\.{64}$/.test(line)).length, 900)
  })

  test('errors are taken apart from output', async () => {
    const { code, stdout, stderr } = await taken(await load(join(examples, 'wasm/sleepers.wasm')), ['5', '1'], '')
    assert.deepEqual(outcome(code, stdout, stderr), outcome(0, '5 threads slept 1 ms at the same time: 5 woke, 0 of them too early\n', 'the last one was 0.0 ms late\n'))
  })

  test('threads of connections answer what main reads', async () => {
    const { code, stdout, stderr } = await taken(await load(join(examples, 'wasm/line-server.wasm')), [], inputOf('line-server'))
    assert.deepEqual([code, stderr, /^a: hello {2}there$/m.test(stdout), /^b: 12$/m.test(stdout), /^e: closed after 1 lines$/m.test(stdout)], [0, '', true, true, true])
  })

  test('input and output are files, by their descriptors', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pthreads-streams-'))
    writeFileSync(join(folder, 'in'), 'one\ntwo\n')
    const stdin = openSync(join(folder, 'in'), 'r'), stdout = openSync(join(folder, 'out'), 'w')
    try {
      assert.deepEqual(await (await program).run({ args: ['cat'], stdin, stdout }), { code: 0 })
      assert.equal(readFileSync(join(folder, 'out'), 'utf8'), 'one\ntwo\n')
    } finally {
      closeSync(stdin)
      closeSync(stdout)
      rmSync(folder, { recursive: true })
    }
  })

  test('what the taker throws is told when the program has ended', async () => {
    let calls = 0
    const stdout = (): never => {
      calls++
      throw new RangeError('enough')
    }
    await assert.rejects((await program).run({ args: ['cat'], stdin: lines, stdout }), { name: 'RangeError', message: 'enough' })
    assert.equal(calls, 1)
    await nothingLeft()
  })
}
