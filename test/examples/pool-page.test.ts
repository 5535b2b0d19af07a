// Every program of docs/POOL.md, as its reader would run it: page.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testPage } from './page.ts'

const { programs } = testPage('docs/POOL.md')

test('every program of docs/POOL.md says what it prints', () => {
  assert.deepEqual(programs.map(({ name, prints }) => [name, prints !== undefined]), [['main.ts', true], ['halves.ts', true]])
})
