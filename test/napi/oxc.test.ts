// @oxc-parser/binding-wasm32-wasi, as it was published.

import test from 'node:test'
import assert from 'node:assert/strict'
import { loadNapi, unloadNapi } from 'pthreads/napi'
import { nothingLeft } from '../leftovers.ts'
import { OXC, type Oxc } from './addons.ts'

const TEXT = `
  import type { Size } from './step.ts'
  import { readFileSync } from 'node:fs'
  export interface Step<T extends number> { readonly by: T, size?: Size }
  export class Counter { #n: number = 0; add(step: Step<1 | 2>): this { this.#n += step.by satisfies number; return this } }
  export function next(c: Counter, s = <Step<1>>{ by: 1 }): Counter { return c!.add(s as Step<1>) }
`
interface Tree { node: { type: string, body: { type: string, declaration?: { type: string, id?: { name: string } | null } }[] } }

test('oxc parses TypeScript, at once and in its threads; unloaded, it leaves nothing', async () => {
  const oxc = await loadNapi<Oxc>(OXC)
  const parsed = oxc.parseSync('counter.ts', TEXT)
  assert.deepEqual(parsed.errors, [])
  const { node } = JSON.parse(parsed.program) as Tree
  assert.equal(node.type, 'Program')
  assert.deepEqual(node.body.map(({ type, declaration }) => declaration?.id ? `${declaration.type} ${declaration.id.name}` : type),
    ['ImportDeclaration', 'ImportDeclaration', 'TSInterfaceDeclaration Step', 'ClassDeclaration Counter', 'FunctionDeclaration next'])
  assert.deepEqual(parsed.module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ['./step.ts', 'node:fs'])

  const files = Array.from({ length: 12 }, (_, i) => `const x${i}: number = ${i}`)
  const all = await Promise.all(files.map((file, i) => oxc.parse(`${i}.ts`, file)))
  assert.deepEqual(all.map(({ errors, program }) => [errors.length, (JSON.parse(program) as Tree).node.body[0].type]), files.map(() => [0, 'VariableDeclaration']))
  assert.equal((await oxc.parse('wrong.ts', 'let = =')).errors[0].message, 'Unexpected token')
  await unloadNapi(oxc)
  await nothingLeft()
})
