// --no-shared-memory: under m:1 the memory of a program is one carrier's own, and everything else is as it was.

import test, { after, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configure } from 'pthreads'
import { Program } from 'pthreads/wasm'
import { nothingLeft } from '../leftovers.ts'
import { cases, givesMemoryBack, pthreads, run } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-unshared-'))
process.env.XDG_CACHE_HOME = folder                                       // of this process, and of those that it starts
after(() => { rmSync(folder, { recursive: true }) })
afterEach(() => nothingLeft())
configure({ model: 'm:1' })

const OPTIONS = ['--model', 'm:1', '--no-shared-memory'], timeout = 110_000
const ALONE = { model: 'm:1', sharedMemory: false } as const
const loaded = Program.load(cases, ALONE)

// robust first: its mutexes may be in the first three memories only.
for (const name of ['robust', 'create', 'errno', 'tls', 'stacks', 'mutex', 'cond', 'others', 'sem', 'keys', 'cancel', 'malloc'])
  test(`${name}: as POSIX says`, async () => { assert.deepEqual(await (await loaded).run({ args: [name] }), { code: 0 }) })
for (const name of ['signals', 'timers']) {
  test(`${name}: as POSIX says, where the program's threads are the only ones`, async () => {
    const { code, stdout, stderr } = await run(cases, [name], OPTIONS, { timeout })
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' })
  })
}

test('several programs run at a time, each in a memory of its own', async () => {
  const program = await loaded
  assert.deepEqual(await Promise.all(['cond', 'keys', 'cond'].map(name => program.run({ args: [name] }))), [{ code: 0 }, { code: 0 }, { code: 0 }])
})

test('every call that waits suspends its thread alone', async () => {
  const file = fileURLToPath(new URL('./c/wasm/suspending.wasm', import.meta.url))
  const wanted = await run(file, [], [], { timeout }), { code, stdout } = await run(file, [], OPTIONS, { timeout })
  assert.deepEqual({ code, stdout }, { code: wanted.code, stdout: wanted.stdout })
})

test('files and standard input are read and written', async () => {
  const inside = join(folder, 'inside'), dir = [...OPTIONS, '--dir', `here=${inside}`]
  mkdirSync(inside)
  writeFileSync(join(inside, 'file'), 'open\n')
  const shown = await run(cases, ['show', 'here/file'], dir, { timeout }), written = await run(cases, ['files', 'here/new'], dir, { timeout })
  assert.deepEqual([shown.code, shown.stdout, written.code, written.stdout], [0, 'open\n', 0, 'written by thread 1\n'], shown.stderr + written.stderr)
  const { stdout } = await run(cases, ['cat'], OPTIONS, { timeout, stdin: true, started: child => child.stdin!.end('one\nlast') })
  assert.equal(stdout, 'one\nlast')
})

test('a trap is told, and a program that hangs is ended', async () => {
  const { code, stderr } = await run(cases, ['null'], OPTIONS, { timeout })
  assert.equal(code, 139)
  assert.match(stderr, /memory access out of bounds \(SIGSEGV\)\n {4}in null_pointer/)
  assert.deepEqual(await (await loaded).run({ args: ['hang'] }), { code: 4 })
})

test('its memory cannot be read from elsewhere, and is given back at its end', async () => {
  const program = await loaded
  const running = program.start({ args: ['create'] })
  assert.throws(() => running.memory, { message: 'Running.memory: cases.wasm: its memory is not shared' })
  assert.deepEqual(await running.ended, { code: 0 })
  await givesMemoryBack(program)
})

test('it is refused where threads have other Workers, or loops are to be told the time', async () => {
  await assert.rejects(Program.load(cases, { sharedMemory: false }), { name: 'RangeError', message: 'Program.load: sharedMemory: false is for m:1: under 1:1 threads are in different Workers' })
  await assert.rejects(Program.load(cases, { ...ALONE, preempt: 5 }), { name: 'RangeError', message: 'Program.load: preempt with sharedMemory: false: nobody can tell a loop that its time is over' })
  const refused = async (options: readonly string[], message: string): Promise<void> => {
    const { code, stderr } = await run(cases, ['mutex'], [...options, '--no-shared-memory'])
    assert.deepEqual([code, stderr], [2, `pthreads run: ${message}\n`])
  }
  await refused([], '--no-shared-memory is for --model m:1: under 1:1 threads are in different Workers')
  await refused(['--model', 'm:n'], '--no-shared-memory is for --model m:1: under m:n threads are in different Workers')
  await refused(['--model', 'm:1', '--preempt', '5ms'], '--no-shared-memory excludes --preempt: nobody can tell a loop that its time is over')
})

test('pthreads build --no-shared-memory makes what such a run uses', async () => {
  const before = readdirSync(join(folder, 'pthreads'))
  assert.equal((await pthreads(['build', '--no-shared-memory', cases], { timeout })).code, 0)
  assert.deepEqual(readdirSync(join(folder, 'pthreads')), before)
  const { code, stderr } = await pthreads(['build', '--no-shared-memory', '--preempt', cases])
  assert.deepEqual([code, stderr], [1, 'error: option \'--no-shared-memory\' cannot be used with option \'--preempt\'\n'])
})
