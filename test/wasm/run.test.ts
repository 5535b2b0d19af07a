// pthreads run of WebAssembly programs: how they end, what they may see, and what is no program.

import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cases, examples, pthreads, run, wasiThreads } from './programs.ts'

async function ends(args: readonly string[], code: number, stdout: string | RegExp = '', stderr: string | RegExp = '', options: readonly string[] = []): Promise<void> {
  const ended = await run(cases, args, options)
  assert.ok(!ended.timedOut, `it hangs\n${ended.stdout}${ended.stderr}`)
  assert.equal(ended.code, code, ended.stdout + ended.stderr)
  for (const [got, wanted] of [[ended.stdout, stdout], [ended.stderr, stderr]] as const) {
    if (typeof wanted === 'string') assert.equal(got, wanted)
    else assert.match(got, wanted)
  }
}

test('exit in a thread ends the program, with its handlers, while main waits', () => ends(['exit in a thread'], 3, 'atexit\n'))
test('a program whose main has left ends with its last thread', () => ends(['main leaves first'], 0, 'the last one\natexit\n'))
test('a return from main ends threads that sleep', () => ends(['hang'], 4))
test('abort is told', () => ends(['abort'], 134, '', 'cases.wasm: thread 1 "main": aborted (SIGABRT)\n'))
test('a wild pointer ends the program as a signal would, and names thread and function', () =>
  ends(['null'], 139, '', /^cases\.wasm: thread \d+ "thread": memory access out of bounds \(SIGSEGV\)\n {4}in null_pointer \(0x/))
test('so does a division by zero', () => ends(['divide'], 136, '', /integer division by zero \(SIGFPE\)\n {4}in divide/))
test('so does a stack that grows without end', () => ends(['overflow'], 139, '', /\(SIGSEGV\)\n {4}in overflow/))

for (const [name, model] of [['1:1', []], ['m:1', ['--model', 'm:1']], ['m:n', ['--model', 'm:n', '--carriers', '2']]] as const) {
  test(`a program for wasi-threads runs under ${name}, its waits and its growth included`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pthreads-wasm-'))
    try {
      const { code, stdout } = await run(wasiThreads, [], model, { env: { XDG_CACHE_HOME: folder } })
      assert.deepEqual({ code, stdout }, { code: 7, stdout: 'as it should be\n' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('arguments and variables are those that are given, and no others', async () => {
  await ends(['arguments', 'a b', ''], 0, 'cases.wasm\narguments\na b\n\nno HOME no COLOUR\n')
  await ends(['arguments'], 0, 'cases.wasm\narguments\n/root red\n', '', ['--env', 'COLOUR=red', '--env', 'HOME=/root'])
})

test('standard input is read to its end', async () => {
  const { stdout } = await run(cases, ['cat'], [], { stdin: true, started: child => child.stdin!.end('one\ntwo\nlast') })
  assert.equal(stdout, 'one\ntwo\nlast')
})

test('a program sees the directories that it is given, under the names it is given, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-wasm-'))
  try {
    const inside = join(folder, 'inside')
    mkdirSync(inside)
    writeFileSync(join(folder, 'secret'), 'secret\n')
    writeFileSync(join(inside, 'file'), 'open\n')
    symlinkSync('../secret', join(inside, 'link'))
    symlinkSync(join(folder, 'secret'), join(inside, 'absolute'))
    const dir = ['--dir', `here=${inside}`]
    await ends(['show', 'here/file'], 0, 'open\n', '', dir)
    await ends(['files', 'here/new'], 0, 'written by thread 1\n', '', dir)
    assert.deepEqual(readdirSync(inside), ['absolute', 'file', 'link'])
    for (const path of ['here/../secret', 'here/link', 'here/absolute', join(folder, 'secret'), 'secret', '/etc/passwd'])
      await ends(['show', path], 1, /^(?!secret)/, '', dir)
    await ends(['show', join(inside, 'file')], 1, /Capabilities insufficient|Bad file descriptor|No such/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what is no program is told, with exit code 2', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-wasm-'))
  const told = async (name: string, bytes: Uint8Array, message: RegExp): Promise<void> => {
    writeFileSync(join(folder, name), bytes)
    const { code, stdout, stderr } = await pthreads(['run', join(folder, name)])
    assert.equal(code, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, message)
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  }
  try {
    const whole = readFileSync(cases)
    await told('empty.wasm', new Uint8Array(), /^pthreads run: empty\.wasm: not a WebAssembly file/)
    await told('text.wasm', Buffer.from('console.log(1)'), /text\.wasm: not a WebAssembly file/)
    await told('half.wasm', whole.subarray(0, whole.length >> 1), /half\.wasm: not a valid WebAssembly module: the file ends in the middle/)
    await told('component.wasm', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), /component\.wasm: a component/)
    await told('plain.wasm', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), /plain\.wasm: it imports no memory: it was built without threads/)
    const other = Buffer.from(whole)
    other.set(Buffer.from('pthreadz'), other.indexOf('pthreads'))
    await told('other.wasm', other, /other\.wasm: it imports the function pthreadz\.\w+, which is not here/)
    const spoiled = Buffer.from(whole)
    spoiled.fill(0xff, spoiled.length >> 1, (spoiled.length >> 1) + 40)
    await told('spoiled.wasm', spoiled, /spoiled\.wasm: not a valid WebAssembly module/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a memory that cannot grow is told, with exit code 2', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-wasm-')), file = join(folder, 'small.wasm')
  const small = readFileSync(wasiThreads), at = small.indexOf('\x06memory\x02\x03', 0, 'latin1') + 9
  assert.ok(at >= 9 && small[at] < 0x80, 'its least memory is one byte, then comes the most')
  for (let i = at + 1, more = true; more; i++) {
    more = small[i] >= 0x80
    small[i] = (more ? 0x80 : 0) | (i === at + 1 ? small[at] : 0)
  }
  try {
    writeFileSync(file, small)
    const { code, stderr } = await pthreads(['run', file])
    assert.equal(code, 2)
    assert.match(stderr, /^pthreads run: small\.wasm: its memory cannot grow beyond the \d+ pages that it begins with: link it with a larger --max-memory\n$/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a memory that the host refuses is told in one line, with exit code 1', async () => {
  const hook = fileURLToPath(new URL('./fixtures/no-memory.mjs', import.meta.url))
  const { code, stdout, stderr } = await run(cases, ['mutex'], [], { node: ['--import', hook] })
  assert.deepEqual([code, stdout, stderr], [1, '', 'pthreads run: ENOMEM: cases.wasm: the host refuses 1024 MiB of memory: WebAssembly.Memory(): could not allocate memory\n'])
})

for (const model of ['1:1', 'm:1', 'm:n']) {
  test(`threads that there cannot be are an error of the program's, which says so and ends (${model})`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pthreads-wasm-'))
    try {
      const { code, stdout, stderr } = await run(join(examples, 'wasm/sleepers.wasm'), ['12', '1'], ['--model', model, '--threads', '8'], { env: { XDG_CACHE_HOME: folder }, timeout: 110_000 })
      assert.deepEqual([code, stdout, stderr.replace(/^.*transformed.*\n/, '')], [1, '', 'sleepers: thread 9 of 12 cannot be made: Resource temporarily unavailable\n'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('an option that a program of this kind cannot have is told', async () => {
  const told = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await pthreads(['run', ...args])
    assert.equal(code, 2)
    assert.match(stderr, message)
  }
  await told(['--dir', 'no/such/directory', cases], /--dir no\/such\/directory: no such directory/)
  await told(['--env', '=1', cases], /--env =1: a variable has a name/)
  await told(['there/is/none.wasm'], /there\/is\/none\.wasm: no such file/)
  await told(['--dir', '.', new URL(import.meta.url).pathname], /--dir is for \.wasm programs/)
})
