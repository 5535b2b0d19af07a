// @node-rs/argon2-wasm32-wasi, as it was published.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadNapi, unloadNapi } from 'pthreads/napi'
import { nothingLeft } from '../leftovers.ts'
import { runProgram } from '../program.ts'
import { ARGON2, VECTORS, type Argon2 } from './addons.ts'
import { cold } from './cold.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-napi-'))
after(() => { rmSync(folder, { recursive: true }) })

test('argon2 gives what the reference implementation does, at once and from its threads; unloaded, it leaves nothing', async () => {
  const addon = await loadNapi<Argon2>(ARGON2)
  for (const [options, expected] of VECTORS) {
    assert.equal(await addon.hash('password', options), expected)
    if (options.memoryCost! > 1000) continue                              // the same, and slower
    assert.equal(addon.hashSync('password', options), expected)
    assert.equal(await addon.verify(expected, 'password'), true)
    assert.equal(addon.verifySync(expected, 'passwort'), false)
  }
  await assert.rejects(addon.verify('no hash', 'password'))
  assert.throws(() => addon.verifySync('no hash', 'password'))
  await unloadNapi(addon)
  await nothingLeft()
})

test('argon2 loads twice, each with a memory of its own', async () => {
  const [one, other] = await Promise.all([loadNapi<Argon2>(ARGON2, { threads: 1 }), loadNapi<Argon2>(ARGON2, { threads: 2 })])
  const [options, expected] = VECTORS[2]
  assert.deepEqual(await Promise.all([one, other, one, other].map(addon => addon.hash('password', options))), [expected, expected, expected, expected])
  await unloadNapi(one)
  assert.equal(await other.hash('password', options), expected)
  await unloadNapi(other)
  await nothingLeft()
})

test('cold runs of argon2, in processes of their own, are right and say nothing', async () => {
  assert.deepEqual(await cold(3), [])
})

test('argon2 is right under m:1 and m:n; what was made of it for that is kept', async () => {
  const run = (model: string): ReturnType<typeof runProgram> =>
    runProgram(new URL('./fixtures/argon2.js', import.meta.url), { args: [model], timeout: 100_000, env: { XDG_CACHE_HOME: folder } })
  const first = await run('m:1')
  assert.deepEqual([first.code, first.stdout], [0, 'right\n'], first.stderr)
  assert.match(first.stderr, /^argon2\.wasm32-wasi\.wasm: transforming it for threads that share carriers \(once\) … [\d.]+ s\n$/)
  for (const model of ['m:1', 'm:n']) {
    const { code, stdout, stderr } = await run(model)
    assert.deepEqual([model, code, stdout, stderr], [model, 0, 'right\n', ''])
  }
})
