// What loadNapi promises, on an addon of our own; how addons fail; and what is none.

import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { load, Thread } from 'pthreads'
import { loadNapi, unloadNapi, type NapiOptions } from 'pthreads/napi'
import { nothingLeft } from '../leftovers.ts'
import { plays, root, runProgram } from '../program.ts'
import { cases } from '../wasm/programs.ts'
import { ARGON2, OWN, type Own } from './addons.ts'
import type * as Fixture from './fixtures/own.ts'

const scenes = new URL('./fixtures/own.js', import.meta.url)
const entries = load<typeof Fixture>(scenes)

test('a thread that an addon\'s thread starts runs while the heap that loaded the addon is blocked', async () => {
  const addon = await loadNapi<Own>(OWN)
  for (const threads of [1, 2, 10, 3]) assert.equal(addon.row(threads), threads)
  await unloadNapi(addon)
  await nothingLeft()
})

test('what threads send is called in the heap that loaded the addon, each once', async () => {
  const addon = await loadNapi<Own>(pathToFileURL(OWN))
  const called: number[] = [], sent: number[] = []
  await Promise.all(Array.from({ length: 20 }, () => new Promise<void>((resolve) => {
    sent.push(addon.later((number) => {
      called.push(number)
      resolve()
    }))
  })))
  assert.deepEqual(called.sort((a, b) => a - b), sent)
  await unloadNapi(addon)
  await nothingLeft()
})

test('a thread can load an addon, too', async () => {
  const thread = Thread.create(entries.loads, 5)
  assert.deepEqual(await thread.joinAsync(), { row: 5, delivered: true })
  await nothingLeft()
})

test('an addon sees the variables that it is given, and no others', async () => {
  const count = async (env: NapiOptions['env']): Promise<number> => {
    const addon = await loadNapi<Own>(OWN, env === undefined ? {} : { env })
    const seen = addon.variables()
    await unloadNapi(addon)
    return seen
  }
  assert.deepEqual([await count(undefined), await count({ A: 'a', B: '' })], [0, 2])
})

test('an addon cannot end the process: the call throws, and the next one works', async () => {
  const addon = await loadNapi<Own>(OWN)
  assert.throws(() => addon.quit(3), { name: 'NapiError', code: 'ERR_NAPI_EXIT', message: 'addon.wasm: it wants to end the process with exit code 3' })
  assert.equal(addon.row(2), 2)
  await unloadNapi(addon)
  await nothingLeft()
})

test('an addon\'s threads hold no process; what they owe does', () => plays(scenes, 'ends'))

test('under m:1 its threads are fibers, and they start while the heap that loaded it is blocked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-napi-'))
  try {
    const { code, stdout, stderr } = await runProgram(scenes, { args: ['shares'], env: { XDG_CACHE_HOME: folder }, timeout: 60_000 })
    assert.deepEqual([code, stdout], [0, 'played\n'], stderr)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a thread that fails is told, and the process ends as if a Worker had failed', async () => {
  const { code, stdout, stderr } = await runProgram(scenes, { args: ['fails'] })
  assert.equal(code, 1, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, /^addon\.wasm: thread \d+ "spawned": unreachable code was reached .*\(SIGILL\)\n/)
  assert.match(stderr, /NapiError: addon\.wasm: one of its threads has failed, as was printed: it cannot be called any more/)
})

test('a thread whose Worker dies outside of C is told, and the process ends as if a Worker had failed', async () => {
  const { code, stdout, stderr } = await runProgram(scenes, { args: ['dies'] })
  assert.equal(code, 1, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, /NapiError: argon2\.wasm32-wasi\.wasm: one of its threads has died: it cannot be called any more/)
})

