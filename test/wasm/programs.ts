// The programs under test: C compiled by scripts/programs.mjs, and what is needed to compile it again.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, root, runProgram, type Ended, type ProgramOptions } from '../program.ts'

export const cases = fileURLToPath(new URL('./c/wasm/cases.wasm', import.meta.url))
export const wasiThreads = fileURLToPath(new URL('./c/wasm/wasi-threads.wasm', import.meta.url))
export const examples = join(root, 'examples/c')

/** `pthreads` with these arguments. */
export function pthreads(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return runProgram(command, { timeout: 60_000, ...options, args })
}

/** Runs a program of C, as the command does. */
export function run(file: string, args: readonly string[], options: readonly string[] = [], how: ProgramOptions = {}): Promise<Ended> {
  return pthreads(['run', ...options, file, '--', ...args], how)
}

/** Why a test that compiles is skipped; false where it can be done. */
export const noClang = [16, 17, 18, 19, 20, 21].some(n => spawnSync(`clang-${n}`, ['--version']).status === 0)
  ? false : 'no clang 16 or newer is installed: see `pthreads cc`'
/** Why the committed programs cannot be compared byte by byte: another compiler writes other bytes. */
export const otherClang = /version 19\.1\.7/.test(spawnSync('clang-19', ['--version'], { encoding: 'utf8' }).stdout ?? '')
  ? false : 'clang 19.1.7, which made the committed programs, is not installed'
export const noGcc = spawnSync('gcc', ['--version']).status === 0 ? false : 'no gcc is installed'
