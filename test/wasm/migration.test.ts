// Threads of C that go on at other carriers: what each has on its stack, in its registers and in thread-local variables is there as it left it.

import test from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { threads } from 'pthreads'
import { Program } from 'pthreads/wasm'
import { eventually } from '../api/until.ts'
import { nothingLeft } from '../leftovers.ts'
import { root } from '../program.ts'
import { noGcc } from './programs.ts'

const how = { model: 'm:n', carriers: 2 } as const
const folder = mkdtempSync(join(tmpdir(), 'pthreads-migration-'))
process.env.XDG_CACHE_HOME = folder
test.after(() => { rmSync(folder, { recursive: true }) })
const program = await Program.load(fileURLToPath(new URL('./c/wasm/migrating.wasm', import.meta.url)), how)

async function outputOf(...args: string[]): Promise<string> {
  let output = ''
  const exit = await program.run({ ...how, args, stdout: (bytes) => { output += Buffer.from(bytes).toString() } })
  assert.deepEqual(exit, { code: 0 })
  return output
}

// How often each thread of the program has gone from one carrier to another.
const migrations = (): number[] => threads().map(thread => thread.migrations).filter(n => n > 0)

test('threads that yield go on at another carrier', async () => {
  let output = ''
  const { memory, ended } = program.start({ ...how, args: ['until', '500'], stdout: (bytes) => { output += Buffer.from(bytes).toString() } })
  await eventually('it has said where the word is', () => output.includes('\n'))
  await eventually('fifty threads have gone on elsewhere', () => migrations().length >= 50)
  Atomics.store(new Int32Array(memory.buffer), Number(output.slice(0, output.indexOf('\n'))) >>> 2, 1)
  assert.deepEqual(await ended, { code: 0 })
  assert.match(output, /, 0 wrong\n$/)
  await nothingLeft()
})

// RUNS=100 npm test -- test/wasm/migration: more of them.
const runs = Number(process.env.RUNS ?? 20)
const SUMS = '9d1b0fd9, 0 wrong\n', WAITS = '49029999, 0 wrong\n'

test(`a thousand threads that yield a thousand times each, ${runs} runs: the checksum is right`, async () => {
  for (let i = 0; i < runs; i++) assert.equal(await outputOf('sums', '1000', '1000'), SUMS)
  await nothingLeft()
})

test('threads that wait for semaphores, mutexes and conditions between, and go on elsewhere', async () => {
  for (let i = 0; i < 5; i++) assert.equal(await outputOf('waits', '200', '50'), WAITS)
  await nothingLeft()
})

// Without gcc there is no native build to compare with; .ci/run has one.
test('these are the checksums of a native build', { skip: noGcc }, () => {
  const native = join(folder, 'migrating')
  assert.equal(spawnSync('gcc', ['-O2', '-pthread', join(root, 'test/wasm/c/migrating.c'), '-o', native]).status, 0)
  const printed = (...args: string[]): string => spawnSync(native, args, { encoding: 'utf8' }).stdout
  assert.deepEqual([printed('sums', '1000', '1000'), printed('waits', '200', '50')], [SUMS, WAITS])
})
