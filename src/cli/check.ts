// pthreads check FILE: a test of code that threads run at the same time, explored in the lab.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { check, formatResult, StoryError } from '../lab/index.ts'

/** Options of `pthreads check`. */
export interface CheckCommand { seed?: number | string, schedules?: number, bound?: number, story?: string, plain?: 'none' | 'stores' | 'all' }

/** Explores the file; sets the exit code: 0 no schedule fails, 1 one does, 2 there is nothing to run. */
export async function checkFile(file: string, options: CheckCommand): Promise<void> {
  const path = resolve(file)
  const problem = refuse(path)
  if (problem !== undefined) {
    complain(file, problem)
    return
  }
  const terminal = process.stderr.isTTY
  const began = performance.now()
  const progress = (schedules: number, steps: number): void => {
    if (!terminal) return
    const seconds = (performance.now() - began) / 1000
    process.stderr.write(`\r\x1b[K${schedules.toLocaleString('en')} schedules, ${steps.toLocaleString('en')} steps, ${seconds.toFixed(0)} s`)
  }
  try {
    const result = await check(pathToFileURL(path), { ...options, progress })
    if (terminal) process.stderr.write('\r\x1b[K')
    process.stdout.write(`${file}: ${formatResult(result, `pthreads check ${file}${options.story === undefined ? '' : ` --story ${options.story}`} --seed %s`)}`)
    process.exitCode = result.ok ? 0 : 1
  } catch (error) {
    if (terminal) process.stderr.write('\r\x1b[K')
    if (!(error instanceof StoryError)) throw error
    complain(file, error.message)
  }
}

function complain(file: string, problem: string): void {
  console.error(`pthreads check: ${file}: ${problem}`)
  process.exitCode = 2
}

function refuse(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'not a file'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message
  }
  return /\.[mc]?[jt]s$/.test(path) ? undefined : 'not a .js, .mjs, .ts or .mts file'
}
