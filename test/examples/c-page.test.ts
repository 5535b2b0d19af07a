// Every program of docs/C.md, as its reader would run it: page.ts.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './run.ts'
import { testPage } from './page.ts'

const { programs } = testPage('docs/C.md', {
  'line-server.wasm': join(root, 'examples/c/wasm/line-server.wasm'), 'letters.wasm': join(root, 'examples/c/wasm/letters.wasm'),
})

test('every program of docs/C.md says what it prints', () => {
  assert.deepEqual(programs.map(({ name, prints }) => [name, prints !== undefined]), [['serve.ts', true], ['count.ts', true]])
})
