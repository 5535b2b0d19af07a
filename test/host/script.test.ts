// The library's chunks as scripts: how they are made, and that Workers take the code that was compiled before.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Thread } from 'pthreads'
import { kernel } from '#internal/kernel/process.js'
import * as records from '#internal/kernel/records.js'
import { root } from '../program.ts'

interface Scripts { load(name: string): Record<string, unknown>, share(): unknown, took(name: string): boolean }
interface Make { scriptOf(code: string, name: string, stay: string[]): { script: string, module: string }, withoutComments(code: string): string }

const scripts = createRequire(import.meta.url)('#internal/host/script.cjs') as Scripts
const { scriptOf, withoutComments } = await import(pathToFileURL(join(root, 'scripts/script.mjs')).href) as Make

const chunkOf = (code: string, atomics = {}): Record<string, unknown> & { follow$(by: object): void } => {
  const module = { exports: undefined as unknown }
  new Function('module', 'require', scriptOf(code, 'chunk', []).script)(module, createRequire(import.meta.url))
  return (module.exports as (...args: unknown[]) => ReturnType<typeof chunkOf>)(atomics, {}, { url: 'file:///chunk.js' }, (url: string) => `imported ${url}`, (text: string) => `evaluated ${text}`)
}

test('a Worker takes the code that the first heap has compiled', async () => {
  assert.equal(scripts.took('core'), false)
  const worker = new Worker(`
    const { parentPort, workerData } = require('node:worker_threads')
    const scripts = require(workerData.file)
    scripts.provide(workerData.code)
    const { becomeCarrier } = scripts.load('core')
    parentPort.postMessage([scripts.took('base'), scripts.took('core'), typeof becomeCarrier])
  `, { eval: true, workerData: { file: join(root, 'dist/host/script.cjs'), code: scripts.share() } })
  assert.deepEqual((await once(worker, 'message'))[0], [true, true, 'function'])
})

test('a module has what the script has', () => {
  const core = scripts.load('core')
  assert.equal(core.Carrier, records.Carrier)
  assert.equal(core.PROCESS, records.PROCESS)
})

test('variables that are assigned again change in the modules', () => {
  assert.equal(kernel, undefined)
  Thread.inline(() => 1).join()
  assert.notEqual(kernel, undefined)
  assert.equal(kernel, scripts.load('core').kernel)
})

test('what a chunk imports are parameters, and what it exports is the result', () => {
  const { sum, where, found, run, digest } = chunkOf(`
import { peek, poke as write } from '#atomics';
import { join as together } from 'node:path';
import { createHash } from 'node:crypto';
const sum = () => peek() + write(), where = import.meta.url, found = import('x'), run = text => (0, eval)(text);
const hash = () => [together('a', 'b'), createHash('md5').update('').digest('hex').length];
export { sum, where, found, run, hash as digest };
`, { peek: () => 1, poke: () => 2 }) as unknown as { sum(): number, where: string, found: string, run(text: string): string, digest(): unknown }
  assert.deepEqual([sum(), where, found, run('1')], [3, 'file:///chunk.js', 'imported x', 'evaluated 1'])
  assert.deepEqual(digest(), [join('a', 'b'), 32])
})

test('a variable that is exported and assigned again is told, wherever that is', () => {
  const chunk = chunkOf(`
let count = 1, name = 'a', fixed = 2;
function next(by) { count += by; name = name + 'b'; count++; return ++count }
export { count, name as title, fixed, next };
`)
  const told: unknown[] = []
  chunk.follow$({ count: (value: number) => { told.push(value) }, title: (value: string) => { told.push(value) } })
  assert.equal((chunk.next as (by: number) => number)(10), 13)
  assert.deepEqual(told, [11, 'ab', 12, 13])
  assert.deepEqual([chunk.count, chunk.title, chunk.fixed], [13, 'ab', 2])
  assert.match(scriptOf('let a = 1;\nfunction f() { a = 2; }\nexport { a, f };\n', 'chunk', []).module, /^export let \{ a \}/m)
  assert.doesNotMatch(scriptOf('let a = 1;\nfunction f() { a = 2; }\nexport { a, f };\n', 'chunk', ['a']).module, /\ba\b/)
})

test('an assignment that cannot be told is refused when the chunk is made', () => {
  for (const change of ['[a] = [2]', 'return a++'])
    assert.throws(() => scriptOf(`let a = 1;\nfunction f() { ${change} }\nexport { a, f };\n`, 'chunk', []), /^Error: a: an exported variable is changed by /)
  assert.throws(() => scriptOf('import { a } from \'acorn\';\nexport { a };\n', 'chunk', []), /^Error: acorn: /)
  assert.throws(() => scriptOf('import * as a from \'node:fs\';\nexport { a };\n', 'chunk', []), /^Error: node:fs: import its names/)
})

test('a script is of characters of one byte, and what it says stays the same', () => {
  const { script } = scriptOf('const a = \'\u2026\u{1f600}\', b = /\u2014/.test(\'\u2014\');\nexport { a, b };\n', 'chunk', [])
  assert.match(script, /^[\0-\x7f]*$/)
  const { a, b } = chunkOf('const a = \'\u2026\u{1f600}\', b = /\u2014/.test(\'\u2014\');\nexport { a, b };\n')
  assert.deepEqual([a, b], ['\u2026\u{1f600}', true])
})

test('without its comments code stands where it stood', () => {
  assert.equal(withoutComments('// a\nconst a = 1   // b\n/** c\n * d */\nconst b = /* e */ \'// f\'\n'), '\nconst a = 1\n\n\nconst b =         \'// f\'\n')
})
