// The command `pthreads run`.

import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, root, runProgram, type Ended, type ProgramOptions } from '../program.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
const program = fixture('program.js')

function pthreads(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return runProgram(command, { timeout: 60_000, ...options, args })
}

async function ends(args: readonly string[], code: number, stdout: string | RegExp = '', stderr: string | RegExp = ''): Promise<void> {
  const ended = await pthreads(args)
  assert.ok(!ended.timedOut, `it hangs\n${ended.stdout}${ended.stderr}`)
  assert.equal(ended.code, code, ended.stdout + ended.stderr)
  for (const [got, wanted] of [[ended.stdout, stdout], [ended.stderr, stderr]] as const) {
    if (typeof wanted === 'string') assert.equal(got, wanted)
    else assert.match(got, wanted)
  }
}

test('main gets what follows --', () => ends(['run', program, '--', 'args', '--threads', '3', '-x', '', '--'], 0, '["args","--threads","3","-x","","--"]\n'))
test('without --, main gets no arguments', () => ends(['run', program], 0))
test('options may stand before and after the file', async () => {
  await ends(['run', '--threads', '1000000', program, '--', 'one'], 0)
  await ends(['run', '--threads', '5', program, '--', 'many'], 5)
  await ends(['run', program, '--threads', '3', '--', 'many'], 3)
  await ends(['run', '--memory', '16', program, '--cache', '0', '--threads=4', '--', 'many'], 4)
})
test('main is the first thread', () => ends(['run', program, '--', 'tid'], 0, '1 main\n'))
test('main may block in an .mjs file', () => ends(['run', fixture('plain.mjs'), '--', '21'], 42))

test('a number that main returns is the exit code', async () => {
  await ends(['run', program, '--', 'number', '7'], 7)
  await ends(['run', program, '--', 'number', '0'], 0)
  await ends(['run', program, '--', 'promise', '9'], 9)
  await ends(['run', program, '--', 'string'], 0)
})
test('an error that main throws is printed and makes the exit code 1', async () => {
  await ends(['run', program, '--', 'throw'], 1, '', /RangeError: main has had enough\n +at main .*program/)
  await ends(['run', program, '--', 'reject'], 1, '', /RangeError: main has had enough/)
})
test('process.exit in main is the exit code', () => ends(['run', program, '--', 'exit', '6'], 6))
test('the program ends when all threads have', () => ends(['run', program, '--', 'outlive'], 3, 'outlived\n'))
test('a detached thread that fails makes the exit code 1', () => ends(['run', program, '--', 'fail'], 1, '', /"loner" failed.*\n +RangeError: a thread has had enough/))

test('a file that is none is told', async () => {
  await ends(['run', 'there/is/no/such/file.js'], 2, '', 'pthreads run: there/is/no/such/file.js: no such file\n')
  await ends(['run', fixture('.')], 2, '', /: not a file\n$/)
  await ends(['run', join(root, 'package.json')], 2, '', /: not a \.js, \.mjs, \.ts, \.mts or \.wasm file\n$/)
})
test('a file without main is told', () => ends(['run', fixture('no-main.mjs')], 2, '', /no-main\.mjs: exports no function "main"/))
test('a syntax error is told with its line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-'))
  try {
    writeFileSync(join(folder, 'wrong.mjs'), 'export function main() {\n  const nothing = ;\n}\n')
    await ends(['run', join(folder, 'wrong.mjs')], 1, '', /cannot import .*wrong\.mjs: Unexpected token ';' \(line 2, column 19\)/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
test('a file that cannot be imported is told', () => ends(['run', fixture('broken.mjs')], 1, '', /cannot import .*broken\.mjs: this file cannot be imported/))

test('help, version and mistakes', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  await ends(['--version'], 0, `${version}\n`)
  await ends(['--help'], 0, /Usage: pthreads[^]*run/)
  await ends(['run', '--help'], 0, /Usage: pthreads run \[options\] FILE[^]*--threads[^]*--memory[^]*--cache/)
  await ends(['run'], 1, '', /missing required argument 'FILE'/)
  await ends(['run', '--bogus', program], 1, '', /unknown option '--bogus'/)
  await ends(['run', '--threads', 'many', program], 1, '', /--threads.*whole number/)
  await ends(['run', '--threads', '0', program], 1, '', /--threads.*whole number/)
  await ends(['run', program, program], 1, '', /too many arguments/)
  await ends(['walk'], 1, '', /unknown command 'walk'/)
})

for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
  test(`${signal} ends a blocked program with a table of its threads and ${code}`, async () => {
    const ended = await pthreads(['run', program, '--', 'block'], {
      started: child => child.stdout!.once('data', () => child.kill(signal)),
    })
    assert.ok(!ended.timedOut, 'it hangs')
    assert.deepEqual([ended.code, ended.signal], [code, null], ended.stderr)
    assert.match(ended.stderr, new RegExp(`^\\n${signal}: the program is ended\\n *tid +name +state`))
    assert.match(ended.stderr, /^ +1 +main +sleeps on join /m)
    assert.match(ended.stderr, /^ +\d+ +hanger +(sleeps on semaphore|running) /m)
  })
}

test('SIGINT ends a program that spins', async () => {
  const ended = await pthreads(['run', program, '--', 'spin'], { started: child => child.stdout!.once('data', () => child.kill('SIGINT')) })
  assert.deepEqual([ended.code, ended.timedOut], [130, false])
  assert.match(ended.stderr, /^ +1 +main +running /m)
})

// Files that must stay TypeScript, and that find the package.
test('TypeScript runs, main and threads', async () => {
  const folder = mkdtempSync(join(root, 'build/typescript-'))
  try {
    writeFileSync(join(folder, 'main.ts'), `
import { Thread, load } from 'pthreads'
import { triple, type Triple } from './work.ts'

interface Answer { n: number }
const work = load<{ triple: Triple }>(new URL('./work.ts', import.meta.url))

export function main([n]: string[]): number {
  const answer: Answer = { n: Thread.create(work.triple, Number(n)).join() as number }
  if (answer.n !== triple(Number(n))) throw new Error('not the same')
  return answer.n
}
`)
    writeFileSync(join(folder, 'work.ts'), `
export type Triple = (n: number) => number
export const triple: Triple = (n: number): number => n * 3
`)
    writeFileSync(join(folder, 'wrong.ts'), `
export function main(): number {
  const n: number = ((
  return n
}
`)
    await ends(['run', join(folder, 'main.ts'), '--', '14'], 42)
    await ends(['run', join(folder, 'wrong.ts')], 1, '', /wrong\.ts/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
