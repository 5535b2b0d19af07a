// pthreads run FILE: the file's main as the first thread, with this thread free to hear signals.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isSchedulerFile } from '../ult/schedulers.ts'
import { configure, ensureCommand, untilAllExited, type Model } from '../api/attach.ts'
import { load } from '../api/entry.ts'
import { ThreadDeathError } from '../api/errors.ts'
import { forwardSignals } from '../api/os-signals.ts'
import { Thread } from '../api/thread.ts'
import { render, summary, take } from './summary.ts'

/** Options of `pthreads run`; memory in MiB. */
export interface RunOptions {
  threads?: number
  memory?: number
  cache?: number
  watch?: boolean
  traceSites?: boolean
  model?: Model
  carriers?: number
  scheduler?: string
  dir?: string[]
  env?: string[]
  preempt?: number
  sharedMemory?: boolean
}

interface Program { main(args: string[]): unknown }

/** Those that end the program with a table of its threads, unless it does something about them. */
const SIGNALS: Readonly<Record<number, string>> = { 1: 'SIGHUP', 2: 'SIGINT', 15: 'SIGTERM' }

/** Runs the program in `file`; sets the exit code. */
export async function runProgram(file: string, options: RunOptions, args: string[]): Promise<void> {
  const path = resolve(file)
  const problem = check(path)
  if (problem !== undefined) {
    console.error(`pthreads run: ${file}: ${problem}`)
    process.exitCode = 2
    return
  }
  const { dir, env, preempt, sharedMemory = true, ...forAll } = options
  const start = path.endsWith('.wasm') ? await (await import('./wasm.ts')).prepare(path, { dir, env, preempt, sharedMemory, model: options.model }, args) : moduleIn(path, args, options)
  if (typeof start === 'string') {
    console.error(`pthreads run: ${start}`)
    process.exitCode = 2
    return
  }
  const { memory, watch = true, scheduler = 'rr', ...others } = forAll
  const rest = { ...others, watch, scheduler: isSchedulerFile(scheduler) ? pathToFileURL(resolve(scheduler)) : scheduler }
  configure(memory === undefined ? rest : { ...rest, memory: Math.min(memory * 2 ** 20, 2 ** 31 - 65536) })
  ensureCommand()
  process.on('SIGQUIT', () => { process.stderr.write(`\nSIGQUIT:\n${render(take())}`) })
  const stopForwarding = forwardSignals((signo) => {
    const name = SIGNALS[signo]
    if (name !== undefined) end(name, signo)
    return name !== undefined
  })
  try {
    const ended = start()
    void import('./control.ts').then(({ serveControl }) => { serveControl() })    // while main's Worker boots
    const code = await ended
    if (typeof code === 'number') process.exitCode = code & 255
  } catch (error) {
    process.exitCode = complain(file, error)
  }
  await untilAllExited()
  stopForwarding()
  process.removeAllListeners('SIGQUIT')
}

// What starts the module's main, or what is wrong with the options.
function moduleIn(path: string, args: string[], { dir, env, preempt, sharedMemory }: RunOptions): (() => Promise<unknown>) | string {
  if (sharedMemory === false) return '--no-shared-memory is for .wasm programs'
  if (preempt !== undefined) return '--preempt is for .wasm programs: loops of JavaScript are not interrupted'
  if (dir !== undefined || env !== undefined) return `${dir === undefined ? '--env' : '--dir'} is for .wasm programs: others see what this process sees`
  return () => Thread.create({ name: 'main' }, load<Program>(pathToFileURL(path)).main, args).joinAsync()
}

// Prints why the program failed; returns the exit code.
function complain(file: string, error: unknown): number {
  if ((error as { code?: unknown } | null)?.code === 'ERR_THREAD_ENTRY') {
    console.error(`pthreads run: ${file}: exports no function "main"`)
    return 2
  }
  if (error instanceof ThreadDeathError && error.exitCode !== undefined) return error.exitCode & 255
  console.error(error)
  return 1
}

function check(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'not a file'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message
  }
  return /\.([mc]?[jt]s|wasm)$/.test(path) ? undefined : 'not a .js, .mjs, .ts, .mts or .wasm file'
}

function end(signal: string, number: number): void {
  process.stderr.write(`\n${signal}: the program is ended\n${summary()}`)
  process.exit(128 + number)
}
