// Every program under examples/, with small arguments, run as examples/README.md says.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { built, ended, lastLine, root, run } from './run.ts'

const tried = new Set<string>()

function prints(example: string, args: string[], last: string): void {
  tried.add(example)
  test(`${example} ${args.join(' ')} ends with: ${last}`, async () => {
    const { code, stdout, stderr } = await run(example, ...args)
    assert.deepEqual({ code, last: lastLine(stdout), stderr }, { code: 0, last, stderr: '' })
  })
}

prints('philosophers', ['3', '100'], 'meals eaten: 300')
prints('philosophers', ['2', '0'], 'meals eaten: 0')
prints('bounded-buffer', ['1000', '2', '2'], 'sum of 1000 items: 500500')
prints('bounded-buffer', ['3', '1', '3'], 'sum of 3 items: 6')
prints('parallel-sort', ['10000', '2'], 'sorted 10000 numbers: yes')
prints('parallel-sort', ['1000', '3'], 'sorted 1000 numbers: yes')
prints('parallel-sort', ['0', '1'], 'sorted 0 numbers: yes')
prints('pipeline', ['1000'], 'primes below 1000: 168, their sum is 76127')
prints('pipeline', ['4'], 'primes below 4: 2, their sum is 5')
prints('fetch-sync', ['3', '7'], 'pages found by each walker: 7 7 7')
prints('fetch-sync', ['1', '1'], 'pages found by each walker: 1')
prints('mailbox', ['200'], 'letters taken: 400')
prints('bank', ['2', '3', '200'], 'money in all accounts: 2000')
prints('bank', ['3', '2', '100'], 'money in all accounts: 3000')

test('mailbox: check finds nothing wrong with it, and the order in which the hasty one fails', async () => {
  const checked = await ended('check', '--bound', '1', join(built, 'mailbox/main.js'))
  assert.equal(checked.code, 0, checked.stdout)
  assert.match(checked.stdout, /: every schedule with at most 1 preemption .*: no failure\n$/)
  const hasty = await ended('check', join(built, 'mailbox/main.js'), '--story', 'hasty')
  assert.equal(hasty.code, 1)
  assert.match(hasty.stdout, /: assertion: (anna|otto): .*a letter is taken out of the empty mailbox\n/)
  const [, seed] = /--seed (\S+)\n$/.exec(hasty.stdout)!
  const replayed = await ended('check', join(built, 'mailbox/main.js'), '--story', 'hasty', '--seed', seed)
  assert.equal(replayed.stdout.replace(/\(\d+ steps.*\n/, ''), hasty.stdout.replace(/\(\d+ steps.*\n/, ''))
})

test('deadlock is told of while main sleeps in join, with who waits for whom', async () => {
  tried.add('deadlock')
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'run', '--trace-sites', join(built, 'deadlock/main.js'), '--', '3'])
  let stdout = '', stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    if (/behind them:\n.*tid 1 [^]*created at/.test(stderr)) child.kill('SIGKILL')
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await once(child, 'close')
  clearTimeout(timer)
  assert.equal(stdout, 'everybody holds one fork\n')
  assert.match(stderr, /^deadlock: 3 threads wait for each other\n/)
  assert.match(stderr, /^ {2}tid \d+ {2}philosopher 1 {2}holds Mutex "fork 1" {2}waits for Mutex "fork 2"\n +waits at +dine \(.*main\.js:\d+:\d+\)\n +created at +.*main\.js:\d+:\d+/m)
  assert.match(stderr, /^ {2}philosopher 0 -> Mutex "fork 1" -> philosopher 1 -> Mutex "fork 2" -> philosopher 2 -> Mutex "fork 0" -> philosopher 0$/m)
  assert.match(stderr, /behind them:\n {2}tid 1 {2}main {2}waits for the end of thread \d+ "philosopher 0"/)
})

test('word-index makes the same index with one thread and with two, and its last line is that of the last thread', async () => {
  tried.add('word-index')
  const { code, stdout, stderr } = await run('word-index', '--threads', '2', join(root, 'examples'))
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^speed-up .* same index \([0-9a-f]{16}\)$/m)
  assert.match(lastLine(stdout)!, /^ *\d+ index-2 /)
})

test('word-index --json prints one object and nothing else', async () => {
  const { code, stdout, stderr } = await run('word-index', '--json', '--top', '1', '--threads', '2', join(root, 'examples/README.md'))
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const { files, same, top } = JSON.parse(stdout) as { files: number, same: boolean, top: { word: string }[] }
  assert.deepEqual({ files, same, top: top.length }, { files: 1, same: true, top: 1 })
})

const wrong: readonly (readonly [example: string, ...args: string[]])[] = [
  ['philosophers', '1'], ['bounded-buffer', '0'], ['parallel-sort', 'many'], ['pipeline', '2'], ['fetch-sync', '0'], ['deadlock', '0'],
  ['word-index', '--threads', '0'], ['word-index', '/no/such/folder'], ['mailbox', 'none'], ['bank', '0'], ['resp', '--threads', '0'], ['resp', '--accept', 'none'], ['resp', 'x'],
]
for (const [example, ...args] of wrong) {
  test(`${example} ${args.join(' ')} is refused in one line, with exit code 2`, async () => {
    const { code, stdout, stderr } = await run(example, ...args)
    assert.deepEqual({ code, stdout, lines: stderr.trimEnd().split('\n').length }, { code: 2, stdout: '', lines: 1 })
    assert.match(stderr, new RegExp(`^${example}: `))
  })
}

test('no example is forgotten here', () => {
  tried.add('resp')                                                       // a server: test/resp
  const all = readdirSync(join(root, 'examples'), { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name)
    .filter(name => name !== 'c')                                         // those in C: test/wasm/cc.test.ts
  assert.deepEqual([...tried].sort(), all.sort())
  for (const name of all) assert.ok(existsSync(join(built, name, 'main.js')), name)
})
