// The programs under test: C compiled by scripts/programs.mjs, and what is needed to compile it again.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Program } from 'pthreads/wasm'
import { nothingLeft } from '../leftovers.ts'
import { command, root, runProgram, type Ended, type ProgramOptions } from '../program.ts'

export const cases = fileURLToPath(new URL('./c/wasm/cases.wasm', import.meta.url))
export const wasiThreads = fileURLToPath(new URL('./c/wasm/wasi-threads.wasm', import.meta.url))
export const library = fileURLToPath(new URL('./c/wasm/library.wasm', import.meta.url))
export const examples = join(root, 'examples/c')

/** `pthreads` with these arguments. */
export function pthreads(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return runProgram(command, { timeout: 60_000, ...options, args })
}

/** Runs a program of C, as the command does. */
export function run(file: string, args: readonly string[], options: readonly string[] = [], how: ProgramOptions = {}): Promise<Ended> {
  return pthreads(['run', ...options, file, '--', ...args], how)
}

const LINES = ['a echo hello  there', 'b add 5', 'a sleep 30', 'b add 7', 'c', '', 'b mul 3', 'b close', 'c add -1', 'a echo again', 'b add 1', 'd close', 'a close', 'e sleep 10']

/** What the example is given as its standard input; '': nothing. */
export function inputOf(name: string): string {
  return name === 'line-server' ? LINES.join('\n') + '\n' : ''
}

/** A program's options that give it `input`. */
export function given(input: string): ProgramOptions {
  return { stdin: true, started: child => child.stdin!.end(input) }
}

/** How an example ended, without what differs from run to run: which connection answers first, and how late one wakes. */
export function outcome(code: number | null, stdout: string, stderr: string): unknown {
  const connection = (line: string): string => /^(\w+): /.exec(line)?.[1] ?? ''
  const lines = stdout.split('\n').sort((a, b) => connection(a) < connection(b) ? -1 : connection(a) > connection(b) ? 1 : 0)
  return { code, lines, stderr: stderr.replace(/[\d.]+ ms late/, '… ms late') }
}

/** Asserts that forty runs, each with the memory of a large program, leave none of it behind. `program` is that of `cases`. */
export async function givesMemoryBack(program: Program): Promise<void> {
  await program.run({ args: ['malloc'] })
  const before = process.memoryUsage().rss
  for (let i = 0; i < 40; i++) assert.deepEqual(await program.run({ args: ['hold', '20'] }), { code: 0 })
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  assert.ok(grown < 400, `${grown} MiB more`)                             // 800 MiB were touched
  await nothingLeft()
}

/** Why a test that compiles is skipped; false where it can be done. */
export const noClang = [16, 17, 18, 19, 20, 21].some(n => spawnSync(`clang-${n}`, ['--version']).status === 0)
  ? false : 'no clang 16 or newer is installed: see `pthreads cc`'
/** Why the committed programs cannot be compared byte by byte: another compiler writes other bytes. */
export const otherClang = /version 19\.1\.7/.test(spawnSync('clang-19', ['--version'], { encoding: 'utf8' }).stdout ?? '')
  ? false : 'clang 19.1.7, which made the committed programs, is not installed'
/** Why C++ is not compiled. */
export const noCxx = noClang !== false ? noClang : (process.env.WASI_SDK_PATH ?? '') !== '' || existsSync('/usr/lib/llvm-19/include/wasm32-wasi/c++/v1')
  ? false : 'no libc++ for WebAssembly is installed: see `pthreads cc`'
export const noGcc = spawnSync('gcc', ['--version']).status === 0 ? false : 'no gcc is installed'
