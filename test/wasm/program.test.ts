// class Program, in the heap of its user.

import test from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Program, ProgramError } from 'pthreads/wasm'
import { Thread } from 'pthreads'
import { nothingLeft } from '../leftovers.ts'
import { cases, givesMemoryBack, wasiThreads } from './programs.ts'

test('a program runs again and again, and several at a time; nothing is left over', async () => {
  const program = await Program.load(cases)
  for (let i = 0; i < 3; i++) assert.deepEqual(await program.run({ args: ['mutex'] }), { code: 0 })
  assert.deepEqual(await Promise.all([program.run({ args: ['cond'] }), program.run({ args: ['keys'] })]), [{ code: 0 }, { code: 0 }])
  await nothingLeft()
})

test('threads that sleep when the program ends are ended; nothing is left over', async () => {
  const program = await Program.load(pathToFileURL(cases))
  assert.deepEqual(await program.run({ args: ['hang'] }), { code: 4 })
  await nothingLeft()
})

test('the program\'s memory can be read while it runs', async () => {
  const program = await Program.load(wasiThreads)
  const { memory, ended } = program.start()
  assert.equal(memory.length, 16 * 2 ** 20)
  assert.ok(memory.buffer instanceof SharedArrayBuffer)
  assert.deepEqual(await ended, { code: 7 })
  await nothingLeft()
})

test('forty runs, each with the memory of a large program, leave no memory behind', async () => {
  const program = await Program.load(cases)
  await givesMemoryBack(program)
})

test('what programs have left open is closed', { skip: existsSync('/proc/self/fd') ? false : 'there is no /proc to count descriptors' }, async () => {
  const program = await Program.load(cases), folder = dirname(cases), open = (): number => readdirSync('/proc/self/fd').length
  const run = async (): Promise<void> => { assert.deepEqual(await program.run({ args: ['leaves open', '/d/cases.wasm'], dirs: { '/d': folder } }), { code: 0 }) }
  await run()
  const before = open()
  for (let i = 0; i < 10; i++) await run()
  const more = open() - before
  assert.ok(more < 100, `${more} descriptors of 200`)                     // the last program's are closed when there is another one
})

test('threads of TypeScript and of C live in one process', async () => {
  const program = await Program.load(cases)
  const sum = Thread.inline((n: number) => { let s = 0; for (let i = 0; i < n; i++) s += i; return s }, 1000)
  assert.deepEqual(await program.run({ args: ['others'] }), { code: 0 })
  assert.equal(await sum.joinAsync(), 499500)
  await nothingLeft()
})

test('what is no program is a ProgramError with a code', async () => {
  const code = (bytes: Uint8Array): Promise<unknown> => Program.load(bytes).then(() => undefined, (error: ProgramError) => {
    assert.ok(error instanceof ProgramError)
    return error.code
  })
  assert.equal(await code(new Uint8Array(3)), 'ERR_WASM_INVALID')
  assert.equal(await code(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), 'ERR_WASM_ABI')
  await assert.rejects(Program.load('/no/such/file.wasm'), { code: 'ENOENT' })
})