test('a thread that asks for JavaScript values of another heap is told that there are none', async () => {
  const { code, stderr } = await runProgram(scenes, { args: ['abuses'] })
  assert.equal(code, 1, stderr)
  assert.match(stderr, /^addon\.wasm: thread \d+ "spawned": NapiError: addon\.wasm: napi_get_undefined was called in a thread of the addon's own: JavaScript values belong to the thread that loaded it/)
})

test('what is no addon is told, and leaves nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pthreads-napi-'))
  const told = async (source: string | URL, code: string, message: RegExp, options: NapiOptions = {}): Promise<void> => {
    await assert.rejects(loadNapi(source, options), (error: Error & { code?: string }) => {
      assert.match(error.message, message)
      assert.equal(error.code, code)
      return true
    })
  }
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const spoilt = (name: string, from: string, to: string): string => {
    const bytes = Buffer.from(readFileSync(OWN))
    assert.equal(from.length, to.length)
    assert.notEqual(bytes.indexOf(from), -1)
    bytes.write(to, bytes.indexOf(from), 'latin1')
    return file(name, bytes)
  }
  try {
    await told('@no/such', 'ERR_NAPI_PACKAGE', /^loadNapi: the package "@no\/such" is not installed where .*addon\.test\.js could import it$/)
    await told(ARGON2, 'ERR_NAPI_PACKAGE', /is not installed where .* could import it/, { from: join(folder, 'x.js') })
    await told('typescript', 'ERR_NAPI_PACKAGE', /^loadNapi: the package "typescript" has no \.wasm file in .*typescript$/)
    const several = join(folder, 'node_modules/several')
    mkdirSync(several, { recursive: true })
    for (const name of ['package.json', 'a.wasm', 'b.wasm']) writeFileSync(join(several, name), '')
    await told('several', 'ERR_NAPI_PACKAGE', /"several" has several \.wasm files \(a\.wasm, b\.wasm\): name one of them/, { from: join(folder, 'x.js') })
    await told(join(folder, 'none.wasm'), 'ENOENT', /no such file.*none\.wasm/)
    await told(file('empty.wasm', new Uint8Array()), 'ERR_WASM_INVALID', /^empty\.wasm: not a WebAssembly file/)
    await told(file('half.wasm', readFileSync(OWN).subarray(0, 800)), 'ERR_WASM_INVALID', /^half\.wasm: not a valid WebAssembly module/)
    await told(file('plain.wasm', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), 'ERR_WASM_ABI', /it imports no memory: it was built without threads/)
    await told(cases, 'ERR_NAPI_ABI', /^cases\.wasm: it is no addon of Node-API: it exports no napi_register_wasm_v1/)
    await told(spoilt('older.wasm', 'wasi_thread_start', 'wasi_thread_stare'), 'ERR_NAPI_ABI', /its threads are not those of wasi-threads/)
    await told(file('alone.wasm', readFileSync(OWN)), 'ERR_NAPI_RUNTIME', /alone\.wasm needs the package @emnapi\/core/)
    mkdirSync(join(folder, 'node_modules/@emnapi'))
    for (const name of ['core', 'runtime']) symlinkSync(join(root, 'node_modules/@emnapi', name), join(folder, 'node_modules/@emnapi', name))
    const strange = spoilt('strange.wasm', 'napi_get_undefined', 'napi_get_undefinee')
    await told(strange, 'ERR_NAPI_IMPORT', /^strange\.wasm: it imports what its emnapi does not have: env\.napi_get_undefinee$/)
  } finally {
    rmSync(folder, { recursive: true })
  }
  await assert.rejects(loadNapi(5 as never), { name: 'TypeError', message: 'loadNapi: number, not the name of a package or a file' })
  await assert.rejects(loadNapi(OWN, { threads: 0 }), { name: 'RangeError', message: 'loadNapi: threads: 0, not an integer from 1 to 1024' })
  await assert.rejects(loadNapi(OWN, { model: 'm:1' }), /the process's model is 1:1 \(configure: model\)/)
  await assert.rejects(unloadNapi({}), { name: 'TypeError', message: 'unloadNapi: this is no addon, or it was unloaded before' })
  await nothingLeft()
})
