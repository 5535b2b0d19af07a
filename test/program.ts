// Programs under test, each in a process of its own: its end, its exit code and its output are what is tested.
//
// One fixture file holds many short programs, its scenes; the test names the one to play, and the scene asserts.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

export const root = dirname(fileURLToPath(import.meta.resolve('pthreads/package.json')))
export const command = join(root, 'dist/cli/main.js')

export interface ProgramOptions {
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Options for Node itself. */
  node?: readonly string[]
  /** ms; then the process is killed, and the program has failed. */
  timeout?: number
  /** Called with the child once it runs, to signal it or to read its output in its own way. */
  started?: (child: ChildProcess) => void
  /** Leaves stdout for `started` to read. */
  ownStdout?: boolean
  /** Gives the program a stdin for `started` to write to, instead of none. */
  stdin?: boolean
}

export interface Ended { code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string, timedOut: boolean }

/** When a program hangs, in ms: it is far more than any needs on a machine that does other things as well. */
const GUARD = 90_000

/** Runs a program to its end. */
export async function runProgram(file: URL | string, options: ProgramOptions = {}): Promise<Ended> {
  const { args = [], env = {}, node = [], timeout = GUARD, started, ownStdout = false, stdin = false } = options
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env            // else a program thinks it is a test file
  const path = file instanceof URL ? fileURLToPath(file) : file
  const child = spawn(process.execPath, [...node, path, ...args], { stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'], env: { ...inherited, ...env } })
  const ended: Ended = { code: null, signal: null, stdout: '', stderr: '', timedOut: false }
  if (!ownStdout) child.stdout!.setEncoding('utf8').on('data', (text: string) => { ended.stdout += text })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { ended.stderr += text })
  const timer = setTimeout(() => {
    ended.timedOut = true
    child.kill('SIGKILL')
  }, timeout)
  started?.(child)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => { resolve([code, signal]) })
  })
  clearTimeout(timer)
  return { ...ended, code, signal }
}

/** Plays a scene of a fixture program, which must end by itself, with exit code 0 and nothing on stderr. */
export async function plays(file: URL, scene: string, options: ProgramOptions = {}): Promise<void> {
  const { code, signal, stdout, stderr, timedOut } = await runProgram(file, { ...options, args: [scene, ...options.args ?? []] })
  assert.ok(!timedOut, `"${scene}" hangs\n${stdout}${stderr}`)
  assert.ok(code === 0 && stderr === '', `"${scene}" ended with ${signal ?? code}\n${stdout}${stderr}`)
  assert.match(stdout, /^played$/m, `"${scene}" ended before its end`)
}

/** In a fixture program: plays the scene that the first argument names. Threads that import the file play nothing. */
export async function scenes(all: Readonly<Record<string, (...args: string[]) => void | Promise<void>>>): Promise<void> {
  if (!isMainThread) return
  const [name, ...args] = process.argv.slice(2)
  const scene = all[name]
  if (scene === undefined) throw new Error(`no scene "${name}"`)
  await scene(...args)
  console.log('played')
}
