// `pthreads ps`, `pthreads top`, SIGQUIT, and the reports of `pthreads run`.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ProcessInfo, ThreadInfo } from 'pthreads'
import { eventually } from '../api/until.ts'
import { command, root, runProgram, type Ended } from '../program.ts'

const program = fileURLToPath(new URL('./fixtures/watched.js', import.meta.url))
const runtime = mkdtempSync(join(root, 'build/run-'))                     // where the sockets are
const folder = join(runtime, 'pthreads')
const env = { XDG_RUNTIME_DIR: runtime }

const PATIENCE = 30_000                                                   // ms

class Program {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''

  constructor(...args: string[]) {
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
    this.child = spawn(process.execPath, [command, 'run', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...env } })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.stdout += text })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
  }

  get pid(): string {
    return String(this.child.pid)
  }

  /** When what it printed matches; rejects if it ends before. */
  async prints(stream: 'stdout' | 'stderr', what: RegExp): Promise<void> {
    const late = performance.now() + PATIENCE
    while (!what.test(this[stream])) {
      assert.ok(this.child.exitCode === null && this.child.signalCode === null && performance.now() < late, `it did not print ${what}:\n${this.stdout}${this.stderr}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const closed = this.child.exitCode === null && this.child.signalCode === null ? once(this.child, 'close') : undefined
    this.child.kill(signal)
    await closed
  }
}

const running: Program[] = []

async function start(...args: string[]): Promise<Program> {
  const started = new Program(...args)
  running.push(started)
  await started.prints('stdout', /^ready$/m)
  // The socket is made while main's Worker boots.
  await eventually('it has its socket', () => existsSync(join(folder, `${started.pid}.sock`)))
  return started
}

const pthreads = (...args: string[]): Promise<Ended> => runProgram(command, { args, env })

async function refused(text: string | RegExp, code: number, ...args: string[]): Promise<void> {
  const { code: ended, stdout, stderr } = await pthreads(...args)
  assert.deepEqual([ended, stdout], [code, ''])
  if (typeof text === 'string') assert.equal(stderr, text)
  else assert.match(stderr, text)
}

afterEach(async () => {
  for (const each of running.splice(0)) await each.kill()
})
after(() => { rmSync(runtime, { recursive: true }) })

test('ps prints the process and a line for each thread', async () => {
  const { pid } = await start(program, '--', 'works')
  const { code, stdout, stderr } = await pthreads('ps', pid)
  assert.deepEqual([code, stderr], [0, ''])
  const [head, columns, ...lines] = stdout.trimEnd().split('\n')
  assert.match(head, new RegExp(`^pid ${pid} {2}parent ${process.pid} {2}running {2}3 threads {2}0 parked {2}cpu \\d+ m?s {2}resident [\\d.]+ MiB {2}user memory [\\d.]+ \\w+ of 1 GiB$`))
  assert.match(columns, /^tid {2}name +state +waits for +held by +cpu +for +sleeps +wake-ups$/)
  assert.equal(lines.length, 3)
  assert.match(lines[0], /^ +1 {2}main +sleeps on join +the end of thread 3 "busy" /)
  assert.match(lines[1], /^ +2 {2}sleeper +sleeps on mutex +Mutex "accounts" +1 +\d+ ms +\d+ m?s +1 +0$/)
  assert.match(lines[2], /^ +3 {2}busy +running +\d+ m?s +\d+ m?s +0 +0$/)
})

test('ps --json prints all that is known', async () => {
  const { pid } = await start(program, '--', 'works')
  const { stdout } = await pthreads('ps', '--json', pid)
  const { process: told, threads, deadlocks } = JSON.parse(stdout) as { process: ProcessInfo, threads: ThreadInfo[], deadlocks: unknown[] }
  assert.deepEqual([told.pid, told.ppid, told.threads, deadlocks], [Number(pid), process.pid, 3, []])
  assert.deepEqual(threads.map(({ name, waitsFor }) => [name, waitsFor?.object]), [['main', 'the end of thread 3 "busy"'], ['sleeper', 'Mutex "accounts"'], ['busy', undefined]])
})

test('top prints a table after each interval, the busiest thread first', async () => {
  const { pid } = await start(program, '--', 'works')
  const { code, stdout, stderr } = await pthreads('top', pid, '--interval', '0.1', '--count', '2')
  assert.deepEqual([code, stderr], [0, ''])
  const tables = stdout.split('\n\n')
  assert.equal(tables.length, 2)
  for (const each of tables) assert.match(each, /^pid \d+ .*\ntid {2}name +state +waits for +held by +%cpu +cpu .*\n +3 {2}busy +running +[\d.]+ /)
})

test('top ends when the program does', async () => {
  const watched = await start(program, '--', 'works')
  const { code, stdout } = await runProgram(command, {
    args: ['top', watched.pid, '--interval', '0.05'], env,
    started: child => child.stdout!.once('data', () => watched.child.kill('SIGKILL')),
  })
  assert.equal(code, 0)
  assert.match(stdout, new RegExp(`\n${watched.pid}: the program has ended\n$`))
})

test('who is no program of ours is told', async () => {
  await refused('pthreads ps: 2147483647: no such process\n', 1, 'ps', '2147483647')
  await refused('pthreads top: 2147483647: no such process\n', 1, 'top', '2147483647')
  await refused(`pthreads ps: ${process.pid}: not a program that \`pthreads run\` started\n`, 1, 'ps', String(process.pid))
  await refused(/It is not a whole number/, 1, 'ps', 'me')
  await refused(/missing required argument 'PID'/, 1, 'ps')
  await refused(/It is not a number of seconds/, 1, 'top', '1', '--interval', '0')
})

