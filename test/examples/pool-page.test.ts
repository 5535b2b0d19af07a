// Every program of docs/POOL.md, as its reader would run it: page.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testPage } from './page.ts'

const { programs } = testPage('docs/POOL.md')

test('every program of docs/POOL.md says what it prints', () => {
  const printing = ['main.ts', 'stop.ts', 'lines.ts', 'halves.ts', 'loops.ts'].map(name => [name, true])
  assert.deepEqual(programs.map(({ name, prints }) => [name, prints !== undefined]), printing)
})
