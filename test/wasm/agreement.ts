// C programs whose threads share carriers: the same output as with a Worker for each thread.

import test, { after } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, root, runProgram, type Ended } from '../program.ts'
import { given, inputOf, outcome } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pthreads-models-'))
after(() => { rmSync(folder, { recursive: true }) })
/** Where what is made of the programs is kept for this file. */
export const env = { XDG_CACHE_HOME: folder }

/** Threads that share carriers, in the command's options. */
export const MODELS = [['--model', 'm:1'], ['--model', 'm:n', '--carriers', '1'], ['--model', 'm:n', '--carriers', '2'], ['--model', 'm:n', '--carriers', '3']]

/** Runs a program of C with these options of the command. */
export function run(file: string, args: readonly string[], options: readonly string[], input = ''): Promise<Ended> {
  return runProgram(command, { timeout: 120_000, env, args: ['run', ...options, file, '--', ...args], ...given(input) })
}

// What is told of the transformation is not the program's.
const ended = ({ code, stdout, stderr, timedOut }: Ended): unknown => ({ timedOut, outcome: outcome(code, stdout, stderr.replace(/^.*transform.*\n/gm, '')) })

/** Asserts that the program ends under every model as it does under 1:1. */
export async function agrees(file: string, args: readonly string[], input = ''): Promise<void> {
  const alone = ended(await run(file, args, [], input))
  for (const model of MODELS) assert.deepEqual({ model, ended: ended(await run(file, args, model, input)) }, { model, ended: alone })
}

/** Declares that the example does. */
export function exampleAgrees(name: string, ...args: readonly string[]): void {
  test(`the example ${[name, ...args].join(' ')} does the same under every model`, () => agrees(join(root, `examples/c/wasm/${name}.wasm`), args, inputOf(name)))
}
