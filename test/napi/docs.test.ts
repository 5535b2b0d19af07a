// The program of docs/NAPI.md prints what the page says.

import test from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runProgram } from '../program.ts'

test('the program of docs/NAPI.md prints what the page says', async () => {
  const page = readFileSync(join(root, 'docs/NAPI.md'), 'utf8')
  const [, name, text] = /^```js\n\/\/ (\S+)\n(.*?)^```$/ms.exec(page)!, [, prints] = /^```text\n(.*?)^```$/ms.exec(page)!
  const folder = mkdtempSync(join(root, 'build/napi-'))
  try {
    writeFileSync(join(folder, name), text)
    const { code, stdout, stderr } = await runProgram(join(folder, name), { timeout: 60_000 })
    assert.deepEqual([code, stdout, stderr], [0, prints, ''])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
