// What descriptors are ready for, and waits for that, under every model: what a native build of the same program prints.  Standard input is a pipe, whose
// other end a line goes into when the program says `send`, or a file.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, root } from '../program.ts'
import { noGcc } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-polling-'))
after(() => { rmSync(folder, { recursive: true }) })
const blocking = fileURLToPath(new URL('./c/wasm/blocking.wasm', import.meta.url))
const noFifo = process.platform === 'win32' ? 'Windows has no named pipes in its file system' : false

const MODELS = [['--model', '1:1'], ['--model', 'm:1'], ['--model', 'm:n', '--carriers', '2'], ['--model', 'm:1', '--no-shared-memory']]
const PIPES = ['select', 'pipes', 'full', 'early', 'others', 'lines'], FILES = ['ready', 'bad', 'move']

const OF_PIPES = `-- select
select: 0, 0
select: 1, 0 1
send
select: 1, 1
read 7
-- pipes
nobody writes it: 0, nothing
read 0
somebody does: 0, nothing
bytes: 1, in
read 3
none: 0, nothing
closed: 1, hup
read 0
-- full
empty: 1, out
full: 0, nothing
empty again: 1, out
all is written
-- early
poll: interrupted
poll: canceled
read: canceled
open: canceled
-- others
files are written
send
read 7
from the pipe: a line
-- lines
at first: 0, nothing
after 30 ms: 0, nothing
send
first: 1, in
first: read 7: line 3

again: 0, nothing
send
second: 1, in
second: read 7: line 4

end
the end: 1, hup
read 0, 0
`

const OF_FILES = `-- ready
input: 1, in
at the end: 1, in
-- bad
none: 1, nval
below 0: 0, nothing
2, nothing, out, nval
nothing: 0, 0
a file: 1, in out
closed: 1, nval
input that is closed: 1, nval
-- move
`

interface Ended { code: number | null, signal: string | null, stdout: string, stderr: string }

/** Runs a command by the shell, in a new folder that has `here`; `input`: what stands before it, or after. */
async function ends(line: string, cases: readonly string[], input: 'pipe' | 'file' | 'socket', isNamed: boolean): Promise<Ended> {
  const where = mkdtempSync(join(folder, 'run-'))
  mkdirSync(join(where, 'here'))
  for (const name of cases) {
    const path = join(where, 'here', name)
    if (isNamed) assert.equal(spawnSync('mkfifo', [path]).status, 0)
    else writeFileSync(path, 'hello\n')
  }
  const shell = input === 'pipe' ? `cat | ${line}` : input === 'file' ? `${line} < here/${cases[0]}` : line
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const child = spawn('sh', ['-c', shell], { cwd: where, env: { ...inherited, XDG_CACHE_HOME: folder }, timeout: 110_000, killSignal: 'SIGKILL' })
  const told: Ended = { code: null, signal: null, stdout: '', stderr: '' }
  feed(child, told)
  return new Promise((resolve) => {
    child.once('close', (code, signal) => { resolve({ ...told, code, signal }) })
  })
}

function feed(child: ChildProcess, told: Ended): void {
  let rest = '', count = 0
  child.stdin!.on('error', () => undefined)                               // it has ended
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    told.stdout += text
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (line === 'send') child.stdin!.write(`line ${++count}\n`)
      if (line === 'end') child.stdin!.end()
    }
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { told.stderr += text })
}

const quoted = (...words: readonly string[]): string => words.map(word => `'${word}'`).join(' ')
const ours = (model: readonly string[], cases: readonly string[]): string => quoted(process.execPath, command, 'run', ...model, '--dir', 'here', blocking, '--', 'all', ...cases)
const quiet = (text: string): string => text.replace(/^.*transform.*\n/gm, '')

for (const model of MODELS) {
  const name = model.join(' ').replaceAll('--', '')
  const same = async (cases: readonly string[], input: 'pipe' | 'file' | 'socket', isNamed: boolean, expected: Ended): Promise<void> => {
    const ended = await ends(ours(model, cases), cases, input, isNamed)
    assert.deepEqual({ ...ended, stderr: quiet(ended.stderr) }, expected)
  }
  test(`pipes, standard input among them, are ready when they are, and who waits for one can be interrupted and canceled (${name})`, { skip: noFifo }, () =>
    same(PIPES, 'pipe', true, { code: 0, signal: null, stdout: OF_PIPES, stderr: '' }))
  test(`files are always ready, what is closed never is, and standard streams can be closed and replaced (${name})`, () =>
    same(FILES, 'file', false, { code: 0, signal: null, stdout: OF_FILES, stderr: 'moved\n' }))
  if (model.length > 2) continue
  test(`a program ends while one of its threads waits for input (${name})`, () =>
    same(['leave-reading'], 'socket', false, { code: 3, signal: null, stdout: '-- leave-reading\nbye\n', stderr: '' }))
  test(`a program ends while one of its threads waits for a pipe that nobody writes (${name})`, { skip: noFifo }, () =>
    same(['leave-opening'], 'socket', true, { code: 3, signal: null, stdout: '-- leave-opening\nbye\n', stderr: '' }))
}

test('so does a native build of the same program', { skip: noFifo !== false ? noFifo : noGcc }, async () => {
  const native = join(folder, 'native')
  assert.equal(spawnSync('gcc', ['-O1', '-o', native, join(root, 'test/wasm/c/blocking.c'), '-lpthread'], { stdio: 'inherit' }).status, 0)
  assert.deepEqual(await ends(quoted(native, 'all', ...PIPES), PIPES, 'pipe', true), { code: 0, signal: null, stdout: OF_PIPES, stderr: '' })
  assert.deepEqual(await ends(quoted(native, 'all', ...FILES), FILES, 'file', false), { code: 0, signal: null, stdout: OF_FILES, stderr: 'moved\n' })
})
