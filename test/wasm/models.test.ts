// C programs under every model: calls that wait, and examples.

import test from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { agrees, exampleAgrees, MODELS, run } from './agreement.ts'

const suspending = fileURLToPath(new URL('./c/wasm/suspending.wasm', import.meta.url))
const migrating = fileURLToPath(new URL('./c/wasm/migrating.wasm', import.meta.url))

test('every call that waits suspends its thread alone, and gives what it gives under 1:1', () => agrees(suspending, []))
test('threads that may go on at other carriers compute what they compute under 1:1', () => agrees(migrating, ['waits', '30', '20']))
// 8 threads, created, locked and joined by a main that blocks at once: programs hang elsewhere for want of a pool as large.
exampleAgrees('philosophers', '8', '100')
exampleAgrees('bounded-buffer')
exampleAgrees('merge-sort')
exampleAgrees('matrix')

test('a program whose main returns ends its fibers that sleep for ever', async () => {
  const { code, timedOut } = await run(fileURLToPath(new URL('./c/wasm/cases.wasm', import.meta.url)), ['hang'], MODELS[0])
  assert.deepEqual([code, timedOut], [4, false])
})
