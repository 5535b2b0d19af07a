// Every program of docs/PORTS.md, as its reader would run it: page.ts.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './run.ts'
import { testPage } from './page.ts'

const { programs } = testPage('docs/PORTS.md', { 'words.wasm': join(root, 'examples/c/wasm/words.wasm') })

test('every program of docs/PORTS.md says what it prints', () => {
  assert.deepEqual(programs.map(({ name, prints }) => [name, prints !== undefined]), [['words.ts', true], ['late.ts', true], ['refused.ts', true], ['ask.ts', true], ['shards.ts', true]])
})
