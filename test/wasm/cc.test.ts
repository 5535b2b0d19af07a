// pthreads cc, and the examples in C: the same output as a native build has.

import test from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { call, Program } from 'pthreads/wasm'
import { cases, examples, given, inputOf, noClang, noCxx, noGcc, otherClang, outcome, pthreads, run } from './programs.ts'

const OF_DOCS = ['letters', 'words']                                      // docs/C.md calls the one, docs/PORTS.md asks the other
const names = readdirSync(examples).filter(name => name.endsWith('.c')).map(name => basename(name, '.c')).filter(name => !OF_DOCS.includes(name))
const ARGUMENTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'philosophers': [[], ['7', '300']], 'bounded-buffer': [[], ['1', '3', '1000']], 'merge-sort': [[], ['10000', '4'], ['1', '0']], 'matrix': [[], ['50', '3', '2']],
  'line-server': [[]], 'sleepers': [['1', '0'], ['30', '20']],
}

async function inFolder(f: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-cc-'))
  try {
    await f(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// Without gcc there is no native build to compare with; .ci/run has one.
for (const name of names) {
  test(`${name} says what its native build says`, { skip: noGcc }, () => inFolder(async (folder) => {
    const native = join(folder, name)
    assert.equal(spawnSync('gcc', ['-O2', '-pthread', join(examples, `${name}.c`), '-o', native]).status, 0)
    for (const args of ARGUMENTS[name]) {
      const input = inputOf(name)
      const wanted = spawnSync(native, args, { encoding: 'utf8', input })
      const { code, stdout, stderr } = await run(join(examples, 'wasm', `${name}.wasm`), args, [], given(input))
      assert.deepEqual(outcome(code, stdout, stderr), outcome(wanted.status, wanted.stdout, wanted.stderr))
    }
  }))
}

test('every example in C is tested, and its compiled form is there', () => {
  assert.deepEqual(Object.keys(ARGUMENTS).sort(), [...names].sort())
  assert.deepEqual(readdirSync(join(examples, 'wasm')).sort(), [...names, ...OF_DOCS].map(name => `${name}.wasm`).sort())
})

// Skipped with another clang than the one that they were compiled by: the bytes differ. .ci/run installs that one.
test('the committed examples are those of the source', { skip: otherClang }, () => inFolder(async (folder) => {
  const out = join(folder, 'philosophers.wasm')
  const compiled = await pthreads(['cc', '-O2', '-Wall', '-Werror', join(examples, 'philosophers.c'), '-o', out])
  assert.deepEqual({ code: compiled.code, stdout: compiled.stdout, stderr: compiled.stderr }, { code: 0, stdout: '', stderr: '' })
  assert.deepEqual(readFileSync(out), readFileSync(join(examples, 'wasm', 'philosophers.wasm')), 'npm run programs makes them')
}))

// Skipped with another clang than the one that it was compiled by: the bytes differ.
test('the committed library is that of its source', { skip: otherClang }, () => inFolder(async (folder) => {
  const out = join(folder, 'letters.wasm')
  const { code, stderr } = await pthreads(['cc', '-O2', '-Wall', '-Werror', '--library', join(examples, 'letters.c'), '-o', out])
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.deepEqual(readFileSync(out), readFileSync(join(examples, 'wasm', 'letters.wasm')), 'npm run programs makes them')
}))

// Skipped where there is no clang for WebAssembly; .ci/run installs one.
test('a library is not run, and a program without main does not link', { skip: noClang }, () => inFolder(async (folder) => {
  const { code, stderr } = await run(join(examples, 'wasm', 'letters.wasm'), [])
  assert.deepEqual({ code, stderr }, { code: 2, stderr: 'pthreads run: letters.wasm: a library: it has no main\n' })
  const linked = await pthreads(['cc', '-O2', join(examples, 'letters.c'), '-o', join(folder, 'letters.wasm')])
  assert.notEqual(linked.code, 0)
  assert.match(linked.stderr, /undefined symbol: main/)
}))

// Skipped where there is no clang for WebAssembly.
test('--export names what TypeScript may call', { skip: noClang }, () => inFolder(async (folder) => {
  const source = join(folder, 'twice.c'), out = join(folder, 'twice.wasm')
  writeFileSync(source, 'int twice(int n) { return 2 * n; }\nint thrice(int n) { return 3 * n; }\nint hidden(int n) { return n; }\n')
  assert.equal((await pthreads(['cc', '-O2', '--library', '--export', 'twice', '--export', 'thrice', source, '-o', out])).code, 0)
  const running = (await Program.load(out)).start()
  assert.deepEqual([call(running.entry('twice'), 4), call(running.entry('thrice'), 4)], [8, 12])
  assert.throws(() => running.entry('hidden'), /exports no function hidden: it exports twice, thrice, malloc, free/)
  running.exit()
  assert.deepEqual(await running.ended, { code: 0 })
}))

// Skipped with another clang than the one that they were compiled by: the bytes differ.
test('the committed cases are those of the source', { skip: otherClang }, () => inFolder(async (folder) => {
  const out = join(folder, 'cases.wasm')
  const source = fileURLToPath(new URL('./c/cases.c', import.meta.url))
  assert.equal((await pthreads(['cc', '-O2', '-Wall', source, '-o', out])).code, 0)
  assert.deepEqual(readFileSync(out), readFileSync(cases), 'npm run programs makes them')
}))

// Skipped where there is no clang for WebAssembly; .ci/run installs one.
test('several files, -c, -D and -I are handed on; an error of the compiler is the exit code', { skip: noClang }, () => inFolder(async (folder) => {
  writeFileSync(join(folder, 'n.h'), 'extern int n;\n')
  writeFileSync(join(folder, 'n.c'), '#include "n.h"\nint n = N;\n')
  writeFileSync(join(folder, 'main.c'), '#include <n.h>\nint main(void) { return n; }\n')
  const at = (name: string): string => join(folder, name)
  assert.equal((await pthreads(['cc', '-c', `-DN=12`, at('n.c'), '-o', at('n.o')])).code, 0)
  assert.equal((await pthreads(['cc', `-I${folder}`, at('main.c'), at('n.o'), '-o', at('n.wasm')])).code, 0)
  assert.equal((await run(at('n.wasm'), [])).code, 12)
  writeFileSync(at('bad.c'), 'int main(void) { return m; }\n')
  const { code, stderr } = await pthreads(['cc', at('bad.c'), '-o', at('bad.wasm')])
  assert.equal(code, 1)
  assert.match(stderr, /bad\.c:1:25: error: .*'m'/)
}))

// Skipped where there is no clang for WebAssembly.
test('the memory and the first stack are as large as asked', { skip: noClang }, () => inFolder(async (folder) => {
  const source = join(folder, 'm.c'), out = join(folder, 'm.wasm')
  writeFileSync(source, '#include <stdlib.h>\nint main(void) { volatile char room[3 << 20]; room[0] = 1; return malloc(20 << 20) == NULL ? 3 : room[0]; }\n')
  for (const [options, code] of [[['--max-memory', '64', '--stack', '4096'], 1], [['--max-memory', '16', '--stack', '4096'], 3]] as const) {
    assert.equal((await pthreads(['cc', ...options, source, '-o', out])).code, 0)
    assert.equal((await run(out, [])).code, code)
  }
}))

// Skipped where there is no clang for WebAssembly.
test('a wasi-sdk is used where WASI_SDK_PATH says, and a sysroot by --sysroot', { skip: noClang }, () => inFolder(async (folder) => {
  const clang = spawnSync('/bin/sh', ['-c', 'command -v clang-19 clang-20 clang-21 clang-18 clang-17 clang-16'], { encoding: 'utf8' }).stdout.split('\n')[0]
  const sysroot = join(folder, 'share/wasi-sysroot'), out = join(folder, 'out.wasm')
  for (const name of ['bin', 'share/wasi-sysroot/include', 'share/wasi-sysroot/lib']) mkdirSync(join(folder, name), { recursive: true })
  symlinkSync(clang, join(folder, 'bin/clang'))
  for (const name of ['include', 'lib']) symlinkSync(`/usr/${name}/wasm32-wasi`, join(sysroot, name, 'wasm32-wasi'))
  const source = join(examples, 'philosophers.c')
  for (const [args, env] of [[[], { WASI_SDK_PATH: folder }], [['--clang', clang, '--sysroot', sysroot], { WASI_SDK_PATH: '' }]] as const) {
    const { code, stderr } = await pthreads(['cc', '-v', '-O2', ...args, source, '-o', out], { env })
    assert.equal(code, 0, stderr)
    assert.ok(stderr.includes(`--sysroot=${sysroot}`), stderr)
    assert.equal((await run(out, ['2', '1'])).stdout, 'philosopher 0 ate 1 times\nphilosopher 1 ate 1 times\n2 meals\n')
  }
}))

const cxx = fileURLToPath(new URL('./cpp/threads.cpp', import.meta.url))

// Skipped where there is no libc++ for WebAssembly; .ci/run installs one.
test('C++ without std::thread: what its threads construct once, and destroy at their ends', { skip: noCxx }, () => inFolder(async (folder) => {
  const out = join(folder, 'threads.wasm'), env = { XDG_CACHE_HOME: folder }
  const compiled = await pthreads(['cc', '-O2', '-std=c++17', '-Wall', cxx, '-o', out])
  assert.deepEqual([compiled.code, compiled.stderr], [0, ''])
  const lines = ['global constructed', 'thread 0: 300', 'thread 1: 300', 'thread 2: 200', '900 numbers, constructed 1 times, 8 locals destroyed', 'global destroyed, locals too: 9', '']
  for (const model of [['--model', '1:1'], ['--model', 'm:1'], ['--model', 'm:n', '--carriers', '2']]) {
    const { code, stdout } = await run(out, [], model, { env, timeout: 120_000 })
    assert.deepEqual({ model, code, stdout }, { model, code: 0, stdout: lines.join('\n') })
  }
}))

// Skipped for the same reason.
test('what C++ lacks there is said beside the compiler\'s errors', { skip: noCxx }, () => inFolder(async (folder) => {
  const source = join(folder, 'thread.cpp')
  writeFileSync(source, '#include <thread>\nint main() { std::thread([] {}).join(); }\n')
  const { code, stderr } = await pthreads(['cc', source, '-o', join(folder, 'out.wasm')])
  assert.equal(code, 1)
  assert.match(stderr, /error: no member named 'thread' in namespace 'std'/)
  assert.match(stderr, /thread\.cpp: this libc\+\+ was built without threads: what <thread> declares is missing; pthread_\*, std::atomic and thread_local are there\n$/)
}))

test('what is missing is named, with what to install', async () => {
  const told = async (args: readonly string[], env: Record<string, string>, message: RegExp): Promise<void> => {
    const { code, stderr } = await pthreads(['cc', ...args, 'x.c'], { env: { WASI_SDK_PATH: '', ...env } })
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
    assert.match(stderr, /apt-get install clang-19 lld-19 .*wasi-libc/)
  }
  await told([], { PATH: '/no/such/folder' }, /^pthreads cc: no clang 16 or newer is installed/)
  await told(['--clang', '/no/such/clang'], {}, /\/no\/such\/clang cannot be run/)
  if (noClang === false) await told(['--sysroot', '/no/such/sysroot'], {}, /there is no wasi-libc: \/no\/such\/sysroot/)
})
