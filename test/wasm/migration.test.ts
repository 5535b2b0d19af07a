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
const load = (name: string): Promise<Program> => Program.load(fileURLToPath(new URL(`./c/wasm/${name}.wasm`, import.meta.url)), how)
const program = await load('migrating')

async function outputOf(...args: string[]): Promise<string> {
  let output = ''
  const exit = await program.run({ ...how, args, stdout: (bytes) => { output += Buffer.from(bytes).toString() } })
  assert.deepEqual(exit, { code: 0 })
  return output
}

// How often each thread of the program has gone from one carrier to another.
const migrations = (): number[] => threads().map(thread => thread.migrations).filter(n => n > 0)

// Runs a program until `condition` holds, which it is told by a word; it must say then that nothing was wrong.
async function runUntil(what: string, condition: () => boolean, of = program, ...args: string[]): Promise<void> {
  let output = ''
  const { memory, ended } = of.start({ ...how, args, stdout: (bytes) => { output += Buffer.from(bytes).toString() } })
  await eventually('it has said where the word is', () => output.includes('\n'))
  await eventually(what, condition)
  Atomics.store(new Int32Array(memory.buffer), Number(output.slice(0, output.indexOf('\n'))) >>> 2, 1)
  assert.deepEqual(await ended, { code: 0 })
  assert.match(output, /\b0( wrong)?\n$/)
  await nothingLeft()
}

const fifty = (): boolean => migrations().length >= 50

test('threads that yield go on at another carrier', () => runUntil('fifty threads have gone on elsewhere', fifty, program, 'until', '500'))

test('so do threads that have values of keys and cleanup handlers, which run when they end', () =>
  runUntil('fifty threads have gone on elsewhere', fifty, program, 'keeps', '300'))

test('so do threads that have no priority, while another has one, which stays where it is', async () => {
  const moved = (): number => threads().find(({ name }) => name === 'first')?.migrations ?? -1
  await runUntil('fifty threads have gone on elsewhere', () => fifty() && moved() === 0, program, 'ranks', '300')
})

test('so does main, whose stack is the program\'s', () =>
  runUntil('main has gone on elsewhere', () => threads().some(({ name, migrations }) => name === 'main' && migrations > 0), program, 'main', '20', '400'))

test('so do threads of a program for wasi-threads, whose stacks it has made itself', async () =>
  runUntil('fifty threads have gone on elsewhere', fifty, await load('wasi-migrating')))

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
