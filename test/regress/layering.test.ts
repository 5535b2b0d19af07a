// Each rule of eslint.config.js that keeps the layers apart, shown to bite: a program that breaks it is
// refused with the arrow it draws, and its lawful twin is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'

const root = fileURLToPath(new URL('.', import.meta.resolve('pthreads/package.json')))
const RULES = ['no-restricted-imports', 'no-restricted-globals', 'no-restricted-syntax']

// The files exist only here, so the rules that ask the type checker stay out.
const untyped = tseslint.configs.disableTypeChecked
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [{
    rules: untyped.rules as Record<string, 'off'>,
    languageOptions: { parserOptions: { project: false, program: null } },
  }],
})

/** What the layering rules say about this source in that file. */
async function verdicts(file: string, source: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${source}\n`, { filePath: `${root}${file}` })
  assert.equal(result.fatalErrorCount, 0, result.messages[0]?.message)
  return result.messages.filter(({ ruleId }) => RULES.includes(ruleId ?? '')).map(({ message }) => message)
}

async function refused(file: string, source: string, reason: RegExp): Promise<void> {
  const said = await verdicts(file, source)
  assert.equal(said.length, 1, `${file}: ${source}: ${said.join('; ') || 'allowed'}`)
  assert.match(said[0], reason)
}

async function allowed(file: string, source: string): Promise<void> {
  assert.deepEqual(await verdicts(file, source), [], `${file}: ${source}`)
}

const ORDER = ['mem', 'kernel', 'pthread', 'ult', 'port', 'api']

for (const [height, lower] of ORDER.entries()) {
  for (const upper of ORDER.slice(height + 1)) {
    test(`${lower} may not import ${upper}, and ${upper} may import ${lower}`, async () => {
      await refused(`src/${lower}/x.ts`, `import { y } from '../${upper}/y.ts'\ny()`, new RegExp(`^.*'../${upper}/y.ts'.* ${lower} -> ${upper} `))
      await allowed(`src/${upper}/x.ts`, `import { y } from '../${lower}/y.ts'\ny()`)
    })
  }
}

for (const [from, to] of [['api', 'wasm'], ['api', 'lab'], ['lab', 'api'], ['wasm', 'cli'], ['api', 'cli'], ['wasm', 'lab'], ['api', 'host'], ['kernel', 'host'], ['host', 'pthread'], ['sim', 'api'], ['sim', 'lab'], ['api', 'sim'], ['ult', 'sim'], ['wasm', 'napi'], ['api', 'napi'], ['napi', 'lab']]) {
  test(`${from} may not import ${to}`, () =>
    refused(`src/${from}/x.ts`, `import { y } from '../${to}/y.ts'\ny()`, new RegExp(` ${from} -> ${to} `)))
}

test('the rule holds for files in folders of a layer, for types, for exports and for import()', async () => {
  await refused('src/kernel/signals/x.ts', `export { y } from '../../pthread/y.ts'`, /kernel -> pthread /)
  await refused('src/kernel/x.ts', `export * from './../pthread/y.ts'`, /kernel -> pthread /)
  await refused('src/kernel/x.ts', `import type { Y } from '../pthread/y.ts'\nexport type Z = Y`, /kernel -> pthread /)
  await refused('src/kernel/x.ts', `export type Z = import('../pthread/y.ts').Y`, /kernel -> pthread /)
  await refused('src/kernel/x.ts', `await import('../pthread/y.ts')`, /kernel -> pthread /)
})

test('the command runs the lab, and #atomics alone brings it to the layers below', async () => {
  await allowed('src/cli/x.ts', `import { check } from '../lab/index.ts'\ncheck()`)
  for (const layer of ORDER) await refused(`src/${layer}/x.ts`, `import { step } from '../lab/turn.ts'\nstep()`, new RegExp(` ${layer} -> lab `))
})

test('host knows types of the kernel, not its code', async () => {
  await allowed('src/host/x.ts', `import type { Host } from '../kernel/host.ts'\nexport const x = {} as Host`)
  await allowed('src/host/x.ts', `import { Memory } from '../mem/memory.ts'\nexport const x = Memory`)
  await refused('src/host/x.ts', `import { create } from '../kernel/process.ts'\ncreate()`, /host -> kernel /)
})

test('boot.ts imports every layer and no layer imports boot.ts', async () => {
  await allowed('src/boot.ts', `import 'node:fs'\n${[...ORDER, 'host', 'wasm', 'lab', 'cli'].map(layer => `import './${layer}/y.ts'`).join('\n')}`)
  for (const layer of [...ORDER, 'host', 'wasm', 'lab', 'cli']) await refused(`src/${layer}/x.ts`, `import '../boot.ts'`, new RegExp(` ${layer} -> boot `))
})

test('only host, cli and boot.ts know Node', async () => {
  for (const name of ['node:fs', 'fs', 'fs/promises', 'worker_threads']) {
    await refused('src/api/x.ts', `import '${name}'`, /know Node/)
    await allowed('src/host/x.ts', `import '${name}'`)
    await allowed('src/cli/x.ts', `import '${name}'`)
  }
  await refused('src/api/x.ts', `await import('node:os')`, /know Node/)
  await refused('src/wasm/x.ts', `import type { Worker } from 'node:worker_threads'\nexport type W = Worker`, /know Node/)
  assert.ok((await verdicts('src/mem/x.ts', `import 'node:fs'`)).length > 0)
})

test('the layers below the faces import no package, and nobody in src imports the package itself', async () => {
  await refused('src/kernel/x.ts', `import 'acorn'`, /src\/kernel imports no package/)
  await allowed('src/api/x.ts', `import 'acorn'`)
  await refused('src/api/x.ts', `import '#internal/kernel/futex.js'`, /relative paths/)
  await refused('src/api/x.ts', `import 'pthreads/posix'`, /relative paths/)
})

test('Atomics is written in mem/atomics.ts, and read through #atomics', async () => {
  await allowed('src/mem/atomics.ts', `Atomics.load(new Int32Array(1), 0)`)
  await allowed('src/lab/x.ts', `Atomics.load(new Int32Array(1), 0)`)
  await allowed('src/pthread/x.ts', `import { load } from '#atomics'\nload()`)
  await refused('src/mem/x.ts', `Atomics.load(new Int32Array(1), 0)`, /#atomics/)
  await refused('src/pthread/x.ts', `Atomics.load(new Int32Array(1), 0)`, /#atomics/)
  await refused('src/pthread/x.ts', `globalThis.Atomics.load(new Int32Array(1), 0)`, /#atomics/)
  await refused('src/pthread/x.ts', `import { load } from '../mem/atomics.ts'\nload()`, /#atomics/)
})

test('shared memory is made in mem and host, and named by the codec', async () => {
  await allowed('src/mem/x.ts', 'export const b = new SharedArrayBuffer(8)')
  await allowed('src/host/x.ts', 'export const b = new SharedArrayBuffer(8)')
  await allowed('src/api/codec.ts', 'export const b = new SharedArrayBuffer(8)')
  await allowed('src/pthread/x.ts', 'export interface Shared { buffer: SharedArrayBuffer }')
  await refused('src/pthread/x.ts', 'export const b = new SharedArrayBuffer(8)', /Shared memory/)
  await refused('src/api/x.ts', 'export const b = new globalThis.SharedArrayBuffer(8)', /Shared memory/)
})

test('Workers are started in host only', async () => {
  await allowed('src/host/x.ts', `new Worker('x')`)
  await refused('src/api/x.ts', `new Worker('x')`, /src\/host/)
  await refused('src/cli/x.ts', `new threads.Worker('x')`, /src\/host/)
})

test('tests and examples import the package, not its files', async () => {
  await refused('test/mem/x.test.ts', `import '../../src/mem/lock.ts'`, /#internal/)
  await allowed('test/mem/x.test.ts', `import '#internal/mem/lock.js'`)
  await refused('examples/x/main.ts', `import '#internal/mem/lock.js'`, /its reader can/)
  await allowed('examples/x/main.ts', `import 'pthreads'`)
})

test('the names of the house pass: snake case after POSIX, _slow, _locked, _np', async () => {
  const [{ messages }] = await eslint.lintText('export function pthread_mutex_lock(): void {}\nexport function lock_slow(): void {}\nexport function wake_locked(): void {}\nexport function pthread_yield_np(): void {}\n', { filePath: `${root}src/pthread/x.ts` })
  assert.deepEqual(messages, [])
})
