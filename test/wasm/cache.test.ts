// What was made of a program for m:1 and m:n, on disk: found again, spoilt, made by several processes at a time, by one that is killed, and where
// there is no room for it.

import test, { afterEach, beforeEach } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from 'pthreads/wasm'
import { command, root, runProgram, type Ended } from '../program.ts'
import { pthreads, run, wasiThreads } from './programs.ts'

const program = wasiThreads                                                 // a small one
const RESULT = 'as it should be\n', CODE = 7
const timeout = 120_000

let folder = '', env: Record<string, string> = {}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pthreads-cache-'))
  process.env.XDG_CACHE_HOME = folder                                     // of this process, and of those that it starts
  env = { XDG_CACHE_HOME: folder }
})
afterEach(() => { rmSync(folder, { recursive: true }) })

const kept = (): string[] => readdirSync(join(folder, 'pthreads'))
const build = (file = program): Promise<Ended> => pthreads(['build', file], { timeout, env })

// What is told of a transformation that takes more than a second is not told on a fast machine.
const told = (stderr: string): string => stderr.replace(/^.*: transformed .*\n/gm, '')

async function works(stderr = /^$/): Promise<void> {
  const ended = await run(program, [], ['--model', 'm:1'], { timeout, env })
  assert.deepEqual([ended.code, ended.stdout], [CODE, RESULT])
  assert.match(told(ended.stderr), stderr)
}

test('pthreads build makes what a run finds: neither makes it again', async () => {
  const first = await build()
  assert.equal(first.code, 0, first.stderr)
  const [name] = kept(), made = readFileSync(join(folder, 'pthreads', name))
  await works()
  assert.deepEqual([told((await build()).stderr), kept()], ['', [name]])
  assert.deepEqual(readFileSync(join(folder, 'pthreads', name)), made)
})

test('what was spoilt on disk is made again: cut short, changed, empty, another\'s', async () => {
  assert.equal((await build()).code, 0)
  const [name] = kept(), file = join(folder, 'pthreads', name), made = readFileSync(file)
  const changed = Buffer.from(made)
  changed[made.length >> 1] ^= 1
  for (const spoilt of [made.subarray(0, 1000), changed, new Uint8Array(), made.subarray(32)]) {
    writeFileSync(file, spoilt)
    assert.equal((await Program.load(program, { model: 'm:1' })).kept, true)
    assert.deepEqual([kept(), readFileSync(file).equals(made)], [[name], true])
  }
  await works()
})

test('of processes that make the same at a time each gets it, and one file is there', async () => {
  const all = await Promise.all([build(), build(), build(), run(program, [], ['--model', 'm:n'], { timeout, env })])
  assert.deepEqual(all.map(({ code, stdout }) => [code, stdout]), [[0, ''], [0, ''], [0, ''], [CODE, RESULT]])
  assert.equal(kept().length, 1)
  await works()
})

for (const [where, words] of [['half', 'half of it is written'], ['rename', 'it has its name']] as const) {
  test(`a writer that is killed before ${words} leaves nothing that anybody reads, and its rest is removed by a later one`, async () => {
    const hook = fileURLToPath(new URL('./fixtures/stop-writing.mjs', import.meta.url))
    const killed = await runProgram(command, {
      timeout, env: { ...env, STOP_AT: where }, node: ['--import', hook], args: ['build', program], started: child => child.stdout!.once('data', () => child.kill('SIGKILL')),
    })
    assert.deepEqual([killed.signal, killed.stdout], ['SIGKILL', 'here\n'])
    const [rest] = kept()
    assert.deepEqual([kept().length, rest.endsWith('.tmp')], [1, true])
    await works()
    assert.equal(kept().length, 2)                                        // it is not old enough: its writer could live
    utimesSync(join(folder, 'pthreads', rest), 0, 0)
    assert.equal((await pthreads(['build', '--no-shared-memory', program], { timeout, env })).code, 0)
    assert.deepEqual([kept().length, kept().includes(rest)], [2, false])
  })
}

// Windows has no shell that limits the length of files, by which the disk is made full here.
const noLimit = process.platform === 'win32' ? 'Windows has no ulimit' : false
test('a disk that is full costs time only: nothing is left there, and pthreads build fails', { skip: noLimit }, async () => {
  // A file may be no longer than 1 KiB: as on a full disk, a part of it can be written.
  const limited = (...args: string[]): Promise<{ code: unknown, stdout: string, stderr: string }> => new Promise((resolve) => {
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
    const child = execFile('/bin/sh', ['-c', 'ulimit -f 2; exec "$@"', 'sh', process.execPath, command, ...args], { timeout, env: { ...inherited, ...env } }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr })
    })
  })
  const ran = await limited('run', '--model', 'm:1', program)
  assert.deepEqual([ran.code, ran.stdout], [CODE, RESULT])
  assert.match(ran.stderr, /wasi-threads\.wasm: what was made of it is not kept for the next time: EFBIG/)
  const built = await limited('build', program)
  assert.equal(built.code, 1)
  assert.match(built.stderr, /wasi-threads\.wasm: what was made of it is not kept for the next time: EFBIG/)
  assert.deepEqual(kept(), [])
})

test('so does a folder that cannot be written', async () => {
  env = { XDG_CACHE_HOME: '/dev/null' }
  await works(/what was made of it is not kept for the next time: ENOTDIR/)
  assert.equal((await build()).code, 1)
})

test('pthreads build says what is no program', async () => {
  const says = async (file: string, code: number, stderr: string): Promise<void> => {
    const ended = await build(file)
    assert.deepEqual([ended.code, ended.stderr], [code, `pthreads build: ${stderr}\n`])
  }
  await says('missing.wasm', 1, 'missing.wasm: no such file')
  await says(folder, 1, `${folder}: not a file`)
  const text = join(folder, 'text.wasm'), half = join(folder, 'half.wasm')
  copyFileSync(join(root, 'package.json'), text)
  await says(text, 2, 'text.wasm: not a WebAssembly file')
  writeFileSync(half, readFileSync(program).subarray(0, 1000))
  await says(half, 2, 'half.wasm: not a valid WebAssembly module: the file ends in the middle')
  mkdirSync(join(folder, 'pthreads'), { recursive: true })
  assert.deepEqual(kept(), [])
})