test('only the user can enter the folder of the sockets, and a folder that others can enter is not used', async () => {
  const { pid } = await start(program, '--', 'works')
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder, `${pid}.sock`)).mode & 0o777, 0o600)
  chmodSync(folder, 0o755)
  try {
    await refused(/: not a program that/, 1, 'ps', pid)
  } finally {
    chmodSync(folder, 0o700)
  }
})

test('the socket is gone when the program is, and one that a killed program left is removed by who asks, or by the next program', async () => {
  const ended = await start(program, '--', 'works')
  await ended.kill('SIGINT')
  assert.ok(!existsSync(join(folder, `${ended.pid}.sock`)))

  const killed = await start(program, '--', 'works')
  const path = join(folder, `${killed.pid}.sock`)
  await killed.kill()
  assert.ok(existsSync(path))
  await refused(`pthreads ps: ${killed.pid}: no such process\n`, 1, 'ps', killed.pid)
  assert.ok(!existsSync(path))

  const another = await start(program, '--', 'works')
  await another.kill()
  assert.deepEqual(readdirSync(folder).filter(name => name === `${another.pid}.sock`).length, 1)
  await start(program, '--', 'works')
  await eventually('its socket is gone', () => !existsSync(join(folder, `${another.pid}.sock`)))
})

test('an answer that is none is not taken for one', async () => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const server = createServer(socket => socket.end('{"process":')).listen(join(folder, `${process.pid}.sock`))
  await once(server, 'listening')
  await refused(/: not a program that/, 1, 'ps', String(process.pid))
  server.close()
})

test('SIGQUIT prints the table, and the program goes on', async () => {
  const watched = await start(program, '--', 'works')
  watched.child.kill('SIGQUIT')
  await watched.prints('stderr', /busy {5}running .*\n/)
  assert.match(watched.stderr, /^\nSIGQUIT:\npid \d+ .*\ntid {2}name [^]*\n +2 {2}sleeper +sleeps on mutex +Mutex "accounts" +1 /)
  assert.equal((await pthreads('ps', watched.pid)).code, 0)
})

test('run tells of a hang unless told not to, and where, if it shall trace', async () => {
  const [quiet, watched, traced] = await Promise.all([start('--no-watch', program, '--', 'hangs'), start(program, '--', 'hangs'), start('--trace-sites', program, '--', 'hangs')])
  const report = /^deadlock: 2 threads wait for each other\n {2}tid 1 {2}main +holds Mutex "accounts" +waits for the end of thread 2 "sleeper"\n {2}tid 2 {2}sleeper +has to end +waits for Mutex "accounts"\n/
  await watched.prints('stderr', report)
  await traced.prints('stderr', /tid 2 {2}sleeper +has to end +waits for Mutex "accounts"\n +waits at +sleeps \(.*watched\.js:\d+:\d+\)\n +created at +main \(.*watched\.js:\d+:\d+\)\n[^]*-> main\n/)
  assert.equal(quiet.stderr, '')
})
