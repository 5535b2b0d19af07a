// The marathon (npm run stress), a few seconds of it: everything at once, and its script.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { root, runProgram } from '../program.ts'
import { takeSeed } from './random.ts'

const script = join(root, 'scripts/stress.mjs')
const seed = takeSeed(), minutes = Number(process.env.STRESS_SECONDS ?? 4) / 60

test(`every object under locks, cancels, signals, timeouts and deaths at once loses nothing and leaves nothing (seed ${seed})`, async () => {
  const { code, stdout, stderr } = await runProgram(script, { args: ['--minutes', String(minutes), '--seed', String(seed), '--threads', '19'], timeout: 110_000 + minutes * 180_000 })
  assert.deepEqual([code, stderr], [0, ''], `${stdout}${stderr}`)
  assert.match(stdout, new RegExp(`^seed ${seed}, 19 threads, `))
  assert.match(stdout, /^deaths in all +[1-9]/m)
  assert.match(stdout, /\nnothing was lost, and nothing is left over\n$/)
})

test('what makes no sense is refused', async () => {
  for (const args of [['--minutes', '0'], ['--threads', 'many'], ['--only', 'nothing'], ['--what']]) {
    const { code, stdout, stderr } = await runProgram(script, { args })
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^npm run stress \[-- options\]$/m)
  }
})
