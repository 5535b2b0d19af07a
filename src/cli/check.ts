// pthreads check FILE: a test of code that threads run at the same time, explored in the lab.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { check, formatResult, StoryError } from '../lab/index.ts'
import { isSchedulerFile } from '../ult/schedulers.ts'

/** Options of `pthreads check`. */
export interface CheckCommand {
  seed?: number | string
  schedules?: number
  bound?: number
  story?: string
  plain?: 'none' | 'stores' | 'all'
  model?: '1:1' | 'm:1' | 'm:n'
  carriers?: number
  scheduler?: string
}

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
    const result = await check(pathToFileURL(path), { ...options, ...schedulerIn(options), progress })
    if (terminal) process.stderr.write('\r\x1b[K')
    process.stdout.write(`${file}: ${formatResult(result, `pthreads check ${file}${again(options)} --seed %s`)}`)
    process.exitCode = result.ok ? 0 : 1
  } catch (error) {
    if (terminal) process.stderr.write('\r\x1b[K')
    if (!(error instanceof StoryError)) throw error
    complain(file, error.message)
  }
}

// A file stands where the user stands; a name is a name.
function schedulerIn({ scheduler }: CheckCommand): { scheduler?: string } {
  if (scheduler === undefined) return {}
  return { scheduler: isSchedulerFile(scheduler) ? pathToFileURL(resolve(scheduler)).href : scheduler }
}

const again = ({ story, model, carriers, scheduler }: CheckCommand): string =>
  Object.entries({ story, model, carriers, scheduler }).map(([option, value]) => value === undefined ? '' : ` --${option} ${value}`).join('')

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
