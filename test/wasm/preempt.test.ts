// --preempt: loops of C that call nothing let others run, and are interrupted by signals.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from 'pthreads/wasm'
import { root } from '../program.ts'
import { cases, givesMemoryBack, pthreads, run } from './programs.ts'

const loops = fileURLToPath(new URL('./c/wasm/loops.wasm', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pthreads-preempt-'))
after(() => { rmSync(folder, { recursive: true }) })
const how = { env: { XDG_CACHE_HOME: folder }, timeout: 110_000 }

const MODELS = { '1:1': ['--model', '1:1'], 'm:1': ['--model', 'm:1'], 'm:n': ['--model', 'm:n', '--carriers', '2'] } as const
type Model = keyof typeof MODELS

async function ends(model: Model, name: string, code: number, stdout: string): Promise<void> {
  const ended = await run(loops, [name], [...MODELS[model], '--preempt', '5ms'], how)
  assert.deepEqual({ code: ended.code, stdout: ended.stdout, timedOut: ended.timedOut }, { code, stdout, timedOut: false }, ended.stderr)
}

for (const model of ['1:1', 'm:1', 'm:n'] as const) {
  test(`${model}: the handler of a signal runs in a loop of its thread`, () => ends(model, 'signals', 0, 'handled 10\n'))
  test(`${model}: a handler that ends its thread ends the loop`, () => ends(model, 'handler leaves', 0, 'left\n'))
  test(`${model}: a timer's signal ends a loop of main`, () => ends(model, 'timer', 0, 'expired\n'))
  test(`${model}: a cancellation whose type is asynchronous ends a loop, with its handlers`, () => ends(model, 'cancellation', 0, 'cleanup loop\ncanceled\n'))
}
for (const model of ['m:1', 'm:n'] as const) {
  test(`${model}: main goes on while threads loop for ever, and ends them`, () => ends(model, 'main goes on', 5, 'main goes on\n'))
  test(`${model}: a thread begins, and ends the program, while main loops for ever`, () => ends(model, 'another ends', 6, 'a thread ends it\n'))
  test(`${model}: threads that wait for each other in loops take turns`, () => ends(model, 'turns', 0, 'turn 0\n'))
  test(`${model}: main goes on while a thread calls itself without end`, () => ends(model, 'recursion', 7, 'main goes on\n'))
  test(`${model}: standard input is read while a thread loops for ever`, async () => {
    const ended = await run(loops, ['input'], [...MODELS[model], '--preempt', '5'], {
      ...how, stdin: true, started: child => child.stdout!.once('data', () => child.stdin!.end('one\nlast\n')),
    })
    assert.deepEqual([ended.code, ended.stdout, ended.timedOut], [0, 'ready\nread one\nread last\n', false], ended.stderr)
  })
}

test('what a program computes does not depend on where its loops are interrupted', async () => {
  const wanted = await run(loops, ['work'], [], how)
  assert.deepEqual([wanted.code, wanted.stdout.split('\n').length], [0, 8])
  for (const model of Object.values(MODELS)) {
    const { code, stdout } = await run(loops, ['work'], [...model, '--preempt', '1ms'], how)
    assert.deepEqual({ model, code, stdout }, { model, code: wanted.code, stdout: wanted.stdout })
  }
})

test('pthreads build --preempt makes what a run with --preempt uses, however often its loops look', async () => {
  const program = join(root, 'examples/c/wasm/philosophers.wasm'), own = mkdtempSync(join(tmpdir(), 'pthreads-preempt-'))
  const env = { XDG_CACHE_HOME: own }, kept = (): string[] => readdirSync(join(own, 'pthreads'))
  try {
    assert.equal((await pthreads(['build', '--preempt', program], { ...how, env })).code, 0)
    const made = kept()
    for (const ms of ['1ms', '50']) assert.equal((await run(program, ['2', '3'], [...MODELS['m:1'], '--preempt', ms], { ...how, env })).code, 0)
    assert.deepEqual([made.length, kept()], [1, made])
  } finally {
    rmSync(own, { recursive: true })
  }
})

test('an interval that is none is refused, and so are programs that are not WebAssembly', async () => {
  for (const text of ['fast', '0', '0ms', '5s', '1.5ms', '60001', '']) {
    const { code, stderr } = await pthreads(['run', '--preempt', text, loops])
    assert.deepEqual([code, stderr], [1, `error: option '--preempt <ms>' argument '${text}' is invalid. It is not a whole number of ms from 1 to 60000, such as 5ms.\n`])
  }
  const { code, stderr } = await pthreads(['run', '--preempt', '5ms', join(root, 'dist/cli/main.js')])
  assert.deepEqual([code, stderr], [2, 'pthreads run: --preempt is for .wasm programs: loops of JavaScript are not interrupted\n'])
  for (const preempt of [0, -1, 1.5, NaN, 60_001, '5' as unknown as number])
    await assert.rejects(Program.load(loops, { preempt }), { name: 'RangeError', message: `Program.load: preempt: ${preempt} is not a whole number of ms from 1 to 60000` })
})

test('nobody counts for programs that have ended: their memories are given back', async () => {
  const program = await Program.load(cases, { preempt: 1 })
  await givesMemoryBack(program)
})
